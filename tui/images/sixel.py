"""A picture as Sixel, the bitmaps of DEC's terminals: bands six dots high, each colour of a band in a pass of its own.

See the VT330/VT340 Programmer Reference Manual, chapter 14. It takes up to a second, so it runs in a thread. Pictures with
many colours are the slow ones: their palette is made from a part of their dots, which looks as good in a fifth of the time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from PIL import Image

_COLOURS = 128  # every terminal with Sixel has so many registers; twice as many take twice as long
_BAND = 6
_IS = tuple(bytes(index == colour for index in range(256)) for colour in range(256))
"""By colour: what turns dots of that colour into 1, and all others into 0."""
_SIXELS = bytes(min(63 + value, 126) for value in range(256))
_RUN = re.compile(rb"\?{4,}|([@-~])\1{3,}")
"""Nearly all there is in a line is nothing, which is passed over quickest by itself."""
_FEW = 4096
"""Colours of which an exact palette is quickly made."""
_SAMPLE = 16_384
"""Dots that the palette of a picture with more colours is made of."""


def sixel(picture: Image.Image) -> str:
    """The sequence that draws this picture, in RGB, with its upper left corner at the cursor."""
    reduced = _reduced(picture)
    width, height = picture.size
    palette, dots = reduced.getpalette() or [], reduced.tobytes()
    registers = (
        b"#%d;2;%d;%d;%d" % (number, *(round(value * 100 / 255) for value in palette[3 * number : 3 * number + 3]))
        for number in range(len(palette) // 3)
    )
    rows = [dots[at : at + width] for at in range(0, len(dots), width)]
    bands = (b"$".join(_passes(rows[top : top + _BAND])) for top in range(0, height, _BAND))
    return (b'\x1bP0;1q"1;1;%d;%d' % (width, height) + b"".join(registers) + b"-".join(bands) + b"\x1b\\").decode()


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture with a palette of few colours."""
    if picture.getcolors(_FEW) is not None:
        return picture.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    step = max(1, picture.width * picture.height // _SAMPLE)
    while math.gcd(step, picture.width) > 1:  # else whole columns would never be looked at
        step += 1
    bands = [band.tobytes()[::step] for band in picture.split()]
    sample = Image.merge("RGB", [Image.frombytes("L", (len(band), 1), band) for band in bands])
    palette = sample.quantize(_COLOURS, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _passes(rows: list[bytes]) -> Iterator[bytes]:
    """The colours of a band one by one, each with a sixel for every column."""
    present = [set(row) for row in rows]
    for colour in sorted(set().union(*present)):
        bits = 0
        for place, row in enumerate(rows):
            if colour in present[place]:
                bits |= int.from_bytes(row.translate(_IS[colour]), "big") << place
        line = bits.to_bytes(len(rows[0]), "big").translate(_SIXELS).rstrip(b"?")
        yield b"#%d" % colour + _RUN.sub(_counted, line)


def _counted(run: re.Match[bytes]) -> bytes:
    return b"!%d%b" % (len(run[0]), run[0][:1])
