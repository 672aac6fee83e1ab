"""The pictures of a message, side by side, each above its name and facts; on a narrow screen, or of many, only their names.

How high it is follows from the sizes that the blocks say, so nothing moves when a picture has been drawn. Drawing them is
left to `looking`, which hangs them here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.chat.transcript import Image
from tui.images.fitting import Room, fitted
from tui.render.safe import safe
from tui.widgets.conversation import captions
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import Line, Part, Words
from tui.widgets.gallery import Drawing

_WIDEST = 24
_NARROWEST = 14
_GAP = 2
_ACROSS = 3
"""So many pictures stand side by side, at most, and two such rows of them below one another."""


class Wanted(NamedTuple):
    """A picture that is to be drawn."""

    number: int
    image: Image
    room: Room


class _Row(NamedTuple):
    """Pictures side by side, and the rows under them."""

    first: int
    rooms: tuple[Room, ...]
    caption: int

    @property
    def picture(self) -> int:
        return max(room.rows for room in self.rooms)


class Sheet(Part):
    def __init__(self, images: Sequence[Image], *, folded: bool = False) -> None:
        """`folded`: they are named, whatever room there is."""
        self._always_folded = folded
        self.images = tuple(images)
        self._tile = 0
        self._rows: tuple[_Row, ...] = ()
        self._names = [Words(captions.attachment(image)) for image in images]
        self._hung: dict[int, Drawing] = {}
        self._lines: dict[int, Line] = {}

    @property
    def is_folded(self) -> bool:
        return not self._rows

    @property
    def below(self) -> int:
        return 1

    @property
    def height(self) -> int:
        if self.is_folded:
            return sum(name.height for name in self._names)
        return sum(row.picture + row.caption for row in self._rows) + len(self._rows) - 1

    def fit(self, width: int, palette: Palette) -> None:
        self._palette = palette
        self._tile, self._rows = _tile(width), () if self._always_folded else _arranged(self.images, width)
        self._lines.clear()
        for name in self._names:
            name.fit(width, palette)

    def hang(self, number: int, drawing: Drawing) -> None:
        """Shows a picture in the room that was kept for it."""
        self._hung[number] = drawing
        self._lines.clear()

    def take_down(self, number: int) -> None:
        """Leaves its room empty again."""
        if self._hung.pop(number, None) is not None:
            self._lines.clear()

    # What stands in a row

    def missing(self, y: int) -> Iterator[Wanted]:
        """The pictures that stand in a row, and are not hung in the size that they have there."""
        row, _ = self._at(y)
        for number, room in enumerate(row.rooms if row else (), row.first if row else 0):
            hung = self._hung.get(number)
            if hung is None or hung.room != room:
                yield Wanted(number, self.images[number], room)

    def number_at(self, y: int, x: int) -> int:
        """The picture at a place: the last one left of it."""
        row, _ = self._at(y)
        if row is None:
            return self._name_at(y)[0]
        return row.first + min(x // (self._tile + _GAP), len(row.rooms) - 1)

    def line(self, y: int) -> Line:
        if y not in self._lines:
            self._lines[y] = self._draw(y)
        return self._lines[y]

    def _at(self, y: int) -> tuple[_Row | None, int]:
        for row in self._rows:
            if y < row.picture + row.caption:
                return row, y
            y -= row.picture + row.caption + 1
        return None, y

    def _name_at(self, y: int) -> tuple[int, int]:
        for number, name in enumerate(self._names):
            if y < name.height:
                return number, y
            y -= name.height
        return len(self._names) - 1, 0

    def _draw(self, y: int) -> Line:
        if self.is_folded:
            number, y = self._name_at(y)
            return self._names[number].line(y)
        row, y = self._at(y)
        if row is None or y < 0:
            return Line(Strip([], 0))
        if y < row.picture:
            pieces = [self._piece(number, room, y) for number, room in enumerate(row.rooms, row.first)]
            strip = Strip.join([_wide(piece, self._tile + _GAP) for piece in pieces[:-1]] + pieces[-1:])
            return Line(strip, soft=y > 0, end=0, is_picture=True)
        if len(self.images) == 1:
            return self._names[0].line(y - row.picture)
        return Line(Strip(list(self._caption(row, y - row.picture))))

    def _piece(self, number: int, room: Room, y: int) -> Strip:
        """A row of one picture; until it is drawn, of a shade in its place."""
        if y >= room.rows:
            return Strip([Segment(" " * room.columns)], room.columns)
        hung = self._hung.get(number)
        if hung is not None and hung.room == room and hung.rows:
            return hung.rows[y]
        style = Style(bgcolor=self._palette.look.code_background)
        says = "no picture" if hung is not None and not hung.rows and y == room.rows // 2 else ""
        return Strip([Segment(says.center(room.columns)[: room.columns], style + self._palette.style("dim"))])

    def _caption(self, row: _Row, y: int) -> Iterator[Segment]:
        for at, number in enumerate(range(row.first, row.first + len(row.rooms))):
            name, facts = captions.attachment(self.images[number])[-2:]
            text, tone = (name, facts)[y]
            shown = safe(text, keep_newlines=False).strip()
            if cell_len(shown) > self._tile:
                shown = _shortened(shown, self._tile) if y == 0 else shown.partition(":")[0].rpartition(" · ")[2]
            last = at == len(row.rooms) - 1
            width = min(cell_len(shown), self._tile) if last else self._tile + _GAP
            yield Segment(set_cell_size(shown, width), self._palette.style(tone))


def rows_of(images: Sequence[Image], width: int) -> int:
    """How many rows a sheet of these takes, for those that nobody has looked at."""
    rows = _arranged(images, width)
    return sum(row.picture + row.caption + 1 for row in rows) or len(images)


def _tile(width: int) -> int:
    """The width that each picture has."""
    return min(_WIDEST, (width - (_ACROSS - 1) * _GAP) // _ACROSS)


def _arranged(images: Sequence[Image], width: int) -> tuple[_Row, ...]:
    """The pictures in rows, or nothing where they are better not shown."""
    tile = _tile(width)
    if tile < _NARROWEST or not all(one.width and one.height for one in images):
        return ()
    across = (width + _GAP) // (tile + _GAP)
    if len(images) > 2 * across:
        return ()
    rooms = [fitted(one.width, one.height, Room(tile, tile // 3)) for one in images]
    caption = 1 if len(images) == 1 else 2
    return tuple(_Row(at, tuple(rooms[at : at + across]), caption) for at in range(0, len(rooms), across))


def _wide(strip: Strip, width: int) -> Strip:
    return Strip([*strip, Segment(" " * (width - strip.cell_length))], width)


def _shortened(text: str, width: int) -> str:
    """The text with its middle left out, since names differ at their ends."""
    tail = width // 3
    return f"{set_cell_size(text, width - tail - 1)}…{text[-tail:]}"
