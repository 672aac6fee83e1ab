"""Convert images of every colour mode to 8-bit grey or sRGB, with or without transparency."""

from __future__ import annotations

import io

from PIL import Image

_SRGB_NAMES = ("sRGB", "c2")
"""Descriptions of sRGB profiles; "c2" is a tiny one that many tools embed."""


def drawable(image: Image.Image) -> Image.Image:
    """Return the image in a mode that can be resized: L, LA, RGB, RGBA, CMYK or LAB."""
    match image.mode:
        case "L" | "RGB" if "transparency" in image.info:  # one colour means transparent
            return image.convert("LA" if image.mode == "L" else "RGBA")
        case "L" | "LA" | "RGB" | "RGBA" | "CMYK" | "LAB":
            return image
        case "1":
            return image.convert("LA" if "transparency" in image.info else "L")
        case "La":
            return image.convert("LA")
        case "P":
            return image.convert("RGBA" if "transparency" in image.info else "RGB")
        case "PA" | "RGBa":
            return image.convert("RGBA")
        case "I" | "F":
            return _deep_grey(image)
        case mode if mode.startswith("I;16"):
            return _deep_grey(image.convert("I"))
        case _:
            return image.convert("RGB")


def _deep_grey(image: Image.Image) -> Image.Image:
    """Convert grey of more than 8 bits. White is 255, 65535, or else the lightest value in the image."""
    low, high = image.getextrema()
    assert not isinstance(low, tuple)  # single numbers, as there is one channel
    assert not isinstance(high, tuple)
    if image.mode == "F" or low < 0 or high > 65535:
        scale = 255 / (high - low) if high > low else 1
        return image.point(lambda value: value * scale - low * scale).convert("L")
    if high <= 255:
        return image.convert("L")
    return image.point(lambda value: value * (1 / 257) + 0).convert("L")


def has_strange_profile(profile: bytes | None) -> bool:
    """True if the colour profile is not sRGB."""
    if not profile:
        return False
    from PIL import ImageCms  # loads a library that few images need

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return not ImageCms.getProfileDescription(opened).startswith(_SRGB_NAMES)
    except (ImageCms.PyCMSError, OSError):
        return False  # ignore an unreadable profile


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image in L, LA, RGB or RGBA, with its colours converted from the profile to sRGB."""
    if image.mode == "LAB" or has_strange_profile(profile):
        image = _converted(image, profile)
    return image.convert("RGB") if image.mode in ("CMYK", "LAB") else image


def _converted(image: Image.Image, profile: bytes | None) -> Image.Image:
    from PIL import ImageCms

    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    opaque = image.convert(image.mode[:-1]) if alpha else image
    try:
        is_lab = image.mode == "LAB"  # needs no profile
        source = ImageCms.createProfile("LAB") if is_lab else ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        converted = ImageCms.profileToProfile(opaque, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # the profile does not match the image's mode
    assert converted is not None
    if alpha:
        converted.putalpha(alpha)
    return converted
