"""A simple token counter: characters times a factor, and the API's formula for images."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from tui.chat.model import Model
from tui.demo.image_limits import BadPicture, read_picture
from tui.demo.pdf_pages import page_count

PATCH_PX = 28
TOKENS_PER_PDF_PAGE = 2000
UNSEEN_IMAGE_TOKENS = 1500
"""Tokens of an image behind a URL or a file ID, which the simulator does not fetch."""


def text_tokens(text: str, model: Model) -> int:
    """Return the tokens of a text."""
    return math.ceil(len(text) * model.tokens_per_char)


def image_tokens(width: int, height: int, model: Model) -> int:
    """Return the tokens of an image of this size in pixels, scaled down to what the model sees."""
    edge, cap = (2576, 4784) if model.high_vision else (1568, 1568)
    seen_width, seen_height = resized(width, height, edge, cap)
    return _patches(seen_width) * _patches(seen_height)


def resized(width: int, height: int, edge: int, cap: int) -> tuple[int, int]:
    """Return the largest size with the same aspect ratio that has at most `edge` pixels per side and `cap` patches."""

    def fits(size: tuple[int, int]) -> bool:
        across, down = _patches(size[0]), _patches(size[1])
        return max(across, down) * PATCH_PX <= edge and across * down <= cap

    def scaled(long_side: int) -> tuple[int, int]:
        if width >= height:
            return long_side, max(1, int(height * long_side / width + 0.5))
        return max(1, int(width * long_side / height + 0.5)), long_side

    if fits((width, height)):
        return width, height
    low, high = 1, max(width, height)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(scaled(middle)) else (low, middle - 1)
    return scaled(low)


def _patches(pixels: int) -> int:
    return -(-pixels // PATCH_PX)


def block_tokens(block: dict[str, Any], model: Model) -> int:
    """Return the tokens of one content block."""
    match block["type"]:
        case "text":
            return text_tokens(block["text"], model)
        case "thinking":
            return text_tokens(block["thinking"], model)
        case "compaction":
            return text_tokens(block["content"] or "", model)
        case "image":
            return _image_block_tokens(block["source"], model)
        case "document":
            return _document_tokens(block, model)
        case "tool_addition" | "tool_removal":
            return text_tokens(json.dumps(block["tool"], separators=(",", ":")), model)
        case "tool_result":
            content = block.get("content") or ""
            if isinstance(content, str):
                return text_tokens(content, model)
            return sum(block_tokens(inner, model) for inner in content)
        case "tool_use" | "server_tool_use":
            return text_tokens(block["name"] + json.dumps(block["input"], ensure_ascii=False), model)
        case _:
            return text_tokens(json.dumps(block, ensure_ascii=False), model)


def _image_block_tokens(source: dict[str, Any], model: Model) -> int:
    if source["type"] != "base64":
        return UNSEEN_IMAGE_TOKENS
    try:
        picture = read_picture(base64.b64decode(source["data"]))
    except (BadPicture, ValueError):  # count_tokens does not enforce the rules for images
        return UNSEEN_IMAGE_TOKENS
    return image_tokens(picture.width, picture.height, model)


def _document_tokens(block: dict[str, Any], model: Model) -> int:
    source = block["source"]
    if source["type"] == "text":
        return text_tokens(source["data"], model)
    if source["type"] == "base64":
        return TOKENS_PER_PDF_PAGE * page_count(source["data"])
    return text_tokens(json.dumps(source.get("content", ""), ensure_ascii=False), model)
