"""What is told of a server, without what the configuration gives to it and may be secret. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from tui.config import McpServer

_SHORTEST = 6  # characters: replacing shorter words would only garble what is told


class Concealer:
    """Has "…" stand in the place of each of these words."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, "…")
        return text

    def settled(self, text: str) -> int:
        """How much of a text that goes on can be told by now: no word is in it in part."""
        at = len(text)
        for word in self._words:
            begins = range(max(0, len(text) - len(word) + 1), at)
            at = next((begin for begin in begins if word.startswith(text[begin:])), at)
        while within := [
            begin for word in self._words if 0 <= (begin := text.find(word, max(0, at - len(word) + 1))) < at
        ]:
            at = min(within)
        return at


def concealer(said: McpServer) -> Concealer:
    """What conceals each word of the values in `env` and `headers`, and all of `url` but where it is."""
    address = urlsplit(said.url)
    values = (*said.env.values(), *said.headers.values(), address.query, address.password or "")
    words = {word for value in values for word in value.split() if len(word) >= _SHORTEST}
    words |= {part for part in (address.path, address.path.strip("/")) if len(part) >= _SHORTEST}  # some are the key
    return Concealer(words)
