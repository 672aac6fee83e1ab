"""What chats have used and cost: a ledger of answers for tables and charts. Pure.

`ledger` calculates the cost of one answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec

from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Message, State, Transcript

_Key = TypeVar("_Key", bound=Hashable)


_BILLED_REFUSALS = frozenset({"bio", "frontier_llm", "reasoning_extraction"})


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One answer in the ledger, complete or not."""

    turn: int
    """Number of the prompt in the chat, from 1. A turn may have several answers."""
    at: float
    """Time of its request, in seconds since the epoch."""
    model: str
    usage: Usage
    bill: Bill | None
    """None if the model's price is unknown."""
    state: State
    is_estimate: bool = False
    """True if the answer was interrupted, so that its output and cost are estimated."""
    cache_miss: str = ""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of several answers."""

    answers: int = 0
    usage: Usage = Usage()
    bill: Bill = Bill()
    unpriced: int = 0
    """Answers that are not in the bill because their price is unknown."""
    estimated: int = 0
    """Interrupted answers, whose output and cost are estimated."""

    @property
    def is_estimate(self) -> bool:
        """True if part of it is estimated."""
        return self.estimated > 0

    def __add__(self, other: Total) -> Total:
        return Total(
            answers=self.answers + other.answers,
            usage=self.usage + other.usage,
            bill=self.bill + other.bill,
            unpriced=self.unpriced + other.unpriced,
            estimated=self.estimated + other.estimated,
        )


class Ledger(msgspec.Struct, frozen=True):
    """All answers that used something, oldest first."""

    entries: tuple[Entry, ...] = ()

    @property
    def total(self) -> Total:
        """The total of all answers."""
        return _sum(self.entries)

    def by_turn(self) -> tuple[tuple[int, Total], ...]:
        """Return the total of each turn, by number. Only for the ledger of one chat."""
        return _sums((entry.turn, entry) for entry in self.entries)

    def by_day(self, day: Callable[[float], str] | None = None) -> tuple[tuple[str, Total], ...]:
        """Return the total of each day, by ISO date. `day` maps a time to its date; the default is local time."""
        day = day or local_day
        return _sums((day(entry.at), entry) for entry in self.entries)

    def by_model(self) -> tuple[tuple[str, Total], ...]:
        """Return the total of each model, by its ID."""
        return _sums((entry.model, entry) for entry in self.entries)

    def __add__(self, other: Ledger) -> Ledger:
        """Merge two ledgers in the order of time."""
        return Ledger(tuple(sorted((*self.entries, *other.entries), key=lambda entry: entry.at)))


def _unknown(message: Message) -> Bill | None:
    return None


def is_billed(answer: Message) -> bool:
    """True if the answer is billed. A refusal before any output is free, except in some categories.

    Source: Anthropic, release notes of 24 September 2026.
    """
    return answer.stop_reason != "refusal" or bool(answer.blocks) or answer.stop_category in _BILLED_REFUSALS


def ledger_of(
    transcript: Transcript, discarded: Sequence[Message] = (), price: Callable[[Message], Bill | None] = _unknown
) -> Ledger:
    """Return the ledger of a chat.

    Stopped and failed answers count with what the API had reported: the whole input, and the output so far. `discarded`
    are answers that were billed but never entered the transcript. `price` bills answers that were stored without a bill.
    """
    numbered: list[tuple[int, Message]] = []
    turn = 0
    for message in transcript.messages:
        turn += message.is_prompt
        numbered.append((turn, message))
    numbered += [(_turn_of_lost(message, numbered), message) for message in discarded]
    entries = [_entry(turn, message, price) for turn, message in numbered if message.usage != Usage()]
    return Ledger(tuple(sorted(entries, key=lambda entry: entry.at)))


def local_day(at: float) -> str:
    """Return the local ISO date of a time."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def _sum(entries: Iterable[Entry]) -> Total:
    answers = unpriced = estimated = 0
    usage, paid = Usage(), Bill()
    for entry in entries:
        answers += 1
        usage += entry.usage
        estimated += entry.is_estimate
        if entry.bill is None:
            unpriced += 1
        else:
            paid += entry.bill
    return Total(answers=answers, usage=usage, bill=paid, unpriced=unpriced, estimated=estimated)


def _sums(named: Iterable[tuple[_Key, Entry]]) -> tuple[tuple[_Key, Total], ...]:
    """Return one total per name, in the order of first appearance."""
    groups: dict[_Key, list[Entry]] = {}
    for name, entry in named:
        groups.setdefault(name, []).append(entry)
    return tuple((name, _sum(entries)) for name, entries in groups.items())


def _turn_of_lost(lost: Message, numbered: Sequence[tuple[int, Message]]) -> int:
    """Return the turn number of a discarded answer. If its prompt was removed too, it is that of the next attempt."""
    earlier = [(turn, message) for turn, message in numbered if message.at < lost.at]
    if not earlier:
        return 1
    turn, last = earlier[-1]
    goes_on = last.role == "user" or last.stop_reason == "pause_turn"
    return turn if goes_on else turn + 1


def _entry(turn: int, message: Message, price: Callable[[Message], Bill | None]) -> Entry:
    return Entry(
        turn=turn,
        at=message.at,
        model=message.model,
        usage=message.usage.billed,
        bill=message.bill or price(message),
        state=message.state,
        is_estimate=not message.is_counted,
        cache_miss=message.cache_miss,
    )
