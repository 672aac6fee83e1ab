"""Selections of a viewport: what they copy, highlight, and how a click makes one. No screen."""

from __future__ import annotations

import pytest
from conversation_app import answer, prompt
from hypothesis import given
from hypothesis import strategies as st
from laid_out import LaidOut
from rich.style import Style
from textual.selection import SELECT_ALL

from tui.widgets.conversation.selector import Selector, position_of, row_number, selection_of, word_at
from tui.widgets.conversation.viewport import RowPosition


@given(st.integers(0, 9_999), st.integers(0, 1 << 30))
def test_a_number_stands_for_one_position(turn: int, row: int) -> None:
    assert position_of(row_number(RowPosition(turn, row))) == (turn, row)


@given(st.tuples(st.integers(0, 99), st.integers(0, 99)), st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_numbers_sort_as_positions_do(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (row_number(RowPosition(*one)) < row_number(RowPosition(*other))) == (one < other)


def test_wrapped_text_is_copied_as_it_was_written() -> None:
    text = "the quick brown fox jumps over the lazy dog " * 3
    page = LaidOut([prompt(text.strip())], width=20)
    copied = Selector(page.viewport).text(SELECT_ALL)
    assert text.strip() in copied
    assert copied.startswith("You")


def test_a_part_of_a_row_is_copied_and_highlighted() -> None:
    page = LaidOut([prompt("one two three")])
    selector, position = Selector(page.viewport), RowPosition(0, 1)
    selection = selection_of(position, 4, position, 7)
    assert selector.text(selection) == "two"
    line = selector.highlight(page.viewport.turns[0].line(1), position, selection, Style(reverse=True))
    assert [segment.text for segment in line.strip if segment.style and segment.style.reverse] == ["two"]
    other = page.viewport.turns[0].line(0)
    assert selector.highlight(other, RowPosition(0, 0), selection, Style(reverse=True)) is other


@pytest.mark.parametrize(("rows", "copied"), [(False, "brown"), (True, "the quick brown fox jumps over")])
def test_two_clicks_take_the_word_and_three_the_paragraph(rows: bool, copied: str) -> None:
    page = LaidOut([answer("the quick brown fox jumps over\n\nand out")], width=17)
    selector, turn = Selector(page.viewport), page.viewport.turns[0]
    row = page.row_of("brown")
    x = turn.line(row).strip.text.index("brown") + 2
    selection = selector.around(turn, RowPosition(0, row), x, rows=rows)
    assert selection is not None
    assert selector.text(selection) == copied


def test_a_click_beside_the_text_selects_nothing() -> None:
    page = LaidOut([prompt("one")])
    turn = page.viewport.turns[0]
    assert Selector(page.viewport).around(turn, RowPosition(0, 1), 30, rows=False) is None
    assert word_at(turn.line(1), 30) == (30, 30)
