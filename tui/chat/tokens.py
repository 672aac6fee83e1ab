"""Estimate tokens: of text by the model's factor, of images by Anthropic's formula.

Only the provider counts exactly. These estimates are for requests that are not sent yet, and for parts of a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from tui.chat.model import Model
from tui.chat.transcript import (
    Block,
    Compaction,
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

PATCH_PX = 28
"""One token is a square with sides of so many pixels."""
LONG_CONTEXT = 1_000_000
"""Models with such a context window accept more images and pages."""
MANY_IMAGES = 20
"""With more images than this in one request, history included, a smaller side limit applies to all of them."""
MANY_IMAGES_MAX_SIDE_PX = 2000
"""That limit, in pixels."""
PAGE_TOKENS = 2_000
"""Approximate tokens of a PDF page."""
TOKENS_PER_CHAR = 0.25
"""For output that has not been counted yet."""
_MARKER = re.compile(r"\[IMAGE:data:[^,\[\]]*;base64,[A-Za-z0-9+/\s]{16}")
"""The start of an image marker. Its content is checked when it is sent."""


class Viewer(Protocol):
    """The attributes of a model that decide what it sees."""

    @property
    def high_vision(self) -> bool: ...

    @property
    def context(self) -> int: ...


class Target(NamedTuple):
    """The largest image that a model sees unchanged."""

    edge: int
    """Pixels of the longer side, rounded up to whole patches."""
    tokens: int

    @classmethod
    def of(cls, model: Viewer) -> Target:
        """Return the target for a model."""
        return HIGH if model.high_vision else STANDARD


HIGH = Target(2576, 4784)
STANDARD = Target(1568, 1568)


def text_tokens(text: str, model: Model) -> float:
    """Estimate the tokens of a text by its bytes: a Chinese character is about one token and three bytes."""
    return len(text.encode(errors="replace")) * model.tokens_per_char


def prompt_tokens(text: str, model: Model) -> float:
    """Estimate the tokens of a typed prompt. A marker (`[IMAGE:data:…]`) counts as an image of unknown size."""
    tokens, at = 0.0, 0
    for start, end in _markers(text):
        marker = (end - start) * model.tokens_per_char  # base64: each character is a byte
        tokens += text_tokens(text[at:start], model) + min(marker, image_tokens(0, 0, model))
        at = end
    return tokens + text_tokens(text[at:], model)


def marker_count(text: str) -> int:
    """Count the image markers in a prompt. Their content is not checked."""
    return sum(1 for _ in _markers(text))


def _markers(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each marker. A marker without a closing bracket before the next opening one is text."""
    for beginning in _MARKER.finditer(text):
        following = text.find("[", beginning.end())
        end = text.find("]", beginning.end(), following if following >= 0 else len(text))
        if end >= 0:
            yield beginning.start(), end + 1


def image_tokens(width: int, height: int, model: Viewer) -> int:
    """Estimate the tokens of an image, scaled down to what the model sees. Without a size, return the maximum."""
    target = Target.of(model)
    return token_count(width, height, target) if width >= 1 and height >= 1 else target.tokens


def token_count(width: int, height: int, target: Target) -> int:
    """Return the tokens of an image of that size."""
    width, height = seen_size(width, height, target)
    return _patches(width) * _patches(height)


def max_images(model: Viewer) -> int:
    """Return how many images one request may have, history included. Source: Anthropic, vision."""
    return 600 if model.context >= LONG_CONTEXT else 100


def seen_size(width: int, height: int, target: Target) -> tuple[int, int]:
    """Return the size in pixels that the API shrinks an image to: the largest with its shape that fits.

    Source: Anthropic, vision, and coordinates and bounding boxes.
    """
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


def downscaled(image: Image) -> Image:
    """Return the image with the size in which it is sent among more than MANY; its data is unchanged."""
    if max(image.width, image.height) <= MANY_IMAGES_MAX_SIDE_PX or not min(image.width, image.height):
        return image
    width, height = fit_edge(image.width, image.height, MANY_IMAGES_MAX_SIDE_PX)
    return replace(image, width=width, height=height)


def block_tokens(block: Block, model: Model) -> float:
    """Estimate the tokens of a block."""
    match block:
        case Text(text) | Thinking(text) | Compaction(content=text):
            return text_tokens(text, model)
        case RedactedThinking(data):
            return text_tokens(data, model)
        case ToolUse(_, name, input):
            return text_tokens(name + input, model)
        case Image(quarantined=True) | Document(quarantined=True):
            return text_tokens(block.name, model) + 20
        case Image():
            return image_tokens(block.width, block.height, model)
        case Document() if block.media_type.startswith("text/"):
            return len(block.data) * 0.75 * model.tokens_per_char
        case Document():
            return max(1, block.pages) * PAGE_TOKENS
        case ToolResult():
            return sum(block_tokens(inner, model) for inner in block.content)
        case Opaque(_, json):
            return text_tokens(json, model)


def written_tokens(answer: Message) -> int:
    """Estimate the visible output tokens of an answer. Thinking that is not shown is billed as well."""
    return round(TOKENS_PER_CHAR * sum(_length(block) for block in answer.blocks))


def _length(block: Block) -> int:
    match block:
        case Text(text) | Thinking(text) | Compaction(content=text):
            return len(text)
        case ToolUse(_, name, input):
            return len(name) + len(input)
        case _:
            return 0


def message_tokens(message: Message, model: Model) -> float:
    """Estimate the tokens of all blocks of a message."""
    return sum(block_tokens(block, model) for block in message.blocks)


def _patches(length: int) -> int:
    return -(-length // PATCH_PX)


def _fits(width: int, height: int, target: Target) -> bool:
    across, down = _patches(width), _patches(height)
    return max(across, down) * PATCH_PX <= target.edge and across * down <= target.tokens


def _with_edge(width: int, height: int, edge: int) -> tuple[int, int]:
    if width >= height:
        return edge, max(1, int(height * edge / width + 0.5))
    return max(1, int(width * edge / height + 0.5)), edge
