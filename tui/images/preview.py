"""What the attach dialog shows of a file: the facts, what will be sent, and the picture in so many coloured dots.

It takes as long as attaching the file does, so it runs in a thread.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tui.images.documents import pdf_document
from tui.images.kinds import PDF, kind_of
from tui.images.pixels import Original, Prepared, prepare
from tui.images.sources import read_file
from tui.images.vision import Target, Viewer, token_count

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Preview:
    size_bytes: int
    """Of the file."""
    pages: int = 0
    """Of a PDF."""
    original: Original | None = None
    """Of a picture, as this and all that follows."""
    media_type: str = ""
    width: int = 0
    height: int = 0
    sent_bytes: int = 0
    tokens: int = 0
    notes: tuple[str, ...] = ()
    dots: tuple[tuple[Colour, ...], ...] = field(default=(), repr=False)
    """Row by row; two rows of dots stand in one row of cells."""


def preview(path: Path, model: Viewer, room: tuple[int, int], *, long_edge: int | None = None) -> Preview:
    """The file as it would be sent to this model. `room`: columns and rows of cells. Raises CannotAttach."""
    data = read_file(path)
    if kind_of(data) == PDF:
        return Preview(len(data), pages=pdf_document(data, path.name, model).pages)
    target = Target.of(model)
    prepared = prepare(data, target, long_edge=long_edge, name=path.name)
    return Preview(
        len(data),
        original=prepared.original,
        media_type=prepared.media_type,
        width=prepared.width,
        height=prepared.height,
        sent_bytes=len(prepared.data),
        tokens=token_count(prepared.width, prepared.height, target),
        notes=prepared.notes,
        dots=_dots(prepared, room),
    )


def _dots(prepared: Prepared, room: tuple[int, int]) -> tuple[tuple[Colour, ...], ...]:
    """The picture as large as it fits, an even number of rows of dots that are about square."""
    columns, rows = room
    scale = min(columns / prepared.width, 2 * rows / prepared.height)
    width, height = max(1, round(prepared.width * scale)), max(2, round(prepared.height * scale / 2) * 2)
    with Image.open(io.BytesIO(prepared.data)) as image:
        image.draft("RGB", (width * 2, height * 2))
        small = image.convert("RGBA").resize((width, height), Image.Resampling.BOX)
    flat = Image.alpha_composite(Image.new("RGBA", small.size, "grey"), small).convert("RGB").tobytes()
    dots = [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat), 3)]
    return tuple(tuple(dots[at : at + width]) for at in range(0, len(dots), width))
