"""Convert between the patterns in rules and the texts that they match, without confusing the two.

A pattern is printable text. `*`, `?` and `[…]` are wildcards, a backslash escapes a character, and `\\xNN` is the byte
with that number, so that every path, command and address has a pattern. Texts contain bytes as `os.fsdecode` returns
them. A backslash before another letter or digit is invalid, and such a pattern matches nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from tui.tools.globs import escaped

_TOKEN = re.compile(
    r"(?P<bytes>(?:\\x[0-9a-f]{2})+)|\\(?P<sign>[^A-Za-z0-9])|(?P<wild>\*|\?|\[!?\]?[^\]\\/]*\])|[^\\]", re.DOTALL
)


class _Token(NamedTuple):
    text: str
    is_wild: bool


def pattern_of(text: str) -> str:
    """Return the pattern that matches only this text, in printable characters."""
    return "".join(escaped(sign) if sign.isprintable() else _bytes_of(sign) for sign in text)


def literal_text(pattern: str) -> str | None:
    """Return the text that a pattern without wildcards matches; None if it has wildcards or is invalid."""
    tokens = _tokens(pattern)
    if tokens is None or any(token.is_wild for token in tokens):
        return None
    return "".join(token.text for token in tokens)


def plain_text(pattern: str) -> str | None:
    """Return the same for a pattern in which `*`, `?` and `[` are ordinary characters; None if it is invalid."""
    tokens = _tokens(pattern)
    return None if tokens is None else "".join(token.text for token in tokens)


def glob_of(pattern: str) -> str | None:
    """Return the pattern in the syntax of `Glob`; None if it is invalid."""
    tokens = _tokens(pattern)
    return None if tokens is None else "".join(token.text if token.is_wild else escaped(token.text) for token in tokens)


def _tokens(pattern: str) -> list[_Token] | None:
    found = list(_scanned(pattern))
    return None if None in found else [token for token in found if token is not None]


def _scanned(pattern: str) -> Iterator[_Token | None]:
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            yield None
            return
        at = token.end()
        if numbers := token["bytes"]:
            yield _Token(os.fsdecode(bytes.fromhex(numbers.replace("\\x", ""))), False)
        else:
            yield _Token(token["sign"] or token[0], token["wild"] is not None)


def _bytes_of(sign: str) -> str:
    return "".join(f"\\x{number:02x}" for number in os.fsencode(sign))
