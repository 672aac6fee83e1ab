"""The pieces of a Markdown text, which are drawn one by one, and the quotes and list items that contain them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec


class Quote(NamedTuple):
    id: int


class Item(NamedTuple):
    id: int
    list_id: int
    kind: str
    """The bullet, or the character after the number."""
    number: int
    indent: int
    """Columns by which a line must be indented to belong to it."""
    marker: str
    """What is drawn before it."""
    run: int = 1
    """`number + run - 1` is drawn: the number of items up to this one if all have the same number. 0: as written."""


Container = Quote | Item
Align = Literal["left", "right", "center"]


class Heading(msgspec.Struct, frozen=True):
    level: int
    text: str


class Prose(msgspec.Struct, frozen=True):
    """A paragraph, or a part of a long one."""

    text: str
    last: bool = True
    """False if the next piece continues its last row."""
    soft: bool = False
    """True if it continues the paragraph in a new row."""
    verbatim: bool = False
    """True for a formula: no marks are parsed in it, and line feeds are line breaks."""


class CodeHead(msgspec.Struct, frozen=True):
    language: str


class CodeLine(msgspec.Struct, frozen=True):
    language: str
    text: str
    last: bool = True
    """False if the line continues in the next piece."""
    breaks: bool = False
    """True if its last row ends nevertheless."""
    soft: bool = False
    """True if it continues the line in a new row."""


class TableHead(msgspec.Struct, frozen=True):
    """A table's header, and the rows that decide the widths of its columns."""

    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]
    ruled: bool = True
    more: bool = False


class TableRow(msgspec.Struct, frozen=True):
    cells: tuple[str, ...]
    head: TableHead
    """The head of its table, which decides the columns."""


class Rule(msgspec.Struct, frozen=True):
    pass


Body = Heading | Prose | CodeHead | CodeLine | TableHead | TableRow | Rule


class Piece(msgspec.Struct, frozen=True):
    body: Body
    frame: tuple[Container, ...] = ()
    """The quotes and list items around it, outermost first."""
    starts: int = 0
    """How many of them, from the innermost, begin with this piece, or with the piece that it continues."""
    gap: int = -1
    """Within how many containers a blank row comes before it; -1: no blank row."""
    joined: bool = False
    """True if it continues the previous piece."""
    growing: bool = False


def gap_between(before: tuple[Container, ...], now: tuple[Container, ...], blank: bool) -> int:
    """Return in how many containers a blank row separates two pieces; -1 if none does. `blank`: there was a blank line."""
    common = 0
    while common < min(len(before), len(now)) and before[common] == now[common]:
        common += 1
    if not blank:
        if common < min(len(before), len(now)):
            left, right = before[common], now[common]
            if isinstance(left, Item) and isinstance(right, Item) and left.list_id == right.list_id:
                return -1
        if common and isinstance(now[common - 1], Item):
            return -1
    return common


def rows_of(piece: Piece, width: int) -> int:
    """Estimate how many rows a piece takes at a width, before it is drawn.

    The rows in view are found by this: if it is much too low, many more pieces than those in view are drawn.
    """
    gap = piece.gap >= 0
    match piece.body:
        case Prose(text=text, verbatim=True):
            return gap + text.count("\n")
        case Prose(text=text, last=last):
            return gap + (max(1, -(-len(text) // width)) if last else len(text) // width)
        case CodeLine(text=text):
            return max(1, -(-len(text) // max(1, width - 2)))
        case TableHead(header=header, rows=rows):
            return gap + 1 + sum(_rows_of_cells(cells, width) for cells in (header, *rows))
        case TableRow(cells=cells):
            return gap + _rows_of_cells(cells, width)
        case Heading(text=text):
            return gap + max(1, -(-len(text) // width))
        case CodeHead() | Rule():
            return gap + 1


def _rows_of_cells(cells: tuple[str, ...], width: int) -> int:
    return max(1, -(-(sum(map(len, cells)) + 3 * len(cells) - 3) // width))


def run_after(sibling: Item, number: int) -> int:
    """Return the `run` of an item with this number after its sibling.

    Drawn rows do not change, so a list that was renumbered is not drawn as written later: the next number is always
    higher.
    """
    if sibling.run and number == sibling.number:
        return sibling.run + 1
    drawn = sibling.number + sibling.run - 1
    return max(1, drawn + 2 - number) if sibling.run > 1 else 0
