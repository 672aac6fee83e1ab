"""The parts of a turn: plain text, Markdown and collapsible lines. Each knows its height and draws its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.chat.transcript import Failure, Image, Message
from tui.inputs.limits import LISTED_SOURCES, SHOWN_CHARS
from tui.render import figures
from tui.render.copying import Cell, Swap, unmarked
from tui.render.look import Look
from tui.render.safe import safe
from tui.render.strips import CodeBlock, Document
from tui.render.wrap import cells_of
from tui.widgets.conversation import captions
from tui.widgets.conversation.captions import Caption
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.wrapping import Span, wrapped

if TYPE_CHECKING:
    from tui.chat.searches import Source


class Line(NamedTuple):
    """One row of the column, and what a selection copies of it."""

    strip: Strip
    soft: bool = False
    """True if the row continues the one above."""
    joiner: str = ""
    """The source text between the two."""
    start: int = 0
    """Characters before this one are bars and indents, and are not copied."""
    end: int | None = None
    """Characters from this one on are decoration, and are not copied."""
    indent: int = 0
    """Blank cells before the strip."""
    swaps: tuple[Swap, ...] = ()
    """Characters that are copied as another text."""
    cells: tuple[Cell, ...] = ()
    """The positions of a table's cells, in a row of a table."""
    is_image: bool = False
    """True if the cells have colours of their own, and no text."""


BLANK = Line(Strip([], 0))


class Part:
    """One part of a turn. Its height may be an estimate until `measure` was called for the rows in view."""

    above = 0
    """Blank rows before it."""
    images: tuple[Image, ...] = ()
    """The images that it shows."""

    @property
    def below(self) -> int:
        """Blank rows after it, unless the next part has more before it."""
        return 0

    @property
    def height(self) -> int:
        """The number of rows."""
        raise NotImplementedError

    def fit(self, width: int, palette: Palette) -> None:
        """Wrap and colour the part for a width in cells and a palette."""
        raise NotImplementedError

    def measure(self, first: int, last: int) -> bool:
        """Measure rows exactly. True if that changed the height."""
        return False

    @property
    def is_half_read(self) -> bool:
        """True while only the start of a very long text is parsed."""
        return False

    def read(self, chars: int) -> None:
        """Parse up to `chars` more characters."""

    def line(self, y: int) -> Line:
        """Return row `y`."""
        raise NotImplementedError

    def image_number(self, y: int, x: int) -> int:
        """Return the number of the image in row `y` at cell `x`, or of the last one left of it."""
        return 0

    def piece_at(self, y: int) -> tuple[int, int]:
        """Return the piece that row `y` is in, and the row within it. Both stay the same when other rows are measured."""
        return 0, y

    def row_of(self, piece: int, y: int) -> int:
        """Return the row that `piece_at` gave these for, or the nearest that exists."""
        return min(y, self.height)


class PlainText(Part):
    """Captions, notes and prompts: wrapped text in tones, without Markdown. `right` is at the end of the first row."""

    def __init__(self, caption: Caption, *, right: str = "", above: int = 0, hang: int = 0, link: str = "") -> None:
        self.above = above
        self._caption: Caption = tuple((safe(truncated(text), keeps_marks=True), tone) for text, tone in caption)
        self._right = safe(right, keep_newlines=False)
        self._hang = hang
        self._link = link
        self._width = 0
        self._rows: tuple[Span, ...] = ()
        self._lines: dict[int, Line] = {}

    def set_caption(self, caption: Caption, right: str = "") -> None:
        """Replace the text. For captions of one row, which stay one row."""
        self._caption = tuple((safe(text), tone) for text, tone in caption)
        self._right = safe(right, keep_newlines=False)
        self._wrap()

    def fit(self, width: int, palette: Palette) -> None:
        self._width, self._palette = width, palette
        self._wrap()

    def _wrap(self) -> None:
        self._lines.clear()
        if self._width:
            text = "".join(text for text, _ in self._caption)
            self._rows = wrapped(text, self._width - self._hang)

    @property
    def height(self) -> int:
        return len(self._rows)

    def line(self, y: int) -> Line:
        if y not in self._lines:
            self._lines[y] = self._draw(y)
        return self._lines[y]

    def _draw(self, y: int) -> Line:
        row = self._rows[y]
        pieces: list[tuple[str, Style]] = []
        at = 0
        for text, tone in self._caption:
            if piece := text[max(0, row.start - at) : max(0, row.end - at)]:
                style = self._palette.style(tone)
                if self._link and tone == "accent":
                    style += Style(link=self._link)
                pieces.append((piece, style))
            at += len(text)
        drawn, swaps, _ = unmarked(pieces)
        segments = [Segment(piece, style) for piece, style in drawn]
        strip = Strip(segments, sum(cells_of(piece) for piece, _ in drawn))
        end = len(strip.text)
        if y == 0 and self._right:
            gap = self._width - strip.cell_length - Strip([Segment(self._right)]).cell_length
            if gap >= 2:
                strip = Strip([*segments, Segment(" " * gap), Segment(self._right, self._palette.style("dim"))])
        return Line(strip, row.soft, row.joiner, end=end, indent=self._hang if y else 0, swaps=tuple(swaps))


def truncated(text: str) -> str:
    """Return a text, or its start with a note of how much is left out."""
    if len(text) <= SHOWN_CHARS:
        return text
    return f"{text[:SHOWN_CHARS]}\n… {figures.plural(len(text) - SHOWN_CHARS, 'more character')}"


class MarkdownText(Part):
    """Markdown. It is parsed and drawn when it first comes into view, and can grow."""

    def __init__(self, text: str, *, closed: bool = True, quiet: bool = False, above: int = 0) -> None:
        self.above = above
        self._chunks = [text] if text else []
        """The text until it is parsed; then the document has it."""
        self.is_blank = not text.strip()
        self.ending = text[-1:]
        """The last character."""
        self._closed = closed
        self._quiet = quiet
        self._document: Document | None = None
        self._fitted: tuple[int, Look] | None = None

    @property
    def source(self) -> str:
        """The whole text so far."""
        return self._document.source if self._document is not None else "".join(self._chunks)

    @property
    def is_half_read(self) -> bool:
        return self._document is not None and self._document.is_half_read

    def read(self, chars: int) -> None:
        if self._document is not None:
            self._document.read(chars)

    @property
    def height(self) -> int:
        return self._document.height if self._document is not None else 0

    def code_blocks(self) -> tuple[CodeBlock, ...]:
        return self._document.code_blocks() if self._document is not None else ()

    def code_at(self, y: int) -> CodeBlock | None:
        """Return the code block that starts in row `y`."""
        return self._document.code_at(y) if self._document is not None and y >= 0 else None

    def fit(self, width: int, palette: Palette) -> None:
        look = palette.quiet if self._quiet else palette.look
        if self._document is None:
            self._document = Document(look, width, self.source, closed=self._closed)
            self._chunks = []
        elif self._fitted != (width, look):
            self._document.resize(width, look)
        self._fitted = width, look

    def feed(self, more: str, *, drawn: bool = True) -> int:
        """Append text. Return the first row that changed. `drawn`: False if it scrolls by unseen."""
        self.is_blank = self.is_blank and not more.strip()
        self.ending = more[-1:] or self.ending
        if self._document is not None:
            return self._document.feed(more, drawn=drawn)
        self._chunks.append(more)
        return 0

    def close(self) -> int:
        """Note that the text is complete. Return the first row that changed."""
        if self._closed:
            return self.height
        self._closed = True
        return self._document.close() if self._document is not None else 0

    def measure(self, first: int, last: int) -> bool:
        return self._document is not None and self._document.settle(first, last)

    def piece_at(self, y: int) -> tuple[int, int]:
        return self._document.place_of(y) if self._document is not None and y >= 0 else (0, y)

    def row_of(self, piece: int, y: int) -> int:
        return self._document.row_of(piece, y) if self._document is not None and y >= 0 else y

    def pages_with(self, wanted: re.Pattern[str], start: int, step: int) -> Iterator[tuple[int, int]]:
        """Yield first row and end of each page that matches, from row `start` on (`step` 1) or back (-1)."""
        return self._document.pages_with(wanted, start, step) if self._document is not None else iter(())

    def line(self, y: int) -> Line:
        assert self._document is not None, "fit comes first"
        row = self._document.row(y)
        return Line(row.strip, row.soft, row.joiner, row.lead, row.end, swaps=row.swaps, cells=row.cells)


class Collapsible(Part):
    """A line that can be opened to show its content, and folded again."""

    open = False

    @property
    def can_open(self) -> bool:
        """True if there is any content."""
        raise NotImplementedError

    def show(self, is_open: bool, *, whole: bool = False) -> None:
        """Open or fold it. `whole`: with all of its content, however long."""
        raise NotImplementedError

    @property
    def hides(self) -> bool:
        """True if some of its content is not shown."""
        return self.can_open and not self.open

    def opens_at(self, y: int) -> bool:
        """True if a click in row `y` opens or folds it."""
        return y == 0 and self.can_open

    def press(self, y: int) -> None:
        """Do what a click in row `y` does."""
        self.show(not self.open)

    @property
    def below(self) -> int:
        # No blank row between a folded line of thinking and the text after it; one after open thinking.
        return 1 if self.open else 0


class Fold(Collapsible):
    """A summary that opens to a body: thinking, or the call of a server tool. The body is laid out when it is opened."""

    def __init__(self, summary: str, body: Part | None = None, *, is_thinking: bool = False, above: int = 0) -> None:
        self.above, self.is_thinking = above, is_thinking
        self._summary, self._body = summary, body
        self._head = PlainText(self._caption())
        self._fitted: tuple[int, Palette] | None = None

    def opened(self) -> Fold:
        """Return the fold itself, open."""
        self.show(True)
        return self

    @property
    def can_open(self) -> bool:
        return self._body is not None and not (isinstance(self._body, MarkdownText) and self._body.is_blank)

    @property
    def body(self) -> Part | None:
        """The content below the line, if it is open."""
        return self._body if self.open else None

    @property
    def height(self) -> int:
        return self._head.height + (self.body.height if self.body else 0)

    def set_summary(self, summary: str) -> None:
        """Replace the text of the line."""
        self._summary = summary
        self._head.set_caption(self._caption())

    def show(self, is_open: bool, *, whole: bool = False) -> None:
        self.open = is_open
        self._head.set_caption(self._caption())
        self._fit_body()

    def feed(self, more: str, *, drawn: bool = True) -> int:
        """Append thinking. Return the first row that changed. `drawn`: False if it scrolls by unseen."""
        assert isinstance(self._body, MarkdownText), "only thinking grows"
        could_open = self.can_open
        row = self._body.feed(more, drawn=drawn)
        if not could_open:
            self._head.set_caption(self._caption())
            self._fit_body()
            return 0
        return self._head.height + row if self.open else self.height

    def close(self) -> int:
        row = self._body.close() if isinstance(self._body, MarkdownText) else 0
        return self._head.height + row if self.open else self.height

    def _caption(self) -> Caption:
        sign = " " if not self.can_open else "▾" if self.open else "▸"
        return ((f"{sign} {self._summary}", "dim"),)

    def fit(self, width: int, palette: Palette) -> None:
        self._fitted = width, palette
        self._head.fit(width, palette)
        self._fit_body()

    @property
    def is_half_read(self) -> bool:
        return self.body is not None and self.body.is_half_read

    def read(self, chars: int) -> None:
        if self.body is not None:
            self.body.read(chars)

    def _fit_body(self) -> None:
        if self.body is not None and self._fitted is not None:
            width, palette = self._fitted
            self.body.fit(max(1, width - 2), palette)

    def measure(self, first: int, last: int) -> bool:
        head = self._head.height
        return last >= head and self.body is not None and self.body.measure(max(0, first - head), last - head)

    def line(self, y: int) -> Line:
        if y < self._head.height or self.body is None:
            return self._head.line(y)
        return self.body.line(y - self._head.height)._replace(indent=2)


def closing(message: Message, before: Sequence[Source]) -> Iterator[Part]:
    """Yield what is below one response: its new sources, and why it is incomplete, if it is."""
    if message.role != "assistant":
        return
    from tui.chat.searches import new_sources
    from tui.render.inline import safe_url

    new = new_sources(message, before)
    for number, source in new[:LISTED_SOURCES]:
        where = captions.source_line(source).removeprefix(source.title)
        title: captions.Caption = ((f"{number:>2} ", "dim"), (source.title, "accent" if source.url else "dim"))
        yield PlainText(
            (*title, (where, "dim")), above=1 if number == new[0][0] else 0, hang=3, link=safe_url(source.url)
        )
    if len(new) > LISTED_SOURCES:
        yield PlainText(((f"… {figures.plural(len(new) - LISTED_SOURCES, 'more source')}", "dim"),), hang=3)
    if ending := captions.ending(message):
        yield PlainText(ending, above=1 if message.blocks else 0)
    if message.failure is not None:
        yield from failure_parts(message.failure, above=1 if message.blocks else 0)


def failure_parts(failure: Failure, *, above: int) -> list[Part]:
    """Return the lines that report a failure, in place of the rest of the answer."""
    lines = captions.failure_lines(failure)
    return [PlainText(line, above=above if index == 0 else 0, hang=2) for index, line in enumerate(lines)]
