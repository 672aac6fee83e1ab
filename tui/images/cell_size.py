"""Calculate the space that an image takes on a screen of cells, so that it can be reserved before the image is decoded.
Pure.
"""

from __future__ import annotations

from typing import NamedTuple

CELL = (1, 2)
"""Assumed shape of a cell: twice as high as wide, as in nearly every font."""


class CellSize(NamedTuple):
    """A size in cells."""

    columns: int
    rows: int


def fit_cells(width: int, height: int, room: CellSize, cell: tuple[int, int] = CELL) -> CellSize:
    """Return the largest size with the image's shape that fits into a room. `cell`: width and height in pixels."""
    across, down = cell
    scale = min(room.columns * across / width, room.rows * down / height)
    return CellSize(
        min(room.columns, max(1, round(width * scale / across))), min(room.rows, max(1, round(height * scale / down)))
    )
