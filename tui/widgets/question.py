"""What Claude asks before it acts: shown above the prompt, and answered with a key or a click, when the user turns to it.

It never takes the focus, so typing goes on where it was.
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
    """Where a reason is written."""

    DEFAULT_CSS = """
    ReasonLine {
        height: 1;
        color: $dim;
        & > Static { width: auto; }
        & > Input { width: 1fr; }
        & > Input, & > Input:focus { background: $panel; background-tint: $foreground 0%; color: $foreground; }
    }
    """
    BINDINGS = [Binding("escape", "leave", show=False, priority=True)]

    class Left(Message):
        """It is not to be answered so."""

    def compose(self) -> ComposeResult:
        yield Static("  no, because  ")
        line = GraphemeInput(compact=True, placeholder="what Claude should know")
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def action_leave(self) -> None:
        self.post_message(self.Left())


class QuestionCard(Vertical):
    """The questions that wait in the open chat. The screen hands them down, and takes the answers."""

    DEFAULT_CSS = """
    QuestionCard {
        height: auto;
        display: none;
        background: $panel;
        &.-any { display: block; }
    }
    """

    class Answered(Message):
        def __init__(self, call_id: str, verdict: PermissionDecision) -> None:
            super().__init__()
            self.call_id = call_id
            self.verdict = verdict

    class Left(Message):
        """No question is left, and the focus was here."""

    def __init__(self, way_in: str) -> None:
        super().__init__()
        self._text = QuestionText(way_in)
        self._questions: Sequence[PermissionRequest] = ()

    def compose(self) -> ComposeResult:
        yield self._text

    @property
    def questions(self) -> Sequence[PermissionRequest]:
        return self._questions

    @property
    def is_reasoning(self) -> bool:
        """Whether a reason is being written."""
        return self.has_focus_within and not self._text.has_focus

    def ask(self, questions: Sequence[PermissionRequest]) -> None:
        """Shows these, in their order; none: it goes."""
        if questions == self._questions:
            return
        had_focus = self.has_focus_within
        if self._text.is_reasoning and (not questions or questions[0] is not self._questions[0]):
            self._leave_reason()
        self._questions = tuple(questions)
        self._text.ask(self._questions)
        self.set_class(bool(questions), "-any")
        if had_focus and not questions:
            self.post_message(self.Left())

    def turn_to(self) -> None:
        """The user wants to answer."""
        line = self.query(Input)
        self.screen.set_focus(line.first() if line else self._text)  # at once: keys that follow are for it

    def on_question_text_chosen(self, event: QuestionText.Chosen) -> None:
        if not self._questions or self._questions[0] is not event.question:
            return  # it was settled meanwhile, and what stands there now is another one
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
        self._leave_reason()
        self._answer(PermissionDecision(allowed=False, reason=event.value.strip()))

    def on_reason_line_left(self) -> None:
        self._leave_reason()

    def _leave_reason(self) -> None:
        self.query(ReasonLine).remove()
        self._text.is_reasoning = False
        self._text.refresh(layout=True)
        self._text.focus()

    def _answer(self, verdict: PermissionDecision) -> None:
        self.post_message(self.Answered(self._questions[0].call.id, verdict))
