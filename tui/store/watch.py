"""Notices what other programs do to the chat that is open here, and that they bring back those that were deleted here.

It runs on the store's thread, and writes nothing. SQLite counts the changes that others make to the file; only where that
count has moved are the chats looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.store import presence

if TYPE_CHECKING:
    from sqlite3 import Connection

WATCH_S = 0.5
"""Between two looks at the count."""


class Watch:
    """`changed` is told the id of such a chat, on the store's thread: something is different, here or elsewhere."""

    def __init__(self, token: str, changed: Callable[[str], None], now: Callable[[], float]) -> None:
        self.chat_id = ""
        """The chat that is open; "" for none, and then there is nothing to watch."""
        self.deleted: set[str] = set()
        """The chats that were deleted here, and are so still."""
        self._token = token
        self._changed = changed
        self._now = now
        self._version: int | None = None
        self._looked_at = 0.0
        self._seen: object = None

    def look_at(self, chat_id: str) -> None:
        """Another chat is open from now on. What has happened to it since it was read is told with the first glance."""
        self.chat_id = chat_id
        self._version = self._seen = None

    def glance(self, db: Connection) -> None:
        """Tells of it if something is different than it was the last time."""
        now = self._now()
        (version,) = db.execute("PRAGMA data_version").fetchone()
        # That another prx is gone can be told by nothing that it writes.
        if not self.chat_id or (version == self._version and now - self._looked_at < presence.BEAT_S):
            return
        self._version, self._looked_at = version, now
        seen = _standing(db, self.chat_id), presence.others(db, self._token, self.chat_id, now)
        if seen != self._seen:
            self._seen = seen
            self._changed(self.chat_id)
        for chat_id in [one for one in self.deleted if _is_back(db, one)]:
            self.deleted.remove(chat_id)
            self._changed(chat_id)


def _is_back(db: Connection, chat_id: str) -> bool:
    return db.execute("SELECT 1 FROM chats WHERE id = ? AND deleted_at IS NULL", (chat_id,)).fetchone() is not None


def _standing(db: Connection, chat_id: str) -> tuple[object, ...]:
    """What is different after others have spoken in a chat, renamed or deleted it. Read from indexes, of any length."""
    found = db.execute("SELECT key, title, deleted_at, messages FROM chats WHERE id = ?", (chat_id,)).fetchone()
    if found is None:
        return ()
    (newest,) = db.execute("SELECT max(key) FROM messages WHERE chat = ?", found[:1]).fetchone()
    (arriving,) = db.execute(
        "SELECT count(*) FROM messages WHERE writer IS NOT NULL AND chat = ?", found[:1]
    ).fetchone()
    return (*found, newest, arriving)
