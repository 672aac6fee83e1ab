"""Imports that are made to swell or hang: a plain sentence within bounds of time and memory, and nothing comes in."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from file_kinds import KINDS, Home, in_order, made, prx

from tui.chat.transcript import Message, Text
from tui.chat.tree import ChatTree, Node, Unsent
from tui.demo.server import Server
from tui.demo.service import FakeAnthropic
from tui.exchange import archive

SWOLLEN_MB = int(os.environ.get("PRX_IMPORT_MB", "100"))
ONE = {"uuid": "c1", "name": "Tides", "chat_messages": [{"uuid": "m1", "sender": "human", "text": "Which way?"}]}
OURS = b'{"format": "prx-chats", "version": 1, "chats": ['


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Server(FakeAnthropic()) as server:
        yield Home(tmp_path, server)


def holed(file: Path, start: bytes) -> None:
    """A file that is large, of which nearly nothing is on disk."""
    file.write_bytes(start)
    os.truncate(file, SWOLLEN_MB * 1_000_000)


def zipped(file: Path, start: bytes, filling: bytes) -> None:
    """A small zip file that becomes large."""
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archived,
        archived.open("conversations.json", "w") as stream,
    ):
        stream.write(start)
        for _ in range(SWOLLEN_MB):
            stream.write(filling * (1_000_000 // len(filling)))


def crowded(file: Path) -> None:
    """A zip file with a long list of files."""
    with zipfile.ZipFile(file, "w") as archived:
        for number in range(300):
            archived.writestr(f"{number}{'x' * 60_000}", b"")


SWOLLEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "one endless string": (lambda file: holed(file, b'[{"uuid": "'), "one chat in it is larger than 64 MB"),
    "the same in ours": (lambda file: holed(file, OURS + b'{"id": "'), "one chat in it is larger than 64 MB"),
    "an endless key": (lambda file: holed(file, b'{"'), "one chat in it is larger than 64 MB"),
    "an endless number": (
        lambda file: file.write_bytes(b"[" + b"1" * 80_000_000),
        "one chat in it is larger than 64 MB",
    ),
    "nothing but NUL": (lambda file: holed(file, b""), "begins neither with"),
    "blanks without end": (lambda file: zipped(file, b"[", b" " * 1000), "times larger"),
    "a zip bomb of one string": (lambda file: zipped(file, b'[{"uuid": "', b"a" * 1000), "times larger"),
    "a zip bomb of brackets": (lambda file: zipped(file, b"", b"[" * 1000), "times larger"),
    "a zip bomb of chats": (lambda file: zipped(file, b"[", b'{"chat_messages":[]},'), "times larger"),
    "a zip file of names": (crowded, "lists too many files"),
    "deep": (lambda file: file.write_bytes(b"[" + b'{"chat_messages":' + b"[" * 2_000), "levels deep"),
    "deep in ours": (lambda file: file.write_bytes(OURS + b"[" * 2_000), "levels deep"),
    "a list of numbers": (
        lambda file: file.write_bytes(b'[{"chat_messages":[' + b"1," * 5_000_000 + b"1]}]"),
        "values",
    ),
}


@pytest.mark.parametrize("kind", SWOLLEN)
def test_what_swells_is_refused_within_bounds(home: Home, kind: str) -> None:
    file = home.folder / "chats"
    make, said = SWOLLEN[kind]
    make(file)
    in_order(ended := prx(home, "import", str(file)))
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


@pytest.mark.parametrize("start", [b'[{"uuid": "', b"", b"PK\x03\x04"])
def test_stdin_without_end_is_refused_within_bounds(home: Home, start: bytes) -> None:
    with subprocess.Popen(
        ["sh", "-c", f"cat; head -c {SWOLLEN_MB}000000 /dev/zero"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdin is not None
        writer.stdin.write(start)
        writer.stdin.close()
        assert writer.stdout is not None
        in_order(ended := prx(home, "import", "-", stdin=writer.stdout))
        writer.stdout.close()
    assert (ended.code, ended.out) == (1, "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_file_stops_an_import(home: Home, kind: str) -> None:
    file = made(kind, home.folder / "chats")
    ended = prx(home, "import", str(file))
    assert ended.code in (1, 2)
    assert "Traceback" not in ended.err
    assert file.name in ended.err or "The file holds no chats" in ended.err


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_file_stops_a_system_prompt(home: Home, kind: str) -> None:
    file = made(kind, home.folder / "prompt")
    ended = prx(home, "-p", "Which way?", "--system-file", str(file))
    assert ended.code in (1, 2)
    assert "Traceback" not in ended.err
    assert file.name in ended.err or kind == "deep"


@pytest.mark.parametrize("way", ["prx import <(cat chats)", "cat chats | prx import -", "prx import - < chats"])
@pytest.mark.parametrize("kind", ["json", "zip"])
def test_a_pipe_is_as_good_as_a_file(home: Home, way: str, kind: str) -> None:
    file = home.folder / "chats"
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archived:
            archived.writestr("conversations.json", json.dumps([ONE]))
    else:
        file.write_bytes(b"\xef\xbb\xbf" + json.dumps([ONE]).encode())  # a byte order mark is no part of it
    env = {**home.env(), "PRX": f"{os.sys.executable} -m tui"}
    run = subprocess.run(
        ["bash", "-c", way.replace("prx", "$PRX")], cwd=home.folder, env=env, capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "Imported 1 message in 1 chat.\n", "")


def test_prompts_that_were_not_sent_come_back(home: Home) -> None:
    node = Node(id="m1", message=Message(role="user", blocks=(Text("Which way?"),)))
    file = home.folder / "prx-unsaved.json"
    chats = [ChatTree(id="c1", nodes=(node,), head="m1")]
    file.write_text(archive.to_json(chats, [Unsent(chat_id="c1", text="half a draft")]))
    in_order(ended := prx(home, "import", str(file)))
    assert ended.out.startswith("Imported 1 message in 1 chat. 1 unsent prompt")
    assert "half a draft" not in prx(home, "chats", "search", "Which").out
