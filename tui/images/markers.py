"""`[IMAGE:data:image/png;base64,…]` in a text: where images stand in it, and the text as blocks with them in their places.

Only whole markers count. One that is broken or never ends stays text, and takes nothing after it along: a marker cannot
contain a bracket, so that reading takes time in proportion to the text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tui.chat.slices import base64_of
from tui.chat.transcript import Image, Text
from tui.images.kinds import ACCEPTED, kind_of

MARKER_START = "[IMAGE:"
"""How every marker begins."""
_MARKER = re.compile(r"\[IMAGE:data:[^,\[\]]*;base64,([A-Za-z0-9+/\s]*(?:=\s*){0,2})\]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Marker:
    """An image in a text, from `start` up to `end`."""

    start: int
    end: int
    media_type: str
    """By its bytes, whatever the label said."""
    data: bytes = field(repr=False)


def markers_in(text: str) -> tuple[Marker, ...]:
    """The whole markers of a text that hold an image of any kind, in their order."""
    return tuple(_markers(text))


def _markers(text: str) -> Iterator[Marker]:
    for match in _MARKER.finditer(text):
        data = decode_base64(match[1])
        kind = kind_of(data) if data else None
        if kind is not None and kind.use == "image":
            yield Marker(match.start(), match.end(), kind.media_type, data)


def decode_base64(text: str) -> bytes:
    """The bytes of base64 text, which may be broken into lines and lack its padding; b"" where it is no base64."""
    text = _SPACE.sub("", text).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def unchanged_image(marker: Marker) -> Image | None:
    """The image of a marker, untouched, where the API takes its kind."""
    if marker.media_type not in ACCEPTED:
        return None
    return Image(marker.media_type, base64_of(marker.data))


def resolve(text: str, image: Callable[[Marker], Image | None] = unchanged_image) -> tuple[Text | Image, ...]:
    """The text as blocks: images where their markers stood, the text around them as it was written, blank pieces left out.

    `image` makes the block of a marker; where it gives None the marker stays text. A text without images is one block.
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
        if piece.strip():  # the API refuses blank text
            blocks.append(Text(piece))
        if number < len(images):
            blocks.append(images[number])
    return tuple(blocks)
