"""Changes to the chats: functions of a connection, each of which can safely run twice.

A message is only ever replaced by its own later version: an answer that arrives keeps its id until it ends.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tui.chat.spending import local_day
from tui.chat.transcript import Message
from tui.chat.tree import ChatTree
from tui.store import columns, index, usage
from tui.store.codec import Attachment, decode, encode, encode_setup, encode_tools, searchable, searchable_row
from tui.store.search_text import fold_word
from tui.store.values import ImportResult, NewChat

if TYPE_CHECKING:
    from sqlite3 import Connection

_LONGEST_TITLE = 120
_SHORT_CACHE_S, _LONG_CACHE_S = 300, 3600  # lifetimes of the prompt cache; Messages API, prompt caching
_MOST_UNSENT = 100
_ARRIVING = ("streaming", "interrupted")
"""States in which an answer may still grow. An instance that seemed gone may be alive after all."""


def append(
    db: Connection,
    chat: NewChat,
    message_id: str,
    parent_id: str | None,
    message: Message,
    *,
    token: str,
    now: float,
) -> None:
    """Add a message below its parent, or replace it by its later version. It becomes the head of the chat."""
    chat_key = _chat(db, chat, message, now)
    known = db.execute("SELECT key, state, blocks FROM messages WHERE id = ?", (message_id,)).fetchone()
    if known is not None and message.state == "streaming" and known[1] not in _ARRIVING:
        return  # it has ended already
    _put(db, chat_key, message_id, parent_id, message, known, token)
    if message.state != "streaming" and message.role == "assistant" and (known is None or known[1] == "streaming"):
        _count(db, message, now)
    _touch(db, chat_key, message_id, message, now)
    if message.is_prompt:
        db.execute("DELETE FROM left_unsent WHERE text = ?", (message.text.encode("utf-8", "replace").decode(),))


def withdraw(db: Connection, message_id: str) -> None:
    """Remove a message that was returned to the user, and its answer if one began; also the chat if it is then empty."""
    found = db.execute("SELECT key, chat, parent FROM messages WHERE id = ?", (message_id,)).fetchone()
    if found is None:
        return
    key, chat, parent = found
    for (child,) in db.execute("SELECT id FROM messages WHERE chat = ? AND parent = ?", (chat, key)).fetchall():
        withdraw(db, child)
    _remove(db, key)
    if parent is None:
        parent = db.execute("SELECT max(key) FROM messages WHERE chat = ?", (chat,)).fetchone()[0]
    db.execute(
        "UPDATE chats SET head = (SELECT id FROM messages WHERE key = ?) WHERE key = ? AND head = ?",
        (parent, chat, message_id),
    )
    db.execute("DELETE FROM chats WHERE key = ? AND messages = 0", (chat,))


def revise(db: Connection, head: str, number: int, message: Message) -> None:
    """Replace a message in all branches that it belongs to. Its cost is unchanged."""
    path = _path(db, head)
    if number >= len(path):
        return
    key, id = path[number]
    chat, state, blocks = db.execute("SELECT chat, state, blocks FROM messages WHERE key = ?", (key,)).fetchone()
    if state not in _ARRIVING:
        _put(db, chat, id, None, message, (key, state, blocks), "")


def add_discarded(db: Connection, chat_id: str, message: Message, now: float) -> None:
    """Count an answer that was billed and is not a message of the chat."""
    if usage.add_discarded(db, chat_id, message):
        _count(db, message, now)


def interrupt(db: Connection, token: str, now: float) -> None:
    """Mark the answers that a vanished instance was receiving as interrupted. They become searchable and count as spent."""
    rows = db.execute("SELECT key, role, at, facts, blocks FROM messages WHERE writer = ?", (token,)).fetchall()
    for key, role, at, facts, blocks in rows:
        db.execute("UPDATE messages SET state = 'interrupted', writer = NULL WHERE key = ?", (key,))
        index.add(db, key, searchable_row(columns.data(blocks)))
        if role == "assistant":
            _count(db, decode(role, "interrupted", columns.moment(at), b"[]", columns.data(facts)), now)


def add_unsent(db: Connection, chat_id: str, text: str, now: float) -> None:
    """Keep a discarded text among the earlier prompts."""
    text = text.encode("utf-8", "replace").decode()
    db.execute("DELETE FROM left_unsent WHERE text = ?", (text,))
    db.execute("INSERT INTO left_unsent (chat_id, at, text) VALUES (?, ?, ?)", (chat_id, now, text))
    db.execute(
        "DELETE FROM left_unsent WHERE key <= (SELECT key FROM left_unsent ORDER BY key DESC LIMIT 1 OFFSET ?)",
        (_MOST_UNSENT,),
    )


def rename(db: Connection, chat_id: str, title: str, *, mine: bool) -> None:
    """Set a title. A generated one never replaces the user's."""
    db.execute(
        "UPDATE chats SET title = ?, folded_title = ?, title_is_mine = ? WHERE id = ? AND (title_is_mine <= ?)",
        (title, fold_word(title), mine, chat_id, mine),
    )


def set_column(db: Connection, chat_id: str, column: str, value: object) -> None:
    """Set a column of a chat. `column` must be a constant, never user input."""
    db.execute(f"UPDATE chats SET {column} = ? WHERE id = ?", (value, chat_id))


def set_head(db: Connection, chat_id: str, message_id: str) -> None:
    """Set the message that the chat was left at, if it exists."""
    db.execute(
        "UPDATE chats SET head = ?1 WHERE id = ?2 AND EXISTS (SELECT 1 FROM messages WHERE id = ?1)",
        (message_id, chat_id),
    )


def fork(db: Connection, message_id: str, new: NewChat, now: float) -> None:
    """Create a chat with copies of the messages up to and including that one. Their cost stays with the original."""
    if db.execute("SELECT 1 FROM chats WHERE id = ?", (new.id,)).fetchone() is not None:
        return
    db.execute(
        """
        INSERT INTO chats (
            id, title, folded_title, model, system, tools, definitions, changed, preset, thinking, effort, created, updated
        )
        SELECT ?, coalesce(nullif(?, ''), title), folded_title, model, system, tools, definitions, changed, preset, thinking,
            effort, ?, ?
        FROM chats WHERE key = (SELECT chat FROM messages WHERE id = ?)
        """,
        (new.id, new.title, now, now, message_id),
    )
    chat = db.execute("SELECT key FROM chats WHERE id = ?", (new.id,)).fetchone()[0]
    parent = copy = None
    for key, id in _path(db, message_id):
        copy = uuid.uuid5(uuid.UUID(new.id), id).hex
        parent = _copy(db, key, copy, chat, parent)
    db.execute("UPDATE chats SET head = ?, folded_title = ? WHERE key = ?", (copy, fold_word(_title(db, chat)), chat))


def merge(db: Connection, tree: ChatTree, *, now: float) -> ImportResult:
    """Add what is missing, by ids. A deleted chat is restored; an existing chat keeps its title."""
    known = db.execute("SELECT key FROM chats WHERE id = ?", (tree.id,)).fetchone()
    if known is None:
        db.execute(
            """
            INSERT INTO chats (
                id, title, folded_title, title_is_mine, model, system, tools, definitions, changed, preset, thinking, effort,
                created, updated, pinned
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                *(tree.id, tree.title, fold_word(tree.title), tree.title_is_mine, tree.model, tree.system, tree.tools),
                *(encode_tools(tree.definitions), encode_setup(tree.changed), tree.preset, tree.thinking, tree.effort),
                *(tree.created or now, tree.updated or now, tree.pinned),
            ),
        )
        known = db.execute("SELECT key FROM chats WHERE id = ?", (tree.id,)).fetchone()
    (chat,) = known
    added = 0
    for node in tree.nodes:
        if db.execute("SELECT 1 FROM messages WHERE id = ?", (node.id,)).fetchone() is None:
            _put(db, chat, node.id, node.parent_id, node.message, None, "", copied=node.copied)
            _touch_cache(db, chat, node.message)
            added += 1
    for message in tree.discarded:
        usage.add_discarded(db, tree.id, message)
    db.execute("UPDATE chats SET deleted_at = NULL WHERE key = ?", (chat,))
    if tree.head and (added or not db.execute("SELECT head FROM chats WHERE key = ?", (chat,)).fetchone()[0]):
        db.execute(
            "UPDATE chats SET updated = max(updated, ?), head = ? WHERE key = ?",
            (tree.updated, tree.head, chat),
        )
    return ImportResult(chats=int(bool(added)), messages=added)


def purge(db: Connection, before: float) -> None:
    """Delete the chats that were deleted before `before`, and attachments that only they used."""
    chats = db.execute("SELECT key, id FROM chats WHERE deleted_at < ?", (before,)).fetchall()
    for chat, id in chats:
        for (key,) in db.execute("SELECT key FROM messages WHERE chat = ?", (chat,)).fetchall():
            _remove(db, key)
        db.execute("DELETE FROM chats WHERE key = ?", (chat,))
        db.execute("DELETE FROM places WHERE chat_id = ?", (id,))
        db.execute("DELETE FROM written_off WHERE chat_id = ?", (id,))
        db.execute("DELETE FROM left_unsent WHERE chat_id = ?", (id,))
    if chats:
        db.execute(
            """
            DELETE FROM attachments WHERE NOT EXISTS (SELECT 1 FROM attached WHERE attached.hash = attachments.hash)
            AND NOT EXISTS (SELECT 1 FROM places WHERE instr(draft, hash) OR instr(queue, hash))
            """
        )


def store_attachments(db: Connection, attachments: tuple[Attachment, ...]) -> None:
    """Store attached data, each once."""
    for one in attachments:
        if db.execute("SELECT 1 FROM attachments WHERE hash = ?", (one.hash,)).fetchone() is None:
            row = (one.hash, one.data, one.is_base64)
            db.execute("INSERT OR IGNORE INTO attachments (hash, data, is_base64) VALUES (?, ?, ?)", row)


def _chat(db: Connection, chat: NewChat, message: Message, now: float) -> int:
    """Return the key of the chat, which is created if it does not exist."""
    found = db.execute("SELECT key FROM chats WHERE id = ?", (chat.id,)).fetchone()
    if found is None:
        title = chat.title or _first_line(message)
        key = _inserted(
            db,
            """
            INSERT INTO chats (
                id, title, folded_title, model, system, tools, definitions, preset, thinking, effort, created, updated
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                *(
                    chat.id,
                    title,
                    fold_word(title),
                    chat.model,
                    chat.system,
                    chat.tools,
                    encode_tools(chat.definitions),
                ),
                *(chat.preset, chat.thinking, chat.effort, now, now),
            ),
        )
        usage.include_discarded(db, chat.id)
        return key
    return int(found[0])


def _inserted(db: Connection, statement: str, values: tuple[object, ...]) -> int:
    """Return the key of a new row. (RETURNING is missing in SQLite versions that are still in use.)"""
    key = db.execute(statement, values).lastrowid
    assert key is not None, "one row was inserted"
    return key


def _first_line(message: Message) -> str:
    lines = message.text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    return " ".join(first[: 4 * _LONGEST_TITLE].split())[:_LONGEST_TITLE].encode("utf-8", "replace").decode()


def _put(
    db: Connection,
    chat: int,
    id: str,
    parent_id: str | None,
    message: Message,
    known: tuple[int, str, bytes] | None,
    token: str,
    *,
    copied: bool = False,
) -> int:
    """Insert or replace a message with its words and attachments, and return its key. Copies cost nothing."""
    row = encode(message)
    arrives = message.state == "streaming"
    writer = token if arrives else None
    cost, saved = (message.bill.cost_usd, message.bill.saved_usd) if message.bill and not copied else (0.0, 0.0)
    if known is None:
        key = _inserted(
            db,
            """
            INSERT INTO messages (id, chat, parent, role, state, at, writer, cost_usd, saved_usd, facts, blocks, copied)
            VALUES (?, ?, (SELECT key FROM messages WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                *(id, chat, parent_id, message.role, message.state, message.at, writer),
                *(cost, saved, row.facts, row.blocks, copied),
            ),
        )
    else:
        key, state, blocks = known
        if state != "streaming":
            index.remove(db, key, searchable_row(columns.data(blocks)))
        db.execute(
            """
            UPDATE messages SET state = ?, at = ?, writer = ?, cost_usd = ?, saved_usd = ?, facts = ?, blocks = ?
            WHERE key = ?
            """,
            (message.state, message.at, writer, cost, saved, row.facts, row.blocks, key),
        )
    if not arrives:
        index.add(db, key, searchable(message.blocks))
    store_attachments(db, row.attachments)
    db.executemany("INSERT OR IGNORE INTO attached VALUES (?, ?)", [(key, one.hash) for one in row.attachments])
    return int(key)


def _touch(db: Connection, chat: int, id: str, message: Message, now: float) -> None:
    # A prompt in a chat that another prx deleted restores it; an answer that is still arriving does not.
    db.execute(
        """
        UPDATE chats SET updated = max(updated, ?), head = ?, deleted_at = CASE WHEN ? THEN NULL ELSE deleted_at END
        WHERE key = ?
        """,
        (now, id, message.is_prompt, chat),
    )
    _touch_cache(db, chat, message)


def _touch_cache(db: Connection, chat: int, message: Message) -> None:
    usage = message.usage
    if usage.cache_read_input_tokens or usage.cache_creation_input_tokens:
        lifetime_s = _LONG_CACHE_S if usage.write_1h else _SHORT_CACHE_S
        db.execute(
            """
            UPDATE chats SET cached_at = ?1, cache_ttl_s = CASE WHEN ?2 THEN ?3 ELSE max(cache_ttl_s, ?3) END
            WHERE key = ?4 AND cached_at <= ?1
            """,
            (message.at, usage.cache_creation_input_tokens > 0, lifetime_s, chat),
        )


def _count(db: Connection, message: Message, now: float) -> None:
    """Add an answer to the usage of its day."""
    usage, bill = message.usage.billed, message.bill
    db.execute(
        """
        INSERT INTO days (
            day, model, requests, unpriced, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_usd,
            saved_usd, cache_write_1h_tokens, thinking_tokens, searches
        ) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, model) DO UPDATE SET
            requests = requests + 1, unpriced = unpriced + excluded.unpriced,
            input_tokens = input_tokens + excluded.input_tokens,
            cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
            cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
            output_tokens = output_tokens + excluded.output_tokens,
            cost_usd = cost_usd + excluded.cost_usd, saved_usd = saved_usd + excluded.saved_usd,
            cache_write_1h_tokens = cache_write_1h_tokens + excluded.cache_write_1h_tokens,
            thinking_tokens = thinking_tokens + excluded.thinking_tokens, searches = searches + excluded.searches
        """,
        (
            local_day(message.at or now),
            message.model,
            bill is None,
            *(usage.total_input, usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.output_tokens),
            *((bill.cost_usd, bill.saved_usd) if bill else (0.0, 0.0)),
            *(usage.write_1h, usage.thinking_tokens, usage.searches),
        ),
    )


def _remove(db: Connection, key: int) -> None:
    blocks, state = db.execute("SELECT blocks, state FROM messages WHERE key = ?", (key,)).fetchone()
    if state != "streaming":
        index.remove(db, key, searchable_row(columns.data(blocks)))
    db.execute("DELETE FROM messages WHERE key = ?", (key,))
    db.execute("DELETE FROM attached WHERE message = ?", (key,))


def _copy(db: Connection, key: int, id: str, chat: int, parent: int | None) -> int:
    role, state, at, facts, blocks = db.execute(
        "SELECT role, state, at, facts, blocks FROM messages WHERE key = ?", (key,)
    ).fetchone()
    new = _inserted(
        db,
        "INSERT INTO messages (id, chat, parent, role, state, at, facts, blocks, copied) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
        (id, chat, parent, role, "interrupted" if state == "streaming" else state, at, facts, blocks),
    )
    index.add(db, new, searchable_row(columns.data(blocks)))
    db.execute("INSERT INTO attached SELECT ?, hash FROM attached WHERE message = ?", (new, key))
    message = decode(columns.role(role), "complete", columns.moment(at), b"[]", columns.data(facts))
    _touch_cache(db, chat, message)  # both read the same
    return new


def _path(db: Connection, message_id: str) -> list[tuple[int, str]]:
    """Return keys and ids from the start of the chat to that message."""
    rows = db.execute(
        """
        WITH RECURSIVE up (key, id, parent) AS (
            SELECT key, id, parent FROM messages WHERE id = ?
            UNION ALL SELECT m.key, m.id, m.parent FROM messages AS m JOIN up ON m.key = up.parent AND m.key < up.key
        ) SELECT key, id FROM up
        """,
        (message_id,),
    ).fetchall()
    return rows[::-1]


def _title(db: Connection, chat: int) -> str:
    return str(db.execute("SELECT title FROM chats WHERE key = ?", (chat,)).fetchone()[0])
