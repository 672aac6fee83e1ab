"""The chat screen: composes the widgets, and hands keys and messages to the parts that own them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from time import monotonic
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen

from tui.actions import BY_NAME
from tui.chat.transcript import Draft
from tui.chat_screen.context import Options
from tui.chat_screen.display import ChatWidgets
from tui.chat_screen.session import ChatSession
from tui.chat_screen.wiring import Parts
from tui.engine import Engine
from tui.services.ports import Library, Provider
from tui.widgets.attachments import Attachments
from tui.widgets.bindings import bindings_of
from tui.widgets.commands import CommandList, FileList
from tui.widgets.conversation import Conversation
from tui.widgets.header import Header
from tui.widgets.prompt import PromptArea
from tui.widgets.queue import QueueList
from tui.widgets.status import StatusBar
from tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from tui.chat_screen.actions import Do
    from tui.store import Store
    from tui.widgets.find_bar import FindBar
    from tui.widgets.question import QuestionCard
    from tui.widgets.question_text import QuestionText


class ChatScreen(Screen[None]):
    AUTO_FOCUS = "PromptArea"
    """Where nothing has the focus, typing goes to the prompt, and not to the first widget that could have it."""
    BINDINGS = bindings_of("chat")

    class SignedIn(Message):
        """Another credential is in use from now on."""

    class Started(Message):
        """The store is open, and what is to be seen first is on view."""

    def __init__(
        self,
        provider: Provider,
        engine: Engine,
        library: Library,
        options: Options = Options(),  # noqa: B008  (a frozen value)
        clock: Callable[[], float] = monotonic,
    ) -> None:
        # Known before the first frame, which would else be styled twice.
        super().__init__(classes="-begun" if options.start.is_stored else None)
        self.provider = provider
        self._options = options
        commands, files = CommandList(self), FileList()
        attachments = Attachments(lambda: provider.model, self._other_images)
        prompt = PromptArea(commands, attachments, files)
        welcome = Welcome()
        prompt.key_when_empty = welcome.take_key
        prompt.deliver = self._deliver
        self._lists = commands, files
        self.widgets = ChatWidgets(
            header=Header(),
            welcome=welcome,
            conversation=Conversation(provider.name_of, clock=clock),
            queue=QueueList(),
            prompt=prompt,
            status=StatusBar(),
        )
        signed_in, started = (partial(self._announce, event) for event in (self.SignedIn, self.Started))
        self.parts = Parts(self, self.widgets, provider, engine, library, options, signed_in, started)
        self._is_starting = False

    def compose(self) -> ComposeResult:
        commands, files = self._lists
        widgets = self.widgets
        yield widgets.header
        if (board := self.parts.display.notice_board) is not None:
            yield board
        yield widgets.welcome
        yield widgets.conversation
        yield widgets.queue
        yield commands
        yield files
        yield widgets.prompt.attachments
        yield widgets.prompt
        yield widgets.status

    def _announce(self, event: type[Message]) -> None:
        self.post_message(event())

    def on_mount(self) -> None:
        self.prompt.focus()
        self.parts.display.show_all()
        if self._options.start.is_stored:
            self.open_store()  # the chat is being read already, and may be shown with the first frame
        prompt = self._options.prompt
        if not self.parts.attachments.start(prompt):
            self.submit(Draft(text=prompt))

    def open_store(self) -> None:
        """Open the store, at the latest once the first frame is on the screen. Only a stored chat needs SQLite before."""
        if not self._is_starting:
            self._is_starting = True
            self.parts.context.run(self.parts.start, self._options.prompt, group="chat")

    def end(self) -> None:
        """Save how the chat stands, as the program ends."""
        self.parts.sessions.end()

    # The parts that others look at

    @property
    def session(self) -> ChatSession:
        """The chat on view."""
        return self.parts.sessions.current

    @property
    def prompt(self) -> PromptArea:
        return self.widgets.prompt

    @property
    def conversation(self) -> Conversation:
        return self.widgets.conversation

    @property
    def header(self) -> Header:
        return self.widgets.header

    @property
    def welcome(self) -> Welcome:
        return self.widgets.welcome

    @property
    def store(self) -> Store:
        return self.parts.sessions.store

    def submit(self, draft: Draft) -> None:
        """Send a prompt."""
        self.parts.turns.submit(draft)

    def _other_images(self) -> int:
        return self.parts.attachments.image_count(Draft(text=self.prompt.full_text))

    # Actions

    @cached_property
    def actions(self) -> dict[str, Do]:
        """What carries out each action of the chat screen."""
        from tui.chat_screen.actions import chat_actions

        return chat_actions(self.parts)

    def disabled_reason(self, name: str) -> str:
        """Return why an action of the table is not available now, or ""."""
        return self.parts.availability.disabled_reason(name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do" and not self.parts.availability.is_key_enabled(str(parameters[0])):
            return None
        return super().check_action(action, parameters)

    async def perform(self, name: str, argument: str = "") -> None:
        """Carry out an action of the table, whoever owns it; or show why it is not available."""
        if reason := self.disabled_reason(name):
            self.prompt.say(reason)
        elif (scope := BY_NAME[name].scope) == "chat":
            await self.action_do(name, argument)
        else:
            owner = {"app": self.app, "prompt": self.prompt, "conversation": self.conversation}[scope]
            await self.app.run_action(f"{name}({argument!r})" if argument else name, owner)

    async def action_do(self, name: str, argument: str = "") -> None:
        """Carry out an action of the chat screen: what its keys are bound to."""
        result = self._start_action(name, argument)
        if hasattr(result, "__await__"):
            await result

    def _start_action(self, name: str, argument: str) -> object:
        """Begin an action of the chat screen. What needs all of the chat waits while that is being opened."""
        from tui.chat_screen.actions import AT_ONCE

        do = partial(self.actions[name], argument)
        if name in AT_ONCE:
            return do()
        return self.parts.sessions.when_whole(do, late=lambda: self.call_later(self.action_do, name, argument))

    # Keys, the mouse, the size

    def on_resize(self, event: events.Resize) -> None:
        # Not as breakpoints: those set a class in any case, and the first paint would be styled twice.
        self.set_class(event.size.height < 24, "-short")
        self.set_class(event.size.height < 8, "-tiny")
        self.parts.display.refresh_hints()

    def on_descendant_focus(self) -> None:
        self.parts.display.refresh_hints()

    def on_key(self, event: events.Key) -> None:
        """Show why a key does nothing now. What is typed beside the prompt goes into it, unless it is a key of the focus."""
        active = self.active_bindings.get(event.key)
        if active is not None and not active.enabled:
            event.stop()
            self.prompt.say(self.disabled_reason(active.binding.id or ""))
        elif active is None and event.is_printable and event.character and not self.prompt.has_focus:
            event.stop()
            self.set_focus(self.prompt)  # at once: the next letter may be on its way, and a key of where the focus was
            self.prompt.insert(event.character)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.prompt.focus()
        self.prompt.post_message(events.Paste(event.text))

    def on_mouse_scroll_up(self) -> None:
        """The wheel beside the column, or over what does not scroll, moves the conversation too."""
        self.conversation.scroll_up(animate=False)

    def on_mouse_scroll_down(self) -> None:
        self.conversation.scroll_down(animate=False)

    # Messages of the prompt area

    def on_text_area_changed(self, event: PromptArea.Changed) -> None:
        event.stop()
        self._draft_changed()

    def _draft_changed(self) -> None:
        self.parts.sessions.save_position()
        self.parts.costs.typed()

    def _deliver(self, event: Message) -> None:
        """Act on what Enter sends, at once: the next key may be on its way, and is for what this leads to."""
        match event:
            case PromptArea.Submitted(draft=draft):
                self.submit(draft)
            case PromptArea.CommandGiven(name=name, argument=argument):
                self.parts.branches.drop_edit()
                self._run_command(name, argument)
            case PromptArea.EmptySent() if not self.parts.turns.release() and self.welcome.has_options:
                self.welcome.pick()
            case _:
                pass

    def _run_command(self, name: str, argument: str) -> None:
        if BY_NAME[name].scope == "chat":
            self._start_action(name, argument)
        else:
            self.app.call_later(self.perform, name, argument)

    def on_prompt_area_command_unknown(self, event: PromptArea.CommandUnknown) -> None:
        self.prompt.say(f"Unknown command /{event.word} · F1 lists them · a space before the slash sends it as text")

    def on_prompt_area_editor_refused(self, event: PromptArea.EditorRefused) -> None:
        self.prompt.say(event.reason)

    def on_prompt_area_draft_kept(self, event: PromptArea.DraftKept) -> None:
        self.parts.library.keep_unsent(event.text)

    def on_prompt_area_jump_clicked(self) -> None:
        self.conversation.jump_to_end()

    async def on_prompt_area_quit_requested(self) -> None:
        await self.app.action_quit()

    # Messages of the queue and the attachments

    def on_prompt_area_queue_requested(self) -> None:
        self.parts.turns.edit_queued(-1)

    def on_queue_list_edit_requested(self, event: QueueList.EditRequested) -> None:
        self.parts.turns.edit_queued(event.index)

    def on_queue_list_remove_requested(self, event: QueueList.RemoveRequested) -> None:
        self.parts.turns.remove_queued(event.index)

    def on_queue_list_left(self) -> None:
        self.prompt.focus()

    def on_attachments_changed(self) -> None:
        self.prompt.catch_up()
        self._draft_changed()

    def on_attachments_noted(self, event: Attachments.Noted) -> None:
        if not self.prompt.is_saying:  # a refusal is more
            self.prompt.say(event.note)

    def on_attachments_refused(self, event: Attachments.Refused) -> None:
        self.prompt.refuse(event.error)

    # Messages of the conversation, the find bar, the header and the welcome

    def on_conversation_retry_requested(self) -> None:
        self.parts.sessions.when_whole(self.parts.turns.retry)

    def on_conversation_branch_requested(self, event: Conversation.BranchRequested) -> None:
        self.parts.sessions.when_whole(partial(self.parts.branches.branch, event.how, event.message))

    def on_conversation_image_opened(self, event: Conversation.ImageOpened) -> None:
        self.parts.dialogs.open_picture(event.images, event.number)

    def on_conversation_copy_requested(self, event: Conversation.CopyRequested) -> None:
        self.parts.reading.copy(event.text, event.what)

    def on_conversation_link_opened(self, event: Conversation.LinkOpened) -> None:
        self.app.open_url(event.url)

    def on_conversation_follow_changed(self, event: Conversation.FollowChanged) -> None:
        self.parts.sessions.save_position()
        self.parts.reading.follow_changed(
            following=event.following, new_lines=event.new_lines, lines_below=event.lines_below
        )

    def on_find_bar_typed(self, event: FindBar.Typed) -> None:
        self.parts.reading.find(event.words)

    def on_find_bar_stepped(self, event: FindBar.Stepped) -> None:
        self.parts.reading.find_next(event.step)

    async def on_find_bar_closed(self) -> None:
        await self.parts.reading.close_find()

    def on_header_model_clicked(self) -> None:
        self.parts.generation.choose_model()

    def on_header_background_clicked(self) -> None:
        if chat_id := self.parts.background.next_waiting:
            self.parts.open(chat_id)

    def on_welcome_chosen(self, event: Welcome.Chosen) -> None:
        self.parts.auth.choose(event.option)

    # Messages of the questions

    def on_question_card_answered(self, event: QuestionCard.Answered) -> None:
        self.parts.permissions.answered(event.call_id, event.verdict)

    def on_question_card_left(self) -> None:
        self.prompt.focus()

    def on_question_text_enlarged(self, event: QuestionText.Enlarged) -> None:
        self.set_class(event.is_large, "-reading")
