"""Budgets: whether the next turn would pass what the user wants to spend on a chat or in a day, before it is sent.

A soft limit asks once, a hard one stands in the way until it is raised. Asking is the screen's; `prx -p` and a loop of tools
have nobody to ask, and take `refusal`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from tui.chat.forecast import NO_DRAFT, Estimate, estimate
from tui.chat.ledger import Usage, bill
from tui.chat.model import Model
from tui.chat.transcript import Message, Transcript
from tui.chat.warmth import lifetime_for
from tui.errors import TuiError

Scope = Literal["chat", "day"]
Level = Literal["soft", "hard"]

FIRST_ANSWER = 400
"""Tokens that an answer is taken to have as long as the chat has none to judge by."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in US dollars; None: no limit."""

    chat_soft: float | None = None
    chat_hard: float | None = None
    day_soft: float | None = None
    day_hard: float | None = None

    @property
    def is_set(self) -> bool:
        return self != Budget()


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent so far, in US dollars: on the chat with all its branches, and today on all chats."""

    chat_usd: float = 0.0
    day_usd: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(chat_usd=self.chat_usd + other.chat_usd, day_usd=self.day_usd + other.day_usd)


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that the next turn would pass."""

    scope: Scope
    level: Level
    limit_usd: float
    spent_usd: float
    """So far."""
    next_usd: float
    """What the next turn costs, about."""

    @property
    def raised_usd(self) -> float:
        """As many times the limit as the next turn needs."""
        need = self.spent_usd + self.next_usd
        return max(2, math.ceil(need / self.limit_usd)) * self.limit_usd if self.limit_usd else float(math.ceil(need))

    def __str__(self) -> str:
        """It in a sentence."""
        who = "This chat has cost" if self.scope == "chat" else "Today's chats have cost"
        limit = f"the {'soft ' if self.level == 'soft' else ''}limit of {_usd(self.limit_usd)}"
        if self.spent_usd > self.limit_usd:
            return f"{who} {_usd(self.spent_usd)}, more than {limit}. The next turn costs about {_usd(self.next_usd)}."
        return f"{who} {_usd(self.spent_usd)}. The next turn costs about {_usd(self.next_usd)} and would pass {limit}."


class OverBudget(TuiError):
    """A hard limit is in the way."""

    def __init__(self, passed: Passed) -> None:
        super().__init__(str(passed), f"{passed.scope}_hard in [budget] of config.toml is that limit.")


class Consent(msgspec.Struct, frozen=True):
    """What the user has agreed to since prx was started. Chats go by their id, days by their date."""

    told: frozenset[str] = frozenset()
    """Chats and days whose soft limit was agreed to be passed."""
    raised: Mapping[str, float] = {}
    """Hard limits, in US dollars, that stand for those of the configuration."""

    def applied(self, budget: Budget, *, chat: str, day: str) -> Budget:
        """The limits as they are for this chat and this day now."""
        return Budget(
            chat_soft=None if chat in self.told else budget.chat_soft,
            chat_hard=self.raised.get(chat, budget.chat_hard),
            day_soft=None if day in self.told else budget.day_soft,
            day_hard=self.raised.get(day, budget.day_hard),
        )

    def given(self, passed: Iterable[Passed], *, chat: str, day: str) -> Consent:
        """The same, and these limits may be passed."""
        names: dict[Scope, str] = {"chat": chat, "day": day}
        passed = tuple(passed)
        raised = {names[one.scope]: one.raised_usd for one in passed if one.level == "hard"}
        return Consent(self.told | {names[one.scope] for one in passed}, {**self.raised, **raised})


def check(budget: Budget, spent: Spent, next_usd: float) -> tuple[Passed, ...]:
    """The limits that would be passed, hard ones first; at most one for the chat and one for the day."""
    scopes: tuple[tuple[Scope, float, float | None, float | None], ...] = (
        ("chat", spent.chat_usd, budget.chat_soft, budget.chat_hard),
        ("day", spent.day_usd, budget.day_soft, budget.day_hard),
    )
    found: list[Passed] = []
    for scope, spent_usd, soft, hard in scopes:
        levels: tuple[tuple[Level, float | None], ...] = (("hard", hard), ("soft", soft))
        for level, limit in levels:
            if limit is not None and spent_usd + next_usd > limit:
                found.append(Passed(scope=scope, level=level, limit_usd=limit, spent_usd=spent_usd, next_usd=next_usd))
                break
    return tuple(sorted(found, key=lambda passed: passed.level != "hard"))


def refusal(budget: Budget, spent: Spent, next_usd: float, since: Iterable[Message] = ()) -> OverBudget | None:
    """The error that stands for the hard limit in the way, where nobody is asked. None: the request may be sent.

    `since` are the answers of a turn that goes on, which `spent` does not count yet.
    """
    more = sum(answer.bill.cost_usd for answer in since if answer.bill is not None)
    passed = check(budget, spent + Spent(chat_usd=more, day_usd=more), next_usd)
    return next((OverBudget(one) for one in passed if one.level == "hard"), None)


def objection(
    budget: Budget, spent: Spent, transcript: Transcript, answers: Iterable[Message], model: Model, now: float
) -> OverBudget | None:
    """The same of the next request of a turn that has these answers already, and goes on with the results of its tools."""
    coming = estimate(transcript, NO_DRAFT, model, now, lifetime=lifetime_for(transcript, model, now))
    return refusal(budget, spent, turn_usd(coming, transcript, model), answers)


def turn_usd(coming: Estimate, transcript: Transcript, model: Model) -> float:
    """What the next turn costs, about: its input, and an answer as long as those before. 0 where the price is unknown."""
    lengths = [
        one.usage.output_tokens for one in transcript.messages if one.role == "assistant" and one.usage.output_tokens
    ]
    answer = round(sum(lengths) / len(lengths)) if lengths else FIRST_ANSWER
    paid = bill(coming.usage + Usage(output_tokens=answer), model)
    return paid.cost_usd if paid is not None else 0.0


def _usd(amount: float) -> str:
    return f"${amount:.3f}" if 0 < amount < 0.0995 else f"${amount:,.2f}" if amount else "nothing"
