"""The card of questions by itself: an answer is one to the question that it was given to."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from tui.chat.tools import PermissionDecision, PermissionRequest
from tui.chat.transcript import ToolUse
from tui.tools.command import RunCommand
from tui.tools.paths import Folders
from tui.widgets.question import QuestionCard, ReasonLine
from tui.widgets.question_text import QuestionText
from tui.widgets.themes import DARK

pytestmark = pytest.mark.anyio

FIRST, SECOND = (
    PermissionRequest(call=ToolUse(name, "run_command"), title="Run a command", kind="command", detail=name)
    for name in ("first", "second")
)


class CardApp(App[None]):
    AUTO_FOCUS = None

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[tuple[str, PermissionDecision]] = []
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield QuestionCard("Tab")

    def on_question_card_answered(self, event: QuestionCard.Answered) -> None:
        self.answered.append((event.call_id, event.verdict))


@pytest.mark.parametrize("key", ["y", "n", "r"])
async def test_an_answer_to_a_question_that_is_settled_before_it_arrives_is_none_to_the_next(key: str) -> None:
    app = CardApp()
    async with app.run_test() as pilot:
        card, text = app.query_one(QuestionCard), app.query_one(QuestionText)
        text.shield_s = 0
        card.ask((FIRST, SECOND))
        card.take_focus()
        await pilot.pause()
        answer = {"y": "once", "n": "no", "r": "why"}[key]
        text.post_message(QuestionText.Chosen(FIRST, answer, ""))
        card.ask((SECOND,))
        await pilot.pause()
        assert app.answered == []
        assert not app.query(ReasonLine)
        await pilot.press("n")
        assert app.answered == [("second", PermissionDecision(allowed=False))]


async def test_a_reason_for_a_question_that_is_settled_before_it_arrives_is_none_for_the_next() -> None:
    app = CardApp()
    async with app.run_test() as pilot:
        card, text = app.query_one(QuestionCard), app.query_one(QuestionText)
        text.shield_s = 0
        card.ask((FIRST, SECOND))
        card.take_focus()
        await pilot.pause()
        await pilot.press("r", "w", "h", "y")
        line = app.query_one(Input)
        line.post_message(Input.Submitted(line, "why"))
        card.ask((SECOND,))
        await pilot.pause()
        assert app.answered == []
        assert not app.query(ReasonLine)
        assert text.has_focus


async def test_a_rule_that_allows_more_than_it_seems_to_says_so(tmp_path: Path) -> None:
    call = ToolUse("1", "run_command", '{"command": "git log -3"}')
    plan = await RunCommand(Folders(tmp_path), 1, ()).plan(call)
    assert plan.question is not None
    app = CardApp()
    async with app.run_test(size=(100, 30)) as pilot:
        card, text = app.query_one(QuestionCard), app.query_one(QuestionText)
        text.shield_s = 0
        card.ask((plan.question,))
        card.take_focus()
        await pilot.pause()
        assert "exactly this command" in shown(text)
        assert "still ask" not in shown(text)
        await pilot.press("right")
        assert "run_command(git log *)" in shown(text)
        assert "with options git writes files or runs programs; --output" in shown(text)
        await pilot.press("a")
        assert app.answered == [
            ("1", PermissionDecision(allowed=True, lasting="always", rule="run_command(git log *)"))
        ]


def shown(text: QuestionText) -> str:
    """What the rows of the card say, as one line."""
    return " ".join(" ".join(text.render_line(y).text for y in range(text.size.height)).split())
