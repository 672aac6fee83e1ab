"""Which budgets a request would pass, and which of them ask first."""

from __future__ import annotations

import pytest

from tui.chat.budget import Budget, check, must_ask

BUDGET = Budget(chat_soft=1.0, chat_hard=2.0, day_soft=5.0, day_hard=10.0)


@pytest.mark.parametrize(
    ("chat_usd", "day_usd", "passed"),
    [
        (0.5, 1.0, []),
        (0.9, 1.0, []),  # up to the limit is within it
        (0.95, 1.0, [("chat", "soft", False)]),
        (1.05, 1.0, []),  # told once
        (1.95, 2.0, [("chat", "hard", False)]),
        (3.0, 4.0, [("chat", "hard", True)]),  # and asked every time
        (0.95, 4.95, [("chat", "soft", False), ("day", "soft", False)]),
        (0.95, 9.95, [("day", "hard", False), ("chat", "soft", False)]),
    ],
)
def test_limits_are_passed_by_what_comes_next(chat_usd: float, day_usd: float, passed: list) -> None:
    found = check(BUDGET, chat_usd=chat_usd, day_usd=day_usd, next_usd=0.1)
    assert [(one.scope, one.level, one.before) for one in found] == passed
    assert must_ask(found) == any(level == "hard" for _, level, _ in passed)


def test_no_limit_is_no_limit() -> None:
    assert check(Budget(), chat_usd=1e9, day_usd=1e9, next_usd=1e9) == ()


def test_a_limit_of_nothing_asks_at_once() -> None:
    (passed,) = check(Budget(chat_hard=0.0), chat_usd=0.0, day_usd=0.0, next_usd=0.001)
    assert (passed.limit_usd, passed.spent_usd, passed.next_usd, passed.before) == (0.0, 0.0, 0.001, False)
    assert must_ask((passed,))
