"""Remove secrets of the configuration from what a server says, before it is displayed. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from tui.config import McpServer

_SHORTEST = 6  # characters: removing shorter words would only make the text unreadable


class Redactor:
    """Replaces each of the given words with "…"."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, "…")
        return text

    def safe_length(self, text: str) -> int:
        """Return how many characters of an incomplete text can be shown already: no word begins before and ends behind
        them.
        """
        at = len(text)
        for word in self._words:
            begins = range(max(0, len(text) - len(word) + 1), at)
            at = next((begin for begin in begins if word.startswith(text[begin:])), at)
        while within := [
            begin for word in self._words if 0 <= (begin := text.find(word, max(0, at - len(word) + 1))) < at
        ]:
            at = min(within)
        return at


def redactor_for(config: McpServer) -> Redactor:
    """Return what removes each word of the values in `env` and `headers`, and all of `url` except scheme and host."""
    address = urlsplit(config.url)
    values = (*config.env.values(), *config.headers.values(), address.query, address.password or "")
    words = {word for value in values for word in value.split() if len(word) >= _SHORTEST}
    words |= {
        part for part in (address.path, address.path.strip("/")) if len(part) >= _SHORTEST
    }  # in some URLs the path is the key
    return Redactor(words)
