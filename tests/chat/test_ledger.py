"""Tokens and money, against rows worked out by hand from Anthropic's price list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.models import MODELS, find
from tui.chat.ledger import Bill, Usage, UsageUpdate, bill, merged

counts = st.integers(0, 10_000_000)
COUNTS = [name for name in Usage.__struct_fields__ if name != "iterations"]
usages = st.builds(Usage, **dict.fromkeys(COUNTS, counts))
updates = st.builds(UsageUpdate, **{name: st.none() | counts for name in COUNTS})

# One answer each: 1,000,000 plain input tokens, 1,000,000 written for five minutes, 1,000,000 for an hour, 4,000,000 read,
# 1,000,000 out and 10 searches. Columns: input, write 5 m, write 1 h, 4 reads, output, and what the searches cost ($0.10).
# saved = 7 million at the plain input price, minus the four input columns.
ROWS = {
    #                             in     5m     1h   4 reads  out    search
    "claude-opus-5-5":           (4.00 + 5.00 + 8.00 + 0.80 + 20.00 + 0.10, 28.00 - 17.80),
    "claude-opus-5":             (5.00 + 6.25 + 10.0 + 2.00 + 25.00 + 0.10, 35.00 - 23.25),
    "claude-opus-4-8":           (5.00 + 6.25 + 10.0 + 2.00 + 25.00 + 0.10, 35.00 - 23.25),
    "claude-opus-4-7":           (5.00 + 6.25 + 10.0 + 2.00 + 25.00 + 0.10, 35.00 - 23.25),
    "claude-opus-4-6":           (5.00 + 6.25 + 10.0 + 2.00 + 25.00 + 0.10, 35.00 - 23.25),
    "claude-opus-4-5-20251101":  (5.00 + 6.25 + 10.0 + 2.00 + 25.00 + 0.10, 35.00 - 23.25),
    "claude-sonnet-5-5":         (2.00 + 2.50 + 4.00 + 0.40 + 10.00 + 0.10, 14.00 - 8.90),
    "claude-sonnet-5":           (2.00 + 2.50 + 4.00 + 0.80 + 10.00 + 0.10, 14.00 - 9.30),
    "claude-sonnet-4-6":         (3.00 + 3.75 + 6.00 + 1.20 + 15.00 + 0.10, 21.00 - 13.95),
    "claude-sonnet-4-5-20250929": (3.00 + 3.75 + 6.00 + 1.20 + 15.00 + 0.10, 21.00 - 13.95),
    "claude-haiku-5-5":          (0.50 + 0.625 + 1.00 + 0.20 + 2.50 + 0.10, 3.50 - 2.325),
    "claude-haiku-4-5-20251001": (1.00 + 1.25 + 2.00 + 0.40 + 5.00 + 0.10, 7.00 - 4.65),
    "claude-fable-5-2":          (8.00 + 10.0 + 16.0 + 0.80 + 40.00 + 0.10, 56.00 - 34.80),
    "claude-fable-5-1":          (10.0 + 12.5 + 20.0 + 1.00 + 50.00 + 0.10, 70.00 - 43.50),
    "claude-fable-5":            (10.0 + 12.5 + 20.0 + 4.00 + 50.00 + 0.10, 70.00 - 46.50),
    "claude-mythos-5-2":         (8.00 + 10.0 + 16.0 + 0.80 + 40.00 + 0.10, 56.00 - 34.80),
    "claude-mythos-5-1":         (10.0 + 12.5 + 20.0 + 1.00 + 50.00 + 0.10, 70.00 - 43.50),
    "claude-mythos-5":           (10.0 + 12.5 + 20.0 + 4.00 + 50.00 + 0.10, 70.00 - 46.50),
}  # fmt: skip
MILLION = 1_000_000


def test_every_priced_model_has_its_row() -> None:
    assert set(ROWS) == {model.id for model in MODELS if model.prices}


@pytest.mark.parametrize("model_id", ROWS)
def test_an_answer_costs_what_the_price_list_says(model_id: str) -> None:
    usage = Usage(
        input_tokens=MILLION,
        cache_creation_input_tokens=2 * MILLION,
        write_5m=MILLION,
        write_1h=MILLION,
        cache_read_input_tokens=4 * MILLION,
        output_tokens=MILLION,
        thinking_tokens=MILLION // 2,  # a part of the output, not an addition
        searches=10,
    )
    cost, saved = ROWS[model_id]
    found = bill(usage, find(model_id))
    assert found is not None
    assert found.cost_usd == pytest.approx(cost, abs=1e-9)
    assert found.saved_usd == pytest.approx(saved, abs=1e-9)


@pytest.mark.parametrize(
    ("input_tokens", "read", "cost"),
    [
        (100_000, 0, 0.0100 + 0.00050),  # at the lower rate up to 100k, and 1,000 tokens of output
        (100_001, 0, 0.0500005 + 0.00250),  # above it everything is at the higher one, the output too
        (1_000, 99_000, 0.0001 + 0.00099 + 0.00050),  # what was read counts towards the size
        (1_000, 99_001, 0.0005 + 0.00495005 + 0.00250),
    ],
)
def test_haiku_5_5_is_billed_whole_by_the_size_of_the_prompt(input_tokens: int, read: int, cost: float) -> None:
    usage = Usage(input_tokens=input_tokens, cache_read_input_tokens=read, output_tokens=1_000)
    found = bill(usage, find("claude-haiku-5-5"))
    assert found is not None
    assert found.cost_usd == pytest.approx(cost, abs=1e-12)


def test_writes_of_unknown_lifetime_count_as_five_minutes() -> None:
    usage = Usage(cache_creation_input_tokens=MILLION)
    assert bill(usage, find("claude-sonnet-5-5")) == Bill(cost_usd=2.5, saved_usd=-0.5)


def test_more_hour_writes_than_writes_are_not_billed_twice() -> None:
    usage = Usage(cache_creation_input_tokens=MILLION, write_1h=2 * MILLION)
    assert bill(usage, find("claude-sonnet-5-5")) == Bill(cost_usd=4.0, saved_usd=-2.0)


def test_an_unknown_price_is_no_bill() -> None:
    assert bill(Usage(input_tokens=1), find("qwen3")) is None
    assert bill(Usage(input_tokens=1), find("claude-sonnet-4-20250514")) is None


def test_the_hit_rate_is_what_was_read_of_the_whole_prompt() -> None:
    assert Usage().hit_rate == 0.0
    assert Usage(input_tokens=100, cache_creation_input_tokens=100, cache_read_input_tokens=600).hit_rate == 0.75


def test_bills_add_up() -> None:
    assert Bill(cost_usd=1, saved_usd=-0.5) + Bill(cost_usd=2, saved_usd=1.5) == Bill(cost_usd=3, saved_usd=1)


def test_a_total_overwrites_what_an_earlier_event_said() -> None:
    start = Usage(input_tokens=21, cache_read_input_tokens=1980, output_tokens=3)
    end = merged(start, UsageUpdate(output_tokens=64, input_tokens=0))
    assert end == Usage(input_tokens=0, cache_read_input_tokens=1980, output_tokens=64)


@given(usages, updates)
def test_merging_twice_is_merging_once(usage: Usage, update: UsageUpdate) -> None:
    once = merged(usage, update)
    assert merged(once, update) == once
    for name in UsageUpdate.__struct_fields__:
        said = getattr(update, name)
        assert getattr(once, name) == (getattr(usage, name) if said is None else said)


@given(usages, usages)
def test_usage_adds_up_field_by_field(one: Usage, other: Usage) -> None:
    assert one + other == other + one
    assert (one + other).total_input == one.total_input + other.total_input
    assert 0 <= (one + other).hit_rate <= 1


@given(usages, st.sampled_from([model for model in MODELS if model.prices]))
def test_cost_and_savings_make_up_the_uncached_price(usage: Usage, model) -> None:
    found = bill(usage, model)
    price = model.price_for(usage.total_input)
    assert found is not None
    uncached = (usage.total_input * price.input + usage.output_tokens * price.output) / 1e6 + usage.searches * 0.01
    assert found.cost_usd + found.saved_usd == pytest.approx(uncached)
