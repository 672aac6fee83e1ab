"""Real processes on one file: killed at any moment, and writing at the same time.

`PRX_KILLS=200` kills more often than the suite does: `make kills`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from storing import LIMIT_S, add_messages, opened, said

ROOT = Path(__file__).parent.parent.parent
KILLS = int(os.environ.get("PRX_KILLS", "20"))
LOST_S = 0.25
SLACK_S = float(os.environ.get("PRX_KILLS_SLACK_S", "0.25"))
"""What a machine with many tests on it may take to write once: its own delays are not the store's."""


def file_in(folder: Path) -> Path:
    return folder / "data" / "chats.db"


@contextmanager
def writer(folder: Path, kind: str, seed: object, *more: object) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "writer.py"), *map(str, (file_in(folder), kind, seed, *more))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def killed(folder: Path, kind: str, seed: int) -> tuple[list[dict], float]:
    """What a writer said until it was killed at a random moment after it began, and that moment."""
    chance = random.Random(seed)
    with writer(folder, kind, seed) as process:
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.6))
        at = time.monotonic()
        process.send_signal(signal.SIGKILL)
        lines = [first, *process.stdout.read().splitlines()]
        process.wait(LIMIT_S)
        return [json.loads(line) for line in lines if line.endswith(("}", "}\n"))], at


def is_sound(folder: Path) -> bool:
    with closing(sqlite3.connect(file_in(folder))) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:  # killed before there was a table
            return bool(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)
        db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        sums = db.execute(
            """
            SELECT count(*) FROM chats AS c WHERE messages != (SELECT count(*) FROM messages WHERE chat = c.key)
            OR (head IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages WHERE id = c.head))
            """
        ).fetchone()[0]
        return db.execute("PRAGMA integrity_check").fetchone()[0] == "ok" and sums == 0


@pytest.mark.parametrize("seed", range(KILLS // 4))
def test_killed_while_answers_arrive(tmp_path: Path, seed: int) -> None:
    told, at = killed(tmp_path, "stream", seed)
    assert is_sound(tmp_path)
    with opened(tmp_path) as store:
        kept = {chat.id: said(store, chat.id) for chat in store.chats().result(LIMIT_S)}
        for line in told:
            if line["at"] > at - LOST_S - SLACK_S:
                continue
            texts = kept[line["chat"]]
            assert texts[0].startswith("prompt")
            assert "length" not in line or len(texts[1]) >= line["length"]
        for chat_id in kept:
            branch = store.branch(chat_id).result(LIMIT_S)
            ended = any(line.get("ended") and line["chat"] == chat_id for line in told)
            assert [row.state for row in branch][1:] in ([], ["interrupted"], ["complete"])
            if len(branch) == 2 and not ended:
                assert len(store.search("word0", chat_id=chat_id).result(LIMIT_S).hits) == 1
        assert store.told == []


@pytest.mark.parametrize("seed", range(KILLS // 4))
def test_killed_while_typing_renaming_and_deleting(tmp_path: Path, seed: int) -> None:
    told, at = killed(tmp_path, "editing", seed)
    assert is_sound(tmp_path)
    least = max((line["draft"] for line in told if "draft" in line and line["at"] < at - LOST_S - SLACK_S), default=0)
    with opened(tmp_path) as store:
        in_list = [
            chat.id for chat in store.chats().result(LIMIT_S)
        ]  # it may be deleted just then, and not yet restored
        assert store.last_open_chat().result(LIMIT_S) == "".join(in_list)
        assert store.last_open_chat().result(LIMIT_S) == ""
        place = store.position("editing").result(LIMIT_S)
        number = int(place.draft.text.removeprefix("draft ") or 0)
        assert number >= least
        assert [draft.text for draft in place.queue] == ([str(number)] if number else [])
        assert said(store, "editing") == ["prompt"]


@pytest.mark.parametrize("seed", range(KILLS // 4))
def test_killed_while_tools_run_in_several_chats(tmp_path: Path, seed: int) -> None:
    told, at = killed(tmp_path, "tools", seed)
    assert is_sound(tmp_path)
    least = {line["chat"]: line["step"] for line in told if "step" in line and line["at"] < at - LOST_S - SLACK_S}
    with opened(tmp_path) as store:
        for chat in store.chats().result(LIMIT_S):
            branch = store.branch(chat.id).result(LIMIT_S)
            steps = [row.message for row in branch][1:]
            assert [row.state for row in branch[:-1]] == ["complete"] * (len(branch) - 1)
            assert [message.role for message in steps] == ["assistant", "user"] * (len(steps) // 2) + (
                ["assistant"] if len(steps) % 2 else []
            )
            results = [block for message in steps[1::2] for block in message.blocks]
            whole = [block for block in results if block.elapsed_s == 0.5]
            assert len(whole) >= least.get(chat.id, 0)
            assert [block.content[0].text for block in whole] == [f"done {n}" for n in range(1, len(whole) + 1)]
            assert branch[-1].state in ("complete", "interrupted")
        assert len(store.chats().result(LIMIT_S)) >= len(least)
        assert store.told == []


@pytest.mark.parametrize("seed", range(KILLS - 3 * (KILLS // 4)))
def test_killed_while_a_prompt_is_edited(tmp_path: Path, seed: int) -> None:
    told, at = killed(tmp_path, "edits", seed)
    assert is_sound(tmp_path)
    least = max((line["draft"] for line in told if "draft" in line and line["at"] < at - LOST_S - SLACK_S), default=0)
    with opened(tmp_path) as store:
        assert store.last_open_chat().result(LIMIT_S) == "editing"
        assert said(store, "editing", store.chat("editing").result(LIMIT_S).head)[-1:] != []
        texts = {node.message.text for node in store.tree("editing").result(LIMIT_S).nodes}
        assert texts >= {"one", "answer to one", "two", "answer to two"}
        first = store.branch("editing").result(LIMIT_S)[0]
        place = store.position("editing").result(LIMIT_S)
        kept = [draft.text for draft in (place.draft, *place.queue)] + [
            text for text in texts if text.startswith("edit")
        ]
        assert max((int(text.removeprefix("edit ") or 0) for text in kept), default=0) >= least
        assert place.edits == "" or place.edits in first.siblings
        assert store.told == []


@pytest.mark.parametrize("count", [2, 4])
def test_processes_write_at_the_same_time(tmp_path: Path, count: int) -> None:
    each = 40
    with opened(tmp_path) as store:
        add_messages(store, "shared", "root")
    with ExitStack() as running:
        processes = [running.enter_context(writer(tmp_path, "append", f"w{n}", each)) for n in range(count)]
        for process in processes:
            assert "ready" in process.stdout.readline()
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            _, errors = process.communicate(timeout=120)
            assert (process.returncode, errors) == (0, "")
    assert is_sound(tmp_path)
    with opened(tmp_path) as store:
        tree = store.tree("shared").result(LIMIT_S)
        assert len(tree.nodes) == 1 + count * each
        assert len(store.chats().result(LIMIT_S)) == 1 + count * each
        ends = {node.message.text.split()[0]: node.id for node in tree.nodes[1:]}
        for number in range(count):
            texts = [node.message.text for node in tree.path(ends[f"w{number}"])]
            assert texts == ["root", *(f"w{number} {n}" for n in range(each))]
        hits = store.search("own", limit=1000).result(LIMIT_S).hits
        assert len([hit for hit in hits if hit.message_id]) == count * each
