"""Pictures as rows of cells, drawn in threads in the way that the terminal has. What is drawn is kept by whoever asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from textual.strip import Strip

from tui.images.fitting import Room


@dataclass(frozen=True)
class Drawing:
    """A picture as it stands on the screen. Without rows: what was to be drawn is none."""

    room: Room
    rows: tuple[Strip, ...] = ()


class Gallery:
    async def draw(self, data: str | bytes, room: Room) -> Drawing:
        """The picture of a file, or of the base64 text of one, in exactly that room. The loop is free meanwhile."""
        return await asyncio.to_thread(_drawing, data, room)


def _drawing(data: str | bytes, room: Room) -> Drawing:
    from tui.images.dots import decoded, stretched  # loads Pillow, here in a thread
    from tui.images.errors import CannotAttach
    from tui.render.halfblocks import half_blocks

    try:
        picture = stretched(decoded(data) if isinstance(data, str) else data, room.columns, 2 * room.rows)
    except CannotAttach:
        return Drawing(room)
    return Drawing(room, half_blocks(picture.tobytes(), room.columns))
