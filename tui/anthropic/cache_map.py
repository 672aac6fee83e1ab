"""Build the cache map of a request: which parts were read, written or neither, and where its breakpoints are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate, groupby
from typing import Any, NamedTuple, cast

from tui.anthropic.tokens import param_tokens
from tui.chat.cache import Breakpoint, CacheMap, Part, Segment
from tui.chat.ledger import Usage
from tui.chat.look_back import LOOK_BACK, positions
from tui.chat.model import Model
from tui.inputs.bounded import decode_json
from tui.inputs.limits import REQUEST_DEPTH


class _Position(NamedTuple):
    """One block of the prefix."""

    part: Part
    number: int
    tokens: float
    lifetime: str
    """Lifetime of its breakpoint, or ""."""
    kind: str


def cache_map(body: bytes | Mapping[str, Any], model: Model, usage: Usage) -> CacheMap:
    """Return the map of a request, given its body as sent and the usage of its answer.

    Block sizes are estimates, scaled to the provider's figures: everything before the last breakpoint was read or written,
    everything after it was neither.
    """
    fields = decode_json(body, depth=REQUEST_DEPTH) if isinstance(body, bytes) else body
    blocks = list(_positions(fields, model))
    marked = [at for at, position in enumerate(blocks) if position.lifetime]
    cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    last = marked[-1] if marked and cached else -1
    sizes = _scaled(blocks[: last + 1], cached) + _scaled(blocks[last + 1 :], usage.input_tokens)
    ends = [0.0, *accumulate(sizes)]
    segments = tuple(_segments(blocks, ends, usage.cache_read_input_tokens, cached))
    index = {(segment.part, segment.number): at for at, segment in enumerate(segments)}
    return CacheMap(
        segments=segments,
        breakpoints=tuple(
            Breakpoint(
                at=ends[at + 1],
                segment=index[blocks[at].part, blocks[at].number],
                lifetime="1h" if blocks[at].lifetime == "1h" else "5m",
                too_short=ends[at + 1] < model.min_cache,
            )
            for at in marked
        ),
        read=usage.cache_read_input_tokens,
        written=usage.cache_creation_input_tokens,
        uncached=usage.input_tokens,
        minimum=model.min_cache,
        look_back=LOOK_BACK,
        looks_back_to=ends[_first_within_reach(blocks, marked[-1])] if marked else 0,
    )


def _first_within_reach(blocks: list[_Position], mark: int) -> int:
    """Return the first block that the look-back from a breakpoint reaches."""
    numbers = positions(block.kind for block in blocks)
    return next(at for at in range(mark + 1) if numbers[mark] - numbers[at] < LOOK_BACK)


def _positions(body: Mapping[str, Any], model: Model) -> Iterator[_Position]:
    def position(part: Part, number: int, block: object) -> _Position:
        control = block.get("cache_control") if isinstance(block, Mapping) else None
        lifetime = control.get("ttl", "5m") if control else ""
        kind = str(block.get("type")) if isinstance(block, Mapping) and part != "tools" else ""
        return _Position(part, number, param_tokens(block, model), lifetime, kind)

    for tool in body.get("tools", ()):
        yield position("tools", 0, tool)
    for block in blocks_of(body.get("system", ())):
        yield position("system", 0, block)
    for number, message in enumerate(body["messages"], 1):
        for block in blocks_of(message["content"]):
            yield position(cast(Part, message["role"]), number, block)


def blocks_of(content: object) -> list[object]:
    """Return content as a list of blocks; a string is shorthand for one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(cast("list[object]", content))


def _scaled(positions: list[_Position], total: int) -> list[float]:
    """Return the sizes of the positions, in proportion to the estimates and with the given sum."""
    estimate = sum(position.tokens for position in positions)
    if estimate:
        return [position.tokens * total / estimate for position in positions]
    return [total / len(positions) for _ in positions]


def _segments(positions: list[_Position], ends: list[float], read: int, cached: int) -> Iterator[Segment]:
    at = 0
    for (part, number), run in groupby(positions, lambda position: (position.part, position.number)):
        first, at = at, at + len(list(run))
        start, end = ends[first], ends[at]
        yield Segment(
            part=part,
            number=number,
            read=_overlap(start, end, 0, read),
            written=_overlap(start, end, read, cached),
            uncached=_overlap(start, end, cached, ends[-1]),
        )


def _overlap(start: float, end: float, low: float, high: float) -> float:
    return max(0.0, min(end, high) - max(start, low))
