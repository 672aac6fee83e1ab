"""What chats have used and cost beyond what their messages tell: answers that were billed and have nothing to show.

A chat's cost stands in its row; tokens are added up when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from tui.chat.ledger import Bill, Usage
from tui.chat.spending import local_day
from tui.chat.transcript import Message, State
from tui.inputs.bounded import JsonDecoder
from tui.store import columns
from tui.store.codec import decode, encode
from tui.store.values import ChatUsage

if TYPE_CHECKING:
    from sqlite3 import Connection


class _Facts(msgspec.Struct):
    """Of a message's facts, what it used, and whether that was told at its end."""

    model: str = ""
    usage: Usage = Usage()
    stop_reason: str = ""

    def is_estimate(self, state: State) -> bool:
        return not Message(role="assistant", state=state, stop_reason=self.stop_reason, usage=self.usage).is_counted


_FACTS = JsonDecoder(_Facts)


def add_discarded(db: Connection, chat_id: str, message: Message) -> bool:
    """Keeps an answer that was written off, and adds it to what the chat has cost. False if it was kept already."""
    bill = message.bill or Bill()
    done = db.execute(
        "INSERT OR IGNORE INTO written_off (chat_id, at, state, cost_usd, saved_usd, facts) VALUES (?, ?, ?, ?, ?, ?)",
        (chat_id, message.at, message.state, bill.cost_usd, bill.saved_usd, encode(message).facts),
    )
    if done.rowcount < 1:
        return False
    db.execute(
        "UPDATE chats SET cost_usd = cost_usd + ?, saved_usd = saved_usd + ? WHERE id = ?",
        (bill.cost_usd, bill.saved_usd, chat_id),
    )
    return True


def include_discarded(db: Connection, chat_id: str) -> None:
    """A chat has begun; its first prompt may have been tried before, and cost something then."""
    db.execute(
        """
        UPDATE chats SET cost_usd = (SELECT total(cost_usd) FROM written_off WHERE chat_id = ?1),
            saved_usd = (SELECT total(saved_usd) FROM written_off WHERE chat_id = ?1) WHERE id = ?1
        """,
        (chat_id,),
    )


def discarded_answers(db: Connection, chat_id: str) -> tuple[Message, ...]:
    """The answers of a chat that were billed and are not among its messages, oldest first."""
    rows = db.execute("SELECT state, at, facts FROM written_off WHERE chat_id = ? ORDER BY at, key", (chat_id,))
    return tuple(
        decode("assistant", columns.state(state), columns.moment(at), b"[]", columns.data(facts))
        for state, at, facts in rows
    )


def usage_by_chat(db: Connection) -> dict[str, ChatUsage]:
    """What each chat has used, by its id, with all its branches. What a fork was copied from is not counted twice."""
    rows = db.execute(
        """
        SELECT c.id, m.state, m.facts FROM messages AS m JOIN chats AS c ON c.key = m.chat
        WHERE m.role = 'assistant' AND NOT m.copied
        UNION ALL SELECT chat_id, state, facts FROM written_off
        """
    )
    found: dict[str, ChatUsage] = defaultdict(ChatUsage)
    for chat_id, state, facts in rows:
        if facts:
            with suppress(msgspec.DecodeError):
                one = _FACTS.decode(columns.data(facts))
                found[chat_id] += ChatUsage(usage=one.usage, is_estimate=one.is_estimate(columns.state(state)))
    return dict(found)


def estimated_days(db: Connection) -> frozenset[tuple[str, str]]:
    """The days, each with a model, on which an answer of it was cut off that is still there."""
    rows = db.execute(
        """
        SELECT at, state, facts FROM messages WHERE state != 'complete' AND role = 'assistant' AND NOT copied
        UNION ALL SELECT at, state, facts FROM written_off
        """
    )
    found: set[tuple[str, str]] = set()
    for at, state, facts in rows:
        with suppress(msgspec.DecodeError):
            one = _FACTS.decode(columns.data(facts) or b"{}")
            if one.is_estimate(columns.state(state)):
                found.add((local_day(columns.moment(at)), one.model))
    return frozenset(found)
