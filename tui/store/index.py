"""The full-text index: which message contains which word. It can always be rebuilt from the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.store import columns
from tui.store.codec import searchable_row
from tui.store.search_text import fold_text

if TYPE_CHECKING:
    from sqlite3 import Connection

_STEP = 1000


def add(db: Connection, key: int, text: str) -> None:
    """Add a message to the index."""
    db.execute("INSERT INTO words (rowid, body) VALUES (?, ?)", (key, fold_text(text)))


def remove(db: Connection, key: int, text: str) -> None:
    """Remove a message from the index. `text` must be what was added."""
    db.execute("INSERT INTO words (words, rowid, body) VALUES ('delete', ?, ?)", (key, fold_text(text)))


def check(db: Connection) -> None:
    """Raise the error of SQLite if the index is damaged, or MemoryError; `PRAGMA integrity_check` leaves it out before 3.44.

    SQLite counts this as a change, and refuses it where it may not write.
    """
    db.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def rebuild(db: Connection) -> None:
    """Rebuild the index from all messages except those that are still arriving."""
    # Its tables may be damaged so much that SQLite cannot drop it. This works even then.
    found = db.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()
    if found is None:  # the file is new: another prx is creating it right now
        return
    db.execute("PRAGMA writable_schema = ON")
    db.execute("DELETE FROM sqlite_master WHERE name = 'words'")
    db.execute("PRAGMA writable_schema = RESET")
    for part in ("data", "idx", "docsize", "config"):
        db.execute(f"DROP TABLE IF EXISTS words_{part}")
    db.execute(found[0])
    last = 0
    while rows := db.execute(
        "SELECT key, blocks FROM messages WHERE key > ? AND writer IS NULL ORDER BY key LIMIT ?", (last, _STEP)
    ).fetchall():
        for key, blocks in rows:
            add(db, key, searchable_row(columns.data(blocks)))
        last = rows[-1][0]
