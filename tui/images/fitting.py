"""How much room a picture takes on a screen of cells. Pure arithmetic: rows can be kept free for it before it is decoded."""

from __future__ import annotations

from typing import NamedTuple

CELL = (1, 2)
"""The shape of a cell where nobody knows it: twice as high as it is wide, as in nearly every font."""


class Room(NamedTuple):
    """In cells."""

    columns: int
    rows: int


def fitted(width: int, height: int, room: Room, cell: tuple[int, int] = CELL) -> Room:
    """The most cells that a picture of that size fills in a room, in its own shape. `cell`: pixels across and down."""
    across, down = cell
    scale = min(room.columns * across / width, room.rows * down / height)
    return Room(
        min(room.columns, max(1, round(width * scale / across))), min(room.rows, max(1, round(height * scale / down)))
    )
