"""Where the prompt cache is to remember a request: at most four breakpoints, always on the part that stays.

The API caches the prefix tools → system → messages up to each block that carries a `cache_control`, and finds it again in a
later request whose bytes are the same up to there. A breakpoint that is too early to be cached costs nothing, one that is
missing costs the whole prefix, so a doubtful length counts as enough. Source: Anthropic's page on prompt caching.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

import msgspec

from tui.anthropic.replay import Param
from tui.chat.ledger import Lifetime
from tui.chat.model import Model

MAX_BREAKPOINTS = 4
SYSTEM_BYTES = 3 * 1024
"""A system prompt above this size is always marked."""
MESSAGES = 4
"""With more messages than this the last one is always marked."""
SPACING = 15
"""Blocks between breakpoints in a long turn: the API looks back 20 from each, itself included."""
DOUBT = 0.75
"""The part of the minimum at which a prefix is marked: our count of tokens is an estimate."""
PICTURE_TOKENS = 1_568
"""What an image or a document counts for at least, in the estimate."""
_CACHEABLE = frozenset({"text", "image", "document", "tool_use", "tool_result"})


class _Place(NamedTuple):
    """A block that can carry a breakpoint: `messages[message].content[block]`."""

    message: int
    block: int


def with_breakpoints(body: Param, model: Model, lifetime: Lifetime = "5m") -> Param:
    """The body with its breakpoints; the one that was given stays as it was. It must not carry any yet.

    In order of worth: the last tool and the system prompt, which every chat shares; the end of the request before this
    one, where its entry was written; the end of this one; and what is left over, spaced through a long turn.
    """
    tools = cast("list[Param]", body.get("tools", []))
    system = body.get("system")
    messages = cast("list[Param]", body["messages"])
    lengths = _Lengths(body, model)

    marked = dict(body)
    used = 0
    if tools:
        marked["tools"] = [*tools[:-1], _marked(tools[-1], lifetime)]
        used += 1
    if isinstance(system, list) and (_bytes(system) > SYSTEM_BYTES or lengths.suffices(lengths.opening)):
        marked["system"] = [*system[:-1], _marked(system[-1], lifetime)]
        used += 1
    places = _places_to_mark(messages, lengths, MAX_BREAKPOINTS - used)
    marked["messages"] = [_with_marks(message, at, places, lifetime) for at, message in enumerate(messages)]
    return marked


class _Lengths:
    """Estimated tokens of the request's prefixes."""

    def __init__(self, body: Param, model: Model) -> None:
        self._model = model
        self.opening = self._tokens(body.get("tools")) + self._tokens(body.get("system"))
        """Of the tools and the system prompt."""
        self._messages = cast("list[Param]", body["messages"])

    def suffices(self, tokens: float) -> bool:
        return tokens >= DOUBT * self._model.min_cache

    def reaches(self, place: _Place) -> bool:
        """Whether the prefix that ends at a place is as long as the cache wants."""
        tokens = self.opening
        for message in self._messages[: place.message]:
            tokens += self._tokens(message["content"])
            if self.suffices(tokens):
                return True
        return self.suffices(tokens + self._tokens(_content(self._messages[place.message])[: place.block + 1]))

    def _tokens(self, param: object) -> float:
        if isinstance(param, list):
            return sum(self._tokens(item) for item in param)
        if isinstance(param, Mapping) and param.get("type") in ("image", "document"):
            return PICTURE_TOKENS
        if isinstance(param, Mapping) and param.get("type") == "tool_result":
            return self._tokens(param.get("content"))
        # Bytes, not characters: a Chinese character is about a token, and three bytes.
        return _bytes(param) * self._model.tokens_per_char


def _places_to_mark(messages: list[Param], lengths: _Lengths, slots: int) -> frozenset[_Place]:
    chosen: list[_Place] = []
    last = _last_place(messages, len(messages))
    before = _last_place(messages, _end_of_previous_request(messages))
    if before is not None and lengths.reaches(before):
        chosen.append(before)
    if last is not None and last not in chosen and (len(messages) > MESSAGES or lengths.reaches(last)):
        chosen.append(last)
    if last in chosen:
        chosen += [place for place in _spaced(messages, before) if place not in chosen and lengths.reaches(place)]
    return frozenset(chosen[:slots])  # tools and system leave two slots at least: the two ends always have theirs


def _end_of_previous_request(messages: list[Param]) -> int:
    """How many of the messages the request before this one had: those before the newest answer."""
    answers = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
    return answers[-1] if answers else 0


def _spaced(messages: list[Param], before: _Place | None) -> Iterator[_Place]:
    """Places about every fifteen blocks back from the end, as far as the end of the previous request."""
    distance = 0
    for place in _backwards(messages):
        if before is not None and place <= before:
            return
        distance += 1
        if distance > SPACING and _can_carry(messages, place):
            distance = 0
            yield place


def _last_place(messages: list[Param], end: int) -> _Place | None:
    """The last block of the first `end` messages that can carry a breakpoint."""
    return next((place for place in _backwards(messages[:end]) if _can_carry(messages, place)), None)


def _backwards(messages: list[Param]) -> Iterator[_Place]:
    for at in reversed(range(len(messages))):
        for block in reversed(range(len(_content(messages[at])))):
            yield _Place(at, block)


def _can_carry(messages: list[Param], place: _Place) -> bool:
    block = _content(messages[place.message])[place.block]
    return isinstance(block, dict) and block["type"] in _CACHEABLE and block.get("text") != ""


def _content(message: Param) -> list[object]:
    return cast("list[object]", message["content"])


def _with_marks(message: Param, at: int, places: frozenset[_Place], lifetime: Lifetime) -> Param:
    if all(place.message != at for place in places):
        return message
    content = [
        _marked(cast(Param, block), lifetime) if _Place(at, number) in places else block
        for number, block in enumerate(_content(message))
    ]
    return {**message, "content": content}


def _marked(block: Param, lifetime: Lifetime) -> Param:
    control = {"type": "ephemeral"} if lifetime == "5m" else {"type": "ephemeral", "ttl": lifetime}
    return {**block, "cache_control": control}


def _bytes(param: object) -> int:
    """The length in UTF-8 of every string in a JSON value, keys left out."""
    match param:
        case str():
            return len(param.encode())
        case msgspec.Raw():
            return len(bytes(param))
        case Mapping():
            return sum(_bytes(value) for value in param.values())
        case list():
            return sum(_bytes(value) for value in param)
        case _:
            return 0
