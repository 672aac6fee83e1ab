"""Writes `schemas/vN.sql`, the stored copy of today's schema: `python tests/store/make_schema.py`. Run it once for each new
step, before it is released; older copies are never written again."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from storing import Wall, billed, prompt

from tui.chat.transcript import Message, Text
from tui.store import NewChat, Store
from tui.store.codec import searchable_row
from tui.store.schema import VERSION
from tui.store.search_text import fold_text

SCHEMAS = Path(__file__).parent / "schemas"


def fill(file: Path) -> None:
    """One chat of two branches."""
    with Store(file, now=Wall()) as store:
        chat = NewChat(id="fjord", model="claude-sonnet-5-5")
        store.append(chat, "prompt", None, prompt("Which way does the tide run?"))
        store.append(chat, "answer", "prompt", billed("Out."))
        store.append(chat, "again", "prompt", Message(role="assistant", blocks=(Text("Out, I think."),), at=102.0))


def dumped(db: sqlite3.Connection) -> Iterator[str]:
    """The file as SQL. Of the index, its own tables are left out: it is filled again as it was filled."""
    (words,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()
    db.execute("DROP TABLE words")
    yield f"PRAGMA user_version = {VERSION};"
    for line in db.iterdump():
        if line == "COMMIT;":
            yield f"{words};"
            for key, blocks in db.execute("SELECT key, blocks FROM messages WHERE writer IS NULL").fetchall():
                yield f"INSERT INTO words (rowid, body) VALUES ({key}, '{fold_text(searchable_row(blocks))}');"
        yield line


def main() -> None:
    target = SCHEMAS / f"v{VERSION}.sql"
    if target.exists() and "--replace" not in sys.argv:
        sys.exit(f"{target} is there already")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chats.db"
        fill(file)
        with closing(sqlite3.connect(file)) as db:
            target.write_text("\n".join(dumped(db)) + "\n")


if __name__ == "__main__":
    main()
