"""A disk that is full, files that are locked, damaged or read-only, with the app in a real terminal.

It says so once, in plain words with the path, and goes on; what it kept in memory is written when that is possible again.
"""

from __future__ import annotations

import atexit
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import pytest
from limited import PAGE
from terminal import LIMIT_S, Terminal

from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.exchange.imports import read

ROOT = Path(__file__).parent.parent
LIMITED = str(Path(__file__).parent / "limited.py")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process, and capabilities")


@pytest.fixture(scope="module")
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


def prx(server: Server[FakeAnthropic], folder: Path, *options: str, kind: str = "") -> Terminal:
    env = {
        "HOME": str(folder),
        "PRX_HOME": str(folder / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": DEMO_KEY,
        "TMPDIR": str(folder / "tmp"),
    }
    (folder / "tmp").mkdir(exist_ok=True)
    command = [LIMITED, kind] if kind else ["-m", "tui"]
    return Terminal([sys.executable, *command, *options], env, folder, columns=100, rows=30)


def file_in(folder: Path) -> Path:
    return folder / "prx" / "data" / "chats.db"


def give_room(terminal: Terminal, size_bytes: int = resource.RLIM_INFINITY) -> None:
    """No file of the program may grow beyond that."""
    resource.prlimit(terminal.process.pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


def ask(server: Server[FakeAnthropic], terminal: Terminal, prompt: str, answer: str) -> None:
    server.service.script(Answer(Text(answer)))
    terminal.type(prompt + "\r")
    terminal.wait_for(answer)


def leave(terminal: Terminal) -> None:
    terminal.type("\x11")
    assert terminal.wait_exit() == 0
    assert "Traceback" not in terminal.text


def said(folder: Path, *words: str) -> bool:
    with closing(sqlite3.connect(file_in(folder))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        told = "\n".join(blocks.decode() for (blocks,) in db.execute("SELECT blocks FROM messages"))
    return all(word in told for word in words)


def wait_for(terminal: Terminal, words: str) -> None:
    """As the terminal does, wherever the lines break."""
    terminal.wait(lambda: words in " ".join(" ".join(terminal.lines).split()))


def troubles(terminal: Terminal) -> int:
    """How often the path of the file is on the screen."""
    return "".join(terminal.lines).replace(" ", "").count("chats.db")


@cache
def with_a_chat(server: Server[FakeAnthropic]) -> Path:
    """A folder in which a chat was begun. To be copied."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    with prx(server, folder) as terminal:
        terminal.wait_for("Talk to")
        ask(server, terminal, "Which way?", "The tide runs out.")
        leave(terminal)
    assert said(folder, "Which way?", "The tide runs out.")
    return folder


def begun(server: Server[FakeAnthropic], folder: Path) -> None:
    shutil.copytree(with_a_chat(server), folder, dirs_exist_ok=True)


@on_linux
def test_a_disk_that_fills_up_and_has_room_again(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    with prx(server, tmp_path) as terminal:
        terminal.wait_for("Talk to")
        ask(server, terminal, "Which way?", "The tide runs out.")
        give_room(terminal, PAGE)
        ask(server, terminal, "And when?", "At noon it turns.")
        wait_for(terminal, "kept in memory, and prx tries again")
        assert troubles(terminal) == 1
        ask(server, terminal, "What grows there?", "Kelp.")
        terminal.type("half a draft")
        terminal.wait_for("half a draft")
        assert troubles(terminal) == 1
        assert not said(tmp_path, "Kelp.")
        give_room(terminal)
        wait_for(terminal, "nothing was lost")
        terminal.wait(lambda: "kept in memory" not in terminal.text)
        leave(terminal)
    assert said(tmp_path, "The tide runs out.", "At noon it turns.", "Kelp.")
    with prx(server, tmp_path, "-c") as terminal:
        terminal.wait_for("half a draft")
        leave(terminal)


@on_linux
def test_a_disk_that_is_full_from_the_start(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    begun(server, tmp_path)
    with prx(server, tmp_path, "-c", kind="full") as terminal:
        terminal.wait_for("The tide runs out.")
        wait_for(terminal, "kept in memory")
        ask(server, terminal, "And when?", "At noon it turns.")
        assert troubles(terminal) == 1
        give_room(terminal)
        wait_for(terminal, "nothing was lost")
        leave(terminal)
    assert said(tmp_path, "The tide runs out.", "At noon it turns.")


def saved(file: Path) -> str:
    """The texts in a file that `prx import` reads."""
    trees = read(file.read_bytes())
    return "\n".join(node.message.text for tree in trees for node in tree.nodes)


@contextmanager
def unstored(server: Server[FakeAnthropic], folder: Path, kind: str) -> Iterator[Terminal]:
    """A chat in the full screen that cannot be written: on a full disk, or only where the database is (`modes`)."""
    begun(server, folder)
    file = file_in(folder)
    if kind == "modes":
        file.chmod(0o444)
        file.parent.chmod(0o555)
    with prx(server, folder, "-c", kind=kind) as terminal:
        terminal.wait_for("The tide runs out.")
        wait_for(terminal, "kept in memory")
        ask(server, terminal, "And when?", "At noon it turns.")
        yield terminal
    assert "Traceback" not in terminal.text
    file.parent.chmod(0o755)
    file.chmod(0o600)
    assert not said(folder, "At noon it turns.")


def name_it(terminal: Terminal, before: str, name: str) -> None:
    """Puts another name in the line, and presses Enter; as a person does, one after the other."""
    terminal.type("\x01\x0b")
    terminal.wait(lambda: before not in terminal.text)
    terminal.type(name)
    terminal.wait_for(f"  {name}")
    terminal.type("\r")


@on_linux
def test_what_is_on_no_disk_is_saved_to_a_file_before_it_ends(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    (tmp_path / "prx-unsaved.json").write_text("mine")
    with unstored(server, tmp_path, "modes") as terminal:
        terminal.type("half a draft\x11")
        terminal.wait_for("Chats not saved")
        terminal.wait_for("prx-unsaved-2.json")
        terminal.type("\x1b")
        terminal.wait(lambda: "Chats not saved" not in terminal.text)
        assert "half a draft" in terminal.text
        terminal.type("\x11")
        terminal.wait_for("Chats not saved")
        name_it(terminal, "prx-unsaved-2.json", "prx-unsaved.json")
        wait_for(terminal, "already exists. Choose another name.")
        name_it(terminal, "  prx-unsaved.json", "kept.json")
        assert terminal.wait_exit() == 0
        assert "prx import" in "".join(terminal.lines).partition("kept.json")[2], "it says how to read them again"
    assert (tmp_path / "prx-unsaved.json").read_text() == "mine"
    assert (tmp_path / "kept.json").stat().st_mode & 0o077 == 0
    assert "The tide runs out.\nAnd when?\nAt noon it turns." in saved(tmp_path / "kept.json")
    assert "half a draft" in (tmp_path / "kept.json").read_text()


@on_linux
@pytest.mark.parametrize("ends", ["ctrl+q twice", "SIGTERM", "SIGHUP"])
def test_whatever_ends_it_what_is_on_no_disk_goes_to_the_temporary_folder(
    server: Server[FakeAnthropic], tmp_path: Path, ends: str
) -> None:
    with unstored(server, tmp_path, "modes") as terminal:
        if ends == "SIGHUP":
            terminal.process.send_signal(signal.SIGHUP)
            terminal.hang_up()
            assert terminal.process.wait(LIMIT_S) == 128 + signal.SIGHUP
        elif ends == "SIGTERM":
            terminal.process.send_signal(signal.SIGTERM)
            assert terminal.wait_exit() == 128 + signal.SIGTERM
        else:
            terminal.type("\x11")
            terminal.wait_for("Chats not saved")
            terminal.type("\x11")
            assert terminal.wait_exit() == 1, "that is no safe place"
        (kept,) = (tmp_path / "tmp").glob("prx-unsaved*.json")
        assert ends == "SIGHUP" or f"prx import {kept}" in "".join(terminal.lines)
    assert "At noon it turns." in saved(kept)


@on_linux
def test_what_no_place_takes_is_printed_once_the_screen_is_gone(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    with unstored(server, tmp_path, "full") as terminal:
        terminal.type("\x03")  # which asks, too, and does not say that all is kept
        terminal.wait_for("Chats not saved")
        terminal.type("\r")
        wait_for(terminal, "cannot be written: File too large. Choose another place.")
        assert not list(tmp_path.glob("prx-unsaved*"))
        terminal.type("\x10")
        assert terminal.wait_exit() == 1
    printed = terminal.output.decode().partition('{\r\n "format": "prx-chats"')[2]
    assert "At noon it turns." in printed
    assert "Printed 1 chat on stdout" in printed


def test_a_file_that_is_locked_for_long(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    begun(server, tmp_path)
    with closing(sqlite3.connect(file_in(tmp_path), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with prx(server, tmp_path, "-c") as terminal:
            terminal.wait_for("The tide runs out.")
            wait_for(terminal, "database is locked")
            ask(server, terminal, "And when?", "At noon it turns.")
            assert troubles(terminal) == 1
            db.execute("ROLLBACK")
            wait_for(terminal, "nothing was lost")
            leave(terminal)
    assert said(tmp_path, "The tide runs out.", "At noon it turns.")


def test_a_file_that_cannot_even_be_read_for_long(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    begun(server, tmp_path)
    with closing(sqlite3.connect(file_in(tmp_path), isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE chats SET key = key")
        with prx(server, tmp_path) as terminal:
            wait_for(terminal, "neither read nor written: database is locked")
            ask(server, terminal, "And when?", "At noon it turns.")
            assert troubles(terminal) == 1
            db.execute("ROLLBACK")
            db.close()
            wait_for(terminal, "nothing was lost")
            terminal.type("\x13")
            terminal.wait_for("2 chats")
            terminal.type("\x1b")
            terminal.wait(lambda: "2 chats" not in terminal.text)
            leave(terminal)
    assert said(tmp_path, "The tide runs out.", "At noon it turns.")


@on_linux
@pytest.mark.parametrize("mode", [0o755, 0o555])
def test_a_file_or_a_folder_that_cannot_be_written(server: Server[FakeAnthropic], tmp_path: Path, mode: int) -> None:
    begun(server, tmp_path)
    file = file_in(tmp_path)
    file.chmod(0o444)
    file.parent.chmod(mode)
    with prx(server, tmp_path, "-c", kind="modes") as terminal:
        terminal.wait_for("The tide runs out.")
        wait_for(terminal, "can be read but not written")
        ask(server, terminal, "And when?", "At noon it turns.")
        assert troubles(terminal) == 1
        file.parent.chmod(0o755)
        file.chmod(0o600)
        wait_for(terminal, "nothing was lost")
        leave(terminal)
    assert said(tmp_path, "The tide runs out.", "At noon it turns.")


def test_a_damaged_file_is_set_aside_and_stays(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    begun(server, tmp_path)
    file = file_in(tmp_path)
    notes = b"these are my notes\n" * 500
    file.write_bytes(notes)
    with prx(server, tmp_path) as terminal:
        wait_for(terminal, "was damaged")
        ask(server, terminal, "And when?", "At noon it turns.")
        leave(terminal)
    with prx(server, tmp_path, "-c") as terminal:
        terminal.wait_for("At noon it turns.")
        assert "damaged" not in terminal.text
        leave(terminal)
    (aside,) = file.parent.glob("chats.db.damaged-*")
    assert aside.read_bytes() == notes
