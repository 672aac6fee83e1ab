"""Which budgets the next turn would pass, what the user is told of them, and what becomes of them once they agreed."""

from __future__ import annotations

import pytest

from tui.anthropic.models import find
from tui.chat.budget import Budget, Consent, Spent, check, estimated_turn_usd, hard_limit_error
from tui.chat.forecast import estimate
from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Draft, Message, Transcript

BUDGET = Budget(chat_soft=1.0, chat_hard=2.0, day_soft=5.0, day_hard=10.0)


def spent(chat_usd: float, day_usd: float) -> Spent:
    return Spent(chat_usd=chat_usd, day_usd=day_usd)


@pytest.mark.parametrize(
    ("chat_usd", "day_usd", "passed"),
    [
        (0.5, 1.0, []),
        (0.9, 1.0, []),  # up to the limit is within it
        (0.95, 1.0, [("chat", "soft")]),
        (1.05, 1.0, [("chat", "soft")]),  # the answer before had passed it
        (1.95, 2.0, [("chat", "hard")]),
        (3.0, 4.0, [("chat", "hard")]),
        (0.95, 4.95, [("chat", "soft"), ("day", "soft")]),
        (0.95, 9.95, [("day", "hard"), ("chat", "soft")]),
    ],
)
def test_limits_are_passed_by_what_comes_next(chat_usd: float, day_usd: float, passed: list) -> None:
    found = check(BUDGET, spent(chat_usd, day_usd), 0.1)
    assert [(one.scope, one.level) for one in found] == passed
    assert (hard_limit_error(BUDGET, spent(chat_usd, day_usd), 0.1) is not None) == any(
        level == "hard" for _, level in passed
    )


def test_no_limit_is_no_limit() -> None:
    assert check(Budget(), spent(1e9, 1e9), 1e9) == ()
    assert not Budget().is_set
    assert BUDGET.is_set


def test_a_limit_of_nothing_stands_in_the_way_at_once() -> None:
    (passed,) = check(Budget(chat_hard=0.0), Spent(), 0.001)
    assert passed.raised_usd == 1.0


def test_what_would_be_passed_is_told_in_a_sentence() -> None:
    (before,) = check(BUDGET, spent(0.98, 1.0), 0.031)
    assert str(before) == (
        "This chat has cost $0.98. The next turn costs about $0.031 and would pass the soft limit of $1.00."
    )
    (after,) = check(BUDGET, spent(0.0, 10.2), 0.5)
    assert (
        str(after) == "Today's chats have cost $10.20, more than the limit of $10.00. The next turn costs about $0.50."
    )


def test_a_soft_limit_that_was_agreed_to_asks_no_more_here_and_does_elsewhere() -> None:
    passed = check(BUDGET, spent(0.95, 4.95), 0.1)
    consent = Consent().with_approval(passed, chat="a", day="2026-11-23")
    assert check(consent.effective(BUDGET, chat="a", day="2026-11-23"), spent(1.5, 5.5), 0.1) == ()
    other_chat = check(consent.effective(BUDGET, chat="b", day="2026-11-23"), spent(1.5, 5.5), 0.1)
    assert [(one.scope, one.level) for one in other_chat] == [("chat", "soft")]
    next_day = check(consent.effective(BUDGET, chat="a", day="2026-11-24"), spent(1.5, 5.5), 0.1)
    assert [(one.scope, one.level) for one in next_day] == [("day", "soft")]
    past_hard = check(consent.effective(BUDGET, chat="a", day="2026-11-23"), spent(1.95, 5.5), 0.1)
    assert [(one.scope, one.level) for one in past_hard] == [("chat", "hard")]


@pytest.mark.parametrize(("so_far", "raised"), [(1.95, 4.0), (3.95, 6.0), (40.0, 42.0)])
def test_a_hard_limit_is_raised_to_what_the_turn_needs(so_far: float, raised: float) -> None:
    passed = check(BUDGET, spent(so_far, 0.0), 0.1)
    assert passed[0].raised_usd == raised
    budget = Consent().with_approval(passed, chat="a", day="d").effective(BUDGET, chat="a", day="d")
    assert budget == Budget(chat_hard=raised, day_soft=5.0, day_hard=10.0)
    assert check(budget, spent(so_far, 0.0), 0.1) == ()


def test_a_turn_that_goes_on_counts_what_it_has_cost_meanwhile() -> None:
    answers = [Message(role="assistant", bill=Bill(cost_usd=0.5)), Message(role="assistant")]
    assert hard_limit_error(BUDGET, spent(1.0, 1.0), 0.1, answers) is None
    error = hard_limit_error(BUDGET, spent(1.0, 1.0), 0.1, answers * 2)
    assert error is not None
    assert "This chat has cost $2.00" in error.message
    assert error.hint == "Raise chat_hard under [budget] in config.toml."


def test_a_turn_costs_its_input_and_an_answer_like_those_before() -> None:
    sonnet = find("claude-sonnet-5-5")  # $2 in, $10 out
    chat = Transcript()
    coming = estimate(chat, Draft(text="Hi"), sonnet, 0.0)
    assert coming.bill is not None
    assert estimated_turn_usd(coming, chat, sonnet) == pytest.approx(coming.bill.cost_usd + 400 * 10 / 1e6)
    chat = Transcript(
        messages=tuple(Message(role="assistant", usage=Usage(output_tokens=count)) for count in (1_000, 0, 3_000))
    )
    coming = estimate(chat, Draft(text="Hi"), sonnet, 0.0)
    assert coming.bill is not None
    assert estimated_turn_usd(coming, chat, sonnet) == pytest.approx(coming.bill.cost_usd + 2_000 * 10 / 1e6)
    assert estimated_turn_usd(estimate(chat, Draft(text="Hi"), find("qwen3"), 0.0), chat, find("qwen3")) == 0.0
