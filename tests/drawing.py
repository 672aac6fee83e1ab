"""Pictures that the tests draw themselves: photos, pages of text, and a corner that tells which way is up."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFilter

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250)


def photo(width, height, mode="RGB", seed=1):
    """Smooth shapes under fine noise."""
    rng = random.Random(seed)
    base = Image.frombytes("RGB", (32, 24), rng.randbytes(32 * 24 * 3))
    big = base.resize((width, height), Image.Resampling.BICUBIC)
    noise = Image.effect_noise((width, height), 30).convert("RGB")
    return Image.blend(big, noise, 0.25).filter(ImageFilter.SMOOTH).convert(mode)


def page(width, height, mode="RGB"):
    """Lines of writing on white."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    for top in range(10, height - 10, 20):
        draw.text((10, top), f"line {top}: the quick brown fox jumps over the lazy dog " * 4, fill=(20, 30, 40))
    return image.convert(mode)


def corners(width=64, height=48):
    """Red, green, blue and white quarters: top left, top right, bottom left, bottom right."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), BLUE)
    return image


def file(image, kind, **options):
    """The bytes of an image file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data):
    """The picture in a file, as an independent reader sees it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
