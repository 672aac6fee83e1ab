"""Usage and cost that messages alone do not show: answers that were billed but have no content.

The cost of a chat is in its row; tokens are added up on request.
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
    """The fields of a message that describe its usage."""

    model: str = ""
    usage: Usage = Usage()
    stop_reason: str = ""

    def is_estimate(self, state: State) -> bool:
        """True if its output is estimated."""
        return not Message(role="assistant", state=state, stop_reason=self.stop_reason, usage=self.usage).is_counted


_FACTS = JsonDecoder(_Facts)


def add_discarded(db: Connection, chat_id: str, message: Message) -> bool:
    """Store a discarded answer and add it to the cost of its chat. Return False if it was stored before."""
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
    """Set the cost of a new chat to that of its discarded answers: its first prompt may have been sent before without
    success.
    """
    db.execute(
        """
        UPDATE chats SET cost_usd = (SELECT total(cost_usd) FROM written_off WHERE chat_id = ?1),
            saved_usd = (SELECT total(saved_usd) FROM written_off WHERE chat_id = ?1) WHERE id = ?1
        """,
        (chat_id,),
    )


def discarded_answers(db: Connection, chat_id: str) -> tuple[Message, ...]:
    """Return the answers of a chat that were billed but are not among its messages, oldest first."""
    rows = db.execute("SELECT state, at, facts FROM written_off WHERE chat_id = ? ORDER BY at, key", (chat_id,))
    return tuple(
        decode("assistant", columns.state(state), columns.moment(at), b"[]", columns.data(facts))
        for state, at, facts in rows
    )


def usage_by_chat(db: Connection) -> dict[str, ChatUsage]:
    """Return the usage of each chat with all its branches, by id. Messages copied by a fork are not counted twice."""
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
                found[chat_id] += ChatUsage(usage=one.usage.billed, is_estimate=one.is_estimate(columns.state(state)))
    return dict(found)


def estimated_days(db: Connection) -> frozenset[tuple[str, str]]:
    """Return the days and models with an interrupted answer that still exists."""
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
