"""Tabs of a line of code: drawn as blanks up to the next stop, and what stands for which when the line is copied."""

from __future__ import annotations

from collections.abc import Sequence

from tui.render.safe import TAB_STOP
from tui.render.strips import Swap


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
