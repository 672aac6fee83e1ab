"""Drawn images: those in view are drawn in the background, put into the grids that have room for them, and kept.

Only images in view are drawn. The drawings used last are kept, by the content of the image and its size on the screen.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from tui.chat.transcript import Image
from tui.images.cell_size import CellSize
from tui.widgets.conversation.image_grid import ImageGrid, Wanted
from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.turn import Turn
from tui.widgets.gallery import Drawing, Gallery

KEPT = 48
"""The number of drawings that are kept; each takes some 100 KB."""
_AT_ONCE = 2

Key = tuple[int, CellSize]
"""The hash of an image's data, and its room."""


class ImageCache:
    """Draws images on demand and keeps the drawings."""

    def __init__(
        self, gallery: Gallery, *, run: Callable[[Callable[[], Any]], object], changed: Callable[[], object]
    ) -> None:
        """`run` runs an async function in the background. `changed` is called when rows have to be drawn again."""
        self._gallery = gallery
        self._run = run
        self._changed = changed
        self._pending: OrderedDict[Key, Image] = OrderedDict()
        self._under_way: set[Key] = set()
        self._kept: OrderedDict[Key, Drawing] = OrderedDict()
        self._users: dict[Key, WeakKeyDictionary[ImageGrid, set[int]]] = {}
        """The grids that show each drawing, and under which numbers. Grids of closed chats go away with their images."""
        self._is_drawing = False

    def __len__(self) -> int:
        return len(self._kept)

    def line(self, line: Line, turn: Turn, row: int) -> Line:
        """Return a row of images with those that are drawn by now; request the others."""
        index, y = turn.at(row)
        grid = turn.parts[index]
        if not isinstance(grid, ImageGrid) or not (missing := tuple(grid.missing(y))):
            return line
        for wanted in missing:
            self._put_into(grid, wanted)
        return grid.line(y)

    def _put_into(self, grid: ImageGrid, wanted: Wanted) -> None:
        """Show an image that was drawn before; else request it, ahead of earlier requests."""
        key = hash(wanted.image.data), wanted.room
        if key in self._kept:
            self._kept.move_to_end(key)
            self._users.setdefault(key, WeakKeyDictionary()).setdefault(grid, set()).add(wanted.number)
            grid.show(wanted.number, self._kept[key])
            return
        if key in self._under_way:
            return
        self._pending[key] = wanted.image
        self._pending.move_to_end(key)
        if not self._is_drawing:
            self._is_drawing = True
            self._run(self.draw_pending)

    async def draw_pending(self) -> None:
        """Draw all that was requested, the latest first."""
        try:
            while self._pending:
                batch = [self._pending.popitem() for _ in range(min(_AT_ONCE, len(self._pending)))]
                self._under_way = {key for key, _ in batch}
                drawn = await asyncio.gather(*(self._gallery.draw(image.data, room) for (_, room), image in batch))
                self._kept.update({key: drawing for (key, _), drawing in zip(batch, drawn, strict=True)})
                self._under_way.clear()
                while len(self._kept) > KEPT:
                    self._drop(next(iter(self._kept)))
                self._changed()
        finally:
            self._is_drawing = False
            self._under_way.clear()

    def _drop(self, key: Key) -> None:
        for grid, numbers in self._users.pop(key, {}).items():
            for number in numbers:
                grid.remove(number)
        self._gallery.release(self._kept.pop(key))

    def clear(self) -> None:
        """Drop all drawings: the terminal may have lost them. Those in view are drawn again."""
        for key in tuple(self._kept):
            self._drop(key)
        self._changed()
