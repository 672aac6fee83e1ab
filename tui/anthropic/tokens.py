"""Estimate the tokens of the parts of a request in the API's form. `chat.tokens` has the factors."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from tui.chat.model import Model
from tui.chat.tokens import PAGE_TOKENS, image_tokens

_HEAD_CHARS = 4 * 16_384
"""The part of an image's base64 that is read for its size."""
_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""JPEG markers in the range of frame headers that are none."""


def param_tokens(param: object, model: Model) -> float:
    """Estimate the tokens of any JSON value of a request, without keys and cache markers."""
    match param:
        case str():
            return len(param.encode()) * model.tokens_per_char
        case msgspec.Raw():
            return len(bytes(param)) * model.tokens_per_char
        case list():
            return sum(param_tokens(item, model) for item in param)
        case {"type": "image", "source": {"data": str(data)}}:
            return image_tokens(*image_size(data), model)
        case {"type": "document", "source": {"type": "base64"}}:
            return PAGE_TOKENS
        case {"type": "thinking", "thinking": thinking}:
            return param_tokens(thinking, model)
        case {"type": "tool_result", "content": content}:
            return param_tokens(content, model)
        case {"type": "tool_result"}:
            return 0
        case Mapping():
            return sum(param_tokens(value, model) for key, value in param.items() if key != "cache_control")
    return 0


@lru_cache(maxsize=256)
def image_size(data: str) -> tuple[int, int]:
    """Return the width and height of a base64 image in pixels; (0, 0) if unknown."""
    try:
        head = base64.b64decode(data[:_HEAD_CHARS], validate=True)
        if head.startswith(b"\x89PNG"):
            return struct.unpack(">II", head[16:24])
        if head.startswith(b"GIF8"):
            return struct.unpack("<HH", head[6:10])
        if head.startswith(b"\xff\xd8"):
            return _jpeg_size(head)
    except (binascii.Error, struct.error, IndexError):
        pass
    return 0, 0


def _jpeg_size(head: bytes) -> tuple[int, int]:
    """Find the frame header, which contains the size."""
    at = 2
    while True:
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]
