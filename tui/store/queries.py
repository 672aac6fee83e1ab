"""Queries of the chats: functions of a connection that change nothing."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tui.chat.budget import Spent
from tui.chat.transcript import Setup, State, Tool
from tui.chat.tree import ChatTree, Node, Unsent
from tui.store import columns, usage
from tui.store.codec import as_base64, attachment_hashes, decode, decode_setup, decode_tools, searchable
from tui.store.errors import AmbiguousChat, NoSuchChat
from tui.store.search_text import Query, fold_word, matches, parse_query, snippet, title_highlights
from tui.store.usage import discarded_answers
from tui.store.values import Chat, DayUsage, Hit, SearchResults, Unsaved

if TYPE_CHECKING:
    from sqlite3 import Connection

_CHAT = """
    SELECT id, title, title_is_mine, model, system, tools, preset, thinking, effort, created, updated, pinned,
        head, messages, cost_usd, saved_usd, cached_at, cache_ttl_s,
        key FROM chats
"""
# Bounds that keep the index from reading all other chats.
_IN_CHAT = """
    AND c.id = ?
    AND words.rowid >= (SELECT min(m.key) FROM messages AS m JOIN chats AS c ON c.key = m.chat WHERE c.id = ?)
    AND words.rowid <= (SELECT max(m.key) FROM messages AS m JOIN chats AS c ON c.key = m.chat WHERE c.id = ?)
"""
_TIMES = ("created", "updated", "cached_at")
_NUMBERS = ("messages", "cost_usd", "saved_usd", "cache_ttl_s")
_FLAGS = ("title_is_mine", "pinned", "is_open_elsewhere")
_COLUMNS_OF_DAYS = tuple(name for name in DayUsage.__struct_fields__ if name != "is_estimate")
_HITS_PER_CHAT = 3
_MOST_LOOKED_AT = 2000
"""The most messages that one search examines. Beyond them, matches in the same few chats would only repeat."""


def chats(db: Connection, elsewhere: frozenset[str], limit: int | None, offset: int) -> tuple[Chat, ...]:
    """Return the chats: pinned ones first, then newest first."""
    rows = db.execute(
        f"{_CHAT} WHERE deleted_at IS NULL ORDER BY pinned DESC, updated DESC, key DESC LIMIT ? OFFSET ?",
        (-1 if limit is None else limit, offset),
    )
    return tuple(_chat(row, elsewhere) for row in rows)


def chat(db: Connection, chat_id: str, elsewhere: frozenset[str] = frozenset()) -> Chat:
    """Return the chat with that id, or the only one whose id starts with it. Raises NoSuchChat or AmbiguousChat."""
    row = db.execute(f"{_CHAT} WHERE id = ?", (chat_id,)).fetchone()
    if row is None and chat_id:
        found = db.execute(
            f"{_CHAT} WHERE substr(id, 1, ?) = ? AND deleted_at IS NULL LIMIT 2", (len(chat_id), chat_id)
        ).fetchall()
        if len(found) > 1:
            raise AmbiguousChat(chat_id)
        row = found[0] if found else None
    if row is None:
        raise NoSuchChat(chat_id)
    return _chat(row, elsewhere)


def last_chat(db: Connection, elsewhere: frozenset[str] = frozenset()) -> Chat | None:
    """Return the chat that was used last, or None. A time that is none counts as the oldest."""
    row = db.execute(
        f"{_CHAT} WHERE deleted_at IS NULL ORDER BY updated BETWEEN 0 AND ? DESC, updated DESC, pinned DESC, key DESC",
        (columns.END_OF_TIME,),
    ).fetchone()
    return _chat(row, elsewhere) if row is not None else None


def unsaved(db: Connection, chat_ids: tuple[str, ...], drafts: Mapping[str, tuple[str, ...]]) -> Unsaved:
    """Return these chats, and their texts among the drafts, which are given by chat."""
    trees = []
    for chat_id in chat_ids:
        with suppress(NoSuchChat):  # it has only a draft
            trees.append(tree(db, chat_id))
    unsent = (Unsent(chat_id=chat_id, text=text) for chat_id in chat_ids for text in drafts.get(chat_id, ()))
    return Unsaved(chats=tuple(trees), unsent=tuple(unsent))


def tree(db: Connection, chat_id: str) -> ChatTree:
    """Return a whole chat. Raises NoSuchChat."""
    of = chat(db, chat_id)
    rows = db.execute(
        """
        SELECT m.id, (SELECT p.id FROM messages AS p WHERE p.key = m.parent), m.copied, m.role, m.state, m.at, m.facts,
            m.blocks
        FROM messages AS m WHERE m.chat = (SELECT key FROM chats WHERE id = ?) ORDER BY m.key
        """,
        (of.id,),
    ).fetchall()
    data = attached(db, (columns.data(row[-1]) for row in rows))
    own = ("nodes", "definitions", "changed", "discarded")
    return ChatTree(
        **{name: getattr(of, name) for name in ChatTree.__struct_fields__ if name not in own},
        definitions=definitions(db, of.id),
        changed=changed_setup(db, of.id),
        nodes=tuple(
            Node(
                id=id,
                parent_id=parent,
                copied=bool(copied),
                message=decode(*_message_columns(role, state, at, blocks, facts), data),
            )
            for id, parent, copied, role, state, at, facts, blocks in rows
        ),
        discarded=discarded_answers(db, of.id),
    )


def leaf(db: Connection, message_id: str) -> str:
    """Return the newest message below that one, following the newest branch: the target of a step to a sibling."""
    row = db.execute(
        """
        WITH RECURSIVE down (key, id, chat) AS (
            SELECT key, id, chat FROM messages WHERE id = ?
            UNION ALL SELECT m.key, m.id, m.chat FROM down JOIN messages AS m ON m.key =
                (SELECT max(c.key) FROM messages AS c WHERE c.chat = down.chat AND c.parent = down.key AND c.key > down.key)
        ) SELECT id FROM down ORDER BY key DESC LIMIT 1
        """,
        (message_id,),
    ).fetchone()
    return row[0] if row else message_id


def attached(db: Connection, columns: Iterable[bytes]) -> dict[str, str]:
    """Return the data that these blocks refer to, as base64 by hash."""
    wanted = {hash for column in columns for hash in attachment_hashes(column)}
    found = {}
    for hash in wanted:
        row = db.execute("SELECT data, is_base64 FROM attachments WHERE hash = ?", (hash,)).fetchone()
        if row is not None:
            found[hash] = as_base64(*row)
    return found


def search(db: Connection, typed: str, limit: int, chat_id: str = "") -> SearchResults:
    """Return titles and messages that contain all words. With a chat, search only in it, in the reading order of its
    branches.
    """
    query = parse_query(typed)
    hits = [] if chat_id else _titles(db, typed, limit)
    if not query:
        return SearchResults(hits=tuple(hits))
    is_truncated = len(hits) >= limit
    count: dict[str, int] = defaultdict(int)
    for looked_at, row in enumerate(_matches(db, query, chat_id)):
        if len(hits) >= limit or looked_at >= _MOST_LOOKED_AT:
            is_truncated = True
            break
        count[row[0]] += 1
        if chat_id or count[row[0]] <= _HITS_PER_CHAT:
            hits.append(_hit(row, query))
    titles = sum(1 for hit in hits if not hit.message_id)
    messages = sorted(hits[titles:], key=lambda hit: hit.at, reverse=not chat_id)
    return SearchResults(hits=(*hits[:titles], *messages), is_truncated=is_truncated)


def prompts(db: Connection, typed: str, limit: int) -> tuple[str, ...]:
    """Return earlier prompts, sent or unsent, newest first, each once; if words are given, those that contain all
    of them.
    """
    query = parse_query(typed)
    if typed.strip() and not query:
        return ()
    rows = (
        db.execute(
            """
            SELECT m.at, m.blocks FROM words JOIN messages AS m ON m.key = words.rowid JOIN chats AS c ON c.key = m.chat
            WHERE words MATCH ? AND m.role = 'user' AND c.deleted_at IS NULL ORDER BY words.rowid DESC
            """,
            (query.match(),),
        )
        if query
        else db.execute(
            """
            SELECT m.at, m.blocks FROM messages AS m JOIN chats AS c ON c.key = m.chat
            WHERE m.role = 'user' AND c.deleted_at IS NULL ORDER BY m.key DESC
            """
        )
    )
    found: dict[str, None] = {}
    sent = ((columns.moment(at), decode("user", "complete", 0, columns.data(blocks), b"").text) for at, blocks in rows)
    newest_first = heapq.merge(_unsent(db, query), sent, key=lambda said: -said[0])
    for looked_at, (_, text) in enumerate(newest_first):
        if len(found) >= limit or looked_at > limit + _MOST_LOOKED_AT:
            break
        if text := text.strip():
            found.setdefault(text)
    return tuple(found)


def _unsent(db: Connection, query: Query) -> list[tuple[float, str]]:
    """Return the time and text of unsent prompts that match."""
    rows = db.execute(
        """
        SELECT at, text FROM left_unsent
        WHERE NOT EXISTS (SELECT 1 FROM chats WHERE id = chat_id AND deleted_at NOTNULL) ORDER BY key DESC
        """
    )
    texts = ((columns.moment(at), columns.text(text)) for at, text in rows)
    return [(at, text) for at, text in texts if matches(text, query)]


def days(db: Connection) -> tuple[DayUsage, ...]:
    """Return the usage of each day and model, oldest first."""
    estimated = usage.estimated_days(db)
    return tuple(
        DayUsage(**dict(zip(_COLUMNS_OF_DAYS, row, strict=True)), is_estimate=(row[0], row[1]) in estimated)
        for row in _days(db)
    )


def spent(db: Connection, chat_id: str, day: str) -> Spent:
    """Return what a chat has cost, and all chats on that day. A missing chat has cost nothing."""
    chat = db.execute("SELECT cost_usd FROM chats WHERE id = ?", (chat_id,)).fetchone()
    (today,) = db.execute("SELECT total(cost_usd) FROM days WHERE day = ?", (day,)).fetchone()
    return Spent(chat_usd=chat[0] if chat else 0.0, day_usd=today)


def _days(db: Connection) -> list[tuple[Any, ...]]:
    rows = db.execute(f"SELECT {', '.join(_COLUMNS_OF_DAYS)} FROM days ORDER BY day, model")
    return [(*map(columns.text, row[:2]), *map(columns.number, row[2:])) for row in rows]


def _chat(row: tuple[Any, ...], elsewhere: frozenset[str]) -> Chat:
    values = dict(zip(Chat.__struct_fields__, row, strict=False))
    values["title_is_mine"], values["pinned"] = bool(values["title_is_mine"]), bool(values["pinned"])
    values["is_open_elsewhere"] = values["id"] in elsewhere
    for name in _TIMES:
        values[name] = columns.moment(values[name])
    try:
        return msgspec.convert(values, Chat)
    except msgspec.ValidationError:  # another program wrote to the file
        return _made_fit(values)


def _made_fit(values: dict[str, Any]) -> Chat:
    for name, value in values.items():
        if name in _NUMBERS:
            values[name] = columns.number(value)
        elif name not in (*_TIMES, *_FLAGS):
            values[name] = columns.text(value)
    return Chat(**{**values, "head": values["head"] or None})


def _message_columns(
    role: Any, state: Any, at: Any, blocks: Any, facts: Any
) -> tuple[Literal["user", "assistant"], State, float, bytes, bytes]:
    return columns.role(role), columns.state(state), columns.moment(at), columns.data(blocks), columns.data(facts)


def definitions(db: Connection, chat_id: str) -> tuple[Tool, ...]:
    """Return the tools that the requests of a chat send."""
    return decode_tools(
        columns.text(db.execute("SELECT definitions FROM chats WHERE id = ?", (chat_id,)).fetchone()[0])
    )


def changed_setup(db: Connection, chat_id: str) -> Setup | None:
    """Return the system prompt and tools that the chat goes on with, if they changed after its first prompt."""
    return decode_setup(columns.text(db.execute("SELECT changed FROM chats WHERE id = ?", (chat_id,)).fetchone()[0]))


def _titles(db: Connection, typed: str, limit: int) -> list[Hit]:
    """Return title matches. A title matches if it contains all pieces, even inside words."""
    pieces = [fold_word(piece) for piece in typed.split()]
    if not pieces:
        return []
    rows = db.execute(
        f"SELECT id, title, updated FROM chats WHERE deleted_at IS NULL {'AND instr(folded_title, ?) ' * len(pieces)}"
        "ORDER BY pinned DESC, updated DESC LIMIT ?",
        (*pieces, limit),
    )
    return [
        Hit(
            chat_id=id,
            title=title,
            message_id="",
            role="",
            at=columns.moment(at),
            snippet=title,
            marks=title_highlights(title, typed),
        )
        for id, title, at in ((id, columns.text(title), at) for id, title, at in rows)
    ]


def _matches(db: Connection, query: Query, chat_id: str) -> Iterable[tuple[str, str, str, str, float, bytes]]:
    """Yield chat, title, message, role, time and blocks of each match, newest first."""
    return db.execute(
        f"""
        SELECT c.id, c.title, m.id, m.role, m.at, m.blocks
        FROM words JOIN messages AS m ON m.key = words.rowid JOIN chats AS c ON c.key = m.chat
        WHERE words MATCH ? AND c.deleted_at IS NULL {_IN_CHAT if chat_id else ""} ORDER BY words.rowid DESC
        """,
        (query.match(), chat_id, chat_id, chat_id) if chat_id else (query.match(),),
    )


def _hit(row: tuple[str, str, str, str, float, bytes], query: Query) -> Hit:
    chat_id, title, message_id, role, at, blocks = row
    message = decode(*_message_columns(role, "complete", at, blocks, b""))
    piece = snippet(searchable(message.blocks), query)
    speaker = "tool" if role == "user" and not message.is_prompt else role
    return Hit(
        chat_id=chat_id,
        title=columns.text(title),
        message_id=message_id,
        role=speaker,
        at=message.at,
        snippet=piece.text,
        marks=piece.marks,
    )
