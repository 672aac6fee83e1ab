"""Which instances have the chats open, and how each left its screens: for several prx at once, and for the next one after a
crash.

Every instance has a random token for its rows. It counts as gone when its process is, or when it has not been heard of for
a while. What it left is then taken over by the first instance that asks.
"""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from tui.chat.transcript import Draft
from tui.store import columns, updates
from tui.store.codec import decode_drafts, encode_drafts
from tui.store.queries import attached
from tui.store.values import Instance, Position

if TYPE_CHECKING:
    from sqlite3 import Connection

BEAT_S = 30.0
_SILENCE_S = 4 * BEAT_S
_NO_DRAFT, _NO_DRAFTS = b"", b"[]"


def register(db: Connection, token: str, now: float) -> None:
    """Record that this instance runs, and mark the answers of instances that are gone as interrupted."""
    db.execute(
        "INSERT OR IGNORE INTO instances (token, pid, host, started, seen) VALUES (?, ?, ?, ?, ?)",
        (token, os.getpid(), platform.node(), now, now),
    )
    running = {token, *_running(db, now)}
    for (writer,) in db.execute("SELECT DISTINCT writer FROM messages WHERE writer IS NOT NULL").fetchall():
        if writer not in running:
            updates.interrupt(db, writer, now)


def heartbeat(db: Connection, token: str, now: float) -> None:
    """Record that this instance still runs, and mark answers of others as interrupted if they certainly do not."""
    db.execute("UPDATE instances SET seen = ? WHERE token = ?", (now, token))
    writers = db.execute(
        "SELECT token, pid, host FROM instances WHERE token IN (SELECT writer FROM messages WHERE writer IS NOT NULL)"
    ).fetchall()
    for writer, pid, host in writers:
        if isinstance(pid, int) and not _may_run(pid, host):
            updates.interrupt(db, writer, now)


def unregister(db: Connection, token: str, now: float) -> None:
    """Remove the instance. Its unsent text and scroll positions remain."""
    updates.interrupt(db, token, now)
    db.execute(
        "DELETE FROM places WHERE token = ? AND draft = ? AND queue = ? AND scroll IS NULL",
        (token, _NO_DRAFT, _NO_DRAFTS),
    )
    db.execute("DELETE FROM instances WHERE token = ?", (token,))


def set_open_chat(db: Connection, token: str, chat_id: str) -> None:
    """Record which chat this instance has open."""
    db.execute("UPDATE instances SET chat_id = ? WHERE token = ?", (chat_id, token))


def open_elsewhere(db: Connection, token: str, now: float) -> frozenset[str]:
    """Return the chats that other running instances have open."""
    return frozenset(one.chat_id for key, one in _running(db, now).items() if key != token and one.chat_id)


def others(db: Connection, token: str, chat_id: str, now: float) -> tuple[Instance, ...]:
    """Return the other running instances that have this chat open."""
    return tuple(one for key, one in _running(db, now).items() if key != token and one.chat_id == chat_id)


def save(db: Connection, token: str, place: Position, now: float) -> None:
    """Record the state of this instance's screen of a chat."""
    draft, found = encode_drafts((place.draft,)) if place.draft != Draft(text="") else (_NO_DRAFT, ())
    queue, more = encode_drafts(place.queue)
    updates.store_attachments(db, (*found, *more))
    db.execute(
        """
        INSERT INTO places (token, chat_id, at, draft, queue, held, scroll, edits) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (token, chat_id) DO UPDATE SET at = excluded.at, draft = excluded.draft, queue = excluded.queue,
            held = excluded.held, scroll = excluded.scroll, edits = excluded.edits
        """,
        (token, place.chat_id, now, draft, queue, place.held, place.scroll, place.edits),
    )


def return_draft(db: Connection, token: str, chat_id: str, draft: Draft, now: float) -> None:
    """Record a returned prompt as unsent text: in the prompt if that is empty, else first in the queue."""
    place = _read(db, token, chat_id) or Position(chat_id=chat_id)
    save(db, token, place.with_returned(draft), now)


def adopt(db: Connection, token: str, chat_id: str, now: float) -> Position:
    """Return how the chat was left by this instance, or else by one that is gone, whose state is taken over."""
    own = _read(db, token, chat_id)
    if own is not None and not own.is_empty:
        return own
    running = {token, *_running(db, now)}
    rows = db.execute(
        "SELECT token, draft = ? AND queue = ? FROM places WHERE chat_id = ? ORDER BY 2, at DESC",
        (_NO_DRAFT, _NO_DRAFTS, chat_id),
    ).fetchall()
    left_by = next((left for left, is_empty in rows if left not in running and (own is None or not is_empty)), None)
    if left_by is not None:
        db.execute("DELETE FROM places WHERE token = ? AND chat_id = ?", (token, chat_id))
        db.execute("UPDATE places SET token = ? WHERE token = ? AND chat_id = ?", (token, left_by, chat_id))
        own = _read(db, token, chat_id)
    return own or Position(chat_id=chat_id)


def last_open_chat(db: Connection, token: str, now: float) -> str:
    """Return the chat that was open in the latest instance that was killed, or "". Each is returned once; deleted chats
    never.

    Other facts about such instances are deleted; their drafts remain.
    """
    running = {token, *_running(db, now)}
    rows = db.execute("SELECT token, chat_id FROM instances ORDER BY seen DESC").fetchall()
    gone = [(left, chat_id) for left, chat_id in rows if left not in running]
    db.executemany("DELETE FROM instances WHERE token = ?", [(left,) for left, _ in gone])
    return next((chat_id for _, chat_id in gone if chat_id and not _is_deleted(db, chat_id)), "")


def _is_deleted(db: Connection, chat_id: str) -> bool:
    return db.execute("SELECT 1 FROM chats WHERE id = ? AND deleted_at NOTNULL", (chat_id,)).fetchone() is not None


def unsent(db: Connection, token: str, now: float) -> tuple[Position, ...]:
    """Return the states with unsent text that no other running instance holds, newest first."""
    mine = {token, *_running(db, now)} - {token}
    rows = db.execute(
        """
        SELECT token, chat_id FROM places WHERE (draft <> ? OR queue <> ?)
        AND NOT EXISTS (SELECT 1 FROM chats WHERE id = chat_id AND deleted_at NOTNULL) ORDER BY at DESC
        """,
        (_NO_DRAFT, _NO_DRAFTS),
    ).fetchall()
    found = (_read(db, left_by, chat_id) for left_by, chat_id in rows if left_by not in mine)
    return tuple(place for place in found if place is not None and not place.is_empty)


def drafts(db: Connection, token: str) -> dict[str, tuple[str, ...]]:
    """Return the texts that this instance has not sent, by chat."""
    chat_ids = [chat_id for (chat_id,) in db.execute("SELECT chat_id FROM places WHERE token = ?", (token,)).fetchall()]
    places = ((chat_id, _read(db, token, chat_id)) for chat_id in chat_ids)
    return {
        chat_id: tuple(draft.text for draft in (place.draft, *place.queue) if draft.text.strip())
        for chat_id, place in places
        if place is not None
    }


def _running(db: Connection, now: float) -> dict[str, Instance]:
    rows = db.execute("SELECT token, pid, host, started, seen, chat_id FROM instances").fetchall()
    return {
        token: Instance(pid=pid, started=columns.moment(started), chat_id=columns.text(chat_id))
        for token, pid, host, started, seen, chat_id in rows
        if isinstance(pid, int) and now - columns.moment(seen) < _SILENCE_S and _may_run(pid, host)
    }


def _may_run(pid: int, host: str) -> bool:
    """Return False only if there certainly is no such process."""
    if host != platform.node() or os.name != "posix":  # elsewhere, signal 0 would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True


def _read(db: Connection, token: str, chat_id: str) -> Position | None:
    row = db.execute(
        "SELECT draft, queue, held, scroll, edits FROM places WHERE token = ? AND chat_id = ?", (token, chat_id)
    ).fetchone()
    if row is None:
        return None
    draft, queue, (held, scroll, edits) = columns.data(row[0]), columns.data(row[1]), row[2:]
    data = attached(db, (draft, queue))
    return Position(
        chat_id=chat_id,
        draft=decode_drafts(draft, data)[0] if draft else Draft(text=""),
        queue=decode_drafts(queue, data),
        held=bool(held),
        scroll=scroll if isinstance(scroll, float) else None,
        edits=columns.text(edits),
    )
