"""The ledger of a chat and of a life, against sums worked out by hand."""

from __future__ import annotations

import pytest

from tui.anthropic.models import MODELS, find
from tui.chat.ledger import Bill, Usage, bill
from tui.chat.spending import Ledger, Total, ledger_of
from tui.chat.transcript import Message, Text, ToolResult, ToolUse, Transcript

DAY_S = 86_400.0
FIRST = Usage(input_tokens=500, cache_creation_input_tokens=100_000, write_5m=100_000, output_tokens=2_000)
SECOND = Usage(
    input_tokens=500,
    cache_read_input_tokens=100_000,
    cache_creation_input_tokens=20_000,
    write_5m=5_000,
    write_1h=15_000,
    output_tokens=10_000,
    thinking_tokens=8_000,
    searches=3,
)
# In dollars, from the price list: what the two cost, and what their 221,000 tokens of input would have cost uncached.
# Per million: input 500 + 500, written for 5 minutes 100,000 + 5,000, for an hour 15,000, read 100,000, out 12,000.
ROWS = {
    "claude-opus-5-5": (0.004 + 0.525 + 0.12 + 0.02 + 0.24 + 0.03, 0.884),
    "claude-opus-5": (0.005 + 0.65625 + 0.15 + 0.05 + 0.30 + 0.03, 1.105),
    "claude-opus-4-8": (0.005 + 0.65625 + 0.15 + 0.05 + 0.30 + 0.03, 1.105),
    "claude-opus-4-7": (0.005 + 0.65625 + 0.15 + 0.05 + 0.30 + 0.03, 1.105),
    "claude-opus-4-6": (0.005 + 0.65625 + 0.15 + 0.05 + 0.30 + 0.03, 1.105),
    "claude-opus-4-5-20251101": (0.005 + 0.65625 + 0.15 + 0.05 + 0.30 + 0.03, 1.105),
    "claude-sonnet-5-5": (0.002 + 0.2625 + 0.06 + 0.01 + 0.12 + 0.03, 0.442),
    "claude-sonnet-5": (0.002 + 0.2625 + 0.06 + 0.02 + 0.12 + 0.03, 0.442),
    "claude-sonnet-4-6": (0.003 + 0.39375 + 0.09 + 0.03 + 0.18 + 0.03, 0.663),
    "claude-sonnet-4-5-20250929": (0.003 + 0.39375 + 0.09 + 0.03 + 0.18 + 0.03, 0.663),
    # Both prompts are above 100,000 tokens, so both are billed whole at the higher rate.
    "claude-haiku-5-5": (0.0005 + 0.065625 + 0.015 + 0.005 + 0.03 + 0.03, 0.1105),
    "claude-haiku-4-5-20251001": (0.001 + 0.13125 + 0.03 + 0.01 + 0.06 + 0.03, 0.221),
    "claude-fable-5-2": (0.008 + 1.05 + 0.24 + 0.02 + 0.48 + 0.03, 1.768),
    "claude-fable-5-1": (0.010 + 1.3125 + 0.30 + 0.025 + 0.60 + 0.03, 2.21),
    "claude-fable-5": (0.010 + 1.3125 + 0.30 + 0.10 + 0.60 + 0.03, 2.21),
    "claude-mythos-5-2": (0.008 + 1.05 + 0.24 + 0.02 + 0.48 + 0.03, 1.768),
    "claude-mythos-5-1": (0.010 + 1.3125 + 0.30 + 0.025 + 0.60 + 0.03, 2.21),
    "claude-mythos-5": (0.010 + 1.3125 + 0.30 + 0.10 + 0.60 + 0.03, 2.21),
}


def prompt(at: float) -> Message:
    return Message(role="user", blocks=(Text("Which way?"),), at=at)


def answer(usage: Usage, at: float, model: str = "claude-sonnet-5-5", *, billed: bool = True, **more) -> Message:
    paid = bill(usage, find(model)) if billed else None
    return Message(role="assistant", blocks=(Text("Out."),), model=model, usage=usage, bill=paid, at=at, **more)


def chat(*messages: Message) -> Transcript:
    return Transcript(messages=messages)


def test_every_priced_model_has_its_row() -> None:
    assert set(ROWS) == {model.id for model in MODELS if model.prices}


@pytest.mark.parametrize("model", ROWS)
def test_two_turns_cost_what_the_price_list_says(model: str) -> None:
    cost, input_uncached = ROWS[model]
    sum_ = ledger_of(chat(prompt(1), answer(FIRST, 2, model), prompt(3), answer(SECOND, 4, model))).total
    assert sum_.answers == 2
    assert sum_.usage.total_input == 221_000
    assert sum_.usage.hit_rate == pytest.approx(100_000 / 221_000)
    assert (sum_.usage.thinking_tokens, sum_.usage.searches) == (8_000, 3)
    assert sum_.bill.cost_usd == pytest.approx(cost, abs=1e-9)
    output_and_searches = 12_000 * find(model).prices[-1].output / 1e6 + 0.03
    assert sum_.bill.uncached_usd == pytest.approx(input_uncached + output_and_searches, abs=1e-9)
    assert sum_.bill.saved_usd == pytest.approx(input_uncached + output_and_searches - cost, abs=1e-9)


def test_the_answers_of_a_tool_loop_are_one_turn() -> None:
    results = Message(role="user", blocks=(ToolResult("toolu_1", (Text("ebb"),)),), at=3)
    calling = Message(
        role="assistant", blocks=(ToolUse("toolu_1", "get_tide"),), usage=FIRST, at=2, stop_reason="tool_use"
    )
    ledger = ledger_of(chat(prompt(1), calling, results, answer(SECOND, 4), prompt(5), answer(SECOND, 6)))
    assert [entry.turn for entry in ledger.entries] == [1, 1, 2]
    assert [(turn, one.answers, one.usage) for turn, one in ledger.by_turn()] == [
        (1, 2, FIRST + SECOND),
        (2, 1, SECOND),
    ]


def test_stopped_and_failed_answers_cost_what_was_told_of_them() -> None:
    stopped = answer(Usage(input_tokens=1_000_000, output_tokens=3), 2, state="stopped")
    failed = answer(Usage(input_tokens=1_000_000, output_tokens=1), 4, state="failed")
    ledger = ledger_of(chat(prompt(1), stopped, prompt(3), failed))
    assert ledger.total.bill.cost_usd == pytest.approx(4 + 0.00004)
    assert [entry.state for entry in ledger.entries] == ["stopped", "failed"]


def test_only_an_answer_that_was_cut_before_its_end_is_estimated() -> None:
    cut = answer(SECOND, 2, state="stopped")
    told = answer(SECOND, 4, state="failed", stop_reason="end_turn")
    unsaid = answer(Usage(input_tokens=1_000), 6, state="stopped")
    ledger = ledger_of(chat(prompt(1), cut, prompt(3), told, prompt(5), unsaid, prompt(7), answer(FIRST, 8)))
    assert [entry.is_estimate for entry in ledger.entries] == [True, False, False, False]
    assert [total.is_estimate for _, total in ledger.by_turn()] == [True, False, False, False]
    assert ledger.total.estimated == 1


def test_what_was_lost_before_its_first_word_is_counted_in_the_turn_that_was_tried() -> None:
    lost = Message(role="assistant", usage=FIRST, bill=Bill(cost_usd=1.0), at=4, state="stopped")
    ledger = ledger_of(chat(prompt(1), answer(SECOND, 2), prompt(5), answer(SECOND, 6)), [lost])
    assert [entry.turn for entry in ledger.entries] == [1, 2, 2]
    assert ledger.total.usage == FIRST + SECOND + SECOND
    in_a_loop = ledger_of(chat(prompt(1), answer(SECOND, 2, stop_reason="pause_turn")), [lost])
    assert [entry.turn for entry in in_a_loop.entries] == [1, 1]
    assert [entry.turn for entry in ledger_of(chat(), [lost]).entries] == [1]


def test_an_answer_that_used_nothing_is_no_row() -> None:
    assert ledger_of(chat(prompt(1), answer(Usage(), 2))) == Ledger()


def test_an_unknown_price_is_counted_as_such() -> None:
    ledger = ledger_of(chat(prompt(1), answer(FIRST, 2, "qwen3"), prompt(3), answer(FIRST, 4)))
    assert ledger.total.unpriced == 1
    assert ledger.total.bill == bill(FIRST, find("claude-sonnet-5-5"))
    assert ledger.total.usage == FIRST + FIRST


def test_an_old_answer_without_a_bill_can_be_billed_now() -> None:
    old = chat(prompt(1), answer(FIRST, 2, billed=False))
    assert ledger_of(old).total.unpriced == 1
    priced = ledger_of(old, price=lambda message: bill(message.usage, find(message.model)))
    assert priced.total.bill == bill(FIRST, find("claude-sonnet-5-5"))


def test_a_life_is_the_sum_of_its_chats_by_day_and_by_model() -> None:
    one = ledger_of(chat(prompt(0), answer(FIRST, 10), prompt(DAY_S), answer(SECOND, DAY_S + 10)))
    other = ledger_of(chat(prompt(0), answer(FIRST, DAY_S + 5, "claude-opus-5-5")))
    life = one + other
    assert [entry.at for entry in life.entries] == [10, DAY_S + 5, DAY_S + 10]
    days = life.by_day(lambda at: f"day {at // DAY_S:.0f}")
    assert [(day, one.answers) for day, one in days] == [("day 0", 1), ("day 1", 2)]
    assert sum((one for _, one in days), Total()) == life.total
    assert {model: one.usage for model, one in life.by_model()} == {
        "claude-sonnet-5-5": FIRST + SECOND,
        "claude-opus-5-5": FIRST,
    }
