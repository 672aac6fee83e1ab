"""Prepare an image for sending: decode it, turn it upright, shrink it to what the model sees, and encode it.

A pure function of bytes and target. It takes time and memory, so it runs in a thread. A file that needs none of this is
sent byte for byte, without its metadata (`metadata`).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# Import the plugins here: otherwise Pillow loads all of them with the first image.
from PIL import AvifImagePlugin, Image, ImageChops, ImageOps, TiffImagePlugin, WebPImagePlugin  # noqa: F401 - as above

from tui.chat.tokens import MANY_IMAGES_MAX_SIDE_PX, Target, fit_edge, seen_size
from tui.images import kinds
from tui.images.api_limits import MAX_BYTES
from tui.images.colours import drawable, has_strange_profile, in_srgb
from tui.images.errors import CannotAttach
from tui.images.kinds import Kind, kind_of
from tui.images.metadata import strip_metadata

MAX_PIXELS = 200_000_000
"""The largest image that is decoded: that of the largest phone camera. A small file may claim to be far larger."""

# Warnings of Pillow would be printed over the screen. MAX_PIXELS replaces its limit, and broken metadata is not used.
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
"""Colour modes that every reader of a format supports."""
DECODE_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, RuntimeError, AttributeError),
    *(struct.error, zlib.error),
)
"""Everything that Pillow raises for invalid files."""
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
"""How to turn an image upright, by EXIF orientation."""
_SIDEWAYS = tuple(_TURNS[orientation] for orientation in (5, 6, 7, 8))
_FLAT = 0.4
"""From this share of pixels that equal their left neighbour on, an image is a drawing or screenshot, not a photo."""
_WORTH_A_SECOND_TRY = 30_000
"""From this size of a PNG on, WebP is tried as well."""
_SMALL = 100_000
"""Up to so many pixels, even a transparent photo is small as PNG, which keeps all colours exactly."""


@dataclass(frozen=True)
class Original:
    """Facts about the original file."""

    kind: str
    """Name of its type, e.g. "HEIC image"."""
    width: int
    height: int
    """Like `width`, in pixels, upright."""
    size_bytes: int


@dataclass(frozen=True)
class Prepared:
    """An image that the API accepts: of an accepted type, within every limit, upright and without metadata."""

    media_type: str
    data: bytes = field(repr=False)
    width: int
    height: int
    original: Original
    notes: tuple[str, ...] = ()
    """What the user should know about the conversion."""


def prepare(
    data: bytes, target: Target, *, long_edge: int | None = None, many: bool = False, name: str = ""
) -> Prepared:
    """Return the image as it is sent to a model that sees it up to `target`. Preparing the result again changes nothing.

    `long_edge` limits the longer side in pixels, `many` applies the limit of requests with more than 20 images. `name` is
    for messages. Raises CannotAttach if the data is not a readable image.
    """
    label = name or "The image"
    kind = kind_of(data)
    if kind is None or kind.use != "image":
        what = f"is {kind.with_article}, not an image" if kind else "is not an image of a supported type"
        raise CannotAttach(f"{label} {what}", (kind.advice if kind else "") or "Attach a JPEG, PNG, GIF or WebP image.")
    try:
        with _opened(data, kind, label) as image:
            return _prepared(image, data, kind, _Options(target, long_edge, many, label))
    except MemoryError as error:
        raise CannotAttach(f"{label} is too large for this computer's memory", "Shrink it first.") from error


@dataclass(frozen=True)
class _Options:
    target: Target
    long_edge: int | None
    many: bool
    label: str

    def size(self, width: int, height: int) -> tuple[int, int]:
        width, height = seen_size(width, height, self.target)
        edges = [edge for edge in (self.long_edge, MANY_IMAGES_MAX_SIDE_PX if self.many else None) if edge]
        return fit_edge(width, height, min(edges)) if edges else (width, height)


def _opened(data: bytes, kind: Kind, label: str) -> Image.Image:
    """Open the image: size and metadata are read, but no pixels."""
    if kind == kinds.HEIC:
        _learn_heic(label)
    with _reading(label, kind):
        image = Image.open(io.BytesIO(data), formats=[_FORMATS[kind]])
    if image.width * image.height > MAX_PIXELS:
        raise CannotAttach(
            f"{label} has {image.width * image.height / 1e6:,.0f} megapixels; the limit is {MAX_PIXELS // 10**6}",
            "Shrink it first.",
        )
    return image


@contextmanager
def _reading(label: str, kind: Kind) -> Iterator[None]:
    """Convert errors of reading the file for the user; other errors are bugs of ours."""
    try:
        yield
    except DECODE_ERRORS as error:
        raise CannotAttach(
            f"{label} is damaged or incomplete ({kind.name})", "Open it in an image viewer to check it."
        ) from error


def _learn_heic(label: str) -> None:
    try:
        import pillow_heif  # an extra of ours, and slow to import
    except ImportError as error:
        raise CannotAttach(
            f"{label} is {kinds.HEIC.with_article}, which this installation cannot read",
            "Install `prx-tui[heic]`, or convert it to JPEG first.",
        ) from error
    pillow_heif.register_heif_opener()


def _prepared(image: Image.Image, data: bytes, kind: Kind, options: _Options) -> Prepared:
    turn = None if kind == kinds.TIFF else _TURNS.get(_orientation(image))  # Pillow turns TIFF while loading
    upright = image.size[::-1] if turn in _SIDEWAYS else image.size
    size = options.size(*upright)
    shrunk = size[::-1] if turn in _SIDEWAYS else size
    original = Original(kind.name, *upright, len(data))
    with _reading(options.label, kind):
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
    drawn.info = {}  # Pillow would write comments and profiles from it
    media_type, encoded = _encoded(drawn, was_lossy=kind == kinds.JPEG)
    return Prepared(media_type, encoded, *size, original, notes)


def _orientation(image: Image.Image) -> int:
    with suppress(*DECODE_ERRORS):  # ignore broken metadata
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _notes(image: Image.Image, kind: Kind) -> tuple[str, ...]:
    if kind in (kinds.JPEG, kinds.HEIC) or not getattr(image, "is_animated", False):
        return ()
    if kind == kinds.TIFF:
        return ("only the first page is sent",)
    return ("only the first frame of the animation is sent",)


def _as_stored(image: Image.Image, data: bytes, kind: Kind) -> bytes | None:
    """Return the file without metadata, or None if the API does not accept it or readers may see different colours."""
    if image.mode not in _STORED_MODES.get(kind, ()) or has_strange_profile(image.info.get("icc_profile")):
        return None
    if kind != kinds.GIF and kind != kinds.JPEG and getattr(image, "is_animated", False):
        return None  # the first frame can be cut out only of a GIF
    stored = strip_metadata(data, kind.media_type)
    if stored is None or len(stored) > MAX_BYTES:
        return None
    image.load()  # raises if it is incomplete
    return stored


def _without_idle_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() == (255, 255):
        return image.convert(image.mode[:-1])
    return image


def _encoded(image: Image.Image, *, was_lossy: bool) -> tuple[str, bytes]:
    """Return the media type and data of an image in L, LA, RGB or RGBA: the first encoding that is small enough."""
    for media_type, data in _ways(image, was_lossy):
        if len(data) <= MAX_BYTES:
            return media_type, data
    raise ValueError("no encoding makes the image small enough")


def _ways(image: Image.Image, was_lossy: bool) -> Iterator[tuple[str, bytes]]:
    """Yield encodings, best first: text and thin lines stay sharp, transparency is kept, photos become JPEG.

    JPEG stays JPEG, since keeping its artefacts exactly would only take space.
    """
    has_alpha = image.mode in ("LA", "RGBA")
    if not was_lossy and _flat_share(image) >= _FLAT:
        png = _file(image, "PNG")
        # The fastest method compresses far worse, slower ones hardly better.
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
    """Return the share of pixels that equal their left neighbour: high in screenshots and drawings, low in photos."""
    grey = image.convert("L")
    if grey.width < 2:
        return 1.0
    left, right = (grey.crop((at, 0, grey.width - 1 + at, grey.height)) for at in (0, 1))
    return ImageChops.difference(left, right).histogram()[0] / (left.width * left.height)


def _file(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()
