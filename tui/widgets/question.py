"""The permission requests of the open chat, shown above the prompt and answered with a key or a click.

They do not take the focus by themselves, so that the user can go on typing.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from tui.chat.tools import PermissionDecision, PermissionRequest
from tui.widgets.graphemes import GraphemeInput
from tui.widgets.question_text import QuestionText


class ReasonLine(Horizontal):
    """The field for the reason of a refusal."""

    DEFAULT_CSS = """
    ReasonLine {
        height: 1;
        color: $dim;
        & > Static { width: auto; }
        & > Input { width: 1fr; }
        & > Input, & > Input:focus { background: $panel; background-tint: $foreground 0%; color: $foreground; }
    }
    """
    BINDINGS = [Binding("escape", "cancel", show=False, priority=True)]

    class Left(Message):
        """The user does not want to give a reason."""

    def compose(self) -> ComposeResult:
        yield Static("  no, because  ")
        line = GraphemeInput(compact=True, placeholder="tell Claude why")
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def action_cancel(self) -> None:
        self.post_message(self.Left())


class QuestionCard(Vertical):
    """The requests that wait in the open chat. The screen sets them, and takes the answers."""

    DEFAULT_CSS = """
    QuestionCard {
        height: auto;
        display: none;
        background: $panel;
        &.-any { display: block; }
    }
    """

    class Answered(Message):
        """The user has answered the request of a tool call."""

        def __init__(self, call_id: str, verdict: PermissionDecision) -> None:
            super().__init__()
            self.call_id = call_id
            self.verdict = verdict

    class Left(Message):
        """The last request is gone, and the focus was here."""

    def __init__(self, focus_key: str) -> None:
        """`focus_key` is the name of the key that moves the focus here."""
        super().__init__()
        self._text = QuestionText(focus_key)
        self._questions: Sequence[PermissionRequest] = ()

    def compose(self) -> ComposeResult:
        yield self._text

    @property
    def questions(self) -> Sequence[PermissionRequest]:
        """The requests that wait, the first one shown."""
        return self._questions

    @property
    def is_reasoning(self) -> bool:
        """True while a reason is being written."""
        return self.has_focus_within and not self._text.has_focus

    def ask(self, questions: Sequence[PermissionRequest]) -> None:
        """Replace the requests. Without any the card is hidden."""
        if questions == self._questions:
            return
        had_focus = self.has_focus_within
        if self._text.is_reasoning and (not questions or questions[0] is not self._questions[0]):
            self._close_reason()
        self._questions = tuple(questions)
        self._text.ask(self._questions)
        self.set_class(bool(questions), "-any")
        if had_focus and not questions:
            self.post_message(self.Left())

    def take_focus(self) -> None:
        """Move the focus here, so that the user can answer."""
        line = self.query(Input)
        self.screen.set_focus(line.first() if line else self._text)  # at once: the next keys are for it

    def on_question_text_chosen(self, event: QuestionText.Chosen) -> None:
        if not self._questions or self._questions[0] is not event.question:
            return  # it was answered meanwhile, and another one is shown
        match event.answer:
            case "why":
                self._text.refresh(layout=True)
                self.mount(ReasonLine())
            case "no":
                self._answer(PermissionDecision(allowed=False))
            case "once":
                self._answer(PermissionDecision(allowed=True))
            case "chat" | "always":
                self._answer(PermissionDecision(allowed=True, lasting=event.answer, rule=event.rule))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._text.is_reasoning:
            return  # as above
        self._close_reason()
        self._answer(PermissionDecision(allowed=False, reason=event.value.strip()))

    def on_reason_line_left(self) -> None:
        self._close_reason()

    def _close_reason(self) -> None:
        self.query(ReasonLine).remove()
        self._text.is_reasoning = False
        self._text.refresh(layout=True)
        self._text.focus()

    def _answer(self, verdict: PermissionDecision) -> None:
        self.post_message(self.Answered(self._questions[0].call.id, verdict))
