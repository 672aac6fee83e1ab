"""Where a table's columns stand, and its rows drawn in them: cells wrap, nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from tui.render.pieces import Align, TableHead
from tui.render.wrap import Wrapped, Wrapper

S = TypeVar("S")
GUTTER = 3
"""Cells between two columns."""
LEAST = 4
"""Narrower columns are unreadable: such a table is drawn as lines of text."""


class Columns(NamedTuple):
    """How wide each column is; `widths` is empty when there is no room for columns."""

    widths: tuple[int, ...]
    aligns: tuple[Align, ...]


def columns_for(head: TableHead, natural: Callable[[str], int], width: int) -> Columns:
    """Columns that hold what is known of the table, within `width` cells; `natural` measures a cell."""
    rows = [head.header, *head.rows]
    wants = [max(LEAST if head.more else 1, *(natural(row[at]) for row in rows)) for at in range(len(head.header))]
    room = width - GUTTER * (len(wants) - 1)
    if room < sum(min(want, LEAST) for want in wants):
        return Columns((), head.aligns)
    widths = _shared(wants, room)
    if head.more and head.aligns[-1] == "left":
        widths[-1] += max(0, room - sum(widths))  # later rows may want more
    return Columns(tuple(widths), head.aligns)


def _shared(wants: Sequence[int], room: int) -> list[int]:
    """Each its wish where that is modest, and the rest shared equally among the wide ones."""
    widths = list(wants)
    if sum(widths) <= room:
        return widths
    fixed: set[int] = set()
    while True:
        wide = [at for at in range(len(wants)) if at not in fixed]
        left = room - sum(wants[at] for at in fixed)
        share, extra = divmod(left, len(wide))
        modest = {at for at in wide if wants[at] <= share}
        if not modest:
            for position, at in enumerate(wide):
                widths[at] = share + (position < extra)
            return widths
        fixed |= modest


def table_rows(
    cells: Sequence[Sequence[tuple[str, S]]], columns: Columns, space: S, separator: tuple[str, S]
) -> Iterator[tuple[list[tuple[str, S]], int]]:
    """The rows of cells and lines one row of the table takes, each with its length in cells."""
    wrapped: list[list[Wrapped[S]]] = []
    for runs, width in zip(cells, columns.widths, strict=True):
        wrapper: Wrapper[S] = Wrapper(width)
        wrapper.feed(runs)
        wrapped.append(wrapper.flush())
    for line in range(max(map(len, wrapped))):
        parts: list[tuple[str, S]] = []
        for at, (rows, width, align) in enumerate(zip(wrapped, columns.widths, columns.aligns, strict=True)):
            if at:
                parts.append(separator)
            row = rows[line] if line < len(rows) else None
            blank = width - (row.cells if row else 0)
            before = 0 if align == "left" else blank if align == "right" else blank // 2
            if before:
                parts.append((" " * before, space))
            parts.extend(row.parts if row else ())
            if blank - before:
                parts.append((" " * (blank - before), space))
        yield parts, sum(columns.widths) + GUTTER * (len(columns.widths) - 1)
