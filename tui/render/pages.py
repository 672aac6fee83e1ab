"""Keep a long text as pages, to save memory. A page that is not viewed keeps only its text and the scanner state at its
beginning.

Where a page ends depends on the text only. Reading it again gives the same pieces, with the same heights.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from textual.strip import Strip

from tui.render.copying import Row
from tui.render.pieces import Piece, TableRow, rows_of
from tui.render.safe import neutral

if TYPE_CHECKING:
    from tui.render.blocks import Scanner
    from tui.render.draw import Line, Pen, Rest

PAGE_CHARS = 8192
_TALLEST = (1 << 16) - 1


class Slot:
    """A piece with its lines once it is drawn, and the height that it counts for until it is settled."""

    __slots__ = ("drawn", "height", "lines", "piece", "rest", "rows")

    def __init__(self, piece: Piece, height: int) -> None:
        self.piece = piece
        self.reset(height)

    def reset(self, height: int) -> None:
        self.height = height
        self.lines: list[Line] = []
        self.rows: list[Row | None] = []
        self.rest: Rest = None
        self.drawn = False

    def draw(self, pen: Pen, before: Rest) -> None:
        """Draw its lines. `before` is what the previous piece leaves."""
        self.lines, self.rest = pen.draw(self.piece, before)
        self.rows = [None] * len(self.lines)
        self.drawn = True

    def is_settled(self) -> bool:
        return self.drawn and self.height == len(self.lines)

    def needs_before(self) -> bool:
        """True if it cannot be drawn before the piece that it continues. Table rows have the table's head instead."""
        return self.piece.joined and not isinstance(self.piece.body, TableRow)

    def row(self, y: int) -> Row:
        row = self.rows[y]
        if row is None:
            line = self.lines[y]
            strip = Strip(line.segments, line.cells)
            row = Row(strip, line.soft, line.joiner, line.lead, line.end, line.swaps, line.columns)
            self.rows[y] = row
        return row


class Page:
    """A sequence of pieces of a text."""

    def __init__(self, first: int, start: Scanner | None = None, before: str = "") -> None:
        """`start` is the scanner before the page's text, and `before` the text in front of it. None for the open page."""
        self.first = first
        """How many pieces come before it."""
        self.count = 0
        self.height = 0
        self.chars = 0
        self.slots: list[Slot] | None = []
        """None while the page is unloaded."""
        self.tops = [0]
        """Top of each slot, and the end of the last one, relative to the page."""
        self._start = start
        self._before = before
        self._texts: list[str] = []
        self._heights: array[int] | None = None
        """Heights of the slots of an unloaded page; None after the width has changed."""

    @property
    def text(self) -> str:
        """Its text as it arrived."""
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""

    def take(self, text: str) -> None:
        """Record text that is read for it."""
        self._texts.append(text)
        self.chars += len(text)

    def add(self, pieces: Iterable[Piece], width: int) -> None:
        slots = self.open(width)
        slots.extend(Slot(piece, rows_of(piece, width)) for piece in pieces)
        self.count = len(slots)

    def place(self, first: int = 0) -> None:
        """Recompute the tops after slot `first`."""
        heights = (slot.height for slot in self.slots[first:]) if self.slots is not None else ()
        self.tops[first:] = accumulate(heights, initial=self.tops[first])
        self.height = self.tops[-1]

    def open(self, width: int) -> list[Slot]:
        """Return the slots. Those of an unloaded page are created again, and have to be placed if the width has changed."""
        if self.slots is None:
            pieces, heights = self.pieces(), self._heights
            if heights is None:
                self.slots = [Slot(piece, rows_of(piece, width)) for piece in pieces]
            else:
                self.slots = [Slot(piece, height) for piece, height in zip(pieces, heights, strict=True)]
            self.tops = [0]
            self.place()
        return self.slots

    def pieces(self) -> list[Piece]:
        if self.slots is not None:
            return [slot.piece for slot in self.slots]
        assert self._start is not None, "what is open is never put away"
        return self._start.snapshot().feed(neutral(self.text, self._before, keeps_marks=True))

    def put_away(self) -> None:
        """Unload: drop what can be created again."""
        if self.slots is not None and self.text:
            self._heights = array("H", (min(slot.height, _TALLEST) for slot in self.slots))
            self.slots, self.tops = None, []

    def resize(self, width: int) -> None:
        """Use estimated heights for everything."""
        if self.slots is None:
            self._heights = None
            self.height = estimated_rows(self.text, width)
            return
        for slot in self.slots:
            slot.reset(rows_of(slot.piece, width))
        self.place()

    @staticmethod
    def beginning_at(tops: Sequence[int], y: int) -> int:
        """Return the index of the item at row `y`, or of the first item before it that seemed to have no rows."""
        return max(0, min(bisect_left(tops, y), bisect_right(tops, y) - 1, len(tops) - 2))


def estimated_rows(text: str, width: int) -> int:
    """Estimate how many rows a text takes."""
    if len(text) > 8 * PAGE_CHARS:
        return len(text) // width + text.count("\n") + 1
    return sum(len(line) // width + 1 for line in text.strip("\n").split("\n"))
