"""Images as rows of cells: half blocks, with two coloured dots in each, for every terminal; and placeholders for images
that the terminal draws itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.color import Color
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.strip import Strip

from tui.render.gate import TerminalText

_UPPER = "▀"
_NOTHING = [(ControlType.CURSOR_FORWARD, 0)]
"""Marks a segment that is not text and has no width."""
PIN = Segment("", None, _NOTHING)
"""Part of every row below an image that is not made of cells. Such a row must not be moved."""


def half_blocks(dots: bytes, columns: int) -> tuple[Strip, ...]:
    """Return rows of cells for RGB dots. The number of dot rows is even. Equal neighbours become one segment."""
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


def tinted(texts: tuple[str, ...], number: int) -> tuple[Strip, ...]:
    """Return rows of placeholders, one for each cell. Their colour is the number of the image."""
    style = Style(color=Color.from_rgb(number >> 16, number >> 8 & 255, number & 255))
    return tuple(Strip([Segment(text, style)]) for text in texts)


def overlaid(drawing: str, columns: int, rows: int) -> tuple[Strip, ...]:
    """Return blank rows; after the last one follows the sequence that draws over all of them from their upper left
    corner.
    """
    blank = Segment(" " * columns)
    up = f"\x1b[{rows - 1}A" if rows > 1 else ""
    over = Segment(TerminalText(f"\x1b7\x1b[{columns}D{up}{drawing}\x1b8"), None, _NOTHING)
    return (*(Strip([blank, PIN], columns) for _ in range(rows - 1)), Strip([blank, over], columns))
