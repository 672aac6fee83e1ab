"""The program killed in a real terminal, with no chance to say goodbye, and opened again."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


def prx(server: Server[FakeAnthropic], folder: Path, *options: str) -> Terminal:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    env = {
        "HOME": str(home),
        "PRX_HOME": str(folder / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
    }
    return Terminal([sys.executable, "-m", "tui", *options], env, folder)


def kill(terminal: Terminal) -> None:
    os.killpg(terminal.process.pid, signal.SIGKILL)
    terminal.process.wait(60)


def wait_until_kept(terminal: Terminal, folder: Path, *words: str) -> None:
    """A quarter of a second of text may be lost, and more where the disk is busy: lets that pass."""

    def is_kept() -> bool:
        with closing(sqlite3.connect(folder / "prx" / "data" / "chats.db")) as db:
            rows = (*db.execute("SELECT draft FROM places"), *db.execute("SELECT blocks FROM messages"))
        return all(any(word.encode() in data for (data,) in rows) for word in words)

    terminal.wait(is_kept)


def is_whole(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "prx" / "data" / "chats.db")) as db:
        return db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_killed_in_mid_answer_and_mid_typing_it_opens_where_it_was(
    server: Server[FakeAnthropic], tmp_path: Path
) -> None:
    server.service.script(Answer(Text("The tide runs out", Gate())))
    with prx(server, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("Which way does it run?\r")
        terminal.wait_for("The tide runs out")
        terminal.type("and at which hour")
        terminal.wait_for("│ and at which hour")
        wait_until_kept(terminal, tmp_path, "The tide runs out", "and at which hour")
        kill(terminal)
    assert is_whole(tmp_path)
    server.service.script(Answer(Text("At noon it turns.")))
    with prx(server, tmp_path) as terminal:
        terminal.wait_for("The tide runs out")
        terminal.wait_for("interrupted")
        terminal.wait_for("│ and at which hour")
        terminal.type(" does it turn?\r")
        terminal.wait_for("At noon it turns.")
        kill(terminal)
    said = server.requests[-1].json["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert is_whole(tmp_path)


def test_the_last_chat_is_continued_and_the_list_finds_it(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    server.service.script(Answer(Text("The kelp lies seaward.")))
    with prx(server, tmp_path, "Which way does it run?") as terminal:
        terminal.wait_for("kelp lies seaward")
        terminal.wait_for("⏎ send")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
    with prx(server, tmp_path, "-c") as terminal:
        terminal.wait_for("kelp lies seaward")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
    with prx(server, tmp_path, "-r") as terminal:
        terminal.wait_for("type to search")
        terminal.type("kelp")
        terminal.wait_for("Claude: The kelp")
        terminal.type("\r")
        terminal.wait_for("You")
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
