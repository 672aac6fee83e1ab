"""Rows of the screen, and what they stand for when they are copied: blanks for a tab, pieces of a table's cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from textual.strip import Strip

from tui.render.safe import MARKED_EMOJI, MARKS_OF_EMOJI, TAB_STOP, without_emoji_marks

S = TypeVar("S")


class Swap(NamedTuple):
    """Characters of a row that stand for another text: blanks for a tab, a line for the rule of a table."""

    start: int
    end: int
    text: str


class Cell(NamedTuple):
    """Where a row holds a piece of one cell of a table."""

    start: int
    end: int
    joiner: str = ""
    """What lay between this piece and the one in the row above."""
    goes_on: bool = False
    """The row goes on with those cells that the row above began."""


class Row(NamedTuple):
    """One row of the screen, and what copying needs to know of it."""

    strip: Strip
    soft: bool = False
    """It goes on with the row above, which wrapping broke off."""
    joiner: str = ""
    """What stood between the two, and was left out at the break."""
    lead: int = 0
    """So many cells at its beginning are only drawn around the text: bars, and the indent of a wrapped line."""
    end: int | None = None
    """Characters from here on only fill the row."""
    swaps: tuple[Swap, ...] = ()
    cells: tuple[Cell, ...] = ()
    """The row is one of a table's."""


def tabs(line: str, left: int = 0) -> tuple[Swap, ...]:
    """The tabs of a line, of which the first character is drawn at `left`."""
    swaps, at = list[Swap](), 0
    for part in line.split("\t")[:-1]:
        start = at + len(part)
        at = start + TAB_STOP - start % TAB_STOP
        swaps.append(Swap(left + start, left + at, "\t"))
    return tuple(swaps)


def rows_with_tabs(line: str, indent: int, rows: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[Swap, ...]]]:
    """The joiner of each row as it was written, and the tabs in the row, counted from its first character.

    `rows` are the texts and joiners of a wrapped line with blanks for tabs, without its indent.
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
    """The index in the written line of a character that is drawn at `at`."""
    return at - sum(tab.end - tab.start - 1 for tab in every if tab.end <= at)


def unmarked(
    parts: Iterable[tuple[str, S]], swaps: Iterable[Swap] = (), cells: Iterable[Cell] = ()
) -> tuple[Sequence[tuple[str, S]], Sequence[Swap], Sequence[Cell]]:
    """Return a row's parts without the marks of emoji, which terminals draw differently, and swaps that copy them.

    `swaps` and `cells` count characters of the parts, and are moved.
    """
    parts, swaps, cells = list(parts), list(swaps), list(cells)
    text = "".join(text for text, _ in parts)
    marks = () if text.isascii() else [found.span() for found in MARKS_OF_EMOJI.finditer(text)]
    if not marks:
        return parts, swaps, cells

    def moved(at: int) -> int:
        return at - sum(min(at, end) - start for start, end in marks if start < at)

    plain, drawn, at = list[tuple[str, S]](), without_emoji_marks(text), 0
    for part, style in parts:
        plain.append((drawn[moved(at) : moved(at + len(part))], style))
        at += len(part)
    found = [Swap(moved(one.start()), moved(one.end()), one[0]) for one in MARKED_EMOJI.finditer(text)]
    return (
        plain,
        sorted([*(swap._replace(start=moved(swap.start), end=moved(swap.end)) for swap in swaps), *found]),
        [cell._replace(start=moved(cell.start), end=moved(cell.end)) for cell in cells],
    )
