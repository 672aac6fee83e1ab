"""Image markers in text, `[IMAGE:data:image/png;base64,…]`: find them, and replace them with images.

Only complete markers count. An incomplete one stays text and consumes nothing after it: a marker cannot contain a bracket,
so reading takes linear time.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tui.chat.base64_slices import encode_base64
from tui.chat.transcript import Image, Text
from tui.images.kinds import ACCEPTED, kind_of

MARKER_START = "[IMAGE:"
"""The start of every marker."""
_MARKER = re.compile(r"\[IMAGE:data:[^,\[\]]*;base64,([A-Za-z0-9+/\s]*(?:=\s*){0,2})\]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Marker:
    """An image in a text, from `start` to `end`."""

    start: int
    end: int
    media_type: str
    """Detected from its bytes; the label is ignored."""
    data: bytes = field(repr=False)


def markers_in(text: str) -> tuple[Marker, ...]:
    """Return the complete markers of a text that contain an image, in order."""
    return tuple(_markers(text))


def _markers(text: str) -> Iterator[Marker]:
    for match in _MARKER.finditer(text):
        data = decode_base64(match[1])
        kind = kind_of(data) if data else None
        if kind is not None and kind.use == "image":
            yield Marker(match.start(), match.end(), kind.media_type, data)


def decode_base64(text: str) -> bytes:
    """Decode base64 that may have line breaks and lack its padding; b"" if it is invalid."""
    text = _SPACE.sub("", text).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def unchanged_image(marker: Marker) -> Image | None:
    """Return the image of a marker unchanged, or None if the API does not accept its type."""
    if marker.media_type not in ACCEPTED:
        return None
    return Image(marker.media_type, encode_base64(marker.data))


def resolve(text: str, image: Callable[[Marker], Image | None] = unchanged_image) -> tuple[Text | Image, ...]:
    """Return the text as blocks: images in place of their markers, and the text around them without blank pieces.

    `image` makes the block of a marker; if it returns None, the marker stays text. A text without images is one block.
    """
    pieces: list[str] = [""]
    images: list[Image] = []
    at = 0
    for marker in markers_in(text):
        if (block := image(marker)) is None:
            continue
        pieces[-1] += text[at : marker.start]
        pieces.append("")
        images.append(block)
        at = marker.end
    pieces[-1] += text[at:]
    if not images:
        return (Text(text),) if text else ()
    blocks: list[Text | Image] = []
    for number, piece in enumerate(pieces):
        if piece.strip():  # the API rejects blank text
            blocks.append(Text(piece))
        if number < len(images):
            blocks.append(images[number])
    return tuple(blocks)
