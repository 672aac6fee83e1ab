"""The facts that the attach dialog shows about a file, and the image that will be sent.

This takes as long as attaching the file, so it runs in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tui.chat.tokens import Target, Viewer, token_count
from tui.chat.transcript import Document
from tui.images.attach import attach_bytes
from tui.images.attachable import looks_attachable
from tui.images.documents import pdf_document
from tui.images.kinds import PDF, TEXT, kind_of
from tui.images.pixels import Original, prepare
from tui.images.sources import read_file


@dataclass(frozen=True)
class Preview:
    """Facts about a file."""

    size_bytes: int
    """Size of the file."""
    pages: int = 0
    """Pages of a PDF."""
    original: Original | None = None
    """Set for an image, like the fields that follow."""
    media_type: str = ""
    width: int = 0
    height: int = 0
    sent_bytes: int = 0
    tokens: int = 0
    notes: tuple[str, ...] = ()
    data: bytes = field(default=b"", repr=False)
    """The image itself."""
    text: Document | None = None
    """The document that will be sent for a text file."""


def preview(path: Path, model: Viewer, *, long_edge: int | None = None, many: bool = False) -> Preview:
    """Return the file as it would be sent to this model. `many`: among more than 20 images. Raises CannotAttach."""
    data = read_file(path)
    if kind_of(data) == PDF:
        return Preview(len(data), pages=pdf_document(data, path.name, model).pages)
    if kind_of(data) in (TEXT, None) and not looks_attachable(path.name):
        notes: list[str] = []
        text = attach_bytes(data, path.name, model, note=notes.append)
        assert isinstance(text, Document)
        return Preview(len(data), text=text, notes=tuple(note.removeprefix(f"{path.name}: ") for note in notes))
    target = Target.of(model)
    prepared = prepare(data, target, long_edge=long_edge, many=many, name=path.name)
    return Preview(
        len(data),
        original=prepared.original,
        media_type=prepared.media_type,
        width=prepared.width,
        height=prepared.height,
        sent_bytes=len(prepared.data),
        tokens=token_count(prepared.width, prepared.height, target),
        notes=prepared.notes,
        data=prepared.data,
    )
