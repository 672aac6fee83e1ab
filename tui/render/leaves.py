"""The blocks that hold text while they are open: paragraphs, code and tables. Each yields its finished parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tui.render import syntax
from tui.render.inline import cut_at
from tui.render.pieces import Align, Body, CodeLine, Heading, Prose, TableHead, TableRow

LONG = 1000
"""A longer line is text or code, whatever it looks like. A longer paragraph cannot become a heading or a table."""
PIECE = 240
"""Approximate number of characters of a long paragraph or line that are finished at a time."""
TABLE_ROWS = 12
"""Number of rows that decide the widths of a table's columns. Later rows use these widths."""
TABLE_CELLS, TABLE_CHARS = 200, 3_000
"""Fewer rows decide if they have so many cells or characters: until then all of them are drawn again with each delta."""
PIECES = 20
"""After so many parts of a paragraph a row ends early, so that jumping into the middle stays fast."""
CODE_PIECES = 8
"""The same for a line of code, which takes longer to colour."""
RESTART = 200, 5_000
"""For the same reason colouring restarts after so many lines or characters, at a line that looks like a beginning."""
RESTART_ANYWHERE = 300, 8_000
"""After so many lines or characters it restarts at any line."""


class Part(NamedTuple):
    """A finished part of a leaf."""

    body: Body
    joined: bool = False
    """True if it continues the part before it."""


class Paragraph(msgspec.Struct):
    text: str = ""
    cut: bool = False
    """True if its beginning was already returned."""
    html: bool = False
    pieces: int = 0

    def add(self, line: str) -> Iterator[Part]:
        if self.text or self.cut:
            breaks = self.html or syntax.SIGNED.match(line)
            self.text += ("  \n" if breaks else "\n") + line
        else:
            self.text, self.html = line, syntax.HTML.match(line) is not None
        return self.extend("")

    def extend(self, more: str) -> Iterator[Part]:
        """Continue its last line."""
        self.text += more
        if not self.cut and len(self.text) <= LONG:
            return
        while len(self.text) > 2 * PIECE and (at := cut_at(self.text, PIECE, LONG)) is not None:
            yield self._piece(self.text[:at], last=self.pieces % PIECES == PIECES - 1)
            self.text, self.cut = self.text[at:], True

    def finish(self, growing: bool = False) -> Iterator[Part]:
        if growing and not self.cut and self.text.startswith("|") and "\n" not in self.text:
            header = syntax.split_cells(syntax.whole_cells(self.text))  # most likely the first line of a table
            yield Part(TableHead(header, tuple[Align, ...]("left" for _ in header), (), ruled=False))
        else:
            yield self._piece(self.text, last=True)

    def hold(self, formula: str, rest: str, at: int) -> Iterator[Part]:
        """Replace the text from `at` on by a formula, and continue with `rest` after it."""
        for text, verbatim in ((self.text[:at], False), (formula, True)):
            if text:
                yield self._piece(text, last=self.pieces % PIECES == PIECES - 1, verbatim=verbatim)
                self.cut = True
        self.text = rest

    def _piece(self, text: str, last: bool, verbatim: bool = False) -> Part:
        begins = self.pieces % PIECES == 0
        self.pieces += 1
        return Part(Prose(text, last, begins and self.cut, verbatim), joined=not begins)

    def is_underlined_by(self, line: str) -> bool:
        """True if `line` makes it a heading."""
        return not self.cut and syntax.UNDERLINE.match(line) is not None

    def heading(self, underline: str) -> Heading:
        return Heading(1 if underline[0] == "=" else 2, self.text.replace("\n", " "))

    def table(self, dashes: str) -> Table | None:
        """Return the table that the dashes below its last line begin. The paragraph loses that line."""
        if ("|" not in dashes and ":" not in dashes) or not syntax.DELIMITER.match(dashes):
            return None
        above, feed, last = self.text.rpartition("\n")
        header, columns = syntax.split_cells(last), syntax.split_cells(dashes)
        if len(header) != len(columns) or (self.cut and not feed):
            return None
        self.text = above
        return Table(header, tuple(map(syntax.align, columns)), piped=last.startswith("|"))


class Code(msgspec.Struct):
    language: str = ""
    fence: str = ""
    """The opening fence; "" for indented code."""
    indent: int = 4
    """Columns of indent that are not part of its lines."""
    lines: int = 0
    """Lines since colouring last restarted."""
    chars: int = 0
    """Characters since colouring last restarted."""
    gap: bool = False
    """True if its last line was blank."""
    blanks: int = 0
    """Blank lines at the end of indented code. They belong to it if more code follows."""
    part: str = ""
    """The end of a long line that has not ended."""
    begun: bool = False
    """True if the beginning of that line was already returned."""
    pieces: int = 0
    """Number of parts of that line since a row last ended early."""

    def ends_with(self, line: str) -> bool:
        return bool(self.fence) and self.may_end_with(line) and len(line.strip(" \t")) >= len(self.fence)

    def may_end_with(self, line: str) -> bool:
        """True if `line` is its closing fence, or a beginning of it."""
        bare = line.strip(" \t")
        return bool(bare) and not bare.strip(self.fence[:1] or " ") and len(line) - len(line.lstrip(" ")) < 4

    def add(self, line: str) -> Iterator[Part]:
        """Add a line, without the marks of its containers."""
        for _ in range(self.blanks):
            yield self._line("")
        self.blanks = 0
        yield self._line(self._own(line))

    def begin_long(self, line: str) -> Iterator[Part]:
        for _ in range(self.blanks):
            yield self._line("")
        self.blanks = 0
        yield from self.extend(self._own(line))

    def extend(self, more: str) -> Iterator[Part]:
        """Continue a long line."""
        self.part += more
        while len(self.part) > PIECE:
            yield self._line(self.part[:PIECE], last=False)
            self.part = self.part[PIECE:]

    def end_long(self) -> Iterator[Part]:
        part, self.part = self.part, ""
        yield self._line(part)

    def finish(self, growing: bool = False) -> Iterator[Part]:
        return self.end_long() if self.part else iter(())

    def _own(self, line: str) -> str:
        indent = len(line) - len(line.lstrip(" "))
        return line[min(indent, self.indent) :]

    def _line(self, text: str, last: bool = True) -> Part:
        begins = self.gap and bool(text[:1].strip())
        soft = self.pieces == CODE_PIECES
        lines, chars = RESTART if begins else RESTART_ANYWHERE
        afresh = soft or (not self.begun and (self.lines >= lines or self.chars >= chars))
        if afresh:
            self.lines = self.chars = 0
        self.lines += last
        self.chars += len(text)
        self.pieces = 0 if last else 1 if soft else self.pieces + 1
        self.gap, self.begun = not text and last, not last
        return Part(CodeLine(self.language, text, last, self.pieces == CODE_PIECES, soft), joined=not afresh)


class Table(msgspec.Struct):
    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    piped: bool
    """True if its lines begin with a bar."""
    rows: tuple[tuple[str, ...], ...] = ()
    chars: int = 0
    """Characters of `rows`."""
    head: TableHead | None = None
    """The header, once it was returned and the columns are fixed."""

    def takes(self, line: str) -> bool:
        return "|" in line or not self.piped

    def add(self, line: str) -> Iterator[Part]:
        cells, columns = syntax.split_cells(line), len(self.header)
        if len(cells) > columns:
            cells = (*cells[: columns - 1], " | ".join(cells[columns - 1 :]))
        cells += ("",) * (columns - len(cells))
        if self.head is None and self._decides():
            self.rows += (cells,)
            self.chars += len(line)
            return
        if self.head is None:
            self.head = TableHead(self.header, self.aligns, self.rows, more=True)
            yield Part(self.head)
            self.rows = ()
        yield Part(TableRow(cells, self.head), joined=True)

    def _decides(self) -> bool:
        """True if one more row decides the widths of the columns."""
        cells = len(self.rows) * len(self.header)
        return len(self.rows) < TABLE_ROWS and cells < TABLE_CELLS and self.chars < TABLE_CHARS

    def finish(self, growing: bool = False) -> Iterator[Part]:
        if self.head is None:
            yield Part(TableHead(self.header, self.aligns, self.rows))


Leaf = Paragraph | Code | Table
