"""What Claude sees of an image: the API's limits, the size it shrinks images to, and what that counts in tokens.

Source of every number: Vision, and Coordinates and bounding boxes, in Anthropic's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MAX_BASE64_BYTES = 10 * 1024 * 1024
"""Of one image, as base64 text."""
MAX_BYTES = MAX_BASE64_BYTES // 4 * 3
"""The same in raw bytes: 7,864,320."""
MAX_SIDE_PX = 8000
MANY = 20
"""With more images than this in one request, history included, the smaller side limit holds for each of them."""
MAX_SIDE_OF_MANY_PX = 2000
MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""Of a request's body: everything together."""
PATCH_PX = 28
"""One token is a square of so many pixels a side."""
LONG_CONTEXT = 1_000_000
"""Models that read so many tokens take more images, and more pages."""


class Viewer(Protocol):
    """As much of a model as decides what it sees."""

    @property
    def high_vision(self) -> bool: ...

    @property
    def context(self) -> int: ...


@dataclass(frozen=True)
class Target:
    """Up to which size a model sees an image as it is."""

    edge: int
    """Pixels on the longer side, rounded up to whole patches."""
    tokens: int

    @classmethod
    def of(cls, model: Viewer) -> Target:
        return HIGH if model.high_vision else STANDARD


HIGH = Target(2576, 4784)
STANDARD = Target(1568, 1568)


def max_images(model: Viewer) -> int:
    """How many images one request may hold, history included."""
    return 600 if model.context >= LONG_CONTEXT else 100


def seen_size(width: int, height: int, target: Target) -> tuple[int, int]:
    """The size, in pixels, that the API shrinks an image of that size to: the largest of its shape that fits."""
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
    """That size, or the one of its shape whose longer side is `edge`, where it is larger."""
    return (width, height) if max(width, height) <= edge else _with_edge(width, height, max(1, edge))


def token_count(width: int, height: int, target: Target) -> int:
    """What an image of that size counts, in tokens."""
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
