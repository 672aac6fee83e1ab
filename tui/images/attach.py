"""Convert files and bytes to the blocks of a conversation. Everything here runs in a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.base64_slices import encode_base64
from tui.chat.tokens import Target, Viewer
from tui.chat.transcript import Document, Image, Text
from tui.images import kinds
from tui.images.attachable import looks_attachable
from tui.images.documents import pdf_document, text_document
from tui.images.errors import CannotAttach
from tui.images.kinds import kind_of
from tui.images.markers import Marker, resolve
from tui.images.sources import read_file

if TYPE_CHECKING:
    from tui.images.pixels import Prepared


Note = Callable[[str], None]


def _ignore(note: str) -> None:
    pass


def attach_file(
    path: Path, model: Viewer, *, long_edge: int | None = None, many: bool = False, note: Note = _ignore
) -> Image | Document:
    """Return the block for a file: an image prepared for the model, a PDF, or a text. Raises CannotAttach, which names the
    file.

    `note` receives what the user should know about the conversion, in sentences that name the file.
    """
    return attach_bytes(read_file(path), path.name, model, long_edge=long_edge, many=many, note=note)


def attach_bytes(
    data: bytes,
    name: str,
    model: Viewer,
    *,
    long_edge: int | None = None,
    many: bool = False,
    note: Note = _ignore,
) -> Image | Document:
    """Return the block for data that was already read, or that comes from the clipboard. Otherwise like `attach_file`."""
    kind = kind_of(data)
    if kind == kinds.PDF:
        return pdf_document(data, name, model)
    if kind == kinds.TEXT and looks_attachable(name):
        raise CannotAttach(f"{name} is a text file, whatever its name says", "To attach it as text, rename it.")
    if kind in (kinds.TEXT, None) and not looks_attachable(name):
        return text_document(data, name, note)
    from tui.images.pixels import prepare  # loads Pillow

    prepared = prepare(data, Target.of(model), long_edge=long_edge, many=many, name=name)
    for remark in prepared.notes:
        note(f"{name}: {remark}")
    return image_block(prepared, name)


def image_block(prepared: Prepared, name: str = "") -> Image:
    """Return a prepared image as a block."""
    return Image(prepared.media_type, encode_base64(prepared.data), name, prepared.width, prepared.height)


def resolve_markers(text: str, target: Target, *, many: bool = False) -> tuple[Text | Image, ...]:
    """Return a text as blocks, with each `[IMAGE:…]` marker replaced by an image for `target`. Invalid markers stay text."""

    def image(marker: Marker) -> Image | None:
        from tui.images.pixels import prepare  # loads Pillow

        try:
            return image_block(prepare(marker.data, target, many=many))
        except CannotAttach:
            return None

    return resolve(text, image)
