"""A Markdown text, which may still be growing, as rows of cells at a width and in a look.

Finished pieces are drawn once and kept. The open part is small, and drawn again with every feed. Of a long text only the
most recently viewed pages are kept. A stored text is not parsed before it is viewed; until then its height is an
estimate. The rows do not depend on how the text was fed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

from textual.strip import Strip

from tui.render.code import CodeBlock, Span, find_code
from tui.render.copying import Row
from tui.render.look import DARK, LIGHT, Look
from tui.render.safe import CONTEXT, neutral

if TYPE_CHECKING:  # importing the Markdown code takes 20 ms, which the first text pays and not the start of the program
    from tui.render.pages import Page, Slot
    from tui.render.pieces import Piece

__all__ = ["DARK", "LIGHT", "CodeBlock", "Document", "Look", "Row", "warm"]


LEAST = 8
"""Minimum width for drawing."""
_KEPT_PIECES = 4000
"""Number of pieces kept in memory, about 20 MB with their rows. Answers rarely have more than a thousand."""
_READ_CHARS = 1 << 17
"""Number of characters that are parsed when a text is first viewed: less than a tenth of a second."""


class Document:
    """One Markdown text. Rows are counted from 0."""

    def __init__(self, look: Look, width: int, text: str = "", *, closed: bool = True) -> None:
        self.drawn_pieces = 0
        """How many pieces were drawn so far, as a measure of the work."""
        from tui.render.blocks import Scanner
        from tui.render.draw import pen_for
        from tui.render.pages import Page

        self._pen = pen_for(look, max(LEAST, width))
        self._unread = deque([text] if text else [])
        self._begun = False
        """True if some of it was parsed."""
        self._last = ""
        """The last parsed character."""
        self._estimate = 0
        """Estimated number of rows; 0 if not yet computed."""
        self._closed = closed
        self._scanner = Scanner()
        self._pages = [Page(0, self._scanner.snapshot()), Page(0)]
        """The last page holds the open part and changes with every feed; the page before it grows."""
        self._tops = [0, 0, 0]
        """Top of each page, and the end of the last one."""
        self._ready: dict[int, Page] = {}
        """Full pages in memory, by number; the most recently viewed one comes last."""
        self._code: list[Span] = []
        """The finished code blocks."""

    @property
    def source(self) -> str:
        """The text as it arrived."""
        return "".join((*(page.text for page in self._pages), *self._unread))

    @property
    def kept_pieces(self) -> int:
        """How many pieces are in memory, as a measure of its size."""
        return sum(page.count for page in self._pages if page.slots is not None)

    @property
    def is_half_read(self) -> bool:
        """True if it was viewed but is so long that `read` has to be called for the rest, so that keys do not wait."""
        return self._begun and bool(self._unread)

    def feed(self, more: str, *, drawn: bool = True) -> int:
        """Add text. Return the first row that changed; the rows above it never change again.

        `drawn`: rows are exact at once, for text that is visible while it arrives. Otherwise they become exact when
        viewed.
        """
        if self._closed:
            raise ValueError("a closed document cannot grow")
        self._begin()
        if self._unread:
            self._unread.append(more)
            return self.height
        if not drawn:
            top = self._tops[-2]
            self._read(more)
            return top
        return min([self._grow(self._scanner.feed(piece)) for piece in self._paged(more)])

    def close(self) -> int:
        """End the text. Return the first row that changed."""
        self._begin()
        if self._closed:
            return self.height
        self._closed = True
        return self.height if self._unread else self._grow(self._scanner.close())

    def _paged(self, text: str) -> Iterator[str]:
        """Yield the text in parts that end where pages do, each recorded on its page and made safe to draw."""
        from tui.render.pages import PAGE_CHARS

        at = 0
        while True:
            if self._pages[-2].chars >= PAGE_CHARS:
                self._turn_page()
            piece = text[at : at + PAGE_CHARS - self._pages[-2].chars]
            self._pages[-2].take(piece)
            yield neutral(piece, self._last, keeps_marks=True)
            self._last = (self._last + piece[-CONTEXT:])[-CONTEXT:]
            at += len(piece)
            if at >= len(text):
                return

    def _turn_page(self) -> None:
        from tui.render.pages import Page

        number = len(self._pages) - 2
        page = self._pages[number]
        self._pages.insert(-1, Page(page.first + page.count, self._scanner.snapshot(), self._last))
        self._tops.insert(-1, self._tops[-2])
        self._ready[number] = page
        self._put_away()

    def _put_away(self) -> None:
        """Unload the pages that were not viewed for longest."""
        count = sum(page.count for page in self._ready.values())
        while count > _KEPT_PIECES and len(self._ready) > 2:
            page = self._ready.pop(next(iter(self._ready)))
            count -= page.count
            page.put_away()

    def _grow(self, pieces: list[Piece]) -> int:
        """Replace the open part by `pieces` and the new open part."""
        page, old = self._pages[-2], self._pages[-1].slots or ()
        known = [
            (line, row)
            for slot in takewhile(lambda slot: slot.is_settled(), old)
            for line, row in zip(slot.lines, slot.rows, strict=True)
        ]
        firm, top = page.count, self._tops[-2]
        self._replace(pieces)
        same = 0
        for slot in self._settled(firm):
            for at, line in enumerate(slot.lines):
                if same == len(known) or known[same][0] != line:
                    known = known[:same]
                    break
                slot.rows[at] = known[same][1]
                same += 1
        page.place(firm)
        self._pages[-1].place()
        self._place(len(self._pages) - 2)
        return top + same

    def _settled(self, firm: int) -> Iterator[Slot]:
        """Draw and yield the slots of the growing page from number `firm` on, and those of the open part."""
        for page, first in ((self._pages[-2], firm), (self._pages[-1], 0)):
            for at in range(first, page.count):
                self._settle(page, at)
                yield page.open(self._pen.width)[at]

    def _replace(self, pieces: list[Piece]) -> None:
        from tui.render.pages import Page

        page, width = self._pages[-2], self._pen.width
        page.add(pieces, width)
        page.place(page.count - len(pieces))
        first = page.first + page.count
        for at, piece in enumerate(pieces, first - len(pieces)):
            find_code(piece, at, self._code)
        self._pages[-1] = Page(first)
        self._pages[-1].add([] if self._closed else self._scanner.tail(), width)

    def _begin(self) -> None:
        """Parse the initial text, or the beginning of a long one, unless that was done."""
        if not self._begun:
            self.read(_READ_CHARS)

    def read(self, chars: int) -> None:
        """Parse about so many more characters of the initial text."""
        self._begun = True
        while self._unread and chars > 0:
            text = self._unread.popleft()
            if len(text) > chars:
                self._unread.extendleft(
                    text[at : at + chars] for at in range((len(text) - 1) // chars * chars, 0, -chars)
                )
                text = text[:chars]
            chars -= len(text)
            self._read(text)

    def _read(self, text: str) -> None:
        first = len(self._pages) - 2
        for piece in self._paged(text):
            self._replace(self._scanner.feed(piece))
        if self._closed and not self._unread:
            self._replace(self._scanner.close())
        self._pages[-1].place()
        self._place(first)

    @property
    def height(self) -> int:
        """Height in rows. Parts that were not viewed are estimated."""
        if self._begun or not self._unread:
            return self._tops[-1]
        if not self._estimate:
            from tui.render.pages import estimated_rows

            self._estimate = estimated_rows(self._unread[0], self._pen.width)
        return self._estimate

    def resize(self, width: int, look: Look) -> None:
        """Draw everything again when it is viewed next."""
        width = max(LEAST, width)
        if (width, look) == (self._pen.width, self._pen.look):
            return
        from tui.render.draw import pen_for

        self._pen = pen_for(look, width)
        self._estimate = 0
        for page in self._pages:
            page.resize(width)
        self._place(0)

    def settle(self, first: int, last: int) -> bool:
        """Make rows `first` to `last` exact. Return True if the height or the position of these rows changed."""
        before = self.height
        self._begin()
        number = begin = self._pages[0].beginning_at(self._tops, max(0, first))
        top, changed = self._tops[begin], False
        while number < len(self._pages) and top <= last:
            changed = self._settle_rows(number, first - top, last - top) or changed
            top += self._pages[number].height
            number += 1
        if changed:
            self._place(begin)
        self._put_away()
        return changed or self.height != before

    def _settle_rows(self, number: int, first: int, last: int) -> bool:
        """Make rows of a page exact, counted from its top. Return True if any row moved."""
        page = self._pages[number]
        before, changed = page.height, False
        slots = self._open(number)
        index = begin = page.beginning_at(page.tops, max(0, first))
        y = page.tops[begin]
        while index < len(slots) and y <= last:
            changed = self._settle(page, index) or changed
            y += slots[index].height
            index += 1
        if changed:
            page.place(begin)
        return changed or page.height != before

    def row(self, y: int) -> Row:
        """Return row `y`, exact; an empty one if there is none."""
        self.settle(y, y)
        if not 0 <= y < self._tops[-1]:
            return Row(Strip([], 0))
        number = self._page_at(y)
        page, y = self._pages[number], y - self._tops[number]
        index = bisect_right(page.tops, y) - 1
        return self._open(number)[index].row(y - page.tops[index])

    def place_of(self, y: int) -> tuple[int, int]:
        """Return the number of the piece at row `y`, and the row within it. Both stay the same when rows above change."""
        self._begin()
        number = self._page_at(y)
        page, y = self._pages[number], y - self._tops[number]
        self._open(number)
        index = max(0, bisect_right(page.tops, y) - 1)
        return page.first + index, y - page.tops[index]

    def row_of(self, piece: int, y: int) -> int:
        """Return the row for a result of `place_of`. Only that piece is drawn."""
        self._begin()
        piece = min(piece, self._pages[-1].first + self._pages[-1].count - 1)
        if piece < 0:
            return y
        top = self._top_of(piece)
        self.settle(top, top)
        return self._top_of(piece) + min(y, self._slot(piece).height)

    def _top_of(self, piece: int) -> int:
        number = self._page_of(piece)
        self._slot(piece)
        return self._tops[number] + self._pages[number].tops[piece - self._pages[number].first]

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """Yield the pieces with these numbers."""
        for page in self._pages[self._page_of(start) :]:
            if page.first >= end:
                break
            yield from page.pieces()[max(0, start - page.first) : end - page.first]

    def pages_with(self, wanted: re.Pattern[str], start: int, step: int) -> Iterator[tuple[int, int]]:
        """Yield the first row, and the one after the last, of each page whose text matches, from row `start` on or back."""
        self._begin()
        number = self._page_at(start)
        for at in range(number, len(self._pages) - 1 if step > 0 else -1, step):
            if wanted.search(self._pages[at].text):
                yield self._tops[at], self._tops[at + 1]

    def code_blocks(self) -> tuple[CodeBlock, ...]:
        """Return its code blocks from top to bottom, positioned as far as heights are known."""
        self._begin()
        spans = self._code.copy()
        for at, piece in enumerate(self._pages[-1].pieces(), self._pages[-1].first):
            find_code(piece, at, spans)
        return tuple(map(self._block, spans))

    def code_at(self, y: int) -> CodeBlock | None:
        """Return the code block that begins at a row."""
        piece, _ = self.place_of(y)
        if piece >= self._pages[-1].first:
            return next((block for block in self.code_blocks()[-2:] if block.top == y), None)
        at = bisect_right(self._code, piece, key=lambda span: span.start) - 1
        block = self._block(self._code[at]) if at >= 0 else None
        return block if block is not None and block.top == y else None

    def _block(self, span: Span) -> CodeBlock:
        top, end = self._about(span.start) + span.gap, self._about(span.end)
        return CodeBlock(span.language, top, end - top, partial(self.pieces, span.start, span.end))

    def _about(self, piece: int) -> int:
        """Return the top of a piece; an estimate if its page is unloaded."""
        number = self._page_of(piece)
        page, at = self._pages[number], piece - self._pages[number].first
        within = page.tops[at] if page.slots is not None else page.height * at // max(1, page.count)
        return self._tops[number] + within

    def _page_at(self, y: int) -> int:
        """Return the number of the page with this row."""
        return max(0, min(bisect_right(self._tops, y), len(self._pages)) - 1)

    def _page_of(self, piece: int) -> int:
        return bisect_right(self._pages, piece, key=lambda page: page.first) - 1

    def _open(self, number: int) -> list[Slot]:
        """Return the slots of a page, and mark the page as recently viewed."""
        page = self._pages[number]
        if number < len(self._pages) - 2:
            self._ready.pop(number, None)
            self._ready[number] = page
        return page.open(self._pen.width)

    def _slot(self, piece: int) -> Slot:
        number = self._page_of(piece)
        return self._open(number)[piece - self._pages[number].first]

    def _settle(self, page: Page, index: int) -> bool:
        """Draw a slot and use its real height. Return True if that differs from the height before."""
        slot = page.open(self._pen.width)[index]
        if slot.is_settled():
            return False
        if not slot.drawn:
            self._draw(page.first + index)
        changed = slot.height != len(slot.lines)
        slot.height = len(slot.lines)
        return changed

    def _draw(self, piece: int) -> None:
        """Draw a slot after those that it continues. Their heights do not change, because rows above must not move while
        someone reads.
        """
        first = piece
        while self._slot(first).needs_before() and not self._slot(first - 1).drawn:
            first -= 1
        for at in range(first, piece + 1):
            slot = self._slot(at)
            slot.draw(self._pen, self._slot(at - 1).rest if slot.piece.joined else None)
            self.drawn_pieces += 1

    def _place(self, first: int) -> None:
        """Recompute the tops after page `first`."""
        heights = (page.height for page in self._pages[first:])
        self._tops[first:] = accumulate(heights, initial=self._tops[first])


def warm() -> None:
    """Import what the first answer needs. Called in a thread after the first paint."""
    for language in ("python", "bash", "json"):
        Document(DARK, 80, f"☝️\n\n```{language}\nx = 1\n```").row(3)
