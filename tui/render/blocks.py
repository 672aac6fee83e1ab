"""A growing Markdown text, cut into pieces that never change again and the few that still may.

The text is read line by line, as CommonMark does: which open quotes and list items does the line continue, what does it
begin? What is certain is handed out as `Piece`s: a heading, a line of code, a row of a table, a stretch of a paragraph. So
however long one block grows, only a bounded rest of it is open. Everything depends on the text alone, never on how it was
fed: a line longer than `LONG` is text from its first character on, since its end may be far away, and long paragraphs are
cut at fixed places.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tui.render.inline import cut_at

LONG = 1000
"""A longer line is text or code, whatever it looks like; a longer paragraph can no longer become a heading or a table."""
PIECE = 240
"""About how many characters of a long paragraph or line are frozen at a time."""
TABLE_ROWS = 12
"""So many rows decide about a table's columns; later rows keep to them."""
RESTART = 500
"""Code is coloured from the start after so many lines, so that a jump into the middle of it stays cheap."""
DEPTH = 10
"""How deep quotes and lists may nest."""


class Quote(NamedTuple):
    id: int


class Item(NamedTuple):
    id: int
    list_id: int
    kind: str
    """The bullet, or what follows the number."""
    number: int
    indent: int
    """Columns a line must be indented by to belong to it."""
    marker: str
    """What is drawn before it."""


Container = Quote | Item
Align = Literal["left", "right", "center"]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph, or a stretch of a long one."""

    text: str
    last: bool = True


@dataclass(frozen=True, slots=True)
class CodeHead:
    language: str


@dataclass(frozen=True, slots=True)
class CodeLine:
    language: str
    text: str
    last: bool = True
    """False: the line goes on in the next piece."""


@dataclass(frozen=True, slots=True)
class TableHead:
    """A table's header and the rows that decide about its columns."""

    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]
    ruled: bool = True
    more: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Body = Heading | Prose | CodeHead | CodeLine | TableHead | TableRow | Rule


@dataclass(frozen=True, slots=True)
class Piece:
    body: Body
    frame: tuple[Container, ...] = ()
    """The quotes and list items around it, outermost first."""
    starts: int = 0
    """How many of them, from the innermost, begin here."""
    gap: int = -1
    """A blank row stands before it, within so many of the containers; -1: none does."""
    joined: bool = False
    """It goes on where the piece before it stopped."""
    growing: bool = False


@dataclass(slots=True)
class _Paragraph:
    text: str
    html: bool
    cut: bool = False


@dataclass(slots=True)
class _Code:
    language: str
    fence: str = ""
    """What opened it; "" for indented code."""
    indent: int = 0
    lines: int = 0
    blanks: int = 0
    part: str = ""
    """The end of a long line that has not ended."""
    begun: bool = False
    """The beginning of that line has been handed out."""


@dataclass(slots=True)
class _Table:
    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    piped: bool
    rows: list[tuple[str, ...]] = field(default_factory=list)
    headed: bool = False


_Mode = Literal["whole", "partial", "long"]
_Kind = Literal["quote", "item", "heading", "fence", "rule", "indented", "text"]

_HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^\n]*)$")
_RULE = re.compile(r"(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
_MARKER = re.compile(r"([-*+]|(\d{1,9})([.)]))(?=[ \t]|$)")
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_HALF_TASK = re.compile(r"\[[ xX]?\]?[ \t]*$")
_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_PIPE = re.compile(r"(?<!\\)\|")
_HTML = re.compile(r"<[A-Za-z/!?]")
_HELD = re.compile(r"[-=*_+#>|:~` ]+|\d{1,9}[.)]?[ ]*")
"""What a line may begin with before one can say what it is; not drawn until it goes on."""
_BULLETS = "•◦▪"


def split_cells(line: str) -> tuple[str, ...]:
    """The cells of a table's line."""
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _PIPE.split(line))


class Scanner:
    """Reads a text that arrives in any pieces; hands out what is finished, and shows what is open."""

    def __init__(self) -> None:
        self._done: list[Piece] = []
        self._partial = ""
        """The line that has not ended."""
        self._midline = False
        """That line is a long one, and already in the leaf."""
        self._containers: tuple[Container, ...] = ()
        self._fresh = 0
        """How many of them, from the innermost, have nothing drawn yet."""
        self._leaf: _Paragraph | _Code | _Table | None = None
        self._blank = False
        self._last: tuple[Container, ...] | None = None
        self._serial = 0

    def feed(self, text: str) -> list[Piece]:
        """Takes more text; the pieces it finished."""
        first, *others = text.split("\n")
        self._take(first)
        for line in others:
            self._end_line()
            self._take(line)
        done, self._done = self._done, []
        return done

    def tail(self) -> list[Piece]:
        """What is open, as it is best drawn now. It changes nothing."""
        trial = copy(self)
        trial._done = []
        trial._leaf = copy(self._leaf)
        if isinstance(trial._leaf, _Table):
            trial._leaf.rows = trial._leaf.rows.copy()
        if self._partial:
            trial._line(self._partial, "partial")
        trial._finish(growing=True)
        return trial._done

    def close(self) -> list[Piece]:
        """The rest, once no more text will come."""
        if self._midline or self._partial:
            self._end_line()
        self._finish()
        done, self._done = self._done, []
        return done

    # Lines -------------------------------------------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        if not self._midline:
            self._partial += text
            if len(self._partial) <= LONG:
                return
            text = self._partial[LONG:]
            self._line(self._partial[:LONG], "long")
            self._partial, self._midline = "", True
        for at in range(0, len(text), LONG):
            self._extend(text[at : at + LONG])

    def _extend(self, text: str) -> None:
        match self._leaf:
            case _Code() as code:
                code.part += text
                while len(code.part) > PIECE:
                    self._code_line(code.part[:PIECE], last=False)
                    code.part = code.part[PIECE:]
            case _Paragraph() as paragraph:
                paragraph.text += text
                self._cut(paragraph)

    def _end_line(self) -> None:
        if not self._midline:
            line, self._partial = self._partial, ""
            self._line(line, "whole")
            return
        self._midline = False
        if isinstance(self._leaf, _Code):
            part, self._leaf.part = self._leaf.part, ""
            self._code_line(part)

    def _line(self, line: str, mode: _Mode) -> None:
        if line[:1] == "\t" or "\t" in line[:4]:
            line = _expand_indent(line) if not self._in_plain_fence() else line
        depth, rest = self._continued(line)
        leaf = self._leaf
        if isinstance(leaf, _Code) and depth == len(self._containers) and self._goes_on(leaf, rest, mode):
            return
        if not rest.strip(" \t"):
            if mode != "partial":
                self._blank_line(depth)
            return
        if mode == "partial" and _HELD.fullmatch(rest.strip(" \t")):
            return
        if (
            depth < len(self._containers)
            and isinstance(leaf, _Paragraph)
            and self._kind(rest, mode, lazy=True) == "text"
        ):
            self._text(rest, mode)  # a lazy line goes on with the paragraph above it
        else:
            self._begin(depth, rest, mode)

    def _in_plain_fence(self) -> bool:
        return isinstance(self._leaf, _Code) and bool(self._leaf.fence) and not self._containers

    def _continued(self, line: str) -> tuple[int, str]:
        """How many of the open containers `line` belongs to, and what is left of it inside them."""
        depth, rest = 0, line
        for container in self._containers:
            bare = rest.lstrip(" ")
            indent = len(rest) - len(bare)
            if isinstance(container, Quote):
                if indent > 3 or not bare.startswith(">"):
                    break
                rest = bare[2:] if bare[1:2] == " " else bare[1:]
            elif bare:
                # Models often indent a list below "1." by two columns, where CommonMark wants three.
                if indent < container.indent and not (indent >= 2 and _MARKER.match(bare)):
                    break
                rest = rest[min(indent, container.indent) :]
            else:
                rest = ""
            depth += 1
        return depth, rest

    def _blank_line(self, depth: int) -> None:
        if isinstance(self._leaf, _Code) and not self._leaf.fence and depth == len(self._containers):
            self._leaf.blanks += 1
        else:
            self._finish_leaf()
        self._leave(depth)
        self._blank = True

    # What begins -------------------------------------------------------------------------------------------------------

    def _begin(self, depth: int, rest: str, mode: _Mode) -> None:
        """Opens what `rest` begins inside the first `depth` containers."""
        sibling = self._containers[depth] if depth < len(self._containers) else None
        self._leave(depth)
        while (kind := self._kind(rest, mode)) in ("quote", "item"):
            self._finish_leaf()
            if kind == "quote":
                bare = rest.lstrip(" ")
                self._serial += 1
                self._enter(Quote(self._serial))
                rest = bare[2:] if bare[1:2] == " " else bare[1:]
            else:
                rest = self._item(rest, sibling)
            sibling = None
            if not rest.strip(" \t"):
                return
            if mode == "partial" and (_HELD.fullmatch(rest.strip(" \t")) or _HALF_TASK.match(rest)):
                return
        if kind == "text":
            self._text(rest, mode)
            return
        self._finish_leaf()
        match kind:
            case "heading":
                self._heading(rest, mode)
            case "fence":
                self._fence(rest, mode)
            case "indented":
                self._leaf = _Code("")
                self._emit(CodeHead(""))
                self._goes_on(self._leaf, rest, mode)
            case _:
                self._emit(Rule())

    def _kind(self, rest: str, mode: _Mode, lazy: bool = False) -> _Kind:
        """What a line begins that goes on with `rest`; `lazy` when the open paragraph lies deeper than the line."""
        bare, paragraph = rest.lstrip(" "), isinstance(self._leaf, _Paragraph)
        if len(rest) - len(bare) >= 4 and not isinstance(self._leaf, _Table):
            return "text" if paragraph else "indented"
        sign, room = bare[0], len(self._containers) < DEPTH
        if sign == ">":
            return "quote" if room else "text"
        if mode != "long":
            if sign == "#" and _HEADING.match(bare):
                return "heading"
            if sign in "`~" and (fence := _FENCE.match(bare)) and (sign == "~" or "`" not in fence[2]):
                return "fence"
            if sign in "-*_" and _RULE.match(bare) and (lazy or not self._underlined(bare)):
                return "rule"
        if (sign in "-*+" or sign.isdigit()) and room and (marker := _MARKER.match(bare)):
            interrupts = marker[2] in (None, "1") and bare[marker.end() :].strip()
            if interrupts or not paragraph or lazy:
                return "item"
        return "text"

    def _underlined(self, bare: str) -> bool:
        return isinstance(self._leaf, _Paragraph) and not self._leaf.cut and _UNDERLINE.match(bare) is not None

    def _item(self, rest: str, sibling: Container | None) -> str:
        bare = rest.lstrip(" ")
        found = _MARKER.match(bare)
        assert found is not None
        content = _expand_indent(bare[found.end() :])
        spaces = len(content) - len(content.lstrip(" "))
        if not content.strip() or spaces > 4:
            spaces = 1
        kind = found[3] or found[1]
        same = isinstance(sibling, Item) and sibling.kind == kind
        self._serial += 1
        list_id = sibling.list_id if isinstance(sibling, Item) and same else self._serial
        number = int(found[2] or 0)
        if isinstance(sibling, Item) and same:
            number = sibling.number + 1
        nesting = sum(isinstance(container, Item) and container.kind in "-*+" for container in self._containers)
        marker = f"{number}{kind} " if found[2] else _BULLETS[nesting % len(_BULLETS)] + " "
        indent = len(rest) - len(bare) + found.end() + spaces
        content = content[spaces:]
        if task := _TASK.match(content):
            marker = "☐ " if task[1] == " " else "☑ "
            content = content[task.end() :]
        self._enter(Item(self._serial, list_id, kind, number, indent, marker))
        return content

    def _heading(self, rest: str, mode: _Mode) -> None:
        found = _HEADING.match(rest.lstrip(" "))
        assert found is not None
        self._emit(Heading(len(found[1]), (found[2] or "").strip()), growing=mode == "partial")

    def _fence(self, rest: str, mode: _Mode) -> None:
        bare = rest.lstrip(" ")
        found = _FENCE.match(bare)
        assert found is not None
        language = found[2].split()[0].strip("{}.").lower()[:30] if found[2].strip() else ""
        self._leaf = _Code(language, found[1], len(rest) - len(bare))
        self._emit(CodeHead(language), growing=mode == "partial")

    def _text(self, rest: str, mode: _Mode) -> None:
        bare, leaf = rest.strip(" \t") if mode != "partial" else rest.lstrip(" \t"), self._leaf
        line = rest.lstrip(" \t")
        if isinstance(leaf, _Table):
            if mode != "long" and ("|" in bare or not leaf.piped):
                self._table_row(leaf, bare)
                return
            self._finish_leaf()
        elif isinstance(leaf, _Paragraph):
            if mode != "long" and self._underlined(bare):
                self._leaf = None
                self._emit(Heading(1 if bare[0] == "=" else 2, leaf.text.replace("\n", " ")))
                return
            if mode != "long" and self._table(leaf, bare):
                return
            above = leaf.text.rpartition("\n")[2]
            if not (bare.startswith("|") and not above.startswith("|")):
                leaf.text += ("  \n" if leaf.html else "\n") + line
                self._cut(leaf)
                return
            self._finish_leaf()
        elif leaf is not None:
            self._finish_leaf()
        self._leaf = _Paragraph(line, _HTML.match(bare) is not None)
        self._cut(self._leaf)

    # Paragraphs, tables, code ------------------------------------------------------------------------------------------

    def _cut(self, paragraph: _Paragraph) -> None:
        if not paragraph.cut and len(paragraph.text) <= LONG:
            return
        while len(paragraph.text) > 2 * PIECE and (at := cut_at(paragraph.text, PIECE, LONG)) is not None:
            self._emit(Prose(paragraph.text[:at], last=False), joined=paragraph.cut)
            paragraph.text = paragraph.text[at:]
            paragraph.cut = True

    def _table(self, paragraph: _Paragraph, bare: str) -> bool:
        """Makes a table of the paragraph's last line, if `bare` is the line of dashes below a header."""
        if ("|" not in bare and ":" not in bare) or not _DELIMITER.match(bare):
            return False
        above, feed, last = paragraph.text.rpartition("\n")
        header, dashes = split_cells(last), split_cells(bare)
        if len(header) != len(dashes) or (paragraph.cut and not feed):
            return False
        self._leaf = None
        if feed:
            self._emit(Prose(above), joined=paragraph.cut)
        aligns = tuple[Align, ...](_align(cell) for cell in dashes)
        self._leaf = _Table(header, aligns, piped=last.startswith("|"))
        return True

    def _table_row(self, table: _Table, line: str) -> None:
        cells, columns = split_cells(line), len(table.header)
        if len(cells) > columns:
            cells = (*cells[: columns - 1], " | ".join(cells[columns - 1 :]))
        cells += ("",) * (columns - len(cells))
        if table.headed:
            self._emit(TableRow(cells), joined=True)
            return
        table.rows.append(cells)
        if len(table.rows) > TABLE_ROWS:
            rows = tuple(table.rows[:TABLE_ROWS])
            self._emit(TableHead(table.header, table.aligns, rows, more=True))
            self._emit(TableRow(cells), joined=True)
            table.headed = True

    def _goes_on(self, code: _Code, rest: str, mode: _Mode) -> bool:
        """Reads a line of code; False if the line ends the code and is yet to be read."""
        bare = rest.lstrip(" ")
        indent = len(rest) - len(bare)
        if not code.fence:
            if not bare or indent < 4:
                return False
            for _ in range(code.blanks):
                self._code_line("")
            code.blanks = 0
            rest = rest[4:]
        else:
            closing = bare.rstrip(" \t")
            if indent < 4 and closing and not closing.strip(code.fence[0]):
                if mode == "partial":
                    return True  # a fence that closes, or the beginning of one
                if mode == "whole" and len(closing) >= len(code.fence):
                    self._leaf = None
                    return True
            rest = rest[min(indent, code.indent) :]
        if mode == "long":
            code.part = ""
            self._extend(rest)
        else:
            self._code_line(rest, growing=mode == "partial")
        return True

    def _code_line(self, text: str, last: bool = True, growing: bool = False) -> None:
        code = self._leaf
        assert isinstance(code, _Code)
        joined = code.begun or not code.lines or code.lines % RESTART != 0
        self._emit(CodeLine(code.language, text, last), joined=joined, growing=growing)
        code.lines += last
        code.begun = not last

    # Containers and pieces ---------------------------------------------------------------------------------------------

    def _enter(self, container: Container) -> None:
        self._containers += (container,)
        self._fresh += 1

    def _leave(self, depth: int) -> None:
        """Closes all containers but the first `depth`."""
        if depth == len(self._containers):
            return
        self._finish_leaf()
        self._finish_fresh()
        self._fresh = max(0, self._fresh - (len(self._containers) - depth))
        self._containers = self._containers[:depth]

    def _finish_fresh(self) -> None:
        if any(isinstance(container, Item) for container in self._containers[len(self._containers) - self._fresh :]):
            self._emit(Prose(""))

    def _finish(self, growing: bool = False) -> None:
        self._finish_leaf(growing)
        self._finish_fresh()

    def _finish_leaf(self, growing: bool = False) -> None:
        leaf, self._leaf = self._leaf, None
        match leaf:
            case _Paragraph(text=text, cut=cut):
                if growing and not cut and text.startswith("|") and "\n" not in text:
                    header = split_cells(text)
                    aligns = tuple[Align, ...]("left" for _ in header)
                    self._emit(TableHead(header, aligns, (), ruled=False), growing=True)
                else:
                    self._emit(Prose(text), joined=cut, growing=growing)
            case _Table(headed=False):
                self._emit(TableHead(leaf.header, leaf.aligns, tuple(leaf.rows)), growing=growing)
            case _Code(part=part) if part:
                self._leaf = leaf
                self._code_line(part, growing=growing)
                self._leaf = None
            case _:
                pass

    def _emit(self, body: Body, joined: bool = False, growing: bool = False) -> None:
        gap = -1
        inside = isinstance(body, CodeLine | TableRow) or joined
        if self._last is not None and not inside:
            gap = self._gap()
        self._done.append(Piece(body, self._containers, self._fresh, gap, joined, growing))
        self._last, self._fresh, self._blank = self._containers, 0, False

    def _gap(self) -> int:
        """In how many containers a blank row stands before the next piece; -1 if there is none."""
        before, now = self._last or (), self._containers
        common = 0
        while common < min(len(before), len(now)) and before[common] == now[common]:
            common += 1
        if not self._blank:
            if common < min(len(before), len(now)):
                left, right = before[common], now[common]
                if isinstance(left, Item) and isinstance(right, Item) and left.list_id == right.list_id:
                    return -1
            if common and isinstance(now[common - 1], Item):
                return -1
        return common


def _align(dashes: str) -> Align:
    if dashes.endswith(":"):
        return "center" if dashes.startswith(":") else "right"
    return "left"


def _expand_indent(line: str) -> str:
    """`line` with the tabs it begins with as spaces, to stops of four."""
    bare = line.lstrip(" \t")
    return line[: len(line) - len(bare)].expandtabs(4) + bare
