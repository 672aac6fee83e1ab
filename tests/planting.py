"""A server, files and a home in which every text is hostile: what `grammar.HOSTILE` holds is added to each string.

The places are found, not listed: every string of every JSON that the simulator sends, every text column of the database,
every string of an archive, every setting of the example configuration.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli
from grammar import HOSTILE, MARK

from tui.demo.reply import Reply
from tui.demo.scenarios import Answer, Error, Event, Search, SearchResult, Text, Thinking, ToolUse, refusal
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
IN_HEADER = f"{MARK}\x9d52;c;UExBTlRFRA==\x9c\x9b777;777H"
"""What a header can hold of it: C1, as Latin-1."""
NAME = MARK + "".join(char for char in HOSTILE if char != "/") + MARK
"""A file name."""
STRUCTURE = {
    "type",
    "role",
    "media_type",
    "partial_json",
    "data",
    "lifecycle",
    "stop_reason",
    "format",
    "state",
    "sender",
}
STRUCTURE |= {"created_at", "deprecated_at", "retires_at"}
"""Fields of JSON without whose values nothing would be shown at all. They are planted in runs of their own."""
SKELETON = frozenset({"role", "state", "writer", "hash", "token", "host", "day", "at"})
"""Columns of the same kind."""


def planted(value: Any, keep: Collection[str] = STRUCTURE, name: str = "") -> Any:
    """The same JSON with the hostile text at the end of every string, but for the fields that are to be kept."""
    if isinstance(value, dict):
        return {key: planted(one, keep, key) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [planted(one, keep, name) for one in value]
    return value + HOSTILE if isinstance(value, str) and name not in keep else value


def plucked(value: Any) -> Any:
    """The same JSON without it."""
    if isinstance(value, dict):
        return {key: plucked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plucked(one) for one in value]
    return value.replace(HOSTILE, "") or "x" if isinstance(value, str) else value


class HostileService:
    """The simulator, with the text in all that it says. What of it comes back in a request is taken out again."""

    def __init__(self, keep: Collection[str] = STRUCTURE) -> None:
        self.real = FakeAnthropic()
        self.keep = keep

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if body:
            body = json.dumps(plucked(json.loads(body))).encode()
        reply = self.real.respond(method, path.partition("PLANTED")[0], headers, body)
        told = tuple(
            (name, value + IN_HEADER * (name in ("request-id", "retry-after"))) for name, value in reply.headers
        )
        steps = tuple(self._planted(step) if isinstance(step, bytes) else step for step in reply.steps)
        return replace(reply, headers=told, steps=steps)

    def _planted(self, step: bytes) -> bytes:
        if step.startswith(b"{"):
            return self._json(step)
        lines = step.split(b"\n")
        return b"\n".join(b"data: " + self._json(line[6:]) if line.startswith(b"data: {") else line for line in lines)

    def _json(self, text: bytes) -> bytes:
        return json.dumps(planted(json.loads(text), self.keep), ensure_ascii=False).encode()


PDF = (
    b"%%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
    b"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
    b"3 0 obj << /Type /Page /Parent 2 0 R /Title (%s) >> endobj\ntrailer << /Root 1 0 R >>\n%%%%EOF" % HOSTILE.encode()
)

CLAUDE_AI = [
    {
        "uuid": "3f2b8c1e-7c7d-4a55-9d1f-000000000001",
        "name": "Fjord trip",
        "created_at": "2025-03-01T10:00:00Z",
        "chat_messages": [
            {
                "uuid": f"3f2b8c1e-7c7d-4a55-9d1f-00000000001{number}",
                "sender": sender,
                "created_at": "2025-03-01T10:00:01Z",
                "text": "Which way?",
                "content": [{"type": "text", "text": "Which way?"}, {"type": "odd", "name": "x"}],
                "attachments": [{"file_name": "a.txt", "extracted_content": "words"}],
                "files": [{"file_name": "b.png"}],
            }
            for number, sender in enumerate(("human", "assistant"))
        ],
    }
]
"""A data export of Claude.ai."""
FOUND = SearchResult("https://tides.example/brest", "Brest tides", "2 days ago")
CITED = {
    "type": "web_search_result_location",
    "url": FOUND.url,
    "title": FOUND.title,
    "encrypted_index": "RGVtbw==",
    "cited_text": "High water",
}
ANSWERS = (
    Answer(
        Thinking("Let me see."),
        Search("tide Brest", (FOUND,)),
        Text("**At** `06:12`, [see](https://a.example).", citations=(CITED,)),
    ),
    Answer(Text("Look:"), ToolUse("read_file", input={"path": HOSTILE})),
    Answer(Text("```py\nprint(1)\n```\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one")),
    refusal(Text("No."), explanation="because"),
    Error(400, message="not valid", details={"error_code": "x", "more": "words"}),
    Error(404, body=f"<html><title>{HOSTILE}</title><body>{HOSTILE}</body></html>".encode(), content_type="text/html"),
    Error(400, body=HOSTILE.encode(), content_type="text/plain"),
    Answer(Text("Half"), Event({"type": "error", "error": {"type": "odd", "message": "broken"}}, last=True)),
    Answer(Event({"type": "of_no_known_kind", "text": "x"}), Text("After."), stop_reason="of_no_known_kind"),
)
"""What a server can say, one kind after the other."""


def env_of(folder: Path, server: Server[HostileService], **more: str) -> dict[str, str]:
    """A home with a hostile name, and in it a configuration, pictures and files with such names, for that server."""
    home = folder / NAME
    (home / "config").mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(folder),
        "PRX_HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
        "ANTHROPIC_API_KEY": DEMO_KEY,
        "ANTHROPIC_BASE_URL": server.url,
        **more,
    }


def plant_database(file: Path, keep: Collection[str] = SKELETON) -> set[str]:
    """Add the text to every text in the database, also within its JSON; returns the names of the columns."""
    columns = set()
    with sqlite3.connect(file) as db:
        db.create_function("plant", 1, _planted_cell)
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            if table.startswith(("sqlite_", "words", "attach")):
                continue
            for _, column, kind, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
                if kind in ("TEXT", "BLOB") and column not in keep:
                    db.execute(f"UPDATE OR IGNORE {table} SET {column} = plant({column}) WHERE {column} IS NOT NULL")
                    columns.add(f"{table}.{column}")
    db.close()
    return columns


def _planted_cell(value: Any) -> Any:
    text = value.decode() if isinstance(value, bytes) else value
    if isinstance(value, bytes) and not text:
        return value
    try:
        told = json.loads(text)
    except ValueError:
        return text + HOSTILE
    if not isinstance(told, dict | list):
        return text + HOSTILE
    written = json.dumps(planted(told), ensure_ascii=False)
    return written.encode() if isinstance(value, bytes) else written


def planted_toml(text: str, plant: Callable[[str], str] = lambda text: text + HOSTILE) -> str:
    """A configuration with the text in every string, and in the name of every table."""

    def written(value: Any) -> str:
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(plant(key))} = {written(one)}" for key, one in value.items())
            return f"{{ {inner} }}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(written, value))}]"
        return json.dumps(plant(value) if isinstance(value, str) else value)

    told = tomli.loads(text)
    return "".join(
        f"[{table}]\n" + "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in fields.items())
        for table, fields in told.items()
    )
