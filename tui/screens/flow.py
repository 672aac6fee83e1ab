"""The flow of a chat on the screen: a prompt goes out, events come back, and every widget shows how things stand.

What is sent and when is `Talk`'s; models and credentials are the `Provider`'s, which the app hands in. The actions that a
user takes are added by `chat`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message as Notification
from textual.screen import Screen
from textual.widgets import Static

from tui.actions import BY_NAME, keys_of, short_key_name
from tui.chat.asking import Ask
from tui.chat.events import Asked, Grew, Notice, Sent, Settled, ToolsAnswered, TurnEnded, TurnEvent, Waiting
from tui.chat.forecast import image_count
from tui.chat.model import Model
from tui.chat.reasoning import unusual
from tui.chat.tools import ToolAllowed, ToolAsking, ToolBegan, ToolEnded, ToolOutput
from tui.chat.transcript import Draft, ToolUse, Transcript
from tui.engine import Engine
from tui.screens.talk import Talk
from tui.services.ports import Provider
from tui.widgets.attachments import Attachments
from tui.widgets.commands import CommandList, FileList
from tui.widgets.conversation import Conversation
from tui.widgets.header import Header
from tui.widgets.prompt import PromptArea
from tui.widgets.queue import QueueList
from tui.widgets.status import StatusBar, standing
from tui.widgets.welcome import Row, Welcome

_HINTS = (("send", "send"), ("newline", "newline"), ("models", "model"), ("help", "keys"))
_HINTS_RUNNING = (("stop", "stop"), ("send", "queue"), ("help", "keys"))
_HINTS_READING = (("edit", "edit"), ("regenerate", "again"), ("copy_message", "copy"), ("stop", "back"))
"""Actions and their words in the line of hints: at rest, while an answer runs, and with the focus on a message."""


_BY_HAND = "Or set ANTHROPIC_API_KEY, or api_key in config.toml."


class FlowScreen(Screen[None]):
    AUTO_FOCUS = "PromptArea"
    """Where nothing has the focus, typing goes to the prompt, and not to the first widget that could have it."""

    class Woken(Notification):
        """The engine has something to collect for that chat."""

        def __init__(self, talk: Talk) -> None:
            super().__init__()
            self.talk = talk

    class Warned(Notification):
        """There is something to know of the credential in use."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

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
        self.provider = provider
        self._engine = engine
        self._notices = list(notices)
        self._has_remarked = False
        self._first_prompt = prompt
        self._clock = clock
        self._number = 0
        self.talk = self.new_talk()
        provider.warn = self._warn

    def compose(self) -> ComposeResult:
        commands = CommandList()
        yield Header()
        if self._notices:
            yield Static(self._notice_text, id="notices")
        welcome = Welcome()
        yield welcome
        yield Conversation(self.provider.name_of, clock=self._clock)
        yield QueueList()
        yield commands
        attachments = Attachments(lambda: self.provider.model, self._images_beside)
        files = FileList()
        yield files
        prompt = PromptArea(commands, attachments, files)
        yield attachments
        prompt.while_empty = welcome.take_key
        yield prompt
        yield StatusBar()

    def on_mount(self) -> None:
        self.prompt.focus()
        self.show_hints()
        self.show_model()
        self.show_welcome()
        if self._first_prompt:
            self.send_first(self._first_prompt)

    def on_resize(self, event: events.Resize) -> None:
        # Not as breakpoints: those set a class in any case, and the first paint would be styled twice.
        self.set_class(event.size.height < 24, "-short")
        self.set_class(event.size.height < 8, "-tiny")

    def on_descendant_focus(self) -> None:
        if not self.prompt.is_saying:
            self.show_hints()

    def on_key(self, event: events.Key) -> None:
        """What is typed beside the prompt belongs into it, unless it is a key of where the focus is."""
        typed = event.character if event.is_printable else None
        if typed and not self.prompt.has_focus and event.key not in self.active_bindings:
            event.stop()
            self.set_focus(self.prompt)  # at once: the next letter may be on its way, and a key of where the focus was
            self.prompt.insert(typed)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.prompt.focus()
        self.prompt.post_message(events.Paste(event.text))

    def on_mouse_scroll_up(self) -> None:
        """The wheel beside the column, or over what does not scroll, moves the conversation too."""
        self.conversation.scroll_up(animate=False)

    def on_mouse_scroll_down(self) -> None:
        self.conversation.scroll_down(animate=False)

    @property
    def prompt(self) -> PromptArea:
        return self.query_one(PromptArea)

    @property
    def welcome(self) -> Welcome:
        return self.query_one(Welcome)

    @property
    def conversation(self) -> Conversation:
        return self.query_one(Conversation)

    @property
    def sent_after(self) -> Transcript:
        """What the prompt in the box would be sent after."""
        return self.talk.session.transcript

    def _images_beside(self) -> int:
        """How many images would be sent beside those that are attached: of the chat, and those in the prompt's text."""
        return image_count(self.sent_after, Draft(text=self.prompt.full_text))

    @property
    def is_answering(self) -> bool:
        """Whether an answer is under way."""
        return self.talk.running

    @property
    def header(self) -> Header:
        return self.query_one(Header)

    # Sending

    def on_prompt_area_submitted(self, event: PromptArea.Submitted) -> None:
        self.submit(event.draft)

    def send_first(self, text: str) -> None:
        """Sends what the program was started with."""
        self.submit(Draft(text=text))

    def submit(self, draft: Draft) -> None:
        self.prompt.remember(draft.text)
        self.talk.submit(draft)
        self.conversation.jump_to_end()  # whoever sends wants to see what comes of it
        self.show_queue()
        self.show_hints()

    def go_on(self) -> None:
        """Sends the next queued prompt, if one may be sent by itself."""
        self.talk.go_on()
        self.show_queue()
        self.show_hints()

    def release_queue(self) -> None:
        """Sends the first of the prompts that are held; the others follow by themselves again."""
        if draft := self.talk.outbox.release():
            self.talk.submit(draft)
            self.show_queue()
            self.show_hints()

    # What the engine tells

    def new_talk(self) -> Talk:
        """The dealings of a new chat."""
        self._number += 1

        def wake() -> None:  # on the engine's thread: posting a message is all that may be done from there
            self.post_message(self.Woken(talk))

        def how() -> tuple[Ask, Model]:
            return self.provider.ask(), self.provider.model

        talk = Talk(f"chat-{self._number}", self.provider.session(), self._engine, how, wake)
        return talk

    def let_go(self) -> None:
        """Another chat takes the place of this one."""
        self.talk.stop()

    def on_flow_screen_woken(self, event: Woken) -> None:
        if event.talk is not self.talk:
            self.hear(event.talk)
            return
        for happened in self.talk.collect():
            self._take(happened)

    def hear(self, talk: Talk) -> None:
        """Something has happened in a chat that was left: nobody listens."""
        talk.collect()

    def _take(self, event: TurnEvent) -> None:
        conversation = self.conversation
        match event:
            case Sent(message=message):
                self._title(message.text)
                conversation.add(message)
            case Asked(model=model):
                conversation.begin(self.provider.name_of(model), ago_s=self.talk.asked_ago_s)
            case Waiting():
                conversation.wait(event)
            case Grew(message=message, events=events):
                conversation.grow(message, events)
            case Settled(message=message):
                conversation.settle(message)
                self.show_standing()
            case ToolsAnswered(message=message):
                conversation.add(message)
            case ToolBegan(call=ToolUse(id=id)) | ToolAllowed(id=id):
                conversation.follow(event, ago_s=self.talk.runs_for_s(id))
            case ToolAsking() | ToolOutput() | ToolEnded():
                conversation.follow(event)
            case Notice(text=text):
                conversation.note(text)
            case TurnEnded():
                self._end(event)

    def _end(self, event: TurnEnded) -> None:
        if event.failure is not None:
            self.conversation.fail(event.failure)
        elif event.give_back is not None:  # stopped before anything came: nothing to show for it
            self.conversation.withdraw()
            self.clear_title()
        if event.give_back is not None:
            self._give_back(event.give_back)
        self.show_hints()
        if event.outcome == "stopped":
            came_back = event.give_back is not None
            self.prompt.say(
                "stopped, prompt is back" if came_back else "stopped, text kept · ↑ edit prompt", lasting=True
            )
        elif event.outcome == "failed":
            self.prompt.say(self._after(event), lasting=True)
        elif event.outcome == "complete":
            self._remark()
            self.go_on()
        self.show_queue()

    def _after(self, event: TurnEnded) -> str:
        """What can be done after a failure."""
        if event.give_back is None:
            return "text kept · /retry asks again"
        failure = event.failure
        is_key = failure is not None and (failure.status == 401 or "anthropic-workspace-id" in failure.message)
        if self.provider.obstacle is not None or is_key:
            return f"your prompt is back · sign in with {self.key_of('palette')}"
        if (self.prompt.full_text, self.prompt.attachments.blocks) != (
            event.give_back.text,
            event.give_back.attachments,
        ):
            return "your prompt waits above · ↑ brings it back"
        return f"your prompt is back · {self.key_of('send')} sends it again"

    def _give_back(self, draft: Draft) -> None:
        """The prompt goes back into the box. What was typed meanwhile stays there; then the prompt waits in the queue."""
        if self.prompt.text or self.prompt.attachments.any:
            self.talk.outbox.put_first(draft)
        else:
            self.prompt.take_back(draft)

    def start_afresh(self) -> None:
        """A new, empty chat in the place of this one. What is being written stays."""
        self.let_go()
        self.talk = self.new_talk()
        self.prompt.forget()
        self.conversation.show(())
        self.clear_title()
        self.show_queue()
        self.show_hints()
        self.show_model()
        self.show_welcome()
        self.prompt.focus()

    # What is shown

    def _remark(self) -> None:
        """Says once, below an answer, on whose account it was."""
        if not self._has_remarked and (remark := self.provider.remark):
            self._has_remarked = True
            self.conversation.note(remark)

    def _warn(self, text: str) -> None:
        self.post_message(self.Warned(text))  # all that may be done from another thread

    def on_flow_screen_warned(self, event: Warned) -> None:
        self._notices.append(event.text)
        if self.talk.session.transcript.messages:
            self.conversation.note(event.text)
        boards = list(self.query("#notices").results(Static))
        if boards:
            boards[0].update(self._notice_text)
        else:
            self.mount(Static(self._notice_text, id="notices"), after=self.header)

    @property
    def _notice_text(self) -> Content:
        """What stands above an empty chat."""
        return Content("\n".join(self._notices))

    def show_hints(self) -> None:
        self.prompt.hint("  ".join(self.hint_words()))

    def hint_words(self) -> list[str]:
        """The hints of the moment, each a key and what it does."""
        reads = self.conversation.has_focus and not self.talk.running
        hints = _HINTS_READING if reads else _HINTS_RUNNING if self.talk.running else _HINTS
        return [*(["↑↓ choose"] if reads else []), *(f"{self.key_of(name)} {word}" for name, word in hints)]

    def key_of(self, name: str) -> str:
        """The key of an action in the fewest characters, or its slash command where it has none."""
        keys = keys_of(BY_NAME[name], self._keys)
        return short_key_name(keys[0]) if keys else f"/{BY_NAME[name].slash}"

    def _title(self, text: str) -> None:
        self.add_class("-begun")
        if not self.header.title:
            self.header.title = " ".join(text.split("\n", 1)[0].split())[:120]

    def clear_title(self) -> None:
        """Back to the empty chat, if that is what it is."""
        if not self.talk.session.transcript.messages:
            self.header.title = ""
            self.remove_class("-begun")

    def show_queue(self) -> None:
        queue = self.query_one(QueueList)
        queue.drafts, queue.held = self.talk.outbox.drafts, self.talk.outbox.held
        self.prompt.prefers_queue = bool(queue.drafts)
        if not queue.drafts and queue.has_focus:
            self.prompt.focus()

    def show_model(self) -> None:
        self.header.model_name = self.provider.model.name
        self.header.manner = unusual(self.provider.model, self.provider.reasoning)
        self.header.mark = "demo · scripted answers" if self.provider.is_demo else ""
        self.show_standing()

    def show_standing(self) -> None:
        session = self.talk.session
        self.query_one(StatusBar).standing = standing(session.transcript, self.provider.model, session.written_off)

    def show_welcome(self) -> None:
        if (obstacle := self.provider.obstacle) is None:
            self.welcome.show_ideas(self.provider.model.name, self.provider.remark)
        else:
            ways = [Row(way.text, way.detail, way.name, way.is_open) for way in self.provider.ways_in]
            by_hand = f"{self.provider.cause} {_BY_HAND}" if len(ways) > 1 else obstacle.hint
            self.welcome.show_ways_in(obstacle.message, ways, by_hand.strip())
