"""The chat: header, conversation, queue, prompt and figures, and what passes between them.

It hands events on to the widgets and carries out the actions of this place. What is sent and when is `Talk`'s; models and
credentials are the `Provider`'s, which the app hands in.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message as Notification
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from tui.actions import BY_NAME, keys_of, short_key_name
from tui.chat.events import Asked, Grew, Notice, Sent, Settled, TurnEnded, TurnEvent, Waiting
from tui.chat.model import Model
from tui.chat.transcript import Draft
from tui.engine import Engine
from tui.errors import TuiError
from tui.screens.provider import Provider
from tui.screens.talk import Talk
from tui.widgets.bindings import bindings_of
from tui.widgets.commands import CommandList
from tui.widgets.conversation import Conversation
from tui.widgets.end_line import EndLine
from tui.widgets.figures import plural
from tui.widgets.header import Header
from tui.widgets.prompt import PromptArea
from tui.widgets.queue import QueueList
from tui.widgets.status import StatusBar, standing
from tui.widgets.welcome import Welcome

_HINTS = (("send", "send"), ("newline", "newline"), ("models", "model"), ("help", "keys"))
_HINTS_RUNNING = (("stop", "stop"), ("send", "queue"), ("help", "keys"))
"""Actions and their words in the line of hints: at rest, and while an answer runs."""
_SAID_S = 4.0
"""How long something said in passing stays in the place of the hints."""


class ChatScreen(Screen[None]):
    BINDINGS = bindings_of("chat")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]

    class Woken(Notification):
        """The engine has something to collect. `talk` is the chat it belongs to."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(
        self,
        provider: Provider,
        engine: Engine,
        *,
        notices: Sequence[str] = (),
        prompt: str = "",
        keys: Mapping[str, tuple[str, ...]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`notices` stand above an empty chat; `prompt` is sent at once; `keys` are those that the user remapped."""
        super().__init__()
        self._keys = keys or {}
        self._provider = provider
        self._engine = engine
        self._notices = notices
        self._first_prompt = prompt
        self._clock = clock
        self._number = 0
        self._talk = self._new_talk()
        self._said: Timer | None = None

    def compose(self) -> ComposeResult:
        commands = CommandList()
        with Vertical(id="head"):
            yield Header()
            yield Static(Content("\n".join(self._notices)), id="notices")
        with Container(id="body"):
            yield Conversation(self._provider.name_of, clock=self._clock)
            with Container(id="welcome"):
                yield Welcome()
            with Container(id="below"):
                yield EndLine()
        with Vertical(id="foot"):
            yield QueueList()
            yield commands
            yield PromptArea(commands)
            yield StatusBar()

    def on_mount(self) -> None:
        self.query_one("#notices").display = bool(self._notices)
        self.prompt.focus()
        self._show_hints()
        self._show_model()
        self._show_welcome()
        if self._first_prompt:
            self._submit(Draft(text=self._first_prompt))

    @property
    def prompt(self) -> PromptArea:
        return self.query_one(PromptArea)

    @property
    def conversation(self) -> Conversation:
        return self.query_one(Conversation)

    @property
    def is_answering(self) -> bool:
        """Whether an answer is under way."""
        return self._talk.running

    @property
    def header(self) -> Header:
        return self.query_one(Header)

    # Sending

    def on_prompt_area_submitted(self, event: PromptArea.Submitted) -> None:
        self._submit(event.draft)

    def _submit(self, draft: Draft) -> None:
        self.prompt.remember(draft.text)
        self._talk.submit(draft)
        self._show_queue()
        self._show_hints()

    def on_prompt_area_empty_sent(self) -> None:
        """Enter with nothing written: the held queue goes on, or the offered demo begins."""
        if self._talk.outbox.held and not self._talk.running:
            if draft := self._talk.outbox.release():
                self._talk.submit(draft)
                self._show_queue()
                self._show_hints()
        elif self._provider.obstacle is not None:
            self.action_demo()

    def action_stop(self) -> None:
        """Stops the answer; with none running, Esc leads back to the prompt."""
        if self._talk.running:
            self._talk.stop()
        else:
            self.prompt.focus()

    def on_conversation_retry_requested(self) -> None:
        self.action_retry()

    def action_retry(self) -> None:
        """Sends the prompt that came back once more; it stands in the box, or first in the queue."""
        if self._talk.running:
            self.say("an answer is running")
        elif self.prompt.full_text.strip():
            self.prompt.action_send()
        elif draft := self._talk.outbox.release():
            self._submit(draft)
        else:
            self.say("nothing to send again")

    # What the engine tells

    def _new_talk(self) -> Talk:
        self._number += 1
        number = self._number

        def wake() -> None:
            # Called on the engine's thread. The app's loop may have closed a moment ago: then nobody is left to be told.
            with contextlib.suppress(RuntimeError):
                self.post_message(self.Woken(number))

        return Talk(f"chat-{number}", self._provider.session(), self._engine, self._provider.ask, wake)

    def on_chat_screen_woken(self, event: Woken) -> None:
        if event.number == self._number:
            for happened in self._talk.collect():
                self._take(happened)

    def _take(self, event: TurnEvent) -> None:
        conversation = self.conversation
        match event:
            case Sent(message=message):
                self._title(message.text)
                conversation.add(message)
            case Asked(model=model):
                conversation.begin(self._provider.name_of(model))
            case Waiting():
                conversation.wait(event)
            case Grew(message=message, events=events):
                conversation.grow(message, events)
            case Settled(message=message):
                conversation.settle(message)
                self._show_standing()
            case Notice(text=text):
                conversation.note(text)
            case TurnEnded():
                self._end(event)

    def _end(self, event: TurnEnded) -> None:
        if event.failure is not None:
            self.conversation.fail(event.failure)
        elif event.give_back is not None:  # stopped before anything came: nothing to show for it
            self.conversation.withdraw()
            self._clear_title()
        if event.give_back is not None:
            self._give_back(event.give_back)
        self._show_hints()
        if event.outcome == "stopped":
            came_back = event.give_back is not None
            self.say("stopped, prompt is back" if came_back else "stopped, text kept · ↑ edit prompt", lasting=True)
        elif event.outcome == "complete":
            self._talk.go_on()
            self._show_hints()
        self._show_queue()

    def _give_back(self, draft: Draft) -> None:
        """The prompt goes back into the box. What was typed meanwhile stays there; then the prompt waits in the queue."""
        if self.prompt.text:
            self._talk.outbox.put_first(draft)
        else:
            self.prompt.put(draft.text)

    # The queue

    def on_prompt_area_queue_wanted(self) -> None:
        self._edit_queued(len(self._talk.outbox.drafts) - 1)

    def on_queue_list_edit_requested(self, event: QueueList.EditRequested) -> None:
        self._edit_queued(event.index)

    def on_queue_list_remove_requested(self, event: QueueList.RemoveRequested) -> None:
        self._talk.outbox.remove(event.index)
        self._show_queue()

    def on_queue_list_left(self) -> None:
        self.prompt.focus()

    def _edit_queued(self, index: int) -> None:
        if draft := self._talk.outbox.remove(index):
            self.prompt.recall(draft.text)
            self.prompt.focus()
            self._show_queue()

    # Other actions of this place

    def on_prompt_area_command_given(self, event: PromptArea.CommandGiven) -> None:
        self.app.call_later(self.perform, event.name, event.argument)

    def on_prompt_area_command_unknown(self, event: PromptArea.CommandUnknown) -> None:
        self.say(f"no command /{event.word} · F1 shows them · a space before the slash sends it as text")

    def on_prompt_area_editor_refused(self, event: PromptArea.EditorRefused) -> None:
        self.say(event.reason)

    async def perform(self, name: str, argument: str = "") -> None:
        """Carries out an action of the table, wherever its place is."""
        action = BY_NAME[name]
        place = {"app": self.app, "chat": self, "prompt": self.prompt, "conversation": self.conversation}[action.place]
        await self.app.run_action(f"{name}({argument!r})" if argument else name, place)

    def action_models(self, name: str = "") -> None:
        if name:
            self._use(name)
            return
        from tui.screens.models import ModelPicker  # not needed for the first paint

        def picked(model: Model | None) -> None:
            if model is not None:
                self._use(model.id)

        self.app.push_screen(ModelPicker(self._provider.models(), self._provider.model), picked)

    def on_header_model_clicked(self) -> None:
        self.action_models()

    def _use(self, name: str) -> None:
        try:
            notice = self._provider.use(name)
        except TuiError as error:
            self.say(f"{error.message} {error.hint}".strip())
            return
        self._show_model()
        self._show_welcome()
        self.say(notice or f"{self._provider.model.name} from the next turn on")

    def action_new_chat(self) -> None:
        if not self._talk.session.transcript.messages and not self._talk.running:
            self._start_afresh(True)
            return
        from tui.screens.dialogs import Question

        text = "Nothing keeps a conversation yet: once you leave this one it is gone."
        self.app.push_screen(Question("New chat?", text, yes="new chat", no="stay here"), self._start_afresh)

    def _start_afresh(self, agreed: bool | None) -> None:
        if not agreed:
            return
        self._talk.stop()  # its last events come to a talk that nobody listens to
        self._talk = self._new_talk()
        self.prompt.forget()
        self.conversation.show(())
        self._clear_title()
        self._show_queue()
        self._show_hints()
        self._show_standing()
        self._show_welcome()
        self.prompt.focus()

    def action_demo(self) -> None:
        if self._provider.is_demo:
            self.say("this is the demo already")
            return
        self._provider.try_demo()
        self._start_afresh(True)
        self._show_model()

    def action_thinking(self) -> None:
        self.conversation.toggle_thinking()

    def action_inspect(self) -> None:
        if self._talk.exchange is None:
            self.say("nothing was sent yet")
            return
        from tui.screens.inspector import Inspector

        self.app.push_screen(Inspector(self._talk.exchange))

    def action_page_up(self) -> None:
        self.conversation.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.conversation.scroll_page_down(animate=False)

    def action_jump_to_end(self) -> None:
        self.conversation.jump_to_end()

    def on_conversation_follow_changed(self, event: Conversation.FollowChanged) -> None:
        self.query_one(EndLine).show(
            following=event.following,
            new_lines=event.new_lines,
            lines_below=event.lines_below,
            key=self._key("jump_to_end"),
        )

    def on_end_line_clicked(self) -> None:
        self.action_jump_to_end()

    def action_interrupt(self) -> None:
        """Ctrl+C: copies a selection, else stops the answer, else asks."""
        selected = self.prompt.selected_text or self.get_selected_text()
        if selected:
            self.copy(selected, "selection")
        elif self._talk.running:
            self._talk.stop()
        else:
            self.ask_to_quit(also_yes="ctrl+c")

    def on_prompt_area_leave_requested(self) -> None:
        self.app.exit()

    def ask_to_quit(self, *, also_yes: str) -> None:
        from tui.screens.dialogs import Question

        def answered(agreed: bool | None) -> None:
            if agreed:
                self.app.exit()

        text = "The prompt you are writing would be lost." if self.has_draft else "The conversation is not kept."
        self.app.push_screen(Question("Quit?", text, yes="quit", no="stay", also_yes=also_yes), answered)

    @property
    def has_draft(self) -> bool:
        """Whether quitting now would lose something that was written."""
        return bool(self.prompt.text.strip() or self._talk.outbox.drafts)

    def on_conversation_copy_requested(self, event: Conversation.CopyRequested) -> None:
        self.copy(event.text, event.what)

    def copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.say(f"{what} copied, {plural(len(text), 'character')}")

    def on_conversation_link_opened(self, event: Conversation.LinkOpened) -> None:
        self.app.open_url(event.url)

    # What is shown

    def say(self, text: str, *, lasting: bool = False) -> None:
        """A word in passing, where the hints are; a lasting one stays until something else is shown there."""
        self.prompt.border_subtitle = Content(f" {text} ")
        if self._said is not None:
            self._said.stop()
        self._said = None if lasting else self.set_timer(_SAID_S, self._show_hints)

    def _show_hints(self) -> None:
        hints = _HINTS_RUNNING if self._talk.running else _HINTS
        self.prompt.border_subtitle = Content("  ".join(f"{self._key(name)} {word}" for name, word in hints).join("  "))

    def _key(self, name: str) -> str:
        """The key of an action in the fewest characters."""
        keys = keys_of(BY_NAME[name], self._keys)
        return short_key_name(keys[0]) if keys else f"/{BY_NAME[name].slash}"

    def _title(self, text: str) -> None:
        self.add_class("-begun")
        self.query_one("#notices").display = False
        if not self.header.title:
            self.header.title = " ".join(text.split("\n", 1)[0].split())[:120]

    def _clear_title(self) -> None:
        """Back to the empty chat, if that is what it is."""
        if not self._talk.session.transcript.messages:
            self.header.title = ""
            self.remove_class("-begun")

    def _show_queue(self) -> None:
        queue = self.query_one(QueueList)
        queue.drafts, queue.held = self._talk.outbox.drafts, self._talk.outbox.held
        self.prompt.prefers_queue = bool(queue.drafts)
        if not queue.drafts and queue.has_focus:
            self.prompt.focus()

    def _show_model(self) -> None:
        self.header.model_name = self._provider.model.name
        self.header.mark = "demo · scripted answers" if self._provider.is_demo else ""
        self._show_standing()

    def _show_standing(self) -> None:
        self.query_one(StatusBar).standing = standing(self._talk.session.transcript, self._provider.model)

    def _show_welcome(self) -> None:
        welcome = self.query_one(Welcome)
        if (obstacle := self._provider.obstacle) is None:
            welcome.show_ideas(self._provider.model.name)
        else:
            welcome.show_ways_in(obstacle.message, self._provider.ways_in)
