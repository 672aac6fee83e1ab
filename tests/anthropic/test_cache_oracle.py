"""Our breakpoints against the best there are, over more than 200 conversations; and a test of the oracle that finds those.

The oracle knows all that is still to come: which prompt will be edited, when another model takes over, where a chat ends. We
do not, so a little is always lost: what we write and nobody reads.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from functools import cache

import pytest
from cache_oracle import NOTHING, Asked, Search, cheapest, cost, play
from cached_conversations import KINDS, Conversation, converse
from msgspec.structs import replace

from tui.anthropic.models import find
from tui.chat.ledger import bill
from tui.chat.warmth import lifetime_for

SEEDS = range(26)  # of each of eight kinds: 208 conversations
SONNET = find("claude-sonnet-5-5")


@dataclass(frozen=True)
class Compared:
    ours: float
    best: Search
    seed_rules: float


@cache
def held(kind: str, seed: int) -> Conversation:
    return converse(kind, seed)


@cache
def compared(kind: str, seed: int) -> Compared:
    requests = held(kind, seed).requests
    return Compared(
        ours=cost(requests, [request.marks for request in requests]),
        best=cheapest(requests),
        seed_rules=cost(requests, [request.seed_marks for request in requests]),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_simulator_counts_as_the_oracle_does(kind: str) -> None:
    for seed in SEEDS:
        conversation = held(kind, seed)
        told = [replace(usage, thinking_tokens=0) for usage in conversation.counted]
        assert told == play(conversation.requests, [request.marks for request in conversation.requests])


@pytest.mark.parametrize("kind", KINDS)
def test_no_conversation_costs_much_more_than_at_best(kind: str) -> None:
    for seed in SEEDS:
        one = compared(kind, seed)
        assert one.ours <= 1.10 * one.best.floor, f"{kind} {seed}: {one.ours / one.best.floor:.3f}"


def test_all_together_cost_hardly_more_than_at_best() -> None:
    everything = [compared(kind, seed) for kind in KINDS for seed in SEEDS]
    assert len(everything) >= 200
    floor = sum(one.best.floor for one in everything)
    ours = sum(one.ours for one in everything)
    seed_rules = sum(one.seed_rules for one in everything)
    assert ours <= 1.02 * floor
    assert seed_rules > 1.2 * floor  # the seed's three rules alone


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_search_finds_is_the_best_there_is(kind: str) -> None:
    for seed in SEEDS:
        best = compared(kind, seed).best
        assert best.floor - 1e-12 <= best.cost <= 1.005 * best.floor


def test_the_oracles_prices_are_the_ledgers() -> None:
    for request in held("mixed", 0).requests:
        end = len(request.keys) - 1
        usage = request.usage(read=end // 3, last=end, last_hour=end // 2)
        told = bill(usage, request.model)
        assert told is not None
        assert told.cost_usd == pytest.approx(request.cost(usage))


# The search against trying everything, on conversations that are small enough for that


def small(seed: int) -> list[Asked]:
    """Three requests of up to five blocks that share beginnings, some minutes apart."""
    chance = random.Random(seed)
    now, rows = 0.0, [[0]]
    for number in range(1, 3):
        before = chance.choice(rows)
        rows.append(
            [*before[: chance.randint(0, len(before))], *(10 * number + at for at in range(chance.randint(1, 3)))]
        )
    requests = []
    for row in rows:
        now += chance.choice([60, 200, 310])
        sizes = [200 * (1 + block % 7) for block in row]
        requests.append(
            Asked(
                model=SONNET,
                at=now,
                output_tokens=0,
                keys=tuple(repr(row[: at + 1]).encode() for at in range(len(row))),
                sums=tuple(itertools.accumulate(sizes)),
                takes_mark=(True,) * len(row),
                marks=(),
                seed_marks=(),
            )
        )
    return requests


@pytest.mark.parametrize("seed", range(40))
def test_no_choice_of_breakpoints_is_cheaper_than_what_the_search_finds(seed: int) -> None:
    requests = small(seed)
    choices = [
        [
            [(position, "5m") for position in chosen]
            for count in range(min(4, len(request.keys)) + 1)
            for chosen in itertools.combinations(range(len(request.keys)), count)
        ]
        for request in requests
    ]
    best = min(cost(requests, marks) for marks in itertools.product(*choices))
    found = cheapest(requests)
    assert found.floor == pytest.approx(best)
    assert found.cost == pytest.approx(best)


# The rules that it plays, by hand


def chat(*lengths: int, gap_s: float = 60.0, model=SONNET) -> list[Asked]:
    """A chat of blocks of 300 tokens: one request for each length."""
    return [
        Asked(
            model=model,
            at=number * gap_s,
            output_tokens=0,
            keys=tuple(bytes([at]) for at in range(length)),
            sums=tuple(300 * (at + 1) for at in range(length)),
            takes_mark=(True,) * length,
            marks=(),
            seed_marks=(),
        )
        for number, length in enumerate(lengths)
    ]


def read(requests: list[Asked], *marks: list[tuple[int, str]]) -> list[int]:
    return [usage.cache_read_input_tokens for usage in play(requests, marks)]


def test_a_breakpoint_looks_back_twenty_positions_itself_included() -> None:
    assert read(chat(3, 22), [(2, "5m")], [(21, "5m")]) == [0, 900]
    assert read(chat(3, 23), [(2, "5m")], [(22, "5m")]) == [0, 0]


def test_nothing_is_kept_below_the_minimum() -> None:
    assert read(chat(1, 2), [(0, "5m")], [(0, "5m"), (1, "5m")]) == [0, 0]
    assert read(chat(2, 3), [(1, "5m")], [(2, "5m")]) == [0, 600]


def test_an_entry_lives_from_the_start_of_the_request_that_touched_it_last() -> None:
    twice = [(2, "5m")], [(2, "5m")], [(2, "5m")]
    assert read(chat(3, 3, 3, gap_s=299), *twice) == [0, 900, 900]
    assert read(chat(3, 3, 3, gap_s=301), *twice) == [0, 0, 0]
    assert read(chat(3, 3, gap_s=3599), [(2, "1h")], [(2, "1h")]) == [0, 900]
    assert read(chat(3, 3, gap_s=3601), [(2, "1h")], [(2, "1h")]) == [0, 0]


def test_writes_are_split_by_lifetime() -> None:
    (usage,) = play(chat(5), [[(2, "1h"), (3, "5m")]])
    assert (usage.write_1h, usage.write_5m, usage.input_tokens) == (900, 300, 300)


def test_nothing_of_nothing() -> None:
    (request,) = chat(2)
    assert request.usage(NOTHING, NOTHING).input_tokens == 600


# And for how long


def by_lifetime(kind: str, seeds: int) -> dict[str, float]:
    rules = {"5m": lambda transcript, model: "5m", "1h": lambda transcript, model: "1h", "rule": lifetime_for}
    sums = dict.fromkeys(rules, 0.0)
    for seed in range(seeds):
        for name, rule in rules.items():
            requests = converse(kind, seed, rule).requests
            sums[name] += cost(requests, [request.marks for request in requests])
    return sums


def test_an_hour_is_taken_where_pauses_make_it_pay_and_only_there() -> None:
    steady = by_lifetime("chat", 8)
    assert steady["rule"] == steady["5m"] < steady["1h"]
    breaks = by_lifetime("breaks", 16)
    assert breaks["1h"] < breaks["rule"] < 0.95 * breaks["5m"]
