"""Place at most four cache breakpoints in a request, on the stable part of it.

The API caches the prefix tools → system → messages up to each block with a `cache_control`, and finds it again in a later
request with the same bytes. A breakpoint that is too early to be cached costs nothing; a missing one costs the whole
prefix. So a doubtful length counts as long enough. Source: Anthropic, prompt caching.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from tui.anthropic.changes_in_chat import Param
from tui.anthropic.tokens import param_tokens
from tui.chat.ledger import Lifetime
from tui.chat.look_back import positions
from tui.chat.model import Model

MAX_BREAKPOINTS = 4
SYSTEM_BYTES = 3 * 1024
"""A system prompt longer than this is always marked."""
MESSAGES = 4
"""With more messages than this, the last one is always marked."""
SPACING = 15
"""Positions between breakpoints in a long turn: the API looks back 20 from each, itself included."""
MARK_FROM_SHARE = 0.75
"""Mark a prefix from this share of the minimum on, since token counts are estimates."""
_CACHEABLE = frozenset({"text", "image", "document", "tool_use", "tool_result", "tool_addition", "tool_removal"})


class _Position(NamedTuple):
    """The position of a block that can carry a breakpoint: `messages[message].content[block]`."""

    message: int
    block: int


def with_breakpoints(body: Param, model: Model, lifetime: Lifetime = "5m", kept: Sequence[int] = ()) -> Param:
    """Return a copy of the body with breakpoints. The body must not have any yet.

    `kept` holds the lengths, in messages, of earlier requests whose end may still be cached, besides the newest.

    In order of value: the last tool and the system prompt, which all chats share; the end of the request; the ends of
    earlier requests that are too far back to be found; the end of the previous turn; positions along a long turn; the end
    of one-hour entries, which have to be refreshed; and the ends of earlier turns, which are kept alive at no cost.
    """
    tools = cast("list[Param]", body.get("tools", []))
    system = body.get("system")
    messages = cast("list[Param]", body["messages"])
    lengths = _Prefixes(body, model)

    marked = dict(body)
    used = 0
    if tools:
        marked["tools"] = [*tools[:-1], _marked(tools[-1], lifetime)]
        used += 1
    if isinstance(system, list) and (_system_bytes(system) > SYSTEM_BYTES or lengths.has_use_for(system, tools)):
        marked["system"] = [*system[:-1], _marked(system[-1], lifetime)]
        used += 1
    places = _positions_to_mark(messages, lengths, MAX_BREAKPOINTS - used, kept)
    marked["messages"] = [_with_marks(message, at, places, lifetime) for at, message in enumerate(messages)]
    return marked


class _Prefixes:
    """Estimated tokens of the request's prefixes."""

    def __init__(self, body: Param, model: Model) -> None:
        self._model = model
        self.prefix_tokens = self._tokens(body.get("tools")) + self._tokens(body.get("system"))
        """Tokens of the tools and the system prompt."""
        self._messages = cast("list[Param]", body["messages"])

    def suffices(self, tokens: float) -> bool:
        return tokens >= MARK_FROM_SHARE * self._model.min_cache

    def has_use_for(self, system: list[Param], tools: list[Param]) -> bool:
        """True if a short system prompt is worth a breakpoint of its own: not if the tools before it are most of the
        prefix.
        """
        return self.suffices(self.prefix_tokens) and not (tools and self._tokens(system) < self._model.min_cache / 4)

    def reaches(self, place: _Position) -> bool:
        """True if the prefix up to that position is long enough to be cached."""
        tokens = self.prefix_tokens
        for message in self._messages[: place.message]:
            tokens += self._tokens(message["content"])
            if self.suffices(tokens):
                return True
        return self.suffices(tokens + self._tokens(_content(self._messages[place.message])[: place.block + 1]))

    def _tokens(self, param: object) -> float:
        return param_tokens(param, self._model)


def _positions_to_mark(
    messages: list[Param], lengths: _Prefixes, slots: int, kept: Sequence[int]
) -> frozenset[_Position]:
    last = _last_position(messages, len(messages))
    if last is None or not (len(messages) > MESSAGES or lengths.reaches(last)):
        return frozenset()
    # There are at least two slots. Positions further back matter less and come last.
    turns = _ends_of_turns(messages)
    ends = [place for end in kept if (place := _last_position(messages, end)) is not None]
    numbers = _numbers(messages)
    lost = [place for place in ends if numbers[last] - numbers[place] > SPACING]
    previous = _end_of_previous_request(messages)
    far = [previous] if previous is not None and numbers[last] - numbers[previous] > SPACING else []
    wanted = [last, *far, *lost, *turns[:1], *_spaced(messages, numbers, previous)]
    wanted += [*ends, *turns[1:2], *_landmarks(turns)]
    chosen = [place for place in dict.fromkeys(wanted) if place == last or lengths.reaches(place)]
    return frozenset(chosen[:slots])


def _end_of_previous_request(messages: list[Param]) -> _Position | None:
    """Return where the previous request ended and wrote to the cache: before the newest answer."""
    answers = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
    return _last_position(messages, answers[-1]) if answers else None


def _spaced(messages: list[Param], numbers: Mapping[_Position, int], previous: _Position | None) -> list[_Position]:
    """Return a block about every fifteen positions back from the end of a long turn, up to `previous`, the end of the
    previous request.
    """
    found: list[_Position] = []
    marked = max(numbers.values()) + 1
    for place in _backwards(messages):
        if previous is not None and place <= previous:
            break
        if marked - numbers[place] > SPACING and _can_carry(messages, place):
            marked = numbers[place]
            found.append(place)
    return found


def _ends_of_turns(messages: list[Param]) -> list[_Position]:
    """Return where earlier turns ended, latest first. If a later prompt is edited, the chat continues from there."""
    prompts = [at for at, message in enumerate(messages) if at and _is_prompt(message)]
    return [place for at in reversed(prompts) if (place := _last_position(messages, at)) is not None]


def _landmarks(turns: list[_Position]) -> list[_Position]:
    """Return the ends of turns 1, 2, 4, 8 …, latest first, for edits further back.

    Marking an entry again refreshes it at no cost. Powers of two stay in place for many turns, and the last one always has
    half of the chat before it.
    """
    return [turns[-(1 << power)] for power in reversed(range(len(turns).bit_length()))]


def _is_prompt(message: Param) -> bool:
    if message["role"] != "user":
        return False
    first = _content(message)[0]
    return isinstance(first, dict) and first["type"] != "tool_result"


def _numbers(messages: list[Param]) -> dict[_Position, int]:
    """Return the number of each block's position, as the look-back counts them."""
    blocks = [
        (_Position(at, number), str(block["type"]) if isinstance(block, dict) else "")
        for at, message in enumerate(messages)
        for number, block in enumerate(_content(message))
    ]
    return dict(zip((place for place, _ in blocks), positions(kind for _, kind in blocks), strict=True))


def _last_position(messages: list[Param], end: int) -> _Position | None:
    """Return the last block of the first `end` messages that can carry a breakpoint."""
    return next((place for place in _backwards(messages[:end]) if _can_carry(messages, place)), None)


def _backwards(messages: list[Param]) -> Iterator[_Position]:
    for at in reversed(range(len(messages))):
        for block in reversed(range(len(_content(messages[at])))):
            yield _Position(at, block)


def _can_carry(messages: list[Param], place: _Position) -> bool:
    block = _content(messages[place.message])[place.block]
    return isinstance(block, dict) and block["type"] in _CACHEABLE and block.get("text") != ""


def _content(message: Param) -> list[object]:
    return cast("list[object]", message["content"])


def _with_marks(message: Param, at: int, places: frozenset[_Position], lifetime: Lifetime) -> Param:
    if all(place.message != at for place in places):
        return message
    content = [
        _marked(cast(Param, block), lifetime) if _Position(at, number) in places else block
        for number, block in enumerate(_content(message))
    ]
    return {**message, "content": content}


def _marked(block: Param, lifetime: Lifetime) -> Param:
    control = {"type": "ephemeral"} if lifetime == "5m" else {"type": "ephemeral", "ttl": lifetime}
    return {**block, "cache_control": control}


def _system_bytes(system: list[Param]) -> int:
    return sum(len(str(block["text"]).encode()) for block in system)
