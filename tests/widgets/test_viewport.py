"""Which rows are in view, and that they stay while others change. No screen."""

from __future__ import annotations

from functools import cache

import pytest
from conversation_app import answer, prompt
from hypothesis import given
from hypothesis import strategies as st
from laid_out import PALETTE, LaidOut

from tui.chat.transcript import Message, Text, Thinking
from tui.widgets.conversation.viewport import FollowTracker, RowPosition


def chat(count: int) -> list[Message]:
    pairs = (
        (prompt(f"question {at}"), answer(f"Answer {at}.\n\n" + f"word{at} " * (at * 7 % 60))) for at in range(count)
    )
    return [message for pair in pairs for message in pair]


def test_a_chat_opens_at_its_end_and_lays_out_what_is_in_view() -> None:
    page = LaidOut(chat(300))
    assert "Answer 299." in page.text()
    assert page.viewport.following
    assert page.viewport.below == 0
    assert page.viewport.built_turns < 12


@cache
def whole_text() -> str:
    return "\n".join(LaidOut(chat(12), rows=2_000).rows())


@given(st.lists(st.integers(-40, 40), max_size=12))
def test_rows_in_view_are_those_of_a_transcript_that_was_measured_whole(steps: list[int]) -> None:
    page = LaidOut(chat(12))
    for step in steps:
        page.viewport.scroll(step)
        assert "\n".join(page.rows()) in whole_text()


def test_scrolling_up_leaves_the_end_and_scrolling_down_follows_it_again() -> None:
    page = LaidOut(chat(10))
    page.viewport.scroll(-3)
    assert not page.viewport.following
    assert page.viewport.below == 3
    page.viewport.scroll(3)
    assert page.viewport.following


@pytest.mark.parametrize("width", [20, 33, 90])
def test_the_text_at_the_top_stays_at_another_width_and_comes_back_with_the_old_one(width: int) -> None:
    page = LaidOut(chat(40))
    page.viewport.scroll(-200)
    before = page.rows()
    turn = page.viewport.in_view[0]
    page.viewport.resize(width, 20, PALETTE)
    assert page.viewport.in_view[0] == turn
    page.viewport.resize(60, 20, PALETTE)
    assert page.rows() == before


def test_a_position_holds_in_another_viewport_and_at_another_width() -> None:
    page, other = LaidOut(chat(40)), LaidOut(chat(41), width=44)
    page.viewport.scroll(-150)
    other.viewport.scroll_to_position(page.viewport.position)
    assert other.viewport.in_view[0] == page.viewport.in_view[0]
    page.viewport.scroll_to_position(page.viewport.position)
    assert page.viewport.position == pytest.approx(page.viewport.position)


def test_a_position_past_the_end_is_the_nearest_one_there_is() -> None:
    page = LaidOut(chat(5))
    page.viewport.scroll_to_position(99.5)
    assert page.viewport.below == 0


def test_a_turn_that_fits_is_shown_whole_and_a_long_one_from_its_start_or_end() -> None:
    page = LaidOut([prompt("short"), answer("\n\n".join(f"row {at}" for at in range(60))), prompt("last")])
    page.viewport.show_turn(0)
    assert page.rows()[0].startswith("You")
    page.viewport.show_turn(1)
    assert page.rows()[0].startswith("SONNET")
    page.viewport.show_turn(1, at_end=True)
    assert "row 59" in page.text()


def test_what_opens_above_moves_numbers_and_not_the_picture() -> None:
    thinking = answer("", Thinking("\n\n".join(f"thought {at}" for at in range(30)), "s"), Text("Yes."))
    page = LaidOut([prompt("one"), thinking, *chat(10)])
    page.viewport.scroll_to_start()
    page.viewport.scroll(12)
    before, turn = page.rows(), page.viewport.turns[1]
    with page.viewport.reshaping(turn):
        turn.show_thinking(True)
    assert page.rows() == before
    assert page.viewport.top > 12


def test_nothing_is_in_view_of_an_empty_transcript() -> None:
    page = LaidOut()
    assert page.viewport.at(0) is None
    assert page.viewport.total == page.viewport.below == 0
    assert list(page.viewport.in_view) == []
    page.viewport.scroll_to_start()
    page.viewport.scroll_to_position(3.2)


def test_rows_of_the_view_are_named_by_turn_and_row() -> None:
    page = LaidOut(chat(3))
    page.viewport.scroll_to_start()
    found = page.viewport.at(0)
    assert found is not None
    assert found[1] == RowPosition(0, 0)
    assert page.viewport.at(page.viewport.total) is None


def test_a_long_text_is_parsed_piece_by_piece() -> None:
    page = LaidOut([prompt("one"), answer("A row of text.\n\n" * 20_000)])
    times = iter(range(10_000))
    assert page.viewport.unparsed() is not None
    steps = 0
    while page.viewport.parse_more(lambda: next(times), 2):
        steps += 1
        if steps > 5:
            break
    assert steps > 1


def test_lines_are_new_from_where_the_reader_left_the_end() -> None:
    page = LaidOut(chat(10))
    follow = FollowTracker(page.viewport)
    assert follow.take_change() is None
    page.viewport.scroll(-5)
    follow.scrolled()
    assert follow.take_change() == (False, 5, 0)
    height = page.viewport.total
    page.model.add(prompt("more"))
    page.model.take_change()
    assert follow.take_change(follow_only=True) is None
    change = follow.take_change()
    assert change == (False, page.viewport.below, page.viewport.total - height)
    page.viewport.scroll_to_end()
    follow.scrolled()
    assert follow.take_change() == (True, 0, 0)
