"""A picture in half blocks: two dots of colour in each cell, which every terminal can draw."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_UPPER = "▀"


def half_blocks(dots: bytes, columns: int) -> tuple[Strip, ...]:
    """Rows of cells from dots in RGB, row by row, an even number of rows. Cells that are alike become one segment."""
    row = columns * 3
    return tuple(
        Strip(list(_segments(dots[at : at + row], dots[at + row : at + 2 * row])), columns)
        for at in range(0, len(dots), 2 * row)
    )


def _segments(upper: bytes, lower: bytes) -> Iterator[Segment]:
    cells = (upper[at : at + 3] + lower[at : at + 3] for at in range(0, len(upper), 3))
    for colours, run in groupby(cells):
        style = Style.from_color(Color.from_rgb(*colours[:3]), Color.from_rgb(*colours[3:]))
        yield Segment(_UPPER * sum(1 for _ in run), style)
