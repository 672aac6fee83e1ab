"""The tables, as a list of numbered migrations. The schema version of a file (`user_version`) is the number that were
applied.

A released migration is never changed; later changes are new migrations. tests/store/schemas has a file of each version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

Step = Callable[["Connection"], None]


def _01_chats_as_trees(db: Connection) -> None:
    # Keys are never reused, since rows of the full-text index can outlive their messages.
    _run(
        db,
        """
        CREATE TABLE chats (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL DEFAULT '',
            folded_title TEXT NOT NULL DEFAULT '',
            title_is_mine INTEGER NOT NULL DEFAULT 0,
            model TEXT NOT NULL DEFAULT '',
            system TEXT NOT NULL DEFAULT '',
            tools TEXT NOT NULL DEFAULT '',
            preset TEXT NOT NULL DEFAULT '',
            created REAL NOT NULL,
            updated REAL NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            deleted_at REAL,
            head TEXT,
            messages INTEGER NOT NULL DEFAULT 0,
            cost_usd REAL NOT NULL DEFAULT 0,
            saved_usd REAL NOT NULL DEFAULT 0,
            cached_at REAL NOT NULL DEFAULT 0,
            cache_ttl_s INTEGER NOT NULL DEFAULT 0
        )
        """,
        "CREATE INDEX chats_in_order ON chats (pinned DESC, updated DESC) WHERE deleted_at IS NULL",
        "CREATE INDEX chats_deleted ON chats (deleted_at) WHERE deleted_at IS NOT NULL",
        """
        CREATE TABLE messages (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            chat INTEGER NOT NULL,
            parent INTEGER,
            role TEXT NOT NULL,
            state TEXT NOT NULL,
            at REAL NOT NULL,
            writer TEXT,
            cost_usd REAL NOT NULL DEFAULT 0,
            saved_usd REAL NOT NULL DEFAULT 0,
            facts BLOB NOT NULL,
            blocks BLOB NOT NULL
        )
        """,
        "CREATE INDEX messages_by_parent ON messages (chat, parent)",
        "CREATE INDEX messages_arriving ON messages (writer) WHERE writer IS NOT NULL",
        "CREATE INDEX prompts ON messages (key) WHERE role = 'user'",
        # The sums are in the chat, so that a list of thousands reads only one table.
        """
        CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
            UPDATE chats SET messages = messages + 1, cost_usd = cost_usd + NEW.cost_usd,
                saved_usd = saved_usd + NEW.saved_usd WHERE key = NEW.chat;
        END
        """,
        """
        CREATE TRIGGER message_billed AFTER UPDATE OF cost_usd, saved_usd ON messages BEGIN
            UPDATE chats SET cost_usd = cost_usd + NEW.cost_usd - OLD.cost_usd,
                saved_usd = saved_usd + NEW.saved_usd - OLD.saved_usd WHERE key = NEW.chat;
        END
        """,
        """
        CREATE TRIGGER message_gone AFTER DELETE ON messages BEGIN
            UPDATE chats SET messages = messages - 1, cost_usd = cost_usd - OLD.cost_usd,
                saved_usd = saved_usd - OLD.saved_usd WHERE key = OLD.chat;
        END
        """,
        "CREATE TABLE attachments (hash TEXT PRIMARY KEY, is_base64 INTEGER NOT NULL, data BLOB NOT NULL)",
        "CREATE TABLE attached (message INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (message, hash)) WITHOUT ROWID",
        # Folded words without the text, which is in the messages. Only short prefixes, which are slow, are indexed.
        "CREATE VIRTUAL TABLE words USING fts5 (body, content='', columnsize=0, tokenize='ascii', prefix='1 2')",
    )


def _02_places_and_instances(db: Connection) -> None:
    _run(
        db,
        """
        CREATE TABLE instances (
            token TEXT PRIMARY KEY,
            pid INTEGER NOT NULL,
            host TEXT NOT NULL,
            started REAL NOT NULL,
            seen REAL NOT NULL,
            chat_id TEXT NOT NULL DEFAULT ''
        )
        """,
        """
        CREATE TABLE places (
            token TEXT NOT NULL,
            chat_id TEXT NOT NULL,
            at REAL NOT NULL,
            draft BLOB NOT NULL,
            queue BLOB NOT NULL,
            held INTEGER NOT NULL,
            scroll REAL,
            PRIMARY KEY (token, chat_id)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX places_by_chat ON places (chat_id)",
        # Usage is kept after the chats are deleted.
        """
        CREATE TABLE days (
            day TEXT NOT NULL,
            model TEXT NOT NULL,
            requests INTEGER NOT NULL,
            unpriced INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            cache_read_tokens INTEGER NOT NULL,
            cache_write_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            cost_usd REAL NOT NULL,
            saved_usd REAL NOT NULL,
            PRIMARY KEY (day, model)
        ) WITHOUT ROWID
        """,
    )


def _03_thinking_and_effort(db: Connection) -> None:
    _run(
        db,
        "ALTER TABLE chats ADD COLUMN thinking TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE chats ADD COLUMN effort TEXT NOT NULL DEFAULT ''",
    )


def _04_edits_under_way(db: Connection) -> None:
    _run(db, "ALTER TABLE places ADD COLUMN edits TEXT NOT NULL DEFAULT ''")


def _05_definitions_of_tools(db: Connection) -> None:
    _run(db, "ALTER TABLE chats ADD COLUMN definitions TEXT NOT NULL DEFAULT ''")


def _06_answers_written_off(db: Connection) -> None:
    _run(
        db,
        """
        CREATE TABLE written_off (
            key INTEGER PRIMARY KEY,
            chat_id TEXT NOT NULL,
            at REAL NOT NULL,
            state TEXT NOT NULL,
            cost_usd REAL NOT NULL,
            saved_usd REAL NOT NULL,
            facts BLOB NOT NULL,
            UNIQUE (chat_id, at, facts)
        )
        """,
        "ALTER TABLE messages ADD COLUMN copied INTEGER NOT NULL DEFAULT 0",
    )


def _07_all_that_a_day_used(db: Connection) -> None:
    for column in ("cache_write_1h_tokens", "thinking_tokens", "searches"):
        db.execute(f"ALTER TABLE days ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")


def _08_prompts_left_unsent(db: Connection) -> None:
    _run(
        db,
        """
        CREATE TABLE left_unsent (
            key INTEGER PRIMARY KEY,
            chat_id TEXT NOT NULL,
            at REAL NOT NULL,
            text TEXT NOT NULL
        )
        """,
    )


def _09_setup_changed_in_chat(db: Connection) -> None:
    _run(db, "ALTER TABLE chats ADD COLUMN changed TEXT NOT NULL DEFAULT ''")


STEPS: tuple[Step, ...] = (
    _01_chats_as_trees,
    _02_places_and_instances,
    _03_thinking_and_effort,
    _04_edits_under_way,
    _05_definitions_of_tools,
    _06_answers_written_off,
    _07_all_that_a_day_used,
    _08_prompts_left_unsent,
    _09_setup_changed_in_chat,
)
VERSION = len(STEPS)
TABLES = frozenset({"chats", "messages", "attachments", "attached", "words"})
"""Tables that every file has had since the first version."""


def version_of(db: Connection) -> int:
    """Return the schema version of a file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Apply the missing migrations, all or none. Another program may be about to do the same."""
    if version_of(db) >= len(steps):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version_of(db) :]:
            step(db)
        db.execute(f"PRAGMA user_version = {len(steps)}")
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


def is_as_made(db: Connection) -> bool:
    """True if tables, indexes and triggers are exactly what the migrations create. Always True for an earlier version."""
    import sqlite3

    if version_of(db) != VERSION:
        return True
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrate(made)
        return _statements(db).items() >= _statements(made).items()


def _statements(db: Connection) -> dict[str, str]:
    found = db.execute("SELECT name, sql FROM sqlite_master WHERE sql NOTNULL")
    return {name: " ".join(sql.split()) for name, sql in found}


def _run(db: Connection, *statements: str) -> None:
    for statement in statements:
        db.execute(statement)
