"""The picture that is sent: decoded, turned upright, shrunk to what the model sees, in plain colours, encoded anew.

A pure function of bytes and target. It takes time and memory, so it runs in a thread. A file that needs none of this goes
byte for byte, at most with its metadata cut out (`strip_metadata`).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# The plugins are here to be known to Pillow before the first picture, which would else have it load all of them.
from PIL import AvifImagePlugin, Image, ImageChops, ImageOps, TiffImagePlugin, WebPImagePlugin  # noqa: F401 - as above

from tui.images import kinds
from tui.images.colours import drawable, has_strange_profile, in_srgb
from tui.images.errors import CannotAttach
from tui.images.kinds import Kind, kind_of
from tui.images.metadata import strip_metadata
from tui.images.vision import MAX_BYTES, MAX_SIDE_OF_MANY_PX, Target, fit_edge, seen_size

MAX_PIXELS = 200_000_000
"""The largest picture we decode: that of the largest camera in a phone. A small file may claim to be far larger."""

# What Pillow warns of would be printed over the screen. Its limit: ours is checked as soon as a file is open. Broken
# metadata: none is used.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")

_FORMATS = {
    kinds.JPEG: "JPEG",
    kinds.PNG: "PNG",
    kinds.GIF: "GIF",
    kinds.WEBP: "WEBP",
    kinds.AVIF: "AVIF",
    kinds.HEIC: "HEIF",
    kinds.BMP: "BMP",
    kinds.TIFF: "TIFF",
}
_STORED_MODES = {
    kinds.JPEG: ("L", "RGB"),
    kinds.PNG: ("1", "L", "LA", "P", "RGB", "RGBA"),
    kinds.GIF: ("1", "L", "P", "RGB", "RGBA"),
    kinds.WEBP: ("RGB", "RGBA"),
}
"""Colours that every reader of a format understands."""
DECODE_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, RuntimeError, AttributeError),
    *(struct.error, zlib.error),
)
"""What Pillow raises, between them, for files that are not as their format says."""
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF orientation: what brings the picture upright."""
_SIDEWAYS = tuple(_TURNS[orientation] for orientation in (5, 6, 7, 8))
_FLAT = 0.4
"""From this share of pixels that equal their left neighbour on, a picture is drawn or written rather than taken."""
_WORTH_A_SECOND_TRY = 30_000
"""Bytes of a PNG from which on WebP is tried as well."""
_SMALL = 100_000
"""Pixels up to which even a see-through photo is small as PNG, where no colour changes."""


@dataclass(frozen=True)
class Original:
    """What the file was, for those who want to know."""

    kind: str
    """As people call it: "HEIC image"."""
    width: int
    height: int
    """In pixels, upright."""
    size_bytes: int


@dataclass(frozen=True)
class Prepared:
    """An image that the API takes: of an accepted type, within every limit, upright and without metadata."""

    media_type: str
    data: bytes = field(repr=False)
    width: int
    height: int
    original: Original
    notes: tuple[str, ...] = ()
    """What the user should know about what was done."""


def prepare(
    data: bytes, target: Target, *, long_edge: int | None = None, many: bool = False, name: str = ""
) -> Prepared:
    """The image as it is sent to a model that sees it up to `target`; preparing that again changes nothing.

    `long_edge` asks for fewer pixels on the longer side, `many` for what requests of more than 20 images take. `name` is
    for messages. Raises CannotAttach where the bytes are no image, or none that can be read.
    """
    called = name or "The image"
    kind = kind_of(data)
    if kind is None or kind.use != "image":
        what = f"is {kind.one}, not an image" if kind else "is not an image of a kind that is known here"
        raise CannotAttach(
            f"{called} {what}", (kind.advice if kind else "") or "Attach a JPEG, PNG, GIF or WebP image."
        )
    try:
        with _opened(data, kind, called) as image:
            return _prepared(image, data, kind, _Wish(target, long_edge, many, called))
    except MemoryError as error:
        raise CannotAttach(f"{called} is too large for this computer's memory", "Shrink it first.") from error


@dataclass(frozen=True)
class _Wish:
    target: Target
    long_edge: int | None
    many: bool
    called: str

    def size(self, width: int, height: int) -> tuple[int, int]:
        width, height = seen_size(width, height, self.target)
        edges = [edge for edge in (self.long_edge, MAX_SIDE_OF_MANY_PX if self.many else None) if edge]
        return fit_edge(width, height, min(edges)) if edges else (width, height)


def _opened(data: bytes, kind: Kind, called: str) -> Image.Image:
    """The image with its head read: size and metadata, and no pixels yet."""
    if kind == kinds.HEIC:
        _learn_heic(called)
    with _reading(called, kind):
        image = Image.open(io.BytesIO(data), formats=[_FORMATS[kind]])
    if image.width * image.height > MAX_PIXELS:
        raise CannotAttach(
            f"{called} has {image.width * image.height / 1e6:,.0f} megapixels, and at most {MAX_PIXELS // 10**6} are read",
            "Shrink it first.",
        )
    return image


@contextmanager
def _reading(called: str, kind: Kind) -> Iterator[None]:
    """Around everything that reads the file: what is wrong with that is the user's to know. Our own mistakes are not."""
    try:
        yield
    except DECODE_ERRORS as error:
        raise CannotAttach(
            f"{called} is damaged or cut short ({kind.name})", "Open it in a picture viewer to see what is left of it."
        ) from error


def _learn_heic(called: str) -> None:
    try:
        import pillow_heif  # an extra of ours, and slow to import
    except ImportError as error:
        raise CannotAttach(
            f"{called} is {kinds.HEIC.one}, which this installation cannot read",
            "Install `prx-tui[heic]`, or convert it to JPEG first.",
        ) from error
    pillow_heif.register_heif_opener()


def _prepared(image: Image.Image, data: bytes, kind: Kind, wish: _Wish) -> Prepared:
    turn = None if kind == kinds.TIFF else _TURNS.get(_orientation(image))  # Pillow turns TIFF while it loads
    upright = image.size[::-1] if turn in _SIDEWAYS else image.size
    size = wish.size(*upright)
    shrunk = size[::-1] if turn in _SIDEWAYS else size
    original = Original(kind.name, *upright, len(data))
    with _reading(wish.called, kind):
        notes = _notes(image, kind)
        if size == upright and turn is None and (stored := _as_stored(image, data, kind)) is not None:
            return Prepared(kind.media_type, stored, *size, original, notes)
        image.draft(None, shrunk)  # JPEG is decoded at an eighth, a quarter or half its size
        image.load()
        drawn = drawable(image)
    if drawn.size != shrunk:
        drawn = drawn.resize(shrunk, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn is not None:
        drawn = drawn.transpose(turn)
    drawn = _without_idle_alpha(in_srgb(drawn, image.info.get("icc_profile")))
    drawn.info = {}  # Pillow would write comments and profiles from here into the file
    media_type, encoded = _encoded(drawn, was_lossy=kind == kinds.JPEG)
    return Prepared(media_type, encoded, *size, original, notes)


def _orientation(image: Image.Image) -> int:
    with suppress(*DECODE_ERRORS):  # a picture with broken metadata is still a picture
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _notes(image: Image.Image, kind: Kind) -> tuple[str, ...]:
    if kind in (kinds.JPEG, kinds.HEIC) or not getattr(image, "is_animated", False):
        return ()
    if kind == kinds.TIFF:
        return ("only the first page is sent",)
    return ("only the first frame of the animation is sent",)


def _as_stored(image: Image.Image, data: bytes, kind: Kind) -> bytes | None:
    """The file itself, without metadata, where the API takes it and every reader sees the same in it."""
    if image.mode not in _STORED_MODES.get(kind, ()) or has_strange_profile(image.info.get("icc_profile")):
        return None
    if kind != kinds.GIF and kind != kinds.JPEG and getattr(image, "is_animated", False):
        return None  # of a GIF, the first frame can be cut out
    stored = strip_metadata(data, kind.media_type)
    if stored is None or len(stored) > MAX_BYTES:
        return None
    image.load()  # to find out whether it is whole
    return stored


def _without_idle_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() == (255, 255):
        return image.convert(image.mode[:-1])
    return image


def _encoded(image: Image.Image, *, was_lossy: bool) -> tuple[str, bytes]:
    """Media type and file of a picture in L, LA, RGB or RGBA: the first way to write it that the API takes."""
    for media_type, data in _ways(image, was_lossy):
        if len(data) <= MAX_BYTES:
            return media_type, data
    raise ValueError("no way of writing the picture makes it small enough")


def _ways(image: Image.Image, was_lossy: bool) -> Iterator[tuple[str, bytes]]:
    """Ways to write it, best first: small type and thin lines stay sharp, transparency stays, photos become JPEG.

    What was JPEG stays JPEG, since keeping its artefacts exactly would only take room.
    """
    has_alpha = image.mode in ("LA", "RGBA")
    if not was_lossy and _flat_share(image) >= _FLAT:
        png = _file(image, "PNG")
        # Its fastest method packs far worse, its slower ones hardly better.
        webp = _file(image, "WEBP", lossless=True, method=1) if len(png) > _WORTH_A_SECOND_TRY else png
        yield ("image/webp", webp) if len(webp) < len(png) else ("image/png", png)
    elif has_alpha and image.width * image.height <= _SMALL:
        yield "image/png", _file(image, "PNG")
    for quality in (85, 70, 50, 30):
        if has_alpha:
            yield "image/webp", _file(image, "WEBP", quality=quality)
        else:
            yield "image/jpeg", _file(image, "JPEG", quality=quality)


def _flat_share(image: Image.Image) -> float:
    """Which share of the pixels equal their left neighbour: most in screenshots and drawings, few in photos."""
    grey = image.convert("L")
    if grey.width < 2:
        return 1.0
    left, right = (grey.crop((at, 0, grey.width - 1 + at, grey.height)) for at in (0, 1))
    return ImageChops.difference(left, right).histogram()[0] / (left.width * left.height)


def _file(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()
