"""Renders images as rows of cells, in threads, in the best way that the terminal supports. Callers keep the drawings.

The terminal is queried when the first image is needed, so that start-up does not wait for it. Sixel is used for whole images
only, which do not scroll; small images are then drawn in half blocks.

textual-image is not used: it queries the terminal when it is imported and reads the answer past Textual's key reader, writes
images between the bytes of a frame, and encodes Sixel while the screen is drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from random import randrange

from textual.message import Message
from textual.strip import Strip

from tui.images.cell_size import CELL, CellSize, fit_cells
from tui.images.terminal_graphics import Canvas
from tui.render.gate import TerminalText

_PATIENCE_S = 0.2
"""The longest wait for the terminal's answer. If it comes later, images are drawn again."""
_MOST_PIXELS = {"kitty": 1_500_000, "sixel": 2_000_000}
"""The most pixels of a whole image: what a slow line can carry, and what can be encoded in about a second."""


@dataclass(frozen=True)
class Drawing:
    """An image as it is drawn on the screen. Without rows it could not be decoded."""

    room: CellSize
    rows: tuple[Strip, ...] = ()
    is_light: bool = True
    """True if the cells are quick to draw, since they do not all have colours of their own."""
    upload: str = ""
    """What has to be written to the terminal first."""
    number: int = 0
    """The image's ID in the terminal; 0 if it has none."""


class Answered(Message):
    """The terminal has answered all queries."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Gallery:
    """Draws images for one terminal."""

    def __init__(self) -> None:
        self.canvas = Canvas()
        self.is_open = True
        """False if images are turned off."""
        self.ask: Callable[[], None] | None = None
        """Queries the terminal; the answer comes through `set_canvas`."""
        self.write: Callable[[str], object] = str
        """Writes control sequences to the terminal."""
        self.late: set[Callable[[], None]] = set()
        """Called when an answer comes after images were drawn without it."""
        self._asked = False
        self._gave_up = False
        self._known = asyncio.Event()
        self._uploaded: set[int] = set()
        """The IDs of the images that the terminal stores."""
        self._numbers = count(randrange(1, 1 << 20))

    def set_canvas(self, canvas: Canvas) -> None:
        """Take what the terminal can show."""
        is_other, self.canvas = canvas != self.canvas, canvas
        self._known.set()
        if is_other and self._gave_up:
            self._gave_up = False
            for draw_again in tuple(self.late):
                draw_again()

    def forget(self) -> None:
        """Query the terminal again before the next image: it, or its font, may have changed."""
        self._asked = False
        self._known.clear()

    async def draw(self, data: str | bytes, room: CellSize) -> Drawing:
        """Draw a small image, given as a file's bytes or base64 text, in exactly that room. It does not block the loop."""
        canvas = await self._canvas()
        return await self._drawn(data, room, replace(canvas, way="blocks") if canvas.way == "sixel" else canvas)

    async def draw_whole(self, data: str | bytes, width: int, height: int, room: CellSize) -> Drawing:
        """Draw an image, given its size in pixels, as large as fits into a room, in the best way there is."""
        if not self.is_open:
            return Drawing(CellSize(0, 0))
        canvas = await self._canvas()
        cell = canvas.cell if canvas.way != "blocks" else CELL
        if canvas.way != "blocks":
            room = _within(room, cell, _MOST_PIXELS[canvas.way])
        return await self._drawn(data, fit_cells(max(1, width), max(1, height), room, cell), canvas)

    def release(self, drawing: Drawing | None) -> None:
        """Note that a drawing is no longer shown."""
        if drawing is not None and drawing.number in self._uploaded:
            self._remove(drawing.number)

    def close(self) -> None:
        """Remove all images from the terminal."""
        for number in tuple(self._uploaded):
            self._remove(number)
        self.write = str  # a drawing may still be under way

    def _remove(self, number: int) -> None:
        from tui.images.kitty import removal

        self._uploaded.discard(number)
        self.write(TerminalText(removal(number)))

    async def _canvas(self) -> Canvas:
        if self.ask is not None:
            if not self._asked:
                self._asked = True
                self.ask()
            try:
                await asyncio.wait_for(self._known.wait(), _PATIENCE_S)
            except asyncio.TimeoutError:
                self._gave_up = True
                self._known.set()  # do not wait a second time
        return self.canvas

    async def _drawn(self, data: str | bytes, room: CellSize, canvas: Canvas) -> Drawing:
        drawing = await asyncio.to_thread(_drawing, data, room, canvas, next(self._numbers))
        if drawing.upload:
            self.write(TerminalText(drawing.upload))
            self._uploaded.add(drawing.number)
        return replace(drawing, upload="")


def _within(room: CellSize, cell: tuple[int, int], pixels: int) -> CellSize:
    """Return a room, scaled down to at most so many pixels."""
    share = min(1.0, (pixels / (room.columns * cell[0] * room.rows * cell[1])) ** 0.5)
    return CellSize(max(1, int(room.columns * share)), max(1, int(room.rows * share)))


def _drawing(data: str | bytes, room: CellSize, canvas: Canvas, number: int) -> Drawing:
    from tui.images.errors import CannotAttach
    from tui.images.thumbnails import decode_base64, scaled_to  # loads Pillow, here in a thread
    from tui.render import images

    dots = (1, 2) if canvas.way == "blocks" else canvas.cell
    try:
        data = decode_base64(data) if isinstance(data, str) else data
        picture = scaled_to(data, room.columns * dots[0], room.rows * dots[1])
    except CannotAttach:
        return Drawing(room)
    match canvas.way:
        case "blocks":
            return Drawing(room, images.half_blocks(picture.tobytes(), room.columns), is_light=False)
        case "sixel":
            from tui.images.sixel import sixel

            return Drawing(room, images.overlaid(sixel(picture), room.columns, room.rows))
        case "kitty":
            from tui.images.kitty import placeholders, upload
            from tui.images.thumbnails import encode_png

            rows = images.tinted(placeholders(*room), number)
            return Drawing(room, rows, upload=upload(number, encode_png(picture), *room), number=number)
