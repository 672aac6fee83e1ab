"""Detect the type of a file by its first bytes. File names and labels of data URIs are ignored."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

LONGEST_START = 4096
"""Number of bytes that are enough to detect the type."""


@dataclass(frozen=True)
class Kind:
    """A type of file."""

    name: str
    media_type: str
    use: Literal["image", "document", "none"]
    """What it can be attached as."""
    advice: str = ""
    """What to do instead if it cannot be attached."""

    @property
    def with_article(self) -> str:
        """The name with its article."""
        return f"an {self.name}" if self.name.startswith(("AVIF", "SVG", "old")) else f"a {self.name}"


JPEG = Kind("JPEG image", "image/jpeg", "image")
PNG = Kind("PNG image", "image/png", "image")
GIF = Kind("GIF image", "image/gif", "image")
WEBP = Kind("WebP image", "image/webp", "image")
AVIF = Kind("AVIF image", "image/avif", "image")
HEIC = Kind("HEIC image", "image/heic", "image")
BMP = Kind("BMP image", "image/bmp", "image")
TIFF = Kind("TIFF image", "image/tiff", "image")
PDF = Kind("PDF", "application/pdf", "document")
TEXT = Kind("text file", "text/plain", "document")
SVG = Kind("SVG drawing", "image/svg+xml", "none", "Export it as PNG and attach that, or paste its source as text.")

ACCEPTED = frozenset({JPEG.media_type, PNG.media_type, GIF.media_type, WEBP.media_type})
"""Image types that the API accepts."""


def short_name(media_type: str) -> str:
    """Return the short name of an accepted image type, e.g. "JPEG" or "WebP"."""
    return "WebP" if media_type == WEBP.media_type else media_type.removeprefix("image/").upper()


_CONVERT = "Convert it to JPEG or PNG first."
_OTHERS = (
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", Kind("JPEG XL image", "image/jxl", "none", _CONVERT)),
    (b"\xff\x0a", Kind("JPEG XL image", "image/jxl", "none", _CONVERT)),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", Kind("JPEG 2000 image", "image/jp2", "none", _CONVERT)),
    (b"\x00\x00\x01\x00", Kind("Windows icon", "image/x-icon", "none", _CONVERT)),
    (b"8BPS", Kind("Photoshop file", "image/vnd.adobe.photoshop", "none", "Export it as JPEG or PNG first.")),
    (b"PK\x03\x04", Kind("ZIP archive or office file", "application/zip", "none", "Export it as PDF, or unpack it.")),
    (b"\x1f\x8b", Kind("compressed file", "application/gzip", "none", "Unpack it first.")),
    (b"\xd0\xcf\x11\xe0", Kind("old office file", "application/msword", "none", "Export it as PDF first.")),
    (b"\x1aE\xdf\xa3", Kind("video", "video/webm", "none", "Attach a screenshot of it instead.")),
    (b"ID3", Kind("audio file", "audio/mpeg", "none", "Claude does not accept audio.")),
)
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
}
_VIDEO = Kind("video", "video/mp4", "none", "Attach a screenshot of it instead.")
_SVG = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE\s+svg[^>]*>\s*)*<svg[\s>]", re.DOTALL | re.IGNORECASE
)  # a comment ends at its first -->; otherwise 30 comments would take minutes
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def kind_of(data: bytes) -> Kind | None:
    """Return the type of a file from its first bytes (4 kB are enough), or None if unknown."""
    start = data[:LONGEST_START]
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return TIFF
    if start[:2] == b"BM" and start[6:10] == b"\0\0\0\0":
        return BMP
    if start[4:8] == b"ftyp":
        return _boxed(start)
    if start.lstrip(b"\xef\xbb\xbf\0\t\r\n ").startswith(b"%PDF-"):
        return PDF
    for beginning, kind in _OTHERS:
        if start.startswith(beginning):
            return kind
    return _written(start)


def _boxed(start: bytes) -> Kind:
    """Return the type of a file in the ISO base media format, which has both images and videos, by its brands."""
    end = min(len(start), int.from_bytes(start[:4], "big"))
    brands = [start[8:12], *(start[at : at + 4] for at in range(16, end - 3, 4))]
    # AVIF files also have the brand mif1, so the decisive brand may be a later one.
    kinds = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    return AVIF if AVIF in kinds else kinds[0] if kinds else _VIDEO


def _written(start: bytes) -> Kind | None:
    """Return SVG or plain text, if it is UTF-8 without binary control characters; else None."""
    if not start or _CONTROLS.search(start):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # the last character may be incomplete
    except UnicodeDecodeError:
        return None
    return SVG if _SVG.match(start.removeprefix(codecs.BOM_UTF8)) else TEXT
