"""What arrives changes the turns, and the model says which rows are to be drawn again. No screen."""

from __future__ import annotations

from conversation_app import answer, deltas, prompt, so_far
from laid_out import LaidOut

from tui.chat.events import RetryScheduled, TextDelta
from tui.chat.tools import ToolEnded, ToolStarted
from tui.chat.transcript import Failure, Message, Text, Thinking, ToolResult, ToolUse

RUN = ToolUse("t1", "run_command", '{"command": "make"}')


def stream(page: LaidOut, text: str) -> None:
    page.model.begin("Sonnet")
    page.model.take(so_far(text))
    for event in deltas(text)[:-1]:
        page.model.take(event)


def test_an_answer_is_one_turn_from_its_first_word_to_its_end() -> None:
    page = LaidOut([prompt("How?")])
    stream(page, "Like this.")
    assert page.model.is_live
    assert "Like this." in page.text()
    page.model.settle(answer("Like this."))
    page.model.take_change()
    assert not page.model.is_live
    assert [turn.is_answer for turn in page.model.turns] == [False, True]
    assert page.rows()[page.row_of("SONNET")].endswith("3.1 s · 214 tok · $0.012")


def test_a_change_names_the_first_row_that_changed_and_is_taken_once() -> None:
    page = LaidOut([prompt("How?"), answer("A.\n\nB.")])
    stream(page, "First.\n\nSecond.")
    page.model.take_change()
    page.model.take(TextDelta(0, " More."))
    change = page.model.take_change()
    assert change is not None
    assert page.rows()[change.row].startswith("Second.")
    assert not change.removed
    assert page.model.take_change() is None


def test_a_prompt_that_is_withdrawn_leaves_with_its_empty_answer() -> None:
    page = LaidOut([prompt("one"), answer("first")])
    page.model.add(prompt("two"))
    page.model.begin("Sonnet")
    page.model.take_change()
    page.model.withdraw()
    change = page.model.take_change()
    assert change is not None
    assert change.removed
    assert "two" not in page.text()
    assert len(page.model.turns) == 2


def test_the_last_prompt_may_be_withdrawn_from_an_otherwise_empty_chat() -> None:
    page = LaidOut([prompt("only")])
    page.model.withdraw()
    assert page.model.take_change() == (0, True)
    assert page.rows() == []


def test_a_failed_turn_can_be_retried_and_a_finished_one_cannot() -> None:
    page = LaidOut([prompt("one"), answer("first")])
    assert not page.model.can_retry
    page.model.add(prompt("two"))
    page.model.begin("Sonnet")
    page.model.fail(Failure(message="The server is overloaded"))
    assert page.model.can_retry
    assert "✗ The server is overloaded" in page.text()


def test_the_countdown_falls_with_the_clock() -> None:
    page = LaidOut([prompt("one")])
    page.model.begin("Sonnet")
    page.model.wait(
        RetryScheduled(failure=Failure(message="Overloaded"), attempt=1, attempts=4, until=page.clock.now + 9)
    )
    page.model.take_change()
    assert "retry in  9 s (attempt 1 of 4)" in page.text()
    page.clock.now += 4
    rows = page.model.tick(animated=False)
    assert "retry in  5 s (attempt 1 of 4)" in page.text()
    assert any("retry in" in page.rows()[row] for row in rows)


def test_it_needs_ticks_while_something_is_counted_and_no_longer() -> None:
    page = LaidOut([prompt("one"), Message(role="assistant", blocks=(RUN,), model="sonnet")])
    assert not page.model.needs_ticks
    page.model.follow(ToolStarted(RUN), 0)
    assert page.model.needs_ticks
    page.clock.now += 3
    (row,) = page.model.tick()
    assert page.rows()[row].endswith("running   3 s")
    page.model.follow(ToolEnded(ToolResult("t1", (Text("done"),))), 0)
    assert not page.model.needs_ticks
    assert page.model.tick() == []


def test_messages_and_turns_find_one_another() -> None:
    call, result = Message(role="assistant", blocks=(RUN,)), Message(role="user", blocks=(ToolResult("t1"),))
    page = LaidOut([prompt("one"), call, result, answer("done"), prompt("two")])
    assert len(page.model.turns) == 3
    assert [page.model.turn_of(message) for message in range(6)] == [0, 1, 1, 1, 2, None]
    assert [page.model.first_message(turn) for turn in range(3)] == [0, 1, 4]


def test_labels_name_the_branch_of_each_turn() -> None:
    page = LaidOut([prompt("one"), answer("first")])
    page.model.label(["2/3", ""])
    assert page.rows()[0].startswith("You  ‹ 2/3 ›")
    page.model.label(["", ""])
    assert page.rows()[0].strip() == "You"


def test_thinking_opens_in_all_turns_and_in_those_to_come() -> None:
    page = LaidOut([prompt("one"), answer("", Thinking("Hm, so.", "s"), Text("Yes."))])
    page.model.toggle_thinking()
    assert "Hm, so." in page.text()
    page.model.add(prompt("two"))
    page.model.add(answer("", Thinking("Again.", "s"), Text("No.")))
    page.model.take_change()
    assert "Again." in page.text()
    page.model.toggle_thinking()
    assert "Again." not in page.text()


def test_a_note_stands_below_the_last_turn_and_alone_in_an_empty_chat() -> None:
    page = LaidOut()
    page.model.note("model: Opus")
    assert page.rows()[:2] == ["Note", "model: Opus"]


def test_the_caret_is_where_the_text_goes_on() -> None:
    page = LaidOut([prompt("one")])
    stream(page, "Well")
    turn = page.model.turns[-1]
    assert [page.model.has_caret(turn, row) for row in range(3)] == [False, True, False]
    page.model.end_live()
    assert not page.model.has_caret(turn, 1)
