"""What a turn is drawn from: captions and plain words, Markdown, and lines that open. Each knows its height and its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.chat.transcript import Failure, Message
from tui.inputs.limits import LISTED_SOURCES, SHOWN_CHARS
from tui.render import figures
from tui.render.copying import Cell, Swap
from tui.render.look import Look
from tui.render.safe import safe
from tui.render.strips import CodeBlock, Document
from tui.widgets.conversation import captions
from tui.widgets.conversation.captions import Caption
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.wrapping import Span, wrapped

if TYPE_CHECKING:
    from tui.chat.searches import Source


class Line(NamedTuple):
    """One row as it stands in the column, and what of it a selection copies."""

    strip: Strip
    soft: bool = False
    """It continues the row above."""
    joiner: str = ""
    """What the text has between the two."""
    start: int = 0
    """Characters before this one are bars and indents around the text."""
    end: int | None = None
    """Characters from here on are decoration, and are not copied."""
    indent: int = 0
    """Blank cells before the strip."""
    swaps: tuple[Swap, ...] = ()
    """Characters that stand for another text."""
    cells: tuple[Cell, ...] = ()
    """Where a table's cells are, in a row of one."""
    is_picture: bool = False
    """Its cells have colours of their own, and no text."""


BLANK = Line(Strip([], 0))


class Part:
    """One piece of a turn. Heights may be estimates until `settle` has been asked for the rows that are looked at."""

    above = 0
    """Blank rows before it."""

    @property
    def below(self) -> int:
        """Blank rows after it, where the next part does not want as many before it."""
        return 0

    @property
    def height(self) -> int:
        """In rows."""
        raise NotImplementedError

    def fit(self, width: int, palette: Palette) -> None:
        raise NotImplementedError

    def settle(self, first: int, last: int) -> bool:
        """Makes rows exact. True if that changed the height."""
        return False

    @property
    def is_half_read(self) -> bool:
        """True while its text is so long that only the beginning was parsed when it was looked at."""
        return False

    def read(self, chars: int) -> None:
        """Parses so many more characters of it."""

    def line(self, y: int) -> Line:
        raise NotImplementedError

    def place_of(self, y: int) -> tuple[int, int]:
        """A row by the number of its piece and the row within that, which stays the same when others become exact."""
        return 0, y

    def row_of(self, piece: int, y: int) -> int:
        """The row that `place_of` said that of, or the nearest there is."""
        return min(y, self.height)


class Words(Part):
    """Captions, notes and prompts: text in its tones, wrapped, otherwise as it is. `right` ends the first row."""

    def __init__(self, caption: Caption, *, right: str = "", above: int = 0, hang: int = 0, link: str = "") -> None:
        self.above = above
        self._caption: Caption = tuple((safe(shown(text)), tone) for text, tone in caption)
        self._right = safe(right, keep_newlines=False)
        self._hang = hang
        self._link = link
        self._width = 0
        self._rows: tuple[Span, ...] = ()
        self._lines: dict[int, Line] = {}

    def say(self, caption: Caption, right: str = "") -> None:
        """Says something else in the same place. For captions of one row, which stay one row."""
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
        segments: list[Segment] = []
        at = 0
        for text, tone in self._caption:
            if piece := text[max(0, row.start - at) : max(0, row.end - at)]:
                style = self._palette.style(tone)
                if self._link and tone == "accent":
                    style += Style(link=self._link)
                segments.append(Segment(piece, style))
            at += len(text)
        strip = Strip(segments)
        end = len(strip.text)
        if y == 0 and self._right:
            gap = self._width - strip.cell_length - Strip([Segment(self._right)]).cell_length
            if gap >= 2:
                strip = Strip([*segments, Segment(" " * gap), Segment(self._right, self._palette.style("dim"))])
        return Line(strip, row.soft, row.joiner, end=end, indent=self._hang if y else 0)


def shown(text: str) -> str:
    """As much of a text as is shown, and how much more there is."""
    if len(text) <= SHOWN_CHARS:
        return text
    return f"{text[:SHOWN_CHARS]}\n… {figures.plural(len(text) - SHOWN_CHARS, 'more character')}"


class Prose(Part):
    """Markdown. It is parsed and drawn when it is first looked at, and can grow."""

    def __init__(self, text: str, *, closed: bool = True, quiet: bool = False, above: int = 0) -> None:
        self.above = above
        self._chunks = [text] if text else []
        """Its text, until it is parsed: then the document has it."""
        self.is_blank = not text.strip()
        self.ending = text[-1:]
        """The last character."""
        self._closed = closed
        self._quiet = quiet
        self._document: Document | None = None
        self._fitted: tuple[int, Look] | None = None

    @property
    def source(self) -> str:
        """All of its text so far."""
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
        """The block of code that begins in a row."""
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
        """Takes more text. Returns the first row that changed. `drawn`: it is seen as it comes."""
        self.is_blank = self.is_blank and not more.strip()
        self.ending = more[-1:] or self.ending
        if self._document is not None:
            return self._document.feed(more, drawn=drawn)
        self._chunks.append(more)
        return 0

    def close(self) -> int:
        """No more text will come. Returns the first row that changed."""
        if self._closed:
            return self.height
        self._closed = True
        return self._document.close() if self._document is not None else 0

    def settle(self, first: int, last: int) -> bool:
        return self._document is not None and self._document.settle(first, last)

    def place_of(self, y: int) -> tuple[int, int]:
        return self._document.place_of(y) if self._document is not None and y >= 0 else (0, y)

    def row_of(self, piece: int, y: int) -> int:
        return self._document.row_of(piece, y) if self._document is not None and y >= 0 else y

    def pages_with(self, wanted: re.Pattern[str], start: int, step: int) -> Iterator[tuple[int, int]]:
        """The first row, and the one after the last, of each page whose text matches, from row `start` on or back."""
        return self._document.pages_with(wanted, start, step) if self._document is not None else iter(())

    def line(self, y: int) -> Line:
        assert self._document is not None, "fit comes first"
        row = self._document.row(y)
        return Line(row.strip, row.soft, row.joiner, row.lead, row.end, swaps=row.swaps, cells=row.cells)


class Opening(Part):
    """A line that opens, to what is behind it."""

    open = False

    @property
    def can_open(self) -> bool:
        raise NotImplementedError

    def show(self, is_open: bool, *, whole: bool = False) -> None:
        """Opens or folds it. `whole`: with all that is in it, however long."""
        raise NotImplementedError

    @property
    def hides(self) -> bool:
        """Whether there is more of it to be shown."""
        return self.can_open and not self.open

    def opens_at(self, y: int) -> bool:
        """Whether a click in that row shows more of it, or less."""
        return y == 0 and self.can_open

    def press(self, y: int) -> None:
        """Does what a click in that row does."""
        self.show(not self.open)

    @property
    def below(self) -> int:
        # Text stands close to the folded line of its thinking, but not to the thinking itself.
        return 1 if self.open else 0


class Fold(Opening):
    """One that says a few words: thinking, and what a server tool was asked. Its body costs nothing before it is opened."""

    def __init__(self, summary: str, body: Part | None = None, *, is_thinking: bool = False, above: int = 0) -> None:
        self.above = above
        self.is_thinking = is_thinking
        self._summary = summary
        self._body = body
        self._head = Words(self._caption())
        self._fitted: tuple[int, Palette] | None = None

    @property
    def can_open(self) -> bool:
        return self._body is not None and not (isinstance(self._body, Prose) and self._body.is_blank)

    @property
    def body(self) -> Part | None:
        """What stands below the line, if it is open."""
        return self._body if self.open else None

    @property
    def height(self) -> int:
        return self._head.height + (self.body.height if self.body else 0)

    def say(self, summary: str) -> None:
        """Says something else in its line."""
        self._summary = summary
        self._head.say(self._caption())

    def show(self, is_open: bool, *, whole: bool = False) -> None:
        self.open = is_open
        self._head.say(self._caption())
        self._fit_body()

    def feed(self, more: str, *, drawn: bool = True) -> int:
        """Takes more thinking. Returns the first row that changed. `drawn`: it is seen as it comes."""
        assert isinstance(self._body, Prose), "only thinking grows"
        could_open = self.can_open
        row = self._body.feed(more, drawn=drawn)
        if not could_open:
            self._head.say(self._caption())
            self._fit_body()
            return 0
        return self._head.height + row if self.open else self.height

    def close(self) -> int:
        row = self._body.close() if isinstance(self._body, Prose) else 0
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

    def settle(self, first: int, last: int) -> bool:
        head = self._head.height
        return last >= head and self.body is not None and self.body.settle(max(0, first - head), last - head)

    def line(self, y: int) -> Line:
        if y < self._head.height or self.body is None:
            return self._head.line(y)
        return self.body.line(y - self._head.height)._replace(indent=2)


def closing(message: Message, before: Sequence[Source]) -> Iterator[Part]:
    """What stands under one response: the sources that are new with it, and why it is not simply complete."""
    if message.role != "assistant":
        return
    from tui.chat.searches import new_sources
    from tui.render.inline import safe_url

    new = new_sources(message, before)
    for number, source in new[:LISTED_SOURCES]:
        where = captions.source_line(source).removeprefix(source.title)
        title: captions.Caption = ((f"{number:>2} ", "dim"), (source.title, "accent" if source.url else "dim"))
        yield Words((*title, (where, "dim")), above=1 if number == new[0][0] else 0, hang=3, link=safe_url(source.url))
    if len(new) > LISTED_SOURCES:
        yield Words(((f"… {figures.plural(len(new) - LISTED_SOURCES, 'more source')}", "dim"),), hang=3)
    if ending := captions.ending(message):
        yield Words(ending, above=1 if message.blocks else 0)
    if message.failure is not None:
        yield from failure_parts(message.failure, above=1 if message.blocks else 0)


def failure_parts(failure: Failure, *, above: int) -> list[Part]:
    """A failure where the rest of the answer would be."""
    lines = captions.failure_lines(failure)
    return [Words(line, above=above if index == 0 else 0, hang=2) for index, line in enumerate(lines)]
