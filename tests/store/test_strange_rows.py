"""Files that others have written to: times that are none, other types, no JSON, circles. What can be shown is shown."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from storing import LIMIT_S, add_messages, opened, said

ROOT = Path(__file__).parent.parent.parent

CHATS = {
    "times": "created = 9e99, updated = -5, cached_at = 1e300",
    "words for times": "created = 'yesterday', updated = x'00ff', cached_at = 'never'",
    "infinity": "updated = 9e999, cost_usd = 9e999, saved_usd = -9e999",
    "types": "title = x'fffe', model = 7, tools = 1.5, pinned = 'yes', messages = 'many', cost_usd = 'a lot'",
    "no UTF-8": "title = CAST(x'ff41' AS TEXT), system = CAST(x'fe' AS TEXT)",
    "no JSON": "definitions = '{', thinking = 'maybe', effort = 'huge', preset = 'x'",
    "no head": "head = 'nowhere'",
    "a number as head": "head = 7",
}
MESSAGES = {
    "blocks": "blocks = 'Which way?'",
    "blocks of another kind": 'blocks = \'[{"type": "image"}]\'',
    "nothing": "blocks = x'', facts = x''",
    "a number": "blocks = 5, facts = 7",
    "no UTF-8": "blocks = CAST(x'ff41' AS TEXT), facts = x'ff'",
    "facts": 'facts = \'{"usage": {"input_tokens": "many"}}\'',
    "times": "at = 9e99",
    "words for times": "at = 'noon'",
    "state": "state = 'asleep', role = 'nobody'",
    "itself as parent": "parent = key",
    "a circle": "parent = (SELECT max(key) FROM messages)",
    "attachments": 'blocks = \'[{"type":"image","media_type":"image/png","data":"\\u0000sha256:00"}]\'',
}


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "data" / "chats.db")) as db, db:
        db.execute(statement)


def shown(folder: Path) -> None:
    """All that lists, opens, searches and goes on with chats."""
    with opened(folder) as store:
        assert {chat.id for chat in store.chats().result(LIMIT_S)} == {"good", "strange"}
        assert said(store, "good") == ["Which way?", "Out."]
        branch = store.branch("strange").result(LIMIT_S)
        end, whole = store.end("strange").result(LIMIT_S), store.stored_chat("strange").result(LIMIT_S)
        assert end is not None
        assert [row.id for row in end.branch] == [row.id for row in whole.branch] == [row.id for row in branch]
        assert len(whole.transcript.messages) == len(branch)
        assert store.end().result(LIMIT_S) is not None
        assert len(store.tree("strange").result(LIMIT_S).nodes) == 2
        assert [type(row.message.text) for row in branch] == [str] * len(branch)
        assert {hit.chat_id for hit in store.search("out").result(LIMIT_S).hits} >= {"good"}
        for asked in (store.used(), store.days(), store.prompts(), store.unsent(), store.position("strange")):
            asked.result(LIMIT_S)
        store.since("strange", "strange-1").result(LIMIT_S)
        store.fork("strange-1").result(LIMIT_S)
        add_messages(store, "strange", "And when?", "At noon.", head="strange-1")
        assert said(store, "strange")[-2:] == ["And when?", "At noon."]
        store.delete("strange")
        assert [str(problem) for problem in store.told] == []


@pytest.mark.parametrize("values", CHATS.values(), ids=CHATS)
def test_a_strange_chat_is_shown_beside_the_others(tmp_path: Path, values: str) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "good", "Which way?", "Out.")
        add_messages(store, "strange", "Which way?", "Out.")
    change(tmp_path, f"UPDATE chats SET {values} WHERE id = 'strange'")
    shown(tmp_path)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("values", MESSAGES.values(), ids=MESSAGES)
def test_a_strange_message_is_shown_as_far_as_it_can_be(tmp_path: Path, values: str, number: int) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "good", "Which way?", "Out.")
        add_messages(store, "strange", "Which way?", "Out.")
    change(tmp_path, f"UPDATE messages SET {values} WHERE id = 'strange-{number}'")
    shown(tmp_path)


def test_drafts_and_days_that_are_none_do_no_harm(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "good", "Which way?", "Out.")
        add_messages(store, "strange", "Which way?", "Out.")
    change(tmp_path, "INSERT INTO places VALUES ('x', 'strange', 'noon', 'a draft', x'ff', 'no', 'down', 5)")
    change(tmp_path, "INSERT INTO days VALUES (5, x'ff', 'many', 1, 1, 1, 1, 1, 9e999, 'x', 1, 1, 1)")
    change(tmp_path, "INSERT INTO instances VALUES ('x', 'me', 'here', 'then', 'now', 7)")
    shown(tmp_path)


def test_the_commands_list_and_export_strange_chats(tmp_path: Path) -> None:
    home = Path(os.environ["PRX_HOME"])
    with opened(home) as store:
        for number in range(len(CHATS)):
            add_messages(store, f"c{number}", "Which way?", "Out.")
        for number in range(len(MESSAGES)):
            add_messages(store, f"m{number}", "Which way?", "Out.")
    for number, values in enumerate(CHATS.values()):
        change(home, f"UPDATE chats SET {values} WHERE id = 'c{number}'")
    for number, values in enumerate(MESSAGES.values()):
        change(home, f"UPDATE messages SET {values} WHERE id = 'm{number}-1'")

    def prx(*words: str) -> str:
        run = subprocess.run(
            [sys.executable, "-m", "tui", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert (run.returncode, run.stderr) == (0, "")
        return run.stdout

    assert len(json.loads(prx("chats", "--json"))) == len(CHATS) + len(MESSAGES)
    assert prx("chats").count("Which way?") >= len(MESSAGES)
    assert "Which way?" in prx("chats", "search", "way")
    for name in ("c0", "c4", "m0", "m1", "m10"):
        for kind in ("md", "json", "html"):
            assert "Which way?" in prx("export", name, "--format", kind) or name in ("m1", "m10")
