"""Commands while the chats cannot be written, or not even be read: plain words with the path, never a traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tui.chat.transcript import Message, Text
from tui.chat.tree import ChatTree, Node
from tui.demo.scenarios import Answer
from tui.demo.scenarios import Text as Said
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.exchange import archive
from tui.store import Store

LIMITED = str(Path(__file__).parent / "limited.py")
ROOT = Path(__file__).parent.parent
READING = (("chats",), ("chats", "search", "way"), ("export", "fjord"))

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="capabilities")


def tree(id: str) -> ChatTree:
    message = Message(role="user", blocks=(Text("Which way?"),), at=1e9)
    return ChatTree(
        id=id,
        title="Tides",
        created=1e9,
        updated=1e9,
        nodes=(Node(id=f"{id}-0", parent_id=None, message=message),),
        head=f"{id}-0",
    )


@pytest.fixture
def file() -> Path:
    """The chats, of which there is one."""
    file = Path(os.environ["PRX_HOME"]) / "data" / "chats.db"
    with Store(file) as store:
        store.merge(tree("fjord")).result(20)
    return file


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def read_only(file: Path) -> Iterator[None]:
    file.chmod(0o444)
    file.parent.chmod(0o555)
    yield
    file.parent.chmod(0o755)


@contextmanager
def full(file: Path) -> Iterator[None]:
    yield


@contextmanager
def unreadable(file: Path) -> Iterator[None]:
    file.chmod(0)
    yield


def prx(*words: str, kind: str = "modes", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, LIMITED, kind, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )
    assert "Traceback" not in run.stderr
    return run


@on_linux
@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        (read_only, "modes", "can be read but not written"),
        (full, "full", "cannot be written"),
        (locked, "modes", "database is locked"),
    ],
)
def test_what_can_be_read_is_listed_and_what_cannot_be_kept_is_said(
    file: Path, tmp_path: Path, state: Callable, kind: str, said: str
) -> None:
    (tmp_path / "more.json").write_text(archive.to_json([tree("more")]))
    with state(file), Server(FakeAnthropic()) as server:
        server.service.script(Answer(Said("Out.")))
        env = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": DEMO_KEY}
        commands = (*READING, ("import", str(tmp_path / "more.json")), ("-p", "Hello"))
        with ThreadPoolExecutor() as pool:  # at once: each waits for seconds for a lock
            *listed, imported, answered = pool.map(lambda words: prx(*words, kind=kind, env=env), commands)
        for words, run in zip(READING, listed, strict=True):
            assert (run.returncode, "Tides" in run.stdout) == (0, True), words
            assert run.stderr.count(str(file)) == 1
            assert said in run.stderr
        assert (imported.returncode, imported.stdout) == (1, "")
        assert "Not everything could be stored." in imported.stderr
        assert answered.stdout == "Out.\n", "the answer was paid for"
        assert f"This chat was not stored in {file}" in answered.stderr
        assert said in answered.stderr
    file.chmod(0o600)
    assert prx("chats").stdout.count("Tides") == 1


@on_linux
def test_what_cannot_even_be_read_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "more.json").write_text(archive.to_json([tree("more")]))
    with unreadable(file):
        for words in (*READING, ("import", str(tmp_path / "more.json"))):
            run = prx(*words)
            assert (run.returncode, run.stdout) == (1, ""), words
            assert run.stderr.count(str(file)) == 1
            assert "neither read nor written: Permission denied" in run.stderr


def test_a_damaged_file_is_set_aside_by_a_command_too_and_the_import_goes_into_a_new_one(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "more.json").write_text(archive.to_json([tree("more")]))
    notes = b"these are my notes\n" * 500
    file.write_bytes(notes)
    run = prx("import", str(tmp_path / "more.json"))
    assert (run.returncode, run.stdout) == (0, "Imported 1 message in 1 chat.\n")
    assert run.stderr.count("was damaged") == 1
    (aside,) = file.parent.glob("chats.db.damaged-*")
    assert aside.read_bytes() == notes
