"""Read the type and size of an image without decoding it, and check the API's limits for images.

The headers are parsed according to the formats' specifications, because the simulator uses no imaging library.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Container, Iterator
from typing import Any, NamedTuple

from tui.demo.checks import refuse
from tui.demo.errors import Refused

MAX_BASE64_BYTES = 10 * 1024 * 1024
MAX_SIDE_PX = 8000
MAX_SIDE_OF_MANY_PX = 2000
MANY = 20
"""If a request has more images than this, a smaller size limit applies to all of them."""

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The JPEG markers of frame headers, which contain the size."""


class Picture(NamedTuple):
    media_type: str
    width: int
    height: int


class BadPicture(ValueError):
    """The bytes are not an image of an accepted type, or end before its size."""


def read_picture(data: bytes) -> Picture:
    """Return type and size of an image from its first bytes. Raises BadPicture."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return Picture("image/png", *struct.unpack(">II", data[16:24]))
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return Picture("image/gif", *struct.unpack("<HH", data[6:10]))
        if data.startswith(b"\xff\xd8\xff"):
            return Picture("image/jpeg", *_jpeg_size(data))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return Picture("image/webp", *_webp_size(data))
    except (struct.error, IndexError):
        pass
    raise BadPicture("no image")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = data[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # these have no content
            at += 2
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF


class Placed(NamedTuple):
    """A block and its path."""

    path: str
    block: dict[str, Any]


def images_in(body: dict[str, Any]) -> Iterator[Placed]:
    """Yield every image of a request."""
    return blocks_in(body, "image")


def blocks_in(body: dict[str, Any], kind: str) -> Iterator[Placed]:
    """Yield every block of this type in a request, including those in tool results."""
    for index, message in enumerate(body["messages"]):
        yield from _blocks(message["content"], kind, f"messages.{index}.content")


def _blocks(content: object, kind: str, path: str) -> Iterator[Placed]:
    for at, block in enumerate(content if isinstance(content, list) else ()):
        if block["type"] == kind:
            yield Placed(f"{path}.{at}", block)
        elif block["type"] == "tool_result":
            yield from _blocks(block.get("content"), kind, f"{path}.{at}.tool_result.content")


def unreadable(placed: Placed) -> Refused:
    """Return the error for an image that cannot be decoded."""
    return refuse(f"{placed.path}.image.source.base64.data", "Could not process image")


def check_readable(body: dict[str, Any], rejected: Container[str]) -> None:
    """Raise Refused for the first image whose base64 text is in `rejected`."""
    for placed in images_in(body):
        if placed.block["source"].get("data") in rejected:
            raise unreadable(placed)


def check_images(body: dict[str, Any], max_count: int) -> None:
    """Raise Refused for the first image that the API would reject."""
    placed = list(images_in(body))
    if len(placed) > max_count:
        raise Refused(f"too many images: {len(placed)} > {max_count}")
    too_wide: list[str] = []
    for path, block in placed:
        if block["source"]["type"] != "base64":
            continue
        picture = _checked(block["source"], f"{path}.image.source.base64")
        if max(picture.width, picture.height) > MAX_SIDE_PX:
            raise refuse(
                f"{path}.image.source.base64.data",
                f"At least one of the image dimensions exceed max allowed size: {MAX_SIDE_PX} pixels",
            )
        if max(picture.width, picture.height) > MAX_SIDE_OF_MANY_PX:
            too_wide.append(path)
    if len(placed) > MANY and too_wide:
        raise Refused(
            f"{too_wide[0]}.image.source.base64.data: At least one of the image dimensions exceed max allowed size for"
            f" many-image requests: {MAX_SIDE_OF_MANY_PX} pixels",
            details={
                "error_code": "image_dimensions_too_large",
                "max_side_length_pixels": MAX_SIDE_OF_MANY_PX,
                "paths": too_wide,
            },
        )


def _checked(source: dict[str, str], path: str) -> Picture:
    text = source["data"]
    if len(text) > MAX_BASE64_BYTES:
        raise refuse(path, f"image exceeds 10 MB maximum: {len(text)} bytes > {MAX_BASE64_BYTES} bytes")
    try:
        picture = read_picture(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise refuse(f"{path}.data", "Invalid base64 data") from None
    except BadPicture:
        raise Refused("Could not process image") from None
    if picture.media_type != source["media_type"]:
        raise Refused(
            f"{path}.media_type: Image does not match the provided media type {source['media_type']}"
            f" (it appears to be {picture.media_type})"
        )
    return picture
