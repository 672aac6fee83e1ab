"""What is told of a server, without what the configuration gives to it and may be secret. Pure."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tui.config import McpServer

_SHORTEST = 6  # characters: replacing shorter words would only garble what is told


def concealer(said: McpServer) -> Callable[[str], str]:
    """What replaces each word of the values in `env` and `headers`, and all of `url` but where it is."""
    address = urlsplit(said.url)
    values = (*said.env.values(), *said.headers.values(), address.query, address.password or "")
    words = {word for value in values for word in value.split() if len(word) >= _SHORTEST}
    words |= {part for part in (address.path, address.path.strip("/")) if len(part) >= _SHORTEST}  # some are the key
    longest_first = sorted(words, key=len, reverse=True)

    def conceal(text: str) -> str:
        for word in longest_first:
            text = text.replace(word, "…")
        return text

    return conceal
