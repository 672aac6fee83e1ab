"""Lay out a table: the widths of its columns, and its rows. Cells wrap, and nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from tui.render.copying import Cell
from tui.render.pieces import Align, TableHead
from tui.render.wrap import Wrapped, Wrapper

S = TypeVar("S")
GUTTER = 3
"""Cells between two columns."""
LEAST = 4
"""Minimum width of a column, since later rows may be wider than the first. Without room for that there are no columns."""


class Columns(NamedTuple):
    """The width of each column; `widths` is empty if there is no room for columns."""

    widths: tuple[int, ...]
    aligns: tuple[Align, ...]
    spare: int = 0
    """Part of the last column's width that is reserved for later rows."""


def columns_for(head: TableHead, natural: Callable[[str], int], width: int) -> Columns:
    """Return columns for the known rows within `width` cells. `natural` measures a cell."""
    count = len(head.header)
    room = width - GUTTER * (count - 1)
    if room < LEAST * count:
        return Columns((), head.aligns)
    rows = [head.header, *head.rows]
    wants = [max(LEAST, *(natural(row[at]) for row in rows)) for at in range(count)]
    widths = _shared(wants, room)
    spare = max(0, room - sum(widths)) if head.more and head.aligns[-1] == "left" else 0
    widths[-1] += spare
    return Columns(tuple(widths), head.aligns, spare)


def _shared(wants: Sequence[int], room: int) -> list[int]:
    """Give small columns the width they need, and share the rest equally among the wide ones."""
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
) -> Iterator[tuple[list[tuple[str, S]], int, list[Cell]]]:
    """Yield the rows of cells and lines that one table row takes, each with its width and the positions of its cells."""
    wrapped: list[list[Wrapped[S]]] = []
    for runs, width in zip(cells, columns.widths, strict=True):
        wrapper: Wrapper[S] = Wrapper(width)
        wrapper.feed(runs)
        wrapped.append(wrapper.flush())
    last = len(wrapped) - 1
    for line in range(max(map(len, wrapped))):
        parts: list[tuple[str, S]] = []
        placed: list[Cell] = []
        length, chars = GUTTER * last, 0
        for at, (rows, width, align) in enumerate(zip(wrapped, columns.widths, columns.aligns, strict=True)):
            row = rows[line] if line < len(rows) else None
            filled = row.cells if row else 0
            before = 0 if align == "left" else width - filled if align == "right" else (width - filled) // 2
            after = width - filled - before if at < last else 0
            if at:
                parts.append(separator)
            if before:
                parts.append((" " * before, space))
            parts.extend(row.parts if row else ())
            start = chars + before + (len(separator[0]) if at else 0)
            chars = start + sum(len(text) for text, _ in row.parts) if row else start
            placed.append(Cell(start, chars, row.joiner if row and row.soft else " ", line > 0))
            chars += after
            if after:
                parts.append((" " * after, space))
            length += before + filled + after
        yield parts, length, placed
