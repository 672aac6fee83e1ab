"""Draw one piece of a text as lines of styled segments, for a width and a look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui.render import inline
from tui.render.copying import Cell, Swap, rows_with_tabs, tabs, unmarked
from tui.render.highlight import Kind, State, colour_line
from tui.render.inline import CODE, EMPHASIS, LINK, STRIKE, STRONG, Run
from tui.render.look import Look
from tui.render.pieces import (
    Align,
    CodeHead,
    CodeLine,
    Container,
    Heading,
    Item,
    Piece,
    Prose,
    Quote,
    Rule,
    TableHead,
    TableRow,
)
from tui.render.safe import TAB_STOP
from tui.render.table import GUTTER, Columns, columns_for, table_rows
from tui.render.wrap import Carry, Wrapped, Wrapper, cells_of

LEAST_WIDTH = 12
"""Minimum width for text inside quotes and lists; deeper levels are not indented further."""
BAR = "┃ "
_HANG = 2
"""Indent of the continuation rows of a broken line of code."""
_RULES: dict[Align, str] = {"left": "---", "right": "--:", "center": ":-:"}
"""The line below the header when a table is copied."""
_STYLES = 4096
"""Number of cached styles. Every link has one of its own."""
_BOLD = (1, 2, 4, 5, 6)
"""Heading levels in bold; the third has a colour instead."""

Parts = Sequence[tuple[str, Style]]


class Line(msgspec.Struct):
    """One row of cells, before it becomes a strip."""

    segments: list[Segment]
    cells: int
    soft: bool = False
    joiner: str = ""
    lead: int = 0
    end: int | None = None
    swaps: tuple[Swap, ...] = ()
    columns: tuple[Cell, ...] = ()


class _Code(msgspec.Struct, frozen=True):
    """What a line of code leaves to the next line, or one part of a long line to the next part."""

    state: State
    carry: Carry[Style] | None = None
    hang: int = 0


Rest = Carry[Style] | Columns | _Code | None
"""What a piece leaves to the piece that continues it."""


@lru_cache(maxsize=16)
def pen_for(look: Look, width: int) -> Pen:
    """Return the pen for a look and a width, shared by all texts with both."""
    return Pen(look, width)


class Pen:
    """Draws in one look at one width. It keeps its styles, so that equal ones are the same object."""

    def __init__(self, look: Look, width: int) -> None:
        self.look, self.width = look, width
        self._plain = Style(color=look.text)
        self._dim = Style(color=look.dim)
        self._line = Style(color=look.faint)
        self._code = Style(color=look.code_text, bgcolor=look.code_background)
        self._label = Style(color=look.dim, bgcolor=look.code_background)
        self._bar = Style(color=look.faint, bgcolor=look.code_background)
        self._theme = dict(look.code_theme)
        self._code_styles: dict[Kind, Style] = {(): self._code}
        self._styles: dict[tuple[int, str, int], Style] = {}

    def draw(self, piece: Piece, before: Rest) -> tuple[list[Line], Rest]:
        """Return the lines of `piece`, and what it leaves to a piece that continues it. `before` is what it continues."""
        # A piece that continues one without a full row draws the first row of both.
        begins = not piece.joined or (isinstance(before, Carry) and before.first)
        frame = _Frame(piece, self, piece.starts if begins else 0)
        rest: Rest = None
        match piece.body:
            case Prose() as prose:
                rest = self._prose(prose, piece, frame, before if isinstance(before, Carry) else None)
            case CodeLine() as line:
                rest = self._code_line(
                    line, frame, before if isinstance(before, _Code) else _Code(State(line.language))
                )
            case CodeHead(language):
                self._code_head(language, frame)
                rest = _Code(State(language))
            case Heading(level, text):
                self._wrapped(self._runs(inline.parse(text, piece.growing), level), frame)
            case TableHead() as head:
                rest = self._table(head, piece, frame)
            case TableRow(cells, head):
                rest = before if isinstance(before, Columns) else columns_for(head, self._natural, frame.room)
                self._table_row(cells, rest, frame, growing=piece.growing)
            case Rule():
                frame.add([("─" * frame.room, self._line)], frame.room)
        return frame.lines, rest

    def _prose(self, prose: Prose, piece: Piece, frame: _Frame, carry: Carry[Style] | None) -> Carry[Style] | None:
        if prose.soft:
            carry = Carry(soft=True, joiner=prose.text[: len(prose.text) - len(prose.text.lstrip())], first=False)
        wrapper: Wrapper[Style] = Wrapper(frame.room, carry=carry)
        if prose.verbatim:
            self._formula(prose.text, wrapper)
        else:
            wrapper.feed(self._runs(inline.parse(prose.text, piece.growing)))
        if not prose.last:
            frame.extend(wrapper.rows)
            return wrapper.carry()
        frame.extend(wrapper.flush())
        return None

    def _formula(self, text: str, wrapper: Wrapper[Style]) -> None:
        """Feed the lines of a formula unchanged, each with its indent."""
        for number, line in enumerate(text.expandtabs(TAB_STOP).split("\n")):
            bare = line.lstrip(" ")
            if number:
                wrapper.feed([("\n", self._plain)])
                wrapper.indent(" " * min(len(line) - len(bare), wrapper.width // 2), self._plain)
            wrapper.feed([(bare, self._plain)])

    def _wrapped(self, parts: Iterable[tuple[str, Style]], frame: _Frame) -> None:
        wrapper: Wrapper[Style] = Wrapper(frame.room)
        wrapper.feed(parts)
        frame.extend(wrapper.flush())

    def _runs(self, runs: Iterable[Run], heading: int = 0) -> list[tuple[str, Style]]:
        return [(run.text, self._style(run.flags, run.url, heading)) for run in runs]

    def _style(self, flags: int, url: str, heading: int) -> Style:
        key = (flags, url, heading)
        style = self._styles.get(key)
        if style is None:
            if len(self._styles) > _STYLES:
                self._styles.clear()
            look = self.look
            colour = look.text
            if heading:
                colour = (look.code, look.heading, look.code, look.dim)[min(heading, 4) - 1]
            if flags & CODE:
                colour = look.code
            if flags & LINK:
                colour = look.link
            style = self._styles[key] = Style(
                color=colour,
                bold=bool(flags & STRONG or heading in _BOLD) or None,
                italic=bool(flags & EMPHASIS) or None,
                strike=bool(flags & STRIKE) or None,
                underline=bool(flags & LINK) or None,
                link=url or None,
            )
        return style

    def _code_head(self, language: str, frame: _Frame) -> None:
        label = language if cell_len(language) <= frame.room - len(BAR) else ""
        parts = [(BAR, self._bar), (label, self._label)]
        frame.add(parts, len(BAR) + cell_len(label), lead=self.width, fill=self._code)

    def _code_line(self, line: CodeLine, frame: _Frame, before: _Code) -> _Code:
        tokens, state = colour_line(line.text, before.state)
        if "\t" in line.text:
            tokens = _without_tabs(tokens)
        parts = [(part, self._code_style(kind)) for part, kind in tokens]
        text = "".join(part for part, _ in parts)
        room, ends = frame.room - len(BAR), line.last or line.breaks
        if line.soft:
            before = _Code(before.state, Carry(soft=True, first=False), min(_HANG, room // 2))
        if before.carry is None and line.last and cells_of(text) <= room:
            self._code_row(parts, cells_of(text), frame, swaps=tabs(line.text))
            return _Code(state)
        indent = len(text) - len(text.lstrip(" "))
        hang = before.hang if before.carry else min(indent + _HANG, room // 2)
        wrapper: Wrapper[Style] = Wrapper(room, hang, before.carry)
        if before.carry is None and indent:
            wrapper.indent(text[: min(indent, room // 2)], self._code)
            parts = _without_indent(parts, indent)
        wrapper.feed(parts)
        rows = wrapper.flush() if ends else wrapper.rows
        shown = min(indent, room // 2) if before.carry is None else 0
        copying = (
            _copying(line.text, indent, shown, rows) if before.carry is None else [(row.joiner, ()) for row in rows]
        )
        for row, (joiner, swaps) in zip(rows, copying, strict=True):
            self._code_row(row.parts, row.cells, frame, row.soft, joiner, hang, swaps)
        return _Code(state) if ends else _Code(state, wrapper.carry(), hang)

    def _code_row(
        self,
        parts: Parts,
        cells: int,
        frame: _Frame,
        soft: bool = False,
        joiner: str = "",
        hang: int = 0,
        swaps: Iterable[Swap] = (),
    ) -> None:
        bar = BAR + " " * hang if soft else BAR
        moved = [Swap(len(bar) + start, len(bar) + end, text) for start, end, text in swaps]
        frame.add([(bar, self._bar), *parts], len(bar) + cells, soft, joiner, len(bar), self._code, moved)

    def _code_style(self, kind: Kind) -> Style:
        style = self._code_styles.get(kind)
        if style is None:
            style = self._code
            for length in range(len(kind), 0, -1):
                if found := self._theme.get(".".join(kind[:length])):
                    colour, _, weight = found.partition(" ")
                    style += Style(color=colour, bold=weight == "bold" or None, italic=weight == "italic" or None)
                    break
            self._code_styles[kind] = style
        return style

    def _table(self, head: TableHead, piece: Piece, frame: _Frame) -> Columns:
        columns = columns_for(head, self._natural, frame.room)
        self._table_row(head.header, columns, frame, heading=2, growing=piece.growing and not head.rows)
        if head.ruled and columns.widths:
            rule = "┼".join("─" * width for width in _stretches(columns))
            text = " | ".join(_RULES[align] for align in columns.aligns)
            frame.add([(rule, self._line)], len(rule), swaps=[Swap(0, len(rule), text)])
        for row in head.rows:
            self._table_row(row, columns, frame, growing=piece.growing and row is head.rows[-1])
        return columns

    def _table_row(
        self, cells: Sequence[str], columns: Columns, frame: _Frame, heading: int = 0, growing: bool = False
    ) -> None:
        last = len(cells) - 1
        runs = [self._runs(inline.parse(cell, growing and at == last), heading) for at, cell in enumerate(cells)]
        if not columns.widths:
            joined: list[tuple[str, Style]] = []
            for cell in runs:
                joined += [(" │ ", self._line), *cell] if joined else cell
            self._wrapped(joined, frame)
            return
        for parts, length, placed in table_rows(runs, columns, self._plain, (" │ ", self._line)):
            frame.add(parts, length, columns=placed)

    def _natural(self, cell: str) -> int:
        text = "".join(run.text for run in inline.parse(cell))
        return max(map(cells_of, text.split("\n")))


def _copying(
    line: str, indent: int, shown: int, rows: Sequence[Wrapped[Style]]
) -> Iterator[tuple[str, tuple[Swap, ...]]]:
    """Yield the original joiner of each row of a wrapped line of code, and the swaps for tabs and the indent."""
    texts = ["".join(text for text, _ in row.parts) for row in rows]
    texts[:1] = [text[shown:] for text in texts[:1]]
    written = rows_with_tabs(line, indent, list(zip(texts, (row.joiner for row in rows), strict=True)))
    for number, (joiner, swaps) in enumerate(written):
        if number or not shown:
            yield joiner, swaps
        else:
            whole = Swap(0, shown, line[: len(line) - len(line.lstrip(" \t"))])
            yield joiner, (whole, *(Swap(start + shown, end + shown, text) for start, end, text in swaps))


def _without_tabs(tokens: Sequence[tuple[str, Kind]]) -> list[tuple[str, Kind]]:
    """Replace tabs by spaces up to the next tab stop of the line."""
    line, spread = "", list[tuple[str, Kind]]()
    for text, kind in tokens:
        before = len(line)
        line = (line + text).expandtabs(TAB_STOP)
        spread.append((line[before:], kind))
    return spread


def _without_indent(parts: Parts, indent: int) -> list[tuple[str, Style]]:
    left: list[tuple[str, Style]] = []
    for text, style in parts:
        left.append((text[indent:], style))
        indent = max(0, indent - len(text))
    return left


def _stretches(columns: Columns) -> list[int]:
    """Return the length of the rule below the header in each column, including the space beside the separators."""
    last = len(columns.widths) - 1
    widths = [*columns.widths[:last], columns.widths[last] - columns.spare]
    return [width + (GUTTER // 2) * ((at > 0) + (at < last)) for at, width in enumerate(widths)]


class _Frame:
    """The lines of a piece, each with the bars and indents of the quotes and lists around it."""

    def __init__(self, piece: Piece, pen: Pen, starts: int) -> None:
        self._pen = pen
        self._starts = starts
        self.lines: list[Line] = []
        self._first, self._next, self._cells, self._lead = self._prefixes(piece)
        self.room = max(2, pen.width - self._cells)
        if piece.gap >= 0:
            self._gap(piece.frame[: piece.gap])

    def _prefixes(self, piece: Piece) -> tuple[list[Segment], list[Segment], int, int]:
        """Return the prefix of the first line and of the others, its width, and how far its bars reach."""
        pen, first, following = self._pen, list[Segment](), list[Segment]()
        cells = bars = 0
        begins = len(piece.frame) - self._starts
        for depth, container in enumerate(piece.frame):
            width = _width(container)
            if pen.width - cells - width < LEAST_WIDTH:
                break
            cells += width
            if isinstance(container, Quote):
                bars = cells
                first.append(Segment("│ ", pen._line))
                following.append(Segment("│ ", pen._line))
            else:
                marker = container.marker if depth >= begins else " " * width
                first.append(Segment(marker, pen._dim if depth >= begins else pen._plain))
                following.append(Segment(" " * width, pen._plain))
        return first, following, cells, bars

    def _gap(self, frame: tuple[Container, ...]) -> None:
        segments = list[Segment]()
        cells = 0
        for container in frame:
            width = _width(container)
            if self._pen.width - cells - width < LEAST_WIDTH:
                break
            cells += width
            segments.append(Segment("│ " if isinstance(container, Quote) else " " * width, self._pen._line))
        self.lines.append(Line(segments, cells, lead=cells))

    def add(
        self,
        parts: Iterable[tuple[str, Style]],
        cells: int,
        soft: bool = False,
        joiner: str = "",
        lead: int | None = None,
        fill: Style | None = None,
        swaps: Iterable[Swap] = (),
        columns: Iterable[Cell] = (),
    ) -> None:
        """Add a line of `cells` cells, the first `lead` of which are not copied. `fill` paints the rest of the row.

        `swaps` and `columns` count characters from the beginning of the parts.
        """
        parts, swaps, columns = unmarked(parts, swaps, columns)
        prefix = self._first
        self._first = self._next
        segments = [*prefix, *(Segment(text, style) for text, style in parts if text)]
        by = sum(len(segment.text) for segment in prefix)
        end = sum(len(segment.text) for segment in segments) if fill is not None else None
        if fill is not None and cells < self.room:
            segments.append(Segment(" " * (self.room - cells), fill))
            cells = self.room
        if lead is None:
            lead = self._cells if soft else self._lead
        else:
            lead = min(self._cells + lead, self._pen.width)
        moved = tuple(swap._replace(start=swap.start + by, end=swap.end + by) for swap in swaps)
        placed = tuple(cell._replace(start=cell.start + by, end=cell.end + by) for cell in columns)
        self.lines.append(Line(segments, self._cells + cells, soft, joiner, lead, end, moved, placed))

    def extend(self, rows: Iterable[Wrapped[Style]]) -> None:
        for row in rows:
            self.add(row.parts, row.cells, row.soft, row.joiner)


def _width(container: Container) -> int:
    return cell_len(container.marker) if isinstance(container, Item) else 2
