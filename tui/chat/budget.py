"""Budgets: whether sending would pass what the user wants to spend on a chat or in a day, before it is sent."""

from __future__ import annotations

from typing import Literal

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in US dollars; None: no limit. At a soft one the user is told, at a hard one asked first."""

    chat_soft: float | None = None
    chat_hard: float | None = None
    day_soft: float | None = None
    day_hard: float | None = None


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that the next request would pass."""

    scope: Literal["chat", "day"]
    level: Literal["soft", "hard"]
    limit_usd: float
    spent_usd: float
    """So far."""
    next_usd: float
    """What the next request costs at least: its input."""
    before: bool
    """It was passed already, before this request."""


def check(budget: Budget, *, chat_usd: float, day_usd: float, next_usd: float) -> tuple[Passed, ...]:
    """The limits that would be passed, hard ones first; at most one for the chat and one for the day.

    A soft limit is told of once, by the request that passes it; a hard one stands in the way of every request after it.
    """
    found: list[Passed] = []
    scopes: tuple[tuple[Literal["chat", "day"], float, float | None, float | None], ...] = (
        ("chat", chat_usd, budget.chat_soft, budget.chat_hard),
        ("day", day_usd, budget.day_soft, budget.day_hard),
    )
    for scope, spent, soft, hard in scopes:
        levels: tuple[tuple[Literal["soft", "hard"], float | None], ...] = (("hard", hard), ("soft", soft))
        for level, limit in levels:
            if limit is None or spent + next_usd <= limit or (level == "soft" and spent > limit):
                continue
            found.append(
                Passed(
                    scope=scope,
                    level=level,
                    limit_usd=limit,
                    spent_usd=spent,
                    next_usd=next_usd,
                    before=spent > limit,
                )
            )
            break
    return tuple(sorted(found, key=lambda passed: passed.level != "hard"))


def must_ask(passed: tuple[Passed, ...]) -> bool:
    """Whether the user has to agree before anything is sent."""
    return any(one.level == "hard" for one in passed)
