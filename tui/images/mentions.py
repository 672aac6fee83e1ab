"""Paths after an @ in a prompt: plain, with escaped blanks, or quoted. Text only; `offers` checks which files exist.

An @ starts a path unless it is part of an e-mail address; also after a bracket, a dash or an ideograph.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.inputs.limits import MENTIONS

_PLAIN = r"(?:[^\s\\\"']|\\.)(?:[^\s\\]|\\.){0,1000}"
_AT = r"(?<![A-Za-z0-9_@./+%-])@"
_WHOLE = re.compile(rf"""{_AT}(?:"([^"\n]+)"|'([^'\n]+)'|({_PLAIN}))""")
_BEGUN = re.compile(rf"""{_AT}(?:(["'])([^"'\n]*)|((?:{_PLAIN})?)(\\?))$""")
_ESCAPED = re.compile(r"\\(.)")
_SPECIAL = re.compile(r"""([\s\\"'])""")
_AFTER = re.compile(r"""[.,;:!?)\]}>"'`*_~|]|[^\x00-\x7f]""")
"""What may directly follow a path in a sentence: punctuation, also beyond ASCII."""
_MOST_READINGS = 40


class PartialMention(NamedTuple):
    """A path that is being typed."""

    path: str
    """Without quotes and backslashes."""
    quote: str
    """Its quote character, or ""."""
    start: int
    """Position of the @ in the text before the cursor."""

    def completion(self, path: str) -> str:
        """Return the text after the @ for this path, so that typing can continue."""
        return self.quote + path if self.quote else _SPECIAL.sub(r"\\\1", path)


def partial_mention(before: str) -> PartialMention | None:
    """Return the path that ends at the cursor, given the line up to there."""
    found = _BEGUN.search(before)
    if found is None:
        return None
    quote, quoted, plain, _ = found.groups()
    return PartialMention(quoted if quote else _ESCAPED.sub(r"\1", plain), quote or "", found.start())


class Mention(NamedTuple):
    """A path after an @, in all readings: whole, and without trailing punctuation."""

    readings: tuple[str, ...]
    """Longest first. The shortest is the best name if there is no such file."""

    @property
    def name(self) -> str:
        """The path as shown to the user."""
        whole = self.readings[0]
        return next((one for one in self.readings if not _AFTER.fullmatch(one[-1])), whole)


def mentions_in(text: str) -> tuple[Mention, ...]:
    """Return the paths that a text mentions, each once, in order."""
    found: dict[Mention, None] = {}
    at = 0
    while len(found) < MENTIONS and (match := _WHOLE.search(text, at)):
        double, single, plain = match.groups()
        if not plain:
            found[Mention((double or single,))] = None
        elif _AFTER.sub("", plain):
            found[Mention(_readings(plain))] = None
        at = match.start() + 1 if plain else match.end()  # two mentions may follow each other without a blank
    return tuple(found)


def _readings(plain: str) -> tuple[str, ...]:
    ends = [len(plain), *(at for at in (found.start() for found in _AFTER.finditer(plain)) if at)]
    paths = (_ESCAPED.sub(r"\1", plain[:end]) for end in sorted(ends, reverse=True)[:_MOST_READINGS])
    return tuple(dict.fromkeys(path for path in paths if path))
