"""Read a branch of a chat, i.e. one path through its tree: whole, or only its end. Functions that change nothing."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from tui.chat.transcript import Message, Transcript
from tui.store import columns
from tui.store.codec import decode
from tui.store.queries import attached, changed_setup, chat, definitions, last_chat, leaf
from tui.store.usage import discarded_answers
from tui.store.values import Branch, Chat, ChatUpdate, StoredChat, StoredMessage

if TYPE_CHECKING:
    from sqlite3 import Connection

Row = TypeVar("Row")
_ALL = 1 << 62
_END_MESSAGES, _END_BYTES = 48, 1 << 18
"""What the end of a branch has at most, its first message aside: enough for the largest screen, and read within a few
milliseconds."""
_AT_ONCE, _PAUSE_S = 100, 0.0001
_PATH = """
    WITH RECURSIVE up (key, parent, depth, bytes) AS (
        SELECT m.key, m.parent, 1, length(m.blocks) FROM messages AS m JOIN chats AS c ON c.key = m.chat
            WHERE m.id = ? AND c.id = ?
        UNION ALL SELECT m.key, m.parent, up.depth + 1, up.bytes + length(m.blocks) FROM messages AS m JOIN up
            ON m.key = up.parent AND m.key < up.key  -- it never goes round in circles
            WHERE up.depth < ? AND up.bytes < ?
    )
    SELECT m.key, m.id, m.parent, m.role, m.state, m.at, m.facts, m.blocks
    FROM up JOIN messages AS m ON m.key = up.key ORDER BY up.depth DESC
"""


def branch(db: Connection, chat_id: str, head: str | None, elsewhere: frozenset[str] = frozenset()) -> Branch:
    """Return the path to `head`, by default to the chat's own head. Raises NoSuchChat."""
    of = chat(db, chat_id, elsewhere)
    return _branch(of, _rows(db, of.id, head or of.head), _siblings(db, of.id))


def end(db: Connection, chat_id: str, head: str | None, elsewhere: frozenset[str] = frozenset()) -> Branch | None:
    """Return the last messages of that path, however long it is. Without an ID, of the chat used last, or None.

    Raises NoSuchChat.
    """
    of = chat(db, chat_id, elsewhere) if chat_id else last_chat(db, elsewhere)
    if of is None:
        return None
    rows = _rows(db, of.id, head or of.head, _END_MESSAGES, _END_BYTES)
    return _branch(of, rows, _siblings_of(db, of.id, {row[2] for row in rows}))


def stored_chat(db: Connection, chat_id: str, head: str | None, elsewhere: frozenset[str] = frozenset()) -> StoredChat:
    """Return all that it takes to go on with a chat after `head`. Raises NoSuchChat."""
    of = chat(db, chat_id, elsewhere)
    rows = _rows(db, of.id, head or of.head)
    return StoredChat(
        branch=_branch(of, rows, _siblings(db, of.id)),
        transcript=Transcript(
            messages=_messages(db, rows),
            system=of.system,
            tools=definitions(db, of.id),
            changed=changed_setup(db, of.id),
        ),
        discarded=discarded_answers(db, of.id),
    )


def since(db: Connection, chat_id: str, head: str, elsewhere: frozenset[str] = frozenset()) -> ChatUpdate:
    """Return the path to the newest message below `head`, and the messages after it. Raises NoSuchChat."""
    of = chat(db, chat_id, elsewhere)
    rows = _rows(db, of.id, leaf(db, head))
    after = next((number for number, row in enumerate(rows, start=1) if row[1] == head), len(rows))
    (deleted_at,) = db.execute("SELECT deleted_at FROM chats WHERE id = ?", (of.id,)).fetchone()
    added = _messages(db, rows[after:])
    path = _branch(of, rows, _siblings(db, of.id))
    return ChatUpdate(branch=path, added=added, is_deleted=deleted_at is not None)


def transcript(db: Connection, chat_id: str, head: str | None) -> Transcript:
    """Return the path as a transcript with all attachments. Raises NoSuchChat."""
    return stored_chat(db, chat_id, head).transcript


def _branch(of: Chat, rows: list[tuple[Any, ...]], siblings: dict[int | None, tuple[str, ...]]) -> Branch:
    return Branch(
        of,
        [
            StoredMessage(
                id=id, role=role, state=state, at=at, facts=facts, blocks=blocks, siblings=siblings.get(parent, (id,))
            )
            for _, id, parent, role, state, at, facts, blocks in rows
        ],
    )


def _messages(db: Connection, rows: list[tuple[Any, ...]]) -> tuple[Message, ...]:
    data = attached(db, (row[-1] for row in rows))
    return tuple(decode(role, state, at, blocks, facts, data) for *_, role, state, at, facts, blocks in _slowly(rows))


def _rows(
    db: Connection, chat_id: str, head: str | None, most: int = _ALL, most_bytes: int = _ALL
) -> list[tuple[Any, ...]]:
    """Return the path to `head`: key, id, key of the parent, role, state, at, facts, blocks. With a limit, only its end."""
    return [
        (
            *row[:3],
            columns.role(row[3]),
            columns.state(row[4]),
            columns.moment(row[5]),
            *map(columns.data, row[6:]),
        )
        for row in _slowly(db.execute(_PATH, (head, chat_id, most, most_bytes)))
    ]


def _slowly(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows. In a long chat, let the thread that handles keys run in between: Python gives it a turn every 5 ms
    only, and it needs several for one key."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % _AT_ONCE == 0:
            time.sleep(_PAUSE_S)


def _siblings(db: Connection, chat_id: str) -> dict[int | None, tuple[str, ...]]:
    """Return the children of each message of a chat that has several, oldest first."""
    return _by_parent(
        db.execute(
            """
            SELECT m.parent, m.id FROM messages AS m JOIN (
                SELECT chat, parent FROM messages WHERE chat = (SELECT key FROM chats WHERE id = ?)
                GROUP BY chat, parent HAVING count(*) > 1
            ) AS several ON m.chat = several.chat AND m.parent IS several.parent ORDER BY m.key
            """,
            (chat_id,),
        )
    )


def _siblings_of(db: Connection, chat_id: str, parents: Iterable[int | None]) -> dict[int | None, tuple[str, ...]]:
    """Return the children of these messages, oldest first."""
    rows: list[tuple[int | None, str]] = []
    for parent in parents:
        rows += db.execute(
            "SELECT parent, id FROM messages WHERE chat = (SELECT key FROM chats WHERE id = ?) AND parent IS ? ORDER BY key",
            (chat_id, parent),
        )
    return _by_parent(rows)


def _by_parent(rows: Iterable[tuple[int | None, str]]) -> dict[int | None, tuple[str, ...]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    for parent, id in rows:
        found[parent].append(id)
    return {parent: tuple(ids) for parent, ids in found.items()}
