"""Encode an image as Sixel, the bitmap format of DEC terminals: bands of six rows, with one pass per colour.

See the VT330/VT340 Programmer Reference Manual, chapter 14. It takes up to a second, so it runs in a thread. Images with
many colours are slow, so their palette is made from a sample of the pixels: as good, in a fifth of the time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from PIL import Image

_COLOURS = 128  # every terminal with Sixel supports so many; twice as many take twice as long
_BAND = 6
_MASKS = tuple(bytes(index == colour for index in range(256)) for colour in range(256))
"""For each colour: a table that maps it to 1 and all others to 0."""
_SIXELS = bytes(min(63 + value, 126) for value in range(256))
_RUN = re.compile(rb"\?{4,}|([@-~])\1{3,}")
"""Most of a line is empty, so empty runs are matched first."""
_EXACT_COLOURS = 4096
"""Up to so many colours, an exact palette is fast."""
_SAMPLE = 16_384
"""Number of pixels that the palette of an image with more colours is made from."""


def sixel(image: Image.Image) -> str:
    """Return the sequence that draws an RGB image with its upper left corner at the cursor."""
    reduced = _reduced(image)
    width, height = image.size
    palette, dots = reduced.getpalette() or [], reduced.tobytes()
    registers = (
        b"#%d;2;%d;%d;%d" % (number, *(round(value * 100 / 255) for value in palette[3 * number : 3 * number + 3]))
        for number in range(len(palette) // 3)
    )
    rows = [dots[at : at + width] for at in range(0, len(dots), width)]
    bands = (b"$".join(_passes(rows[top : top + _BAND])) for top in range(0, height, _BAND))
    return (b'\x1bP0;1q"1;1;%d;%d' % (width, height) + b"".join(registers) + b"-".join(bands) + b"\x1b\\").decode()


def _reduced(image: Image.Image) -> Image.Image:
    """Return the image with a small palette."""
    if image.getcolors(_EXACT_COLOURS) is not None:
        return image.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    step = max(1, image.width * image.height // _SAMPLE)
    while math.gcd(step, image.width) > 1:  # otherwise whole columns are never sampled
        step += 1
    bands = [band.tobytes()[::step] for band in image.split()]
    sample = Image.merge("RGB", [Image.frombytes("L", (len(band), 1), band) for band in bands])
    palette = sample.quantize(_COLOURS, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _passes(rows: list[bytes]) -> Iterator[bytes]:
    """Yield each colour of a band, with a sixel for every column."""
    present = [set(row) for row in rows]
    for colour in sorted(set().union(*present)):
        bits = 0
        for place, row in enumerate(rows):
            if colour in present[place]:
                bits |= int.from_bytes(row.translate(_MASKS[colour]), "big") << place
        line = bits.to_bytes(len(rows[0]), "big").translate(_SIXELS).rstrip(b"?")
        yield b"#%d" % colour + _RUN.sub(_counted, line)


def _counted(run: re.Match[bytes]) -> bytes:
    return b"!%d%b" % (len(run[0]), run[0][:1])
