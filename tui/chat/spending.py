"""What a chat, a day and a life have used and cost: a ledger of answers, ready for a table and for charts.

Pure values over the transcript; what one answer costs is `ledger`'s arithmetic.
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
    """One answer in the ledger, finished or not."""

    turn: int
    """Counts the prompts of the chat from 1; a turn may hold several answers."""
    at: float
    """When its request began, in seconds since the epoch."""
    model: str
    usage: Usage
    bill: Bill | None
    """None where the model's price is unknown."""
    state: State
    is_estimate: bool = False
    """Its output, and so its cost, is what could be seen of an answer that was cut off."""
    cache_miss: str = ""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Several answers in one row."""

    answers: int = 0
    usage: Usage = Usage()
    bill: Bill = Bill()
    unpriced: int = 0
    """How many of the answers are not in the bill, since nobody knows their model's price."""
    estimated: int = 0
    """How many of them were cut off: output and cost are about so much."""

    @property
    def is_estimate(self) -> bool:
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
    """Every answer that used something, oldest first."""

    entries: tuple[Entry, ...] = ()

    @property
    def total(self) -> Total:
        return _sum(self.entries)

    def by_turn(self) -> tuple[tuple[int, Total], ...]:
        """The sum of each turn's answers, by the turn's number. For the ledger of one chat."""
        return _sums((entry.turn, entry) for entry in self.entries)

    def by_day(self, day: Callable[[float], str] | None = None) -> tuple[tuple[str, Total], ...]:
        """The sum of each day that has any, as `2026-11-23`. `day` names that of a time: the user's own by default."""
        day = day or local_day
        return _sums((day(entry.at), entry) for entry in self.entries)

    def by_model(self) -> tuple[tuple[str, Total], ...]:
        """The sum of each model's answers, by its ID."""
        return _sums((entry.model, entry) for entry in self.entries)

    def __add__(self, other: Ledger) -> Ledger:
        """Both in the order of time: the ledgers of chats make up that of a life."""
        return Ledger(tuple(sorted((*self.entries, *other.entries), key=lambda entry: entry.at)))


def _unknown(message: Message) -> Bill | None:
    return None


def is_billed(answer: Message) -> bool:
    """Whether what an answer used is paid for. A refusal that came before any output is not, but for some categories.

    Source: Anthropic's release notes of 24 September 2026.
    """
    return answer.stop_reason != "refusal" or bool(answer.blocks) or answer.stop_category in _BILLED_REFUSALS


def ledger_of(
    transcript: Transcript, written_off: Sequence[Message] = (), price: Callable[[Message], Bill | None] = _unknown
) -> Ledger:
    """The ledger of a chat.

    Stopped and failed answers count with what the API had told of them: their whole input, and the output up to there.
    `written_off` are answers that were billed and never entered the transcript: stopped before their first word.
    `price` bills an answer that was stored without a bill.
    """
    numbered: list[tuple[int, Message]] = []
    turn = 0
    for message in transcript.messages:
        turn += message.is_prompt
        numbered.append((turn, message))
    numbered += [(_turn_of_lost(message, numbered), message) for message in written_off]
    entries = [_entry(turn, message, price) for turn, message in numbered if message.usage != Usage()]
    return Ledger(tuple(sorted(entries, key=lambda entry: entry.at)))


def local_day(at: float) -> str:
    """The date of a time where the user is."""
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
    """One total for each name, in the order in which the names first came."""
    groups: dict[_Key, list[Entry]] = {}
    for name, entry in named:
        groups.setdefault(name, []).append(entry)
    return tuple((name, _sum(entries)) for name, entries in groups.items())


def _turn_of_lost(lost: Message, numbered: Sequence[tuple[int, Message]]) -> int:
    """The turn in which an answer was lost. If its prompt went with it, the next attempt has the same number."""
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
        usage=message.usage,
        bill=message.bill or price(message),
        state=message.state,
        is_estimate=not message.is_counted,
        cache_miss=message.cache_miss,
    )
