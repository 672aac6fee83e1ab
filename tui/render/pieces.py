"""What a Markdown text is cut into: pieces that are drawn one by one, and the quotes and list items they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


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
    run: int = 1
    """`number + run - 1` is drawn: how many items there are up to this one if all have the same number. 0: as written."""


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
    """Its last row is full or ends the paragraph; otherwise the next piece goes on with that row."""
    soft: bool = False
    """It goes on with the paragraph in a row of its own."""
    verbatim: bool = False
    """A formula: no marks are read in it, and its line feeds are line breaks."""


@dataclass(frozen=True, slots=True)
class CodeHead:
    language: str


@dataclass(frozen=True, slots=True)
class CodeLine:
    language: str
    text: str
    last: bool = True
    """False: the line goes on in the next piece."""
    breaks: bool = False
    """Its last row ends all the same."""
    soft: bool = False
    """It goes on with the line in a row of its own."""


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
    head: TableHead
    """That of its table, which decides about its columns."""


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
    """How many of them, from the innermost, begin here, or with the piece that this one is joined to."""
    gap: int = -1
    """A blank row stands before it, within so many of the containers; -1: none does."""
    joined: bool = False
    """It goes on where the piece before it stopped."""
    growing: bool = False


def gap_between(before: tuple[Container, ...], now: tuple[Container, ...], blank: bool) -> int:
    """In how many containers a blank row stands between two pieces; -1 if none does. `blank`: a blank line did."""
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
    """About how many rows a piece takes at a width, before it is drawn."""
    gap = piece.gap >= 0
    match piece.body:
        case Prose(text=text, verbatim=True):
            return gap + text.count("\n")
        case Prose(text=text, last=last):
            return gap + (max(1, -(-len(text) // width)) if last else len(text) // width)
        case CodeLine(text=text):
            return max(1, -(-len(text) // max(1, width - 2)))
        case TableHead(rows=rows):
            return gap + 2 + len(rows)
        case Heading() | CodeHead() | TableRow() | Rule():
            return gap + 1


def run_after(sibling: Item, number: int) -> int:
    """Return the `run` of an item with that number behind its sibling.

    What is drawn stays, so a list that was counted on is not drawn as written later: the next one is always a higher number.
    """
    if sibling.run and number == sibling.number:
        return sibling.run + 1
    drawn = sibling.number + sibling.run - 1
    return max(1, drawn + 2 - number) if sibling.run > 1 else 0
