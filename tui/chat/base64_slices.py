"""Base64 of large data, encoded and decoded in slices.

The standard library holds the interpreter lock for the whole call: 20 ms for the largest image, during which the screen
cannot draw. Between two slices other threads can run.
"""

from __future__ import annotations

import base64
import binascii

_SLICE = 3 << 16
"""Bytes per slice: a multiple of three, so that only the last slice is padded, and less than a millisecond of work."""
_SPELT = _SLICE // 3 * 4


def encode_base64(data: bytes) -> str:
    """Encode data as base64, without line breaks."""
    view = memoryview(data)
    slices = range(0, len(view), _SLICE)
    return "".join(binascii.b2a_base64(view[at : at + _SLICE], newline=False).decode("ascii") for at in slices)


def decode_base64(text: str) -> bytes:
    """Decode base64. Raises ValueError if the text is not base64, e.g. because it has line breaks or spaces."""
    return b"".join(base64.b64decode(text[at : at + _SPELT], validate=True) for at in range(0, len(text), _SPELT))
