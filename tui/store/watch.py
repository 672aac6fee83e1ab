"""Notice changes by other programs: to the chat that is open here, and restored chats that were deleted here.

It runs on the store's thread and writes nothing. SQLite counts the changes that other programs make to the file; only if
that count has changed are the chats examined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.store import presence

if TYPE_CHECKING:
    from sqlite3 import Connection

WATCH_S = 0.5
"""Interval between two checks of the count."""


class Watch:
    """Watches the open chat, and those that were deleted here.

    On the store's thread, `changed` is called with the open chat's id when something about it has changed, and `restored`
    with the id of a deleted chat that is back.
    """

    def __init__(
        self,
        token: str,
        changed: Callable[[str], None],
        restored: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self.chat_id = ""
        """The open chat, or "" if there is none to watch."""
        self.deleted: set[str] = set()
        """Chats that were deleted here and are still deleted."""
        self._token = token
        self._changed = changed
        self._restored = restored
        self._now = now
        self._version: int | None = None
        self._looked_at = 0.0
        self._seen: object = None

    def watch_chat(self, chat_id: str) -> None:
        """Watch another chat. Changes since it was read are reported with the first check."""
        self.chat_id = chat_id
        self._version = self._seen = None

    def check(self, db: Connection) -> None:
        """Report what has changed since the last check."""
        now = self._now()
        (version,) = db.execute("PRAGMA data_version").fetchone()
        # Another prx that is gone writes nothing, so check at times even without changes.
        if not self.chat_id or (version == self._version and now - self._looked_at < presence.BEAT_S):
            return
        self._version, self._looked_at = version, now
        seen = _standing(db, self.chat_id), presence.others(db, self._token, self.chat_id, now)
        if seen != self._seen:
            self._seen = seen
            self._changed(self.chat_id)
        for chat_id in [one for one in self.deleted if _is_back(db, one)]:
            self.deleted.remove(chat_id)
            self._restored(chat_id)


def _is_back(db: Connection, chat_id: str) -> bool:
    return db.execute("SELECT 1 FROM chats WHERE id = ? AND deleted_at IS NULL", (chat_id,)).fetchone() is not None


def _standing(db: Connection, chat_id: str) -> tuple[object, ...]:
    """Return what differs after others have written in a chat, renamed it or deleted it. Reads only indexes."""
    found = db.execute("SELECT key, title, deleted_at, messages FROM chats WHERE id = ?", (chat_id,)).fetchone()
    if found is None:
        return ()
    (newest,) = db.execute("SELECT max(key) FROM messages WHERE chat = ?", found[:1]).fetchone()
    (arriving,) = db.execute(
        "SELECT count(*) FROM messages WHERE writer IS NOT NULL AND chat = ?", found[:1]
    ).fetchone()
    return (*found, newest, arriving)
