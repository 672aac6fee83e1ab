"""Rows of the screen, and what is copied for them: tabs instead of spaces, the cells of a table instead of its frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, TypeVar

from textual.strip import Strip

from tui.render.safe import MARKED_EMOJI, MARKS_OF_EMOJI, TAB_STOP, compiled, without_emoji_marks

S = TypeVar("S")


class Swap(NamedTuple):
    """Characters of a row that are copied as another text: spaces for a tab, the line of a table's rule."""

    start: int
    end: int
    text: str


class Cell(NamedTuple):
    """Where a row contains a part of a table cell."""

    start: int
    end: int
    joiner: str = ""
    """The text between this part and the one in the row above."""
    goes_on: bool = False
    """True if the row continues the cells of the row above."""


class Row(NamedTuple):
    """One row of the screen, with what is needed for copying it."""

    strip: Strip
    soft: bool = False
    """True if it continues the row above, which was wrapped."""
    joiner: str = ""
    """The text that was left out at the line break."""
    lead: int = 0
    """Number of cells at its beginning that are decoration: bars, and the indent of a wrapped line."""
    end: int | None = None
    """Characters from this index on only fill the row."""
    swaps: tuple[Swap, ...] = ()
    cells: tuple[Cell, ...] = ()
    """The parts of table cells in it."""


def tabs(line: str, left: int = 0) -> tuple[Swap, ...]:
    """Return the tabs of a line whose first character is drawn at column `left`."""
    swaps, at = list[Swap](), 0
    for part in line.split("\t")[:-1]:
        start = at + len(part)
        at = start + TAB_STOP - start % TAB_STOP
        swaps.append(Swap(left + start, left + at, "\t"))
    return tuple(swaps)


def rows_with_tabs(line: str, indent: int, rows: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[Swap, ...]]]:
    """Return the original joiner of each row, and the tabs in it, counted from its first character.

    `rows` are the texts and joiners of a wrapped line with spaces for tabs, without its indent.
    """
    every, at = tabs(line), indent
    result: list[tuple[str, tuple[Swap, ...]]] = []
    for text, joiner in rows:
        start = at + len(joiner)
        end = start + len(text)
        within = tuple(Swap(tab.start - start, tab.end - start, "\t") for tab in every if start <= tab.start < end)
        result.append((line[_written(every, at) : _written(every, start)], within))
        at = end
    return result


def _written(every: Sequence[Swap], at: int) -> int:
    """Return the index in the original line of a character that is drawn at `at`."""
    return at - sum(tab.end - tab.start - 1 for tab in every if tab.end <= at)


def unmarked(
    parts: Iterable[tuple[str, S]], swaps: Iterable[Swap] = (), cells: Iterable[Cell] = ()
) -> tuple[Sequence[tuple[str, S]], Sequence[Swap], Sequence[Cell]]:
    """Return a row's parts without the marks of emoji, which terminals draw differently, and swaps that copy them.

    `swaps` and `cells` count characters of the parts, and are moved.
    """
    parts, swaps, cells = list(parts), list(swaps), list(cells)
    text = "".join(text for text, _ in parts)
    marks = () if text.isascii() else [found.span() for found in compiled(MARKS_OF_EMOJI).finditer(text)]
    if not marks:
        return parts, swaps, cells

    is_drawn = [1] * len(text)
    for start, end in marks:
        is_drawn[start:end] = [0] * (end - start)
    moved = list(accumulate(is_drawn, initial=0)).__getitem__
    plain, drawn, at = list[tuple[str, S]](), without_emoji_marks(text), 0
    for part, style in parts:
        plain.append((drawn[moved(at) : moved(at + len(part))], style))
        at += len(part)
    found = [Swap(moved(one.start()), moved(one.end()), one[0]) for one in compiled(MARKED_EMOJI).finditer(text)]
    return (
        plain,
        sorted([*(swap._replace(start=moved(swap.start), end=moved(swap.end)) for swap in swaps), *found]),
        [cell._replace(start=moved(cell.start), end=moved(cell.end)) for cell in cells],
    )
