"""A long day in a minute: two prx on one store, with faults, stops, switches, images, tools, pastes and restarts.

`make soak` does 500 turns; the suite does a few. Whatever happened: every prompt is in the database once, the database is
clean, memory stays flat, and nothing is left open or running.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from soak.resources import Held, held_by, with_environment
from soak.user import User

from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

TURNS = int(os.environ.get("PRX_SOAK_TURNS", "90"))
GROWTH = 1.05 if TURNS >= 500 else 1.25
"""Of memory, from the second quarter to the last. In a short run the caches are still filling."""
SEED = int(os.environ.get("PRX_SOAK_SEED", "11"))
RESTART_EVERY = 9
"""Turns of the second user."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")


def folder_with_things(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").write_text("The tide runs out.\n" * 100)
    Image.effect_noise((1200, 900), 60).save(folder / "tide.png")
    return folder


def assert_flat(samples: list[Held]) -> None:
    """Of the one that ran all the time: the last quarter holds no more than the second."""
    quarter = len(samples) // 4
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    memory = [statistics.median(held.memory_kb for held in part) for part in (second, last)]
    assert memory[1] <= GROWTH * memory[0], f"memory grew: {[held.memory_kb // 1024 for held in samples]} MB"
    for name in ("threads", "sockets", "files", "children"):
        most = [max(getattr(held, name) for held in part) for part in (second, last)]
        assert most[1] <= most[0] + 1, f"{name}: {[getattr(held, name) for held in samples]}"


def assert_accounted_for(database: Path, prompts: list[str]) -> None:
    """Every prompt that was sent is in one message of a user, and no answer is left as if it were still to come."""
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        texts = [bytes(blocks).decode() for (blocks,) in db.execute("SELECT blocks FROM messages WHERE role = 'user'")]
        states = dict(db.execute("SELECT state, count(*) FROM messages GROUP BY state").fetchall())
        writing = db.execute("SELECT count(*) FROM messages WHERE writer IS NOT NULL").fetchone()
    counts = {prompt: sum(prompt in text for text in texts) for prompt in prompts}
    assert {prompt: count for prompt, count in counts.items() if count != 1} == {}, states
    assert writing == (0,)


def test_a_long_day_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = folder_with_things(tmp_path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    home = tmp_path / "prx"
    env = {
        **{"HOME": str(tmp_path), "PRX_HOME": str(home), "TMPDIR": str(temporary)},
        **{"PYTHONPATH": str(Path(__file__).parent.parent), "ANTHROPIC_API_KEY": DEMO_KEY},
    }
    samples = []
    with Server(FakeAnthropic()) as first, Server(FakeAnthropic()) as second:
        steady, restless = User("a", first, env, folder, SEED), User("b", second, env, folder, SEED)
        with steady.terminal:
            while steady.turns < TURNS * 2 // 3:
                steady.take_turn()
                samples.append(held_by(steady.terminal.process.pid))
                if steady.turns % 2:
                    restless.take_turn()
                    if restless.turns % RESTART_EVERY == 0:
                        restless.restart()
            assert restless.quit() == 0
            assert steady.quit() == 0
        restless.terminal.__exit__()
    megabytes = [held.memory_kb // 1024 for held in samples]
    print(f"{steady.turns + restless.turns} turns; memory in MB: {megabytes[:: max(1, len(megabytes) // 20)]}")
    assert_accounted_for(home / "data" / "chats.db", steady.prompts + restless.prompts)
    assert_flat(samples)
    assert with_environment(f"PRX_HOME={home}") == []
    assert list(temporary.iterdir()) == []
