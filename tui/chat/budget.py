"""Check, before a turn is sent, whether it would exceed the user's budget for a chat or a day.

A soft limit asks the user once. A hard limit blocks until the user raises it. The screen asks; `prx -p` and tool loops have
nobody to ask and use `hard_limit_error`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from tui.chat.cache_state import lifetime_for
from tui.chat.forecast import NO_DRAFT, Estimate, estimate
from tui.chat.ledger import Usage, bill
from tui.chat.model import Model
from tui.chat.transcript import Message, Transcript
from tui.errors import TuiError

Scope = Literal["chat", "day"]
Level = Literal["soft", "hard"]

FIRST_ANSWER = 400
"""Assumed length of the first answer of a chat, in tokens."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in US dollars. None means no limit."""

    chat_soft: float | None = None
    chat_hard: float | None = None
    day_soft: float | None = None
    day_hard: float | None = None

    @property
    def is_set(self) -> bool:
        """True if there is any limit."""
        return self != Budget()


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent so far, in US dollars: on a chat with all its branches, and on all chats today."""

    chat_usd: float = 0.0
    day_usd: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(chat_usd=self.chat_usd + other.chat_usd, day_usd=self.day_usd + other.day_usd)


class ExceededLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that the next turn would exceed."""

    scope: Scope
    level: Level
    limit_usd: float
    spent_usd: float
    """What was spent before the turn."""
    next_usd: float
    """Estimated cost of the turn."""

    @property
    def raised_usd(self) -> float:
        """Return the smallest multiple of the limit (at least twice) that has room for the turn."""
        need = self.spent_usd + self.next_usd
        return max(2, math.ceil(need / self.limit_usd)) * self.limit_usd if self.limit_usd else float(math.ceil(need))

    def __str__(self) -> str:
        """Describe the exceeded limit in one or two sentences."""
        who = "This chat has cost" if self.scope == "chat" else "Today's chats have cost"
        limit = f"the {'soft ' if self.level == 'soft' else ''}limit of {_usd(self.limit_usd)}"
        if self.spent_usd > self.limit_usd:
            return f"{who} {_usd(self.spent_usd)}, more than {limit}. The next turn costs about {_usd(self.next_usd)}."
        return f"{who} {_usd(self.spent_usd)}. The next turn costs about {_usd(self.next_usd)} and would pass {limit}."


class OverBudget(TuiError):
    """Raised when a turn would exceed a hard limit."""

    def __init__(self, passed: ExceededLimit) -> None:
        super().__init__(str(passed), f"Raise {passed.scope}_hard under [budget] in config.toml.")


class Consent(msgspec.Struct, frozen=True):
    """What the user has allowed since prx was started. Keys are chat ids and ISO dates."""

    notified: frozenset[str] = frozenset()
    """Chats and days whose soft limit the user agreed to exceed."""
    raised: Mapping[str, float] = {}
    """Raised hard limits in US dollars, which replace the configured ones."""

    def effective(self, budget: Budget, *, chat: str, day: str) -> Budget:
        """Return the limits that apply to this chat and day, with the user's consent taken into account."""
        return Budget(
            chat_soft=None if chat in self.notified else budget.chat_soft,
            chat_hard=self.raised.get(chat, budget.chat_hard),
            day_soft=None if day in self.notified else budget.day_soft,
            day_hard=self.raised.get(day, budget.day_hard),
        )

    def with_approval(self, passed: Iterable[ExceededLimit], *, chat: str, day: str) -> Consent:
        """Return the consent extended by these limits."""
        names: dict[Scope, str] = {"chat": chat, "day": day}
        passed = tuple(passed)
        raised = {names[one.scope]: one.raised_usd for one in passed if one.level == "hard"}
        return Consent(self.notified | {names[one.scope] for one in passed}, {**self.raised, **raised})


def check(budget: Budget, spent: Spent, next_usd: float) -> tuple[ExceededLimit, ...]:
    """Return the limits that the next turn would exceed: at most one per scope, hard limits first."""
    scopes: tuple[tuple[Scope, float, float | None, float | None], ...] = (
        ("chat", spent.chat_usd, budget.chat_soft, budget.chat_hard),
        ("day", spent.day_usd, budget.day_soft, budget.day_hard),
    )
    found: list[ExceededLimit] = []
    for scope, spent_usd, soft, hard in scopes:
        levels: tuple[tuple[Level, float | None], ...] = (("hard", hard), ("soft", soft))
        for level, limit in levels:
            if limit is not None and spent_usd + next_usd > limit:
                found.append(
                    ExceededLimit(scope=scope, level=level, limit_usd=limit, spent_usd=spent_usd, next_usd=next_usd)
                )
                break
    return tuple(sorted(found, key=lambda passed: passed.level != "hard"))


def hard_limit_error(budget: Budget, spent: Spent, next_usd: float, since: Iterable[Message] = ()) -> OverBudget | None:
    """Return the error for the first hard limit that the next request would exceed, or None if it may be sent.

    `since` holds the answers of the running turn, which `spent` does not include yet.
    """
    more = sum(answer.bill.cost_usd for answer in since if answer.bill is not None)
    passed = check(budget, spent + Spent(chat_usd=more, day_usd=more), next_usd)
    return next((OverBudget(one) for one in passed if one.level == "hard"), None)


def next_request_error(
    budget: Budget, spent: Spent, transcript: Transcript, answers: Iterable[Message], model: Model, now: float
) -> OverBudget | None:
    """Return the error if the next request of a running turn would exceed a hard limit, or None.

    `answers` are the turn's answers so far; the next request sends the results of their tool calls.
    """
    coming = estimate(transcript, NO_DRAFT, model, now, lifetime=lifetime_for(transcript, model, now))
    return hard_limit_error(budget, spent, estimated_turn_usd(coming, transcript, model), answers)


def estimated_turn_usd(coming: Estimate, transcript: Transcript, model: Model) -> float:
    """Estimate the cost of the next turn in US dollars: its input, and an answer of average length. 0 if the price is
    unknown.
    """
    lengths = [
        one.usage.output_tokens for one in transcript.messages if one.role == "assistant" and one.usage.output_tokens
    ]
    answer = round(sum(lengths) / len(lengths)) if lengths else FIRST_ANSWER
    paid = bill(coming.usage + Usage(output_tokens=answer), model)
    return paid.cost_usd if paid is not None else 0.0


def _usd(amount: float) -> str:
    return f"${amount:.3f}" if 0 < amount < 0.0995 else f"${amount:,.2f}" if amount else "nothing"
