"""Rows as they are written to the screen: their margins, the bar of the cursor, the caret and the copy hint. No screen."""

from __future__ import annotations

import pytest
from conversation_app import answer, prompt
from laid_out import PALETTE, LaidOut
from rich.style import Style
from textual.geometry import Size

from tui.widgets.conversation.row_painter import BAR, MEASURE, RowPainter
from tui.widgets.conversation.viewport import RowPosition


def painter_at(width: int) -> RowPainter:
    painter = RowPainter()
    painter.resize(Size(width, 20), PALETTE, Style())
    return painter


@pytest.mark.parametrize(("width", "column", "left"), [(80, 78, 1), (120, MEASURE, 10), (1, 1, 0)])
def test_the_column_has_margins_and_is_never_too_wide_to_read(width: int, column: int, left: int) -> None:
    painter = painter_at(width)
    assert (painter.column, painter.left) == (column, left)


def test_every_row_fills_the_width_and_is_drawn_once() -> None:
    page, painter = LaidOut([prompt("one")], width=58), painter_at(60)
    turn = page.viewport.turns[0]
    row = painter.paint(turn.line(1), turn, RowPosition(0, 1), marked=False)
    assert row.cell_length == 60
    assert row.text.rstrip() == " one"
    assert painter.paint(turn.line(1), turn, RowPosition(0, 1), marked=False) is row
    assert painter.blank().cell_length == 60
    painter.resize(Size(60, 20), PALETTE, Style(bold=True))
    assert painter.paint(turn.line(1), turn, RowPosition(0, 1), marked=False) is not row


def test_a_row_that_has_grown_is_kept_as_it_is_now() -> None:
    page, painter = LaidOut([prompt("one")], width=58), painter_at(60)
    turn, position = page.viewport.turns[0], RowPosition(0, 1)
    growing = painter.with_caret(turn.line(1))
    assert painter.paint(growing, turn, position, marked=False).text.rstrip() == " one▍"
    row = painter.paint(turn.line(1), turn, position, marked=False)
    assert row.text.rstrip() == " one"
    assert painter.paint(turn.line(1), turn, position, marked=False) is row


def test_a_marked_row_has_a_bar_in_its_margin() -> None:
    page, painter = LaidOut([prompt("one")], width=58), painter_at(60)
    turn = page.viewport.turns[0]
    assert painter.paint(turn.line(1), turn, RowPosition(0, 1), marked=True).text.startswith(f"{BAR}one")


def test_the_caret_follows_the_text_where_there_is_room() -> None:
    page, painter = LaidOut([prompt("one"), prompt("x" * 58)], width=58), painter_at(60)
    short, full = page.viewport.turns[0].line(1), page.viewport.turns[1].line(1)
    assert painter.with_caret(short).strip.text == "one▍"
    assert painter.with_caret(short).end == 3
    assert painter.with_caret(full) is full


def test_the_first_row_of_code_says_how_it_is_copied() -> None:
    page, painter = LaidOut([answer("```python\na = 1\n```")], width=58), painter_at(60)
    turn = page.viewport.turns[0]
    lines = [painter.with_copy_hint(turn.line(row), turn, RowPosition(0, row)) for row in range(turn.height)]
    assert [row for row, line in enumerate(lines) if line.strip.text.endswith(" u copy")] == [1]
    assert painter.is_copy_hint(58)
    assert not painter.is_copy_hint(30)
