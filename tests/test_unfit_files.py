"""Whatever kind of file stands where prx reads one: no command hangs, swells or ends with a traceback, and each says why."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tui.anthropic.model_cache import cache_file
from tui.demo.scenarios import Answer, Text
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.demo.shells import Server
from tui.store import Store

ROOT = Path(__file__).parent.parent
LIMIT_S = 60.0
"""For a busy machine: each of these commands takes below a second. What hangs never ends."""
MEMORY_MB = 250

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="kinds of files that Windows lacks")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        place = os.open(path.parent, os.O_RDONLY)
        try:  # the name of a socket is short
            listening.bind(f"/proc/self/fd/{place}/{path.name}")
        finally:
            os.close(place)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8_000_000_000)  # of which nothing is on disk


def deep(path: Path) -> None:
    path.write_bytes(b"a = " + b"[" * 2_000 + b"]" * 2_000 if path.suffix == ".toml" else b"[" * 2_000 + b"]" * 2_000)


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


KINDS = {
    kind.__name__.removeprefix("unix_"): kind for kind in (fifo, device, folder, loop, unix_socket, huge, deep, garbage)
}


class Home(NamedTuple):
    folder: Path
    server: Server[FakeAnthropic]

    @property
    def data(self) -> Path:
        return self.folder / "prx" / "data"

    def env(self, **more: str) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "PRX_HOME": str(self.folder / "prx"),
            "PYTHONPATH": str(ROOT),
            "ANTHROPIC_BASE_URL": self.server.url,
            **more,
        }


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


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str
    peak_mb: float


def prx(home: Home, *words: str, stdin: int = subprocess.DEVNULL, **env: str) -> Ended:
    """Runs prx under a limit of memory far above its own, so that what swells fails instead of taking the machine down."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))

    with subprocess.Popen(
        [sys.executable, "-m", "tui", *words],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home.env(**env),
        cwd=home.folder,
        preexec_fn=limited,
    ) as process:
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        try:
            stderr: list[str] = []
            reader = threading.Thread(target=lambda: stderr.append(process.stderr.read()))  # type: ignore[union-attr]
            reader.start()
            stdout = process.stdout.read()  # type: ignore[union-attr]
            reader.join()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
    return Ended(process.returncode, stdout, stderr[0], used.ru_maxrss / 1024)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Server(FakeAnthropic()) as server:
        yield Home(tmp_path, server)


def in_order(ended: Ended) -> None:
    assert ended.code in (0, 1), ended
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.peak_mb < MEMORY_MB


def made(kind: str, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](file)
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_is_stopped_by_its_settings(home: Home, kind: str) -> None:
    files = [made(kind, place(home)) for place in SETTINGS]
    said = {name: prx(home, *words) for name, words in COMMANDS.items()}
    for ended in said.values():
        in_order(ended)
    assert {name: ended.code for name, ended in said.items() if ended.code == 0} == dict.fromkeys(
        ("models", "chats", "paths"), 0
    )
    assert "config.toml" in said["paths"].stderr
    assert all(file.name in said["auth status"].stdout for file in files[1:3])
    in_order(ended := prx(home, "-p", "Which way?", ANTHROPIC_API_KEY=DEMO_KEY))
    assert "config.toml" in ended.stderr
    files[0].rename(home.folder / "aside")  # with an address or a budget that cannot be read, nothing is sent
    home.server.service.script(Answer(Text("Out.")))
    in_order(ended := prx(home, "-p", "Which way?", ANTHROPIC_API_KEY=DEMO_KEY))
    assert (ended.code, ended.stdout) == (0, "Out.\n")


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_is_stopped_by_the_database(home: Home, kind: str) -> None:
    made(kind, home.data / "chats.db")
    in_order(listed := prx(home, "chats"))
    assert "chats.db" in listed.stderr
    home.server.service.script(Answer(Text("Out.")))
    in_order(ended := prx(home, "-p", "Which way?", ANTHROPIC_API_KEY=DEMO_KEY))
    assert (ended.code, ended.stdout) == (0, "Out.\n")
    assert "chats.db" in ended.stderr or (kind in ("deep", "garbage", "huge") and listed.code == 0)


@pytest.mark.parametrize("ending", BESIDE)
@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "loop", "garbage"])
def test_no_command_is_stopped_by_what_stands_beside_the_database(home: Home, kind: str, ending: str) -> None:
    with Store(home.data / "chats.db") as store:
        store.ready().result(LIMIT_S)
    (file := home.data / f"chats.db{ending}").unlink(missing_ok=True)
    made(kind, file)
    in_order(ended := prx(home, "chats"))
    assert kind == "garbage" or file.name in ended.stderr
