"""Pictures as rows of cells, drawn in threads in the best way that the terminal has. What is drawn is kept by whoever asked.

The terminal is asked what it can when the first picture is wanted, so nobody waits for that at the start. By Sixel only
whole pictures are drawn, which stand still; the small ones that scroll are then drawn in blocks.

This is not left to textual-image: it asks the terminal when it is imported and reads the answer past Textual's key reader,
writes pictures between the bytes of a frame, and encodes Sixel while the screen is drawn.
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
"""How long the terminal's answer is waited for. When one comes later, pictures are drawn again."""
_MOST_PIXELS = {"kitty": 1_500_000, "sixel": 2_000_000}
"""Of a whole picture: for what a slow line carries, and for what is encoded in about a second."""


@dataclass(frozen=True)
class Drawing:
    """A picture as it stands on the screen. Without rows: what was to be drawn is none."""

    room: CellSize
    rows: tuple[Strip, ...] = ()
    is_light: bool = True
    """Whether its cells are quickly drawn, because they do not all have colours of their own."""
    upload: str = ""
    """What the terminal has to be told before."""
    number: int = 0
    """By which the terminal knows it; 0: it does not."""


class Answered(Message):
    """The terminal has answered all that it was asked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Gallery:
    def __init__(self) -> None:
        self.canvas = Canvas()
        self.is_open = True
        """Whether pictures are wanted at all."""
        self.ask: Callable[[], None] | None = None
        """Asks the terminal; the answer comes through `know`."""
        self.write: Callable[[str], object] = str
        """Writes to the terminal what is no text."""
        self.late: set[Callable[[], None]] = set()
        """What to do when an answer comes that pictures have been drawn without."""
        self._asked = False
        self._gave_up = False
        self._known = asyncio.Event()
        self._lent: set[int] = set()
        """The numbers of the pictures that the terminal has."""
        self._numbers = count(randrange(1, 1 << 20))

    def know(self, canvas: Canvas) -> None:
        is_other, self.canvas = canvas != self.canvas, canvas
        self._known.set()
        if is_other and self._gave_up:
            self._gave_up = False
            for draw_again in tuple(self.late):
                draw_again()

    def forget(self) -> None:
        """The terminal may be another, or its font: it is asked again before the next picture."""
        self._asked = False
        self._known.clear()

    async def draw(self, data: str | bytes, room: CellSize) -> Drawing:
        """A small picture, of a file or of the base64 text of one, in exactly that room. The loop is free meanwhile."""
        canvas = await self._canvas()
        return await self._drawn(data, room, replace(canvas, way="blocks") if canvas.way == "sixel" else canvas)

    async def draw_whole(self, data: str | bytes, width: int, height: int, room: CellSize) -> Drawing:
        """A picture of that size in pixels, as large as it fits in a room, in the best way there is."""
        if not self.is_open:
            return Drawing(CellSize(0, 0))
        canvas = await self._canvas()
        cell = canvas.cell if canvas.way != "blocks" else CELL
        if canvas.way != "blocks":
            room = _within(room, cell, _MOST_PIXELS[canvas.way])
        return await self._drawn(data, fit_cells(max(1, width), max(1, height), room, cell), canvas)

    def release(self, drawing: Drawing | None) -> None:
        """The drawing is no longer shown."""
        if drawing is not None and drawing.number in self._lent:
            self._take_back(drawing.number)

    def close(self) -> None:
        """The terminal is left: it keeps nothing of ours."""
        for number in tuple(self._lent):
            self._take_back(number)
        self.write = str  # a drawing may still be under way

    def _take_back(self, number: int) -> None:
        from tui.images.kitty import removal

        self._lent.discard(number)
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
                self._known.set()  # nobody waits a second time
        return self.canvas

    async def _drawn(self, data: str | bytes, room: CellSize, canvas: Canvas) -> Drawing:
        drawing = await asyncio.to_thread(_drawing, data, room, canvas, next(self._numbers))
        if drawing.upload:
            self.write(TerminalText(drawing.upload))
            self._lent.add(drawing.number)
        return replace(drawing, upload="")


def _within(room: CellSize, cell: tuple[int, int], pixels: int) -> CellSize:
    """The room, smaller where it has more pixels than that."""
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
