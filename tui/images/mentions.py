"""Paths after an @ in a prompt: plain, with backslashes before blanks, or in quotes. Text only; what exists is `offers`'.

An @ begins a path wherever no address of a mailbox is meant: also behind a bracket, a dash or an ideograph.
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
"""What may stand right behind a path in a sentence: punctuation, or what is not ASCII, of which some is."""
_MOST_READINGS = 40


class PartialMention(NamedTuple):
    """A path that is being typed."""

    path: str
    """Without quotes and backslashes."""
    quote: str
    """What it is quoted with, or ""."""
    start: int
    """Where its @ stands in the text before the cursor."""

    def completion(self, path: str) -> str:
        """What is to stand after the @ for this path, so that more can be typed."""
        return self.quote + path if self.quote else _SPECIAL.sub(r"\\\1", path)


def partial_mention(before: str) -> PartialMention | None:
    """The path that ends where the cursor is, in a line up to there."""
    found = _BEGUN.search(before)
    if found is None:
        return None
    quote, quoted, plain, _ = found.groups()
    return PartialMention(quoted if quote else _ESCAPED.sub(r"\1", plain), quote or "", found.start())


class Mention(NamedTuple):
    """A path after an @, in the ways in which it may be meant: whole, and without what the sentence goes on with."""

    readings: tuple[str, ...]
    """Longest first; the shortest names it best where there is no such file."""

    @property
    def name(self) -> str:
        """The path as it is named to the user."""
        whole = self.readings[0]
        return next((one for one in self.readings if not _AFTER.fullmatch(one[-1])), whole)


def mentions_in(text: str) -> tuple[Mention, ...]:
    """The paths that a text mentions, each once, in their order."""
    found: dict[Mention, None] = {}
    at = 0
    while len(found) < MENTIONS and (match := _WHOLE.search(text, at)):
        double, single, plain = match.groups()
        if not plain:
            found[Mention((double or single,))] = None
        elif _AFTER.sub("", plain):
            found[Mention(_readings(plain))] = None
        at = (
            match.start() + 1 if plain else match.end()
        )  # of two without a blank between them the first would take both
    return tuple(found)


def _readings(plain: str) -> tuple[str, ...]:
    ends = [len(plain), *(at for at in (found.start() for found in _AFTER.finditer(plain)) if at)]
    paths = (_ESCAPED.sub(r"\1", plain[:end]) for end in sorted(ends, reverse=True)[:_MOST_READINGS])
    return tuple(dict.fromkeys(path for path in paths if path))
