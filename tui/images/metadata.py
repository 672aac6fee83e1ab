"""Remove metadata from image files without changing a pixel: camera, location, time, and anything appended to the image.

Files are cut along their structure (JPEG segments, PNG chunks, RIFF chunks), so nothing is encoded again.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_JPEG_DATA_ENDS = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_JFIF_BYTES = 18
"""Size of a JFIF segment without a thumbnail."""
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"sBIT"})
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
_WEBP_ALPHA = 0x10


class _Unreadable(Exception):
    """Raised if the file does not follow its format."""


def strip_metadata(data: bytes, media_type: str) -> bytes | None:
    """Return the image without metadata: `data` itself if it has none, or None if it must be encoded again.

    The caller handles orientation, colour profile and animation, which are removed with the metadata.
    """
    try:
        match media_type:
            case "image/jpeg":
                kept = b"".join(_jpeg(data))
            case "image/png":
                kept = b"".join(_png(data))
            case "image/webp":
                kept = _webp(data)
            case "image/gif":
                kept = b"".join(_gif(data))
            case _:
                return None
    except (_Unreadable, struct.error, IndexError):
        return None
    return data if kept == data else kept


def _jpeg(data: bytes) -> Iterator[bytes]:
    """Yield everything except application segments and comments.

    JFIF is kept unless it has a thumbnail, which may show cropped parts; Adobe's segment is kept, as it defines the
    colours.
    """
    if data[:2] != b"\xff\xd8":
        raise _Unreadable
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise _Unreadable
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:
            yield data[at : at + 2]
            return
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if end > len(data):
            raise _Unreadable
        start = data[at + 4 : at + 9]
        is_jfif = marker == 0xE0 and start == b"JFIF\0" and end - at == _JFIF_BYTES
        is_adobe = marker == 0xEE and start == b"Adobe"
        if is_jfif or is_adobe or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            yield data[at:end]
        at = end
        if marker == 0xDA:
            ended = _JPEG_DATA_ENDS.search(data, at)
            if ended is None:
                raise _Unreadable
            yield data[at : ended.start()]
            at = ended.start()


def _png(data: bytes) -> Iterator[bytes]:
    """Yield the chunks that the image is drawn from."""
    if not data.startswith(_PNG_START):
        raise _Unreadable
    yield _PNG_START
    at = len(_PNG_START)
    name = b""
    while name != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise _Unreadable
        if name in _PNG_KEPT:
            yield data[at:end]
        at = end


def _webp(data: bytes) -> bytes:
    """Return the chunks that a still image is drawn from, with a matching header."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or end > len(data):
        raise _Unreadable
    kept = [b"WEBP"]
    at = 12
    while at < end:
        name = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        after = at + 8 + length + length % 2
        if at + 8 + length > end:
            raise _Unreadable
        chunk = data[at:after]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & _WEBP_ALPHA]) + chunk[9:]
        if name in _WEBP_KEPT:
            kept.append(chunk)
        at = after
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _gif(data: bytes) -> Iterator[bytes]:
    """Yield the first image with its own settings, without comments, texts, application data and repetition."""
    at = 13 + _gif_palette(data[10])
    yield data[:at]
    while True:
        kind = data[at]
        if kind == 0x2C:
            end = _gif_blocks_end(data, at + 10 + _gif_palette(data[at + 9]) + 1)
            yield data[at:end]
            yield b";"
            return
        if kind != 0x21:
            raise _Unreadable
        end = _gif_blocks_end(data, at + 2)
        if data[at + 1] == 0xF9:
            yield data[at:end]
        at = end


def _gif_palette(flags: int) -> int:
    """Return the size of the palette in bytes."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, at: int) -> int:
    while length := data[at]:
        at += 1 + length
    return at + 1
