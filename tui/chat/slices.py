"""Base64 of large data, a slice at a time.

The standard library holds the interpreter until it is through: 20 ms for the largest image that the API takes, and a screen
that draws in another thread stands still for so long. Between two slices it gets its turn.
"""

from __future__ import annotations

import base64
import binascii

_SLICE = 3 << 16
"""Bytes of data, a multiple of three: under a millisecond, and every slice but the last spells without padding."""
_SPELT = _SLICE // 3 * 4


def base64_of(data: bytes) -> str:
    """The data as base64 text, without line ends."""
    view = memoryview(data)
    slices = range(0, len(view), _SLICE)
    return "".join(binascii.b2a_base64(view[at : at + _SLICE], newline=False).decode("ascii") for at in slices)


def data_of(text: str) -> bytes:
    """The data that a base64 text spells. Raises ValueError where it is none, line ends and blanks included."""
    return b"".join(base64.b64decode(text[at : at + _SPELT], validate=True) for at in range(0, len(text), _SPELT))
