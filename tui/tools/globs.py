"""Patterns for paths: `*` and `?` within a name, `[…]`, `**` for any number of folders, and a backslash to escape a
character. Matching takes linear time, however many stars a pattern has.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

ANY = "**"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Glob:
    """One pattern for a whole path, with `/` between the names."""

    def __init__(self, pattern: str) -> None:
        self._parts = [None if part == ANY else _compiled(part) for part in pattern.split("/")]

    def matches(self, path: str) -> bool:
        return self.matches_parts(path.split("/"))

    def matches_parts(self, names: Sequence[str]) -> bool:
        parts = self._parts
        if len(parts) == 2 and parts[0] is None and parts[1] is not None:  # "**/*.py", by far the most common form
            return parts[1].match(names[-1]) is not None
        # For each number of names matched so far: True if the parts of the pattern so far match them.
        fits = [True, *[False] * len(names)]
        for part in parts:
            if part is None:
                first = fits.index(True) if True in fits else len(fits)
                fits = [at >= first for at in range(len(fits))]
            else:
                fits = [False, *[fits[at] and part.match(name) is not None for at, name in enumerate(names)]]
        return fits[-1]


def escaped(text: str) -> str:
    """Return the pattern that matches only this text."""
    return re.sub(r"[\\*?\[]", r"\\\g<0>", text)


def _compiled(part: str) -> re.Pattern[str]:
    # fnmatch knows no backslash, but a class of one character means the same.
    return re.compile(fnmatch.translate(_ESCAPED.sub(lambda found: _class_of(found[1]), part)))


def _class_of(character: str) -> str:
    return f"[{character}]" if character in "*?[" else character
