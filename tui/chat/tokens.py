"""Estimate tokens: of text by the model's factor, of images by Anthropic's formula.

Only the provider counts exactly. These estimates are for requests that are not sent yet, and for parts of a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from tui.chat.model import Model
from tui.chat.transcript import (
    Block,
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
MANY = 20
MAX_SIDE_OF_MANY_PX = 2000
"""Longest side of each image in a request with more than MANY images, in pixels."""
PAGE_TOKENS = 2_000
"""Approximate tokens of a PDF page."""
TOKENS_PER_CHAR = 0.25
"""For output that has not been counted yet."""
_MARKER = re.compile(r"\[IMAGE:data:[^,\[\]]*;base64,[A-Za-z0-9+/\s]{16}")
"""The start of an image marker. Its content is checked when it is sent."""
_TIERS = {False: (1_568, 1_568), True: (2_576, 4_784)}
"""The longest side in pixels and the most patches that a model sees, by its `high_vision`."""


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


def image_tokens(width: int, height: int, model: Model) -> int:
    """Estimate the tokens of an image, scaled down to what the model sees. Without a size, return the maximum."""
    edge, cap = _TIERS[model.high_vision]
    if width < 1 or height < 1:
        return cap
    low, high = 1, max(width, height)
    if _fits(_scaled(width, height, high), edge, cap):
        low = high
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(_scaled(width, height, middle), edge, cap) else (low, middle - 1)
    across, down = _scaled(width, height, low)
    return _patches(across) * _patches(down)


def downscaled(image: Image) -> Image:
    """Return the image with the size in which it is sent among more than MANY; its data is unchanged."""
    if max(image.width, image.height) <= MAX_SIDE_OF_MANY_PX or not min(image.width, image.height):
        return image
    width, height = _scaled(image.width, image.height, MAX_SIDE_OF_MANY_PX)
    return replace(image, width=width, height=height)


def block_tokens(block: Block, model: Model) -> float:
    """Estimate the tokens of a block."""
    match block:
        case Text(text) | Thinking(text):
            return text_tokens(text, model)
        case RedactedThinking(data):
            return text_tokens(data, model)
        case ToolUse(_, name, input):
            return text_tokens(name + input, model)
        case Image(aside=True) | Document(aside=True):
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
        case Text(text) | Thinking(text):
            return len(text)
        case ToolUse(_, name, input):
            return len(name) + len(input)
        case _:
            return 0


def message_tokens(message: Message, model: Model) -> float:
    """Estimate the tokens of all blocks of a message."""
    return sum(block_tokens(block, model) for block in message.blocks)


def _fits(size: tuple[int, int], edge: int, cap: int) -> bool:
    across, down = _patches(size[0]), _patches(size[1])
    return max(across, down) * PATCH_PX <= edge and across * down <= cap


def _scaled(width: int, height: int, long_side: int) -> tuple[int, int]:
    if width >= height:
        return long_side, max(1, int(height * long_side / width + 0.5))
    return max(1, int(width * long_side / height + 0.5)), long_side


def _patches(pixels: int) -> int:
    return -(-pixels // PATCH_PX)
