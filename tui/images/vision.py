"""What Claude sees of an image: the API's limits, the size that it shrinks images to, and their tokens.

Source: Anthropic, vision, and coordinates and bounding boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MAX_BASE64_BYTES = 10 * 1024 * 1024
"""Limit of one image, as base64."""
MAX_BYTES = MAX_BASE64_BYTES // 4 * 3
"""The same in raw bytes: 7,864,320."""
MAX_SIDE_PX = 8000
MANY = 20
"""With more images than this in one request, history included, a smaller side limit applies to all of them."""
MAX_SIDE_OF_MANY_PX = 2000
MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""Limit of the body of a request."""
PATCH_PX = 28
"""One token is a square with sides of so many pixels."""
LONG_CONTEXT = 1_000_000
"""Models with such a context window accept more images and pages."""


class Viewer(Protocol):
    """The attributes of a model that decide what it sees."""

    @property
    def high_vision(self) -> bool: ...

    @property
    def context(self) -> int: ...


@dataclass(frozen=True)
class Target:
    """The largest image that a model sees unchanged."""

    edge: int
    """Pixels of the longer side, rounded up to whole patches."""
    tokens: int

    @classmethod
    def of(cls, model: Viewer) -> Target:
        return HIGH if model.high_vision else STANDARD


HIGH = Target(2576, 4784)
STANDARD = Target(1568, 1568)


def max_images(model: Viewer) -> int:
    """Return how many images one request may have, history included."""
    return 600 if model.context >= LONG_CONTEXT else 100


def seen_size(width: int, height: int, target: Target) -> tuple[int, int]:
    """Return the size in pixels that the API shrinks an image to: the largest with its shape that fits."""
    if _fits(width, height, target):
        return width, height
    low, high = 1, max(width, height)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(*_with_edge(width, height, middle), target):
            low = middle
        else:
            high = middle - 1
    return _with_edge(width, height, low)


def fit_edge(width: int, height: int, edge: int) -> tuple[int, int]:
    """Return the size, scaled down so that the longer side is at most `edge`."""
    return (width, height) if max(width, height) <= edge else _with_edge(width, height, max(1, edge))


def token_count(width: int, height: int, target: Target) -> int:
    """Return the tokens of an image of that size."""
    width, height = seen_size(width, height, target)
    return _patches(width) * _patches(height)


def _patches(length: int) -> int:
    return -(-length // PATCH_PX)


def _fits(width: int, height: int, target: Target) -> bool:
    across, down = _patches(width), _patches(height)
    return max(across, down) * PATCH_PX <= target.edge and across * down <= target.tokens


def _with_edge(width: int, height: int, edge: int) -> tuple[int, int]:
    if width >= height:
        return edge, max(1, int(height * edge / width + 0.5))
    return max(1, int(width * edge / height + 0.5)), edge
