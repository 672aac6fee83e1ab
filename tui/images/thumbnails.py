"""Decode and scale images for the screen.

This takes time, so it runs in a thread. Data from a stored or imported chat may not be an image at all.
"""

from __future__ import annotations

import base64
import binascii
import io

from PIL import Image

from tui.images.colours import drawable, in_srgb
from tui.images.errors import CannotAttach
from tui.images.pixels import DECODE_ERRORS, MAX_PIXELS

_SLICE = 1 << 20  # characters; other threads can run between two slices


def decode_base64(text: str) -> bytes:
    """Decode base64 leniently; b"" if it is invalid."""
    try:
        return b"".join(base64.b64decode(text[at : at + _SLICE]) for at in range(0, len(text), _SLICE))
    except binascii.Error:
        return b""


def scaled_to(data: bytes, width: int, height: int) -> Image.Image:
    """Return the image in RGB at exactly that size, with grey behind transparent parts. Raises CannotAttach."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise CannotAttach(
                    f"The image has {image.width} × {image.height} pixels, which is too many", "Shrink it first."
                )
            image.draft(None, (width, height))  # JPEG is decoded at an eighth, a quarter or half its size
            profile = image.info.get("icc_profile")
            small = drawable(image).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small = in_srgb(small, profile)
    except DECODE_ERRORS as error:
        raise CannotAttach("The image cannot be read", "Open it in an image viewer to check it.") from error
    if small.mode in ("LA", "RGBA"):
        backdrop = Image.new("RGBA", small.size, "grey")
        small = Image.alpha_composite(backdrop, small.convert("RGBA"))
    return small.convert("RGB")


def encode_png(image: Image.Image) -> bytes:
    """Encode an image as PNG, quickly."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
