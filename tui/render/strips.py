"""A Markdown text as rows of cells, at a width and in a look; it may still be growing.

What is finished is drawn once and kept; what is open is drawn again with every feed, and is small. A stored text costs
nothing until it is looked at: until then its height is an estimate. The rows are the same however the text was fed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, NamedTuple

from textual.strip import Strip

from tui.render.look import DARK, LIGHT, Look
from tui.render.safe import neutral

if (
    TYPE_CHECKING
):  # what reads and draws Markdown costs 20 ms to import; the first text pays, not the start of the program
    from tui.render.draw import Line, Rest
    from tui.render.pieces import Piece

__all__ = ["DARK", "LIGHT", "CodeBlock", "Document", "Look", "Row", "warm"]


LEAST = 8
"""A narrower page is drawn this wide."""


class Row(NamedTuple):
    """One row of the screen, and what copying needs to know of it."""

    strip: Strip
    soft: bool = False
    """It goes on with the row above, which wrapping broke off."""
    joiner: str = ""
    """What stood between the two, and was left out at the break."""
    lead: int = 0
    """So many cells at its beginning are only drawn around the text: bars, and the indent of a wrapped line."""


@dataclass(frozen=True)
class CodeBlock:
    """A block of code in a text as it stands now. Its first row, `top`, names the language."""

    language: str
    top: int
    height: int
    _slots: list[_Slot] = field(repr=False, compare=False)
    _span: tuple[int, int] = field(repr=False)

    @property
    def source(self) -> str:
        """The code as it was written, without the fence."""
        from tui.render.pieces import CodeLine

        bodies = [slot.piece.body for slot in self._slots[slice(*self._span)]]
        return "".join(body.text + "\n" * body.last for body in bodies if isinstance(body, CodeLine))


class _Slot:
    """A piece in its place: its lines once it is drawn, and the height it counts for until it is settled."""

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

    def is_settled(self) -> bool:
        return self.drawn and self.height == len(self.lines)

    def row(self, y: int) -> Row:
        row = self.rows[y]
        if row is None:
            line = self.lines[y]
            row = self.rows[y] = Row(Strip(line.segments, line.cells), line.soft, line.joiner, line.lead)
        return row


class Document:
    """One Markdown text; see the module. Rows are counted from 0."""

    def __init__(self, look: Look, width: int, text: str = "", *, closed: bool = True) -> None:
        self.drawn_pieces = 0
        """How many pieces were drawn so far: the work, counted."""
        from tui.render.blocks import Scanner
        from tui.render.draw import pen_for

        self._pen = pen_for(look, max(LEAST, width))
        self._unread = neutral(text)
        self._last = text[-1:]
        """The last character that it was fed."""
        self._estimate = 0
        """How many rows that may take; 0 when nobody asked yet."""
        self._closed = closed
        self._scanner = Scanner()
        self._slots: list[_Slot] = []
        self._firm = 0
        """So many slots are finished; what is behind them changes with every feed."""
        self._code: list[tuple[str, int, int]] = []
        """The finished code: its language, the slot of its head, and the slot behind its last line."""
        self._tops = [0]
        """Where each slot begins, and where the last one ends."""

    # Growing -----------------------------------------------------------------------------------------------------------

    def feed(self, more: str) -> int:
        """Takes more text. The first row that changed: those above it are as they were, and stay so."""
        if self._closed:
            raise ValueError("a closed document cannot grow")
        self._read()
        text, self._last = neutral(more, self._last), more[-1:] or self._last
        return self._grow(self._scanner.feed(text))

    def close(self) -> int:
        """Says that no more text will come. The first row that changed."""
        self._read()
        if self._closed:
            return self.height
        self._closed = True
        return self._grow(self._scanner.close())

    def _grow(self, pieces: list[Piece]) -> int:
        """Puts `pieces`, and what is open behind them, in the place of what was open."""
        firm, old = self._firm, self._slots[self._firm :]
        known = [
            (line, row)
            for slot in takewhile(_Slot.is_settled, old)
            for line, row in zip(slot.lines, slot.rows, strict=True)
        ]
        self._replace(pieces)
        same = 0
        for index in range(firm, len(self._slots)):
            self._settle(index)
            slot = self._slots[index]
            for at, line in enumerate(slot.lines):
                if same == len(known) or known[same][0] != line:
                    known = known[:same]
                    break
                slot.rows[at] = known[same][1]
                same += 1
        self._place(firm)
        return self._tops[firm] + same

    def _replace(self, pieces: list[Piece]) -> None:
        from tui.render.pieces import rows_of

        del self._slots[self._firm :]
        tail = [] if self._closed else self._scanner.tail()
        self._slots.extend(_Slot(piece, rows_of(piece, self._pen.width)) for piece in (*pieces, *tail))
        for index in range(self._firm, self._firm + len(pieces)):
            self._find_code(index, self._code)
        self._firm += len(pieces)

    def _read(self) -> None:
        """Cuts the text it began with into pieces, when that has not been done yet."""
        if not self._unread:
            return
        text, self._unread = self._unread, ""
        pieces = self._scanner.feed(text)
        if self._closed:
            pieces += self._scanner.close()
        self._replace(pieces)
        self._place(0)

    # Looking -----------------------------------------------------------------------------------------------------------

    @property
    def height(self) -> int:
        """In rows. What was not looked at counts by estimate."""
        if not self._unread:
            return self._tops[-1]
        if not self._estimate:
            self._estimate = _estimate(self._unread, self._pen.width)
        return self._estimate

    def resize(self, width: int, look: Look) -> None:
        """Has everything drawn again, when it is looked at."""
        width = max(LEAST, width)
        if (width, look) == (self._pen.width, self._pen.look):
            return
        from tui.render.draw import pen_for
        from tui.render.pieces import rows_of

        self._pen = pen_for(look, width)
        self._estimate = 0
        for slot in self._slots:
            slot.reset(rows_of(slot.piece, width))
        self._place(0)

    def settle(self, first: int, last: int) -> bool:
        """Makes rows `first` to `last` exact; True if the height changed, or where these rows stand."""
        before = self.height
        self._read()
        y = max(0, first)
        # Pieces that were taken to have no rows of their own stand before the one that the row is in.
        index = begin = max(0, min(bisect_left(self._tops, y), bisect_right(self._tops, y) - 1))
        y, changed = self._tops[begin], False
        while index < len(self._slots) and y <= last:
            changed = self._settle(index) or changed
            y += self._slots[index].height
            index += 1
        if changed:
            self._place(begin)
        return changed or self.height != before

    def row(self, y: int) -> Row:
        """Row `y`, exact; an empty one where there is none."""
        self.settle(y, y)
        index = bisect_right(self._tops, y) - 1
        if not 0 <= index < len(self._slots):
            return Row(Strip([], 0))
        return self._slots[index].row(y - self._tops[index])

    def place_of(self, y: int) -> tuple[int, int]:
        """The number of the piece that row `y` belongs to, and the row within it: the same wherever the piece stands."""
        self._read()
        index = max(0, bisect_right(self._tops, y) - 1)
        return index, y - self._tops[min(index, len(self._tops) - 1)]

    def row_of(self, piece: int, y: int) -> int:
        """The row that `place_of` said that of. Only that piece is drawn."""
        self._read()
        index = min(piece, len(self._slots) - 1)
        if index < 0:
            return y
        self.settle(self._tops[index], self._tops[index])
        return self._tops[index] + min(y, self._slots[index].height)

    def code_blocks(self) -> tuple[CodeBlock, ...]:
        """Its blocks of code from top to bottom, placed as far as heights are known."""
        self._read()
        spans = self._code.copy()
        for index in range(self._firm, len(self._slots)):
            self._find_code(index, spans)
        blocks = []
        for language, start, end in spans:
            top = self._tops[start] + (self._slots[start].piece.gap >= 0)
            blocks.append(CodeBlock(language, top, self._tops[end] - top, self._slots, (start, end)))
        return tuple(blocks)

    def _find_code(self, index: int, spans: list[tuple[str, int, int]]) -> None:
        """Adds a slot to the spans, if there is code in it."""
        from tui.render.pieces import CodeHead, CodeLine

        body = self._slots[index].piece.body
        if isinstance(body, CodeHead):
            spans.append((body.language, index, index + 1))
        elif isinstance(body, CodeLine):
            language, start, _ = spans[-1]
            spans[-1] = (language, start, index + 1)

    # Pieces in their places ---------------------------------------------------------------------------------------------

    def _settle(self, index: int) -> bool:
        """Draws a slot and lets it count for what it is; True if that is another height than before."""
        slot = self._slots[index]
        if slot.is_settled():
            return False
        if not slot.drawn:
            self._draw(index)
        changed = slot.height != len(slot.lines)
        slot.height = len(slot.lines)
        return changed

    def _draw(self, index: int) -> None:
        """Draws a slot, after those it goes on from. Their heights stay: rows above a reader must not move unasked."""
        first = index
        while self._slots[first].piece.joined and not self._slots[first - 1].drawn:
            first -= 1
        for at in range(first, index + 1):
            slot = self._slots[at]
            before = self._slots[at - 1].rest if slot.piece.joined else None
            slot.lines, slot.rest = self._pen.draw(slot.piece, before)
            slot.rows = [None] * len(slot.lines)
            slot.drawn = True
            self.drawn_pieces += 1

    def _place(self, first: int) -> None:
        """Counts the tops again behind slot `first`."""
        heights = (slot.height for slot in self._slots[first:])
        self._tops[first:] = accumulate(heights, initial=self._tops[first])


def _estimate(text: str, width: int) -> int:
    """About how many rows a text takes."""
    return sum(len(line) // width + 1 for line in text.strip("\n").split("\n"))


def warm() -> None:
    """Imports what the first answer needs. For a thread, after the first paint."""
    for language in ("python", "bash", "json"):
        Document(DARK, 80, f"```{language}\nx = 1\n```").row(1)
