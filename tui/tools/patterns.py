"""Patterns in rules, and the texts that they mean: never the one for the other.

A pattern is printable text. In it `*`, `?` and `[…]` are wildcards, a backslash before a sign means the sign, and `\\xNN` is
the byte of that number: so each path, command and address has a pattern of its own, whatever bytes it is made of. Texts hold
bytes as `os.fsdecode` gives them. A backslash before another letter or digit means nothing, and its pattern covers nothing.
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
    """The pattern that means this text and nothing else, in printable characters."""
    return "".join(escaped(sign) if sign.isprintable() else _bytes_of(sign) for sign in text)


def meant_by(pattern: str) -> str | None:
    """The text that a pattern without wildcards means; None where it has wildcards, or means nothing."""
    tokens = _tokens(pattern)
    if tokens is None or any(token.is_wild for token in tokens):
        return None
    return "".join(token.text for token in tokens)


def plain_text(pattern: str) -> str | None:
    """The same where `*`, `?` and `[` are no wildcards, but stand for themselves; None where the pattern means nothing."""
    tokens = _tokens(pattern)
    return None if tokens is None else "".join(token.text for token in tokens)


def glob_of(pattern: str) -> str | None:
    """The pattern in the form that `Glob` takes; None where it means nothing."""
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
