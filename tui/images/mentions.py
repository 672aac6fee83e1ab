"""Paths after an @ in a prompt: plain, with backslashes before blanks, or in quotes. Text only; what exists is `offers`'."""

from __future__ import annotations

import re
from typing import NamedTuple

_PLAIN = r"(?:[^\s\\\"']|\\.)(?:[^\s\\]|\\.)*"
_WHOLE = re.compile(rf"""(?:^|(?<=\s))@(?:"([^"\n]+)"|'([^'\n]+)'|({_PLAIN}))""")
_BEGUN = re.compile(rf"""(?:^|(?<=\s))@(?:(["'])([^"'\n]*)|((?:{_PLAIN})?)(\\?))$""")
_ESCAPED = re.compile(r"\\(.)")
_SPECIAL = re.compile(r"""([\s\\"'])""")
_AFTER = ".,;:!?)"


class Begun(NamedTuple):
    """A path that is being typed."""

    path: str
    """Without quotes and backslashes."""
    quote: str
    """What it is quoted with, or ""."""
    start: int
    """Where its @ stands in the text before the cursor."""

    def going_on(self, path: str) -> str:
        """What is to stand after the @ for this path, so that more can be typed."""
        return self.quote + path if self.quote else _SPECIAL.sub(r"\\\1", path)


def begun_in(before: str) -> Begun | None:
    """The path that ends where the cursor is, in a line up to there."""
    found = _BEGUN.search(before)
    if found is None:
        return None
    quote, quoted, plain, _ = found.groups()
    return Begun(quoted if quote else _ESCAPED.sub(r"\1", plain), quote or "", found.start())


def paths_after_at(text: str) -> tuple[str, ...]:
    """The paths that a text mentions, each once. What a sentence puts after one is tried with it and without."""
    found: dict[str, None] = {}
    for double, single, plain in _WHOLE.findall(text):
        path = double or single or _ESCAPED.sub(r"\1", plain)
        found[path] = None
        if plain and path.rstrip(_AFTER):
            found[path.rstrip(_AFTER)] = None
    return tuple(found)
