"""An oracle of the prompt cache: what requests read and write by the API's rules, and how cheap they could have been.

It shares no code with the program or with the simulator's cache; only tokens are counted with the simulator's counter, since
the two are compared. The rules, from Anthropic's page on prompt caching:

- A prefix runs tools → system → messages. It is the same prefix if the bytes are the same, `cache_control` aside, and if
  nothing was changed that loses the cache of its part (the model; images, thinking and effort for the messages).
- A request writes at its breakpoints, at most four, from the model's minimum on. Each breakpoint looks back 20 positions,
  itself included, for an entry that an earlier request wrote at one of its own. A run of tool calls is one position, a
  run of results too.
- An entry lives 5 minutes or an hour, and each read renews it.

`cheapest` searches for the best breakpoints and lifetimes with all that is still to come in view: when the user comes back,
what will be edited, where the chat ends. Its `floor` is what no choice can undercut: as many breakpoints as one likes, that
look back as far as one likes. It can be told which breakpoints there have to be in any case (`required`). `tireless` has
as many as it likes too, and knows no more than we do: it writes all there is, each time, for as long as it is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from tui.anthropic.models import find
from tui.chat.ledger import Usage
from tui.chat.model import Model
from tui.demo.tokens import block_tokens, text_tokens

LOOK_BACK = 20
MAX_BREAKPOINTS = 4
TTL_S = {"5m": 300.0, "1h": 3600.0}
_WITH_IMAGES = ("image", "tool_result")
NOTHING = -1
"""The position of the empty prefix."""

Mark = tuple[int, str]
"""A breakpoint: its position and its lifetime."""


@dataclass(frozen=True)
class Asked:
    """One request: every prefix it has, by position, and the breakpoints it came with."""

    model: Model
    at: float
    output_tokens: int
    keys: tuple[bytes, ...]
    sums: tuple[int, ...]
    """Tokens up to each position, itself included."""
    takes_mark: tuple[bool, ...]
    marks: tuple[Mark, ...]
    seed_marks: tuple[Mark, ...]
    """Where the seed's three rules alone would set breakpoints."""
    goes_on: tuple[bool, ...] = ()
    """Whether each is one position with what is before it: a further call after a call, a further result after a result."""

    def tokens(self, position: int) -> int:
        return self.sums[position] if position >= 0 else 0

    @property
    def end(self) -> int:
        """The last position that can carry a breakpoint."""
        return max((at for at, takes_mark in enumerate(self.takes_mark) if takes_mark), default=NOTHING)

    def usage(self, read: int, last: int, last_hour: int = NOTHING) -> Usage:
        """What it uses when it reads up to one position and writes up to another."""
        last, last_hour = max(read, last), max(read, last_hour)
        hour = self.tokens(last_hour) - self.tokens(read)
        short = self.tokens(max(last, last_hour)) - self.tokens(last_hour)
        return Usage(
            input_tokens=self.sums[-1] - self.tokens(max(last, last_hour)),
            cache_read_input_tokens=self.tokens(read),
            cache_creation_input_tokens=hour + short,
            write_1h=hour,
            write_5m=short,
            output_tokens=self.output_tokens,
        )

    @cached_property
    def _prices(self) -> tuple[float, float, float, float, float]:
        price = self.model.price_for(self.sums[-1])
        assert price is not None
        return price.input, price.write_5m, price.write_1h, price.read, price.output

    def cost(self, usage: Usage) -> float:
        """In dollars, with the output that it had."""
        plain, short, hour, read, out = self._prices
        return (
            usage.input_tokens * plain
            + usage.write_5m * short
            + usage.write_1h * hour
            + usage.cache_read_input_tokens * read
            + usage.output_tokens * out
        ) / 1e6


def asked(body: dict, at: float, output_tokens: int, authors: dict[str, str]) -> Asked:
    """A request's JSON as the oracle sees it. `authors` says which model signed which thinking block."""
    model = find(body["model"])
    rows = [("tools", "", tool) for tool in body.get("tools", ())]
    rows += [("system", "system", block) for block in _blocks(body.get("system", []))]
    for message in body["messages"]:
        rows += [
            ("messages", message["role"], block)
            for block in _blocks(message["content"])
            # The thinking of another model is neither read nor billed.
            if not (block["type"] == "thinking" and authors[block["signature"]] != model.id)
        ]
    settings = {"tools": [model.id], "system": [model.id], "messages": [model.id, *_settings(body, model, rows)]}
    keys, sums, so_far, tokens = [], [], b"", 0
    for part, role, block in rows:
        so_far = hashlib.sha256(so_far + msgspec.json.encode([role, _bare(block)])).digest()
        keys.append(hashlib.sha256(so_far + repr(settings[part]).encode()).digest())
        tokens += _tokens(part, block, model)
        sums.append(tokens)
    marks = [
        (at, block["cache_control"].get("ttl", "5m")) for at, (_, _, block) in enumerate(rows) if _is_marked(block)
    ]
    assert len(marks) <= MAX_BREAKPOINTS
    return Asked(
        model=model,
        at=at,
        output_tokens=output_tokens,
        keys=tuple(keys),
        sums=tuple(sums),
        takes_mark=tuple(_takes_mark(block) for _, _, block in rows),
        marks=tuple(marks),
        seed_marks=tuple(_seed_marks(body, rows)),
        goes_on=tuple(
            at > 0 and rows[at - 1][2].get("type") == block.get("type") in ("tool_use", "tool_result")
            for at, (_, _, block) in enumerate(rows)
        ),
    )


def _blocks(content: object) -> list[dict]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _bare(block: dict) -> dict:
    return {name: value for name, value in block.items() if name != "cache_control"}


def _is_marked(block: dict) -> bool:
    return "cache_control" in block


def _takes_mark(block: dict) -> bool:
    return block.get("type") not in ("thinking", "redacted_thinking") and block.get("text") != ""


def _tokens(part: str, block: dict, model: Model) -> int:
    if part != "tools":
        return block_tokens(block, model)
    said = {name: block[name] for name in sorted(block) if name != "cache_control"}
    return text_tokens(msgspec.json.encode(said).decode(), model)


def _settings(body: dict, model: Model, rows: Sequence[tuple[str, str, dict]]) -> list[object]:
    has_images = any(
        block.get("type") in _WITH_IMAGES and b'"type":"image"' in msgspec.json.encode(block) for *_, block in rows
    )
    effort = body.get("output_config", {}).get("effort", model.effort_default)
    return [has_images, body.get("thinking", {}).get("type"), effort]


def _seed_marks(body: dict, rows: Sequence[tuple[str, str, dict]]) -> Iterable[Mark]:
    def last(part: str) -> int:
        return max(at for at, row in enumerate(rows) if row[0] == part)

    if body.get("tools"):
        yield last("tools"), "5m"
    if sum(len(block["text"].encode()) for block in _blocks(body.get("system", []))) > 3 * 1024:
        yield last("system"), "5m"
    if len(body["messages"]) > 4:
        yield last("messages"), "5m"


# The rules


class Cache:
    """The entries, and what a request does to them. Times are in seconds."""

    def __init__(self) -> None:
        self._entries: dict[bytes, tuple[str, float]] = {}

    def take(self, request: Asked, marks: Sequence[Mark]) -> Usage:
        """What the request uses with these breakpoints; its entries are there for the next one."""
        read = max((self._found(request, position) for position, _ in marks), default=NOTHING)
        written = [mark for mark in marks if mark[0] > read and request.tokens(mark[0]) >= request.model.min_cache]
        for position in {read, *(position for position, _ in marks if position <= read)} - {NOTHING}:
            lifetime, _ = self._entries.get(request.keys[position], ("", 0.0))
            if lifetime:
                self._entries[request.keys[position]] = lifetime, request.at + TTL_S[lifetime]
        for position, lifetime in written:
            self._entries[request.keys[position]] = lifetime, request.at + TTL_S[lifetime]
        last = max((position for position, _ in written), default=NOTHING)
        last_hour = max((position for position, lifetime in written if lifetime == "1h"), default=NOTHING)
        return request.usage(read, last, last_hour)

    def _found(self, request: Asked, mark: int) -> int:
        left = LOOK_BACK
        for position in range(mark, NOTHING, -1):
            _, until = self._entries.get(request.keys[position], ("", 0.0))
            if until > request.at:
                return position
            left -= not (request.goes_on and request.goes_on[position])
            if left == 0:
                break
        return NOTHING


def play(requests: Sequence[Asked], marks: Sequence[Sequence[Mark]]) -> list[Usage]:
    """What each request uses, with these breakpoints."""
    cache = Cache()
    return [cache.take(request, chosen) for request, chosen in zip(requests, marks, strict=True)]


def cost(requests: Sequence[Asked], marks: Sequence[Sequence[Mark]]) -> float:
    """What the conversation costs with these breakpoints, in dollars."""
    return sum(request.cost(usage) for request, usage in zip(requests, play(requests, marks), strict=True))


# The search


@dataclass(frozen=True)
class Search:
    """What came of it."""

    marks: tuple[tuple[Mark, ...], ...]
    """The best breakpoints that were found, for each request."""
    cost: float
    """What they cost."""
    floor: float
    """What no breakpoints can undercut."""


@dataclass(frozen=True)
class _Kept:
    """A prefix in the cache: all of a request's up to a position, until a time."""

    request: int
    position: int
    until: float
    ttl_s: float


@dataclass(frozen=True)
class _Plan:
    """How far each request so far reads and writes, and what that has cost."""

    cost: float
    kept: frozenset[_Kept]
    steps: tuple[tuple[int, int, str], ...]


def cheapest(
    requests: Sequence[Asked],
    lifetimes: Sequence[str] = ("5m", "1h"),
    required: Sequence[Sequence[int]] = (),
) -> Search:
    """The cheapest breakpoints, with all later requests known. `required`: where each request has to have some.

    It decides for each request how far to write, and for how long: as far as some later request agrees with it, or no
    further than it has to (in between nothing can be best, since both the cost and the use grow by the token). Plans that
    leave the same in the cache are merged. The best ones are then carried out with four breakpoints and 20 positions of
    looking back.
    """
    required = required or [()] * len(requests)
    shared = [[_shared(one, other) for other in requests] for one in requests]
    plans = {frozenset[_Kept](): _Plan(0.0, frozenset(), ())}
    for number, request in enumerate(requests):
        later = shared[number][number + 1 :]
        goals = {goal for goal in later if goal > NOTHING and request.tokens(goal) >= request.model.min_cache}
        grown: dict[frozenset[_Kept], _Plan] = {}
        for plan in plans.values():
            for after in _continued(
                plan, number, requests, shared, goals, _least(request, required[number]), lifetimes
            ):
                best = grown.get(after.kept)
                if best is None or after.cost < best.cost:
                    grown[after.kept] = after
        plans = grown
    ranked = sorted(plans.values(), key=lambda plan: plan.cost)
    carried_out = [_carried_out(requests, plan.steps, shared, required) for plan in ranked[:8]]
    marks = min(carried_out, key=lambda marks: cost(requests, marks))
    return Search(marks, cost(requests, marks), ranked[0].cost)


def _least(request: Asked, required: Sequence[int]) -> int:
    """How far those breakpoints write."""
    return max((at for at in required if request.tokens(at) >= request.model.min_cache), default=NOTHING)


def _shared(one: Asked, other: Asked) -> int:
    """The last position up to which both are the same. Each key holds all those before it, so what differs stays so."""
    a, b = one.keys, other.keys
    same, differs = NOTHING, min(len(a), len(b))
    while differs - same > 1:
        middle = (same + differs) // 2
        same, differs = (middle, differs) if a[middle] == b[middle] else (same, middle)
    return same


def _continued(
    plan: _Plan,
    number: int,
    requests: Sequence[Asked],
    shared: Sequence[Sequence[int]],
    goals: set[int],
    least: int,
    lifetimes: Sequence[str],
) -> Iterable[_Plan]:
    request = requests[number]
    alive = [kept for kept in plan.kept if kept.until > request.at]
    read = max((min(kept.position, shared[kept.request][number]) for kept in alive), default=NOTHING)
    if request.tokens(read) < request.model.min_cache:
        read = NOTHING
    if read > NOTHING:
        ttl_s = max(kept.ttl_s for kept in alive if min(kept.position, shared[kept.request][number]) >= read)
        alive.append(_Kept(number, read, request.at + ttl_s, ttl_s))
    first = max(read, least)
    choices = [(first, lifetime) for lifetime in (lifetimes if first > read else lifetimes[:1])]
    choices += [(goal, lifetime) for goal in goals if goal > first for lifetime in lifetimes]
    for goal, lifetime in choices:
        paid = request.cost(request.usage(read, goal, goal if lifetime == "1h" else NOTHING))
        ttl_s = TTL_S[lifetime]
        kept = [*alive, _Kept(number, goal, request.at + ttl_s, ttl_s)] if goal > read else alive
        useful = _useful(kept, number, len(requests), shared)
        yield _Plan(plan.cost + paid, useful, (*plan.steps, (read, goal, lifetime)))


def _useful(kept: Sequence[_Kept], number: int, count: int, shared: Sequence[Sequence[int]]) -> frozenset[_Kept]:
    """Those that some later request gets more from, or for longer, than from any other."""

    def worth(one: _Kept) -> list[int]:
        return [min(one.position, shared[one.request][later]) for later in range(number + 1, count)]

    best: list[tuple[list[int], _Kept]] = []
    for one in sorted(kept, key=lambda one: (-one.until, -one.ttl_s, -one.position)):
        value = worth(one)
        if max(value, default=NOTHING) > NOTHING and not any(
            all(a >= b for a, b in zip(other, value, strict=True)) for other, _ in best
        ):
            best.append((value, one))
    return frozenset(one for _, one in best)


def _carried_out(
    requests: Sequence[Asked],
    steps: Sequence[tuple[int, int, str]],
    shared: Sequence[Sequence[int]],
    required: Sequence[Sequence[int]],
) -> tuple[tuple[Mark, ...], ...]:
    """Breakpoints that do what the plan says: where they have to be, at its end, at what is read, and where later requests
    will branch off.
    """
    chosen: list[tuple[Mark, ...]] = []
    for number, (read, goal, lifetime) in enumerate(steps):
        request = requests[number]
        end = max(read, goal)
        wanted = [
            end,
            *required[number],
            read,
            *(min(end, shared[number][later]) for later in range(number + 1, len(requests))),
        ]
        places: list[int] = []
        for position in wanted:
            while position > NOTHING and not request.takes_mark[position]:
                position -= 1
            if position > NOTHING and position not in places:
                places.append(position)
        chosen.append(tuple((position, lifetime) for position in sorted(places[:MAX_BREAKPOINTS])))
    return tuple(chosen)


# The best that can be done without knowing what comes


def tireless(requests: Sequence[Asked], lifetimes: Sequence[str]) -> float:
    """What the requests cost with a breakpoint at every block, each looking back to the beginning.

    All of each request is written for its lifetime, and all that is alive is read: whoever does not know what comes cannot
    read more. Writing less is a wager that nobody goes on within minutes: it saves a fifth of a write, and costs a whole
    one where somebody does.
    """
    alive: dict[bytes, tuple[str, float]] = {}
    total = 0.0
    for request, lifetime in zip(requests, lifetimes, strict=True):
        long_enough = [at for at in range(len(request.keys)) if request.tokens(at) >= request.model.min_cache]
        read = max(
            (at for at in long_enough if alive.get(request.keys[at], ("", 0.0))[1] > request.at), default=NOTHING
        )
        end = max((at for at in long_enough if request.takes_mark[at]), default=NOTHING)
        total += request.cost(request.usage(read, end, end if lifetime == "1h" else NOTHING))
        for at in long_enough:
            kept = alive.get(request.keys[at], (lifetime, 0.0))[0] if at <= read else lifetime
            alive[request.keys[at]] = kept, request.at + TTL_S[kept]
    return total
