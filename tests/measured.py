"""Runs prx as a process whose peak memory is measured, and makes files of every kind for it to stumble over."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, NamedTuple

from tui.demo.service import FakeAnthropic
from tui.demo.shells import Server

ROOT = Path(__file__).parent.parent
LIMITED = str(Path(__file__).parent / "limited.py")
"""Has the modes of files hold for root, too."""
LIMIT_S = 60.0
"""For a busy machine: each of these commands takes below a second. What hangs never ends."""
MEMORY_MB = 250


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


def forbidden(path: Path) -> None:
    path.touch(mode=0)


KINDS = {
    kind.__name__.removeprefix("unix_"): kind
    for kind in (fifo, device, folder, loop, unix_socket, huge, deep, garbage, forbidden)
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
            "TMPDIR": str(self.folder),
            "ANTHROPIC_BASE_URL": self.server.url,
            **more,
        }


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str
    peak_mb: float


def prx(home: Home, *words: str, stdin: int | IO[bytes] = subprocess.DEVNULL, **env: str) -> Ended:
    """Runs prx under a limit of memory far above its own, so that what swells fails instead of taking the machine down."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))

    with subprocess.Popen(
        [sys.executable, LIMITED, "modes", *words],
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


def in_order(ended: Ended) -> None:
    assert ended.code in (0, 1), ended
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.peak_mb < MEMORY_MB


def made(kind: str, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](file)
    return file
