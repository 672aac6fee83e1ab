"""The images of a message side by side, each above its name and facts;
on a narrow screen, or if there are many, only the names.

The height follows from the sizes in the blocks, so nothing moves when an image is drawn. `image_cache` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.chat.transcript import Image
from tui.images.cell_size import CellSize, fit_cells
from tui.render.safe import safe
from tui.widgets.conversation import captions
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import Line, Part, PlainText
from tui.widgets.gallery import Drawing

_WIDEST = 24
_NARROWEST = 14
_GAP = 2
_ACROSS = 3
"""At most so many images are side by side, in at most two rows."""


class Wanted(NamedTuple):
    """An image that has to be drawn."""

    number: int
    image: Image
    room: CellSize


class _Row(NamedTuple):
    """Images side by side, and the height of the captions below them."""

    first: int
    rooms: tuple[CellSize, ...]
    caption: int

    @property
    def image_height(self) -> int:
        return max(room.rows for room in self.rooms)


class ImageGrid(Part):
    """The images of a message."""

    def __init__(self, images: Sequence[Image], *, folded: bool = False) -> None:
        """`folded`: show only their names."""
        self._always_folded = folded
        self.images = tuple(images)
        self._tile = 0
        self._rows: tuple[_Row, ...] = ()
        self._names = [PlainText(captions.attachment(image)) for image in images]
        self._drawings: dict[int, Drawing] = {}
        self._lines: dict[int, Line] = {}

    @property
    def is_folded(self) -> bool:
        """True if only names are shown."""
        return not self._rows

    @property
    def below(self) -> int:
        return 1

    @property
    def height(self) -> int:
        if self.is_folded:
            return sum(name.height for name in self._names)
        return sum(row.image_height + row.caption for row in self._rows) + len(self._rows) - 1

    def fit(self, width: int, palette: Palette) -> None:
        self._palette = palette
        self._tile, self._rows = _tile(width), () if self._always_folded else _arranged(self.images, width)
        self._lines.clear()
        for name in self._names:
            name.fit(width, palette)

    def show(self, number: int, drawing: Drawing) -> None:
        """Show the drawing of an image."""
        self._drawings[number] = drawing
        self._lines.clear()

    def remove(self, number: int) -> None:
        """Remove the drawing of an image; its room stays."""
        if self._drawings.pop(number, None) is not None:
            self._lines.clear()

    # Rows

    def missing(self, y: int) -> Iterator[Wanted]:
        """Yield the images of a row that have no drawing in the size that they need."""
        row, _ = self._at(y)
        for number, room in enumerate(row.rooms if row else (), row.first if row else 0):
            drawing = self._drawings.get(number)
            if drawing is None or drawing.room != room:
                yield Wanted(number, self.images[number], room)

    def image_number(self, y: int, x: int) -> int:
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
            if y < row.image_height + row.caption:
                return row, y
            y -= row.image_height + row.caption + 1
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
        if y < row.image_height:
            pieces = [self._piece(number, room, y) for number, room in enumerate(row.rooms, row.first)]
            strip = Strip.join([_wide(piece, self._tile + _GAP) for piece in pieces[:-1]] + pieces[-1:])
            return Line(strip, soft=y > 0, end=0, is_image=True)
        if len(self.images) == 1:
            return self._names[0].line(y - row.image_height)
        return Line(Strip(list(self._caption(row, y - row.image_height))))

    def _piece(self, number: int, room: CellSize, y: int) -> Strip:
        """Return a row of one image; a shade until it is drawn."""
        if y >= room.rows:
            return Strip([Segment(" " * room.columns)], room.columns)
        drawing = self._drawings.get(number)
        if drawing is not None and drawing.room == room and drawing.rows:
            return drawing.rows[y]
        style = Style(bgcolor=self._palette.look.code_background)
        says = "not an image" if drawing is not None and not drawing.rows and y == room.rows // 2 else ""
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
    """Return the number of rows of these images, for a turn outside the view."""
    rows = _arranged(images, width)
    return sum(row.image_height + row.caption + 1 for row in rows) or len(images)


def _tile(width: int) -> int:
    """Return the width of each image."""
    return min(_WIDEST, (width - (_ACROSS - 1) * _GAP) // _ACROSS)


def _arranged(images: Sequence[Image], width: int) -> tuple[_Row, ...]:
    """Return the images in rows, or nothing if only their names are shown."""
    tile = _tile(width)
    if tile < _NARROWEST or not all(one.width and one.height for one in images):
        return ()
    across = (width + _GAP) // (tile + _GAP)
    if len(images) > 2 * across:
        return ()
    rooms = [fit_cells(one.width, one.height, CellSize(tile, tile // 3)) for one in images]
    caption = 1 if len(images) == 1 else 2
    return tuple(_Row(at, tuple(rooms[at : at + across]), caption) for at in range(0, len(rooms), across))


def _wide(strip: Strip, width: int) -> Strip:
    return Strip([*strip, Segment(" " * (width - strip.cell_length))], width)


def _shortened(text: str, width: int) -> str:
    """Return a text with its middle left out, since names differ at their ends."""
    tail = width // 3
    return f"{set_cell_size(text, width - tail - 1)}…{text[-tail:]}"
