"""Whatever kind of file stands where prx reads one: no command hangs, swells or ends with a traceback, and each says why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from file_kinds import KINDS, Home, in_order, made, prx
from peak_memory import LIMIT_S
from terminal import Terminal

from tui.anthropic.model_cache import cache_file
from tui.chat.transcript import Message
from tui.chat.transcript import Text as Said
from tui.demo.scenarios import Answer, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.store import NewChat, Store

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="kinds of files that Windows lacks")

SETTINGS: tuple[Callable[[Home], Path], ...] = (
    lambda home: home.folder / "prx" / "config" / "config.toml",
    lambda home: home.folder / "prx" / "data" / "credentials.json",
    lambda home: home.folder / ".claude" / ".credentials.json",
    lambda home: cache_file(home.folder / "prx" / "cache", home.server.url),
)
"""The small files: configuration, key, login and model list."""
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside the database."""

COMMANDS = {
    "-p": ("-p", "Which way?"),
    "doctor": ("doctor",),
    "models": ("models",),
    "auth status": ("auth", "status"),
    "chats": ("chats",),
    "paths": ("paths",),
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Server(FakeAnthropic()) as server:
        yield Home(tmp_path, server)


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_is_stopped_by_its_settings(home: Home, kind: str) -> None:
    files = [made(kind, place(home)) for place in SETTINGS]
    said = {name: prx(home, *words) for name, words in COMMANDS.items()}
    for ended in said.values():
        in_order(ended)
    assert {name: ended.code for name, ended in said.items() if ended.code == 0} == dict.fromkeys(
        ("models", "chats", "paths"), 0
    )
    assert "config.toml" in said["paths"].err
    assert all(file.name in said["auth status"].out for file in files[1:3])
    in_order(ended := prx(home, "-p", "Which way?", ANTHROPIC_API_KEY=DEMO_KEY))
    assert "config.toml" in ended.err
    files[0].rename(home.folder / "aside")  # with an address or a budget that cannot be read, nothing is sent
    home.server.service.script(Answer(Text("Out.")))
    in_order(ended := prx(home, "-p", "Which way?", ANTHROPIC_API_KEY=DEMO_KEY))
    assert (ended.code, ended.out) == (0, "Out.\n")


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_is_stopped_by_the_database(home: Home, kind: str) -> None:
    made(kind, home.data / "chats.db")
    in_order(listed := prx(home, "chats"))
    assert "chats.db" in listed.err
    home.server.service.script(Answer(Text("Out.")))
    in_order(ended := prx(home, "-p", "Which way?", ANTHROPIC_API_KEY=DEMO_KEY))
    assert (ended.code, ended.out) == (0, "Out.\n")
    assert "chats.db" in ended.err or (kind in ("deep", "garbage", "huge") and listed.code == 0)


@pytest.mark.parametrize("ending", BESIDE)
@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "loop", "garbage"])
def test_no_command_is_stopped_by_what_stands_beside_the_database(home: Home, kind: str, ending: str) -> None:
    with Store(home.data / "chats.db") as store:
        store.ready().result(LIMIT_S)
    (file := home.data / f"chats.db{ending}").unlink(missing_ok=True)
    made(kind, file)
    in_order(ended := prx(home, "chats"))
    assert kind == "garbage" or file.name in ended.err


@pytest.mark.parametrize("kind", KINDS)
def test_the_full_screen_opens_over_any_kind_of_file(home: Home, kind: str) -> None:
    state = home.folder / "prx" / "state"
    for file in (*(place(home) for place in SETTINGS[1:]), home.data / "chats.db"):
        made(kind, file)
    for name in ("attach-folder", "told-folders", "stderr.log", "launch-frames"):
        made(kind, state / name)
    home.server.service.script(Answer(Text("Out.")))
    with Terminal([sys.executable, "-m", "tui"], home.env(ANTHROPIC_API_KEY=DEMO_KEY), home.folder) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("Which way?\r")
        terminal.wait_for("Out.")
        terminal.type("\x0f")
        terminal.wait_for("Attach")
        terminal.type("\x1b\x11")
        terminal.wait(lambda: "Chats not saved" in terminal.text or terminal.process.poll() is not None)
        terminal.type("" if terminal.process.poll() is not None else "\x11")
        assert terminal.wait_exit() in (0, 1)
        assert "Traceback" not in terminal.text


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_file_stops_what_is_attached_or_exported(home: Home, kind: str) -> None:
    file = made(kind, home.folder / "file.png")
    ended = prx(home, "-p", "Which way?", "-a", str(file), ANTHROPIC_API_KEY=DEMO_KEY)
    assert ended.code == (2 if kind == "forbidden" else 1)
    assert "file.png" in ended.err
    assert "Traceback" not in ended.err
    with Store(home.data / "chats.db") as store:
        store.append(NewChat(id="tides"), "m1", None, Message(role="user", blocks=(Said("Which way?"),)))
    exported = made(kind, home.folder / "chat.md")
    in_order(ended := prx(home, "export", "tides", "-o", str(exported)))
    if kind in ("huge", "deep", "garbage", "forbidden"):  # a file like any other
        assert "Which way?" in exported.read_text()
    else:
        assert (ended.code, "chat.md" in ended.err) == (int(kind != "device"), kind != "device")
    assert kind == "device" or ended.code == 0 or "cannot be written" in ended.err


def test_an_export_goes_through_a_pipe_or_to_the_null_device(home: Home) -> None:
    with Store(home.data / "chats.db") as store:
        store.append(NewChat(id="tides"), "m1", None, Message(role="user", blocks=(Said("Which way?"),)))
    script = (
        "$PRX export tides -o /dev/null && $PRX export tides -o >(cat >out; echo >done); until [ -e done ]; do :; done"
    )
    env = {**home.env(), "PRX": f"{sys.executable} -m tui"}
    run = subprocess.run(["bash", "-c", script], cwd=home.folder, env=env, timeout=LIMIT_S)
    assert run.returncode == 0
    assert "Which way?" in (home.folder / "out").read_text()
    assert Path(os.devnull).is_char_device()
