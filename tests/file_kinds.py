"""Make files of every kind (pipes, devices, sockets, loops, …) and run prx with them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, NamedTuple

from peak_memory import ROOT, Run, run_measured

from tui.demo.server import Server
from tui.demo.service import FakeAnthropic

LIMITED = str(Path(__file__).parent / "limited.py")
"""Make file modes apply to root, too."""
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


def prx(home: Home, *words: str, stdin: int | IO[bytes] = subprocess.DEVNULL, **env: str) -> Run:
    """Run prx as a user to whom file modes apply."""
    return run_measured([sys.executable, LIMITED, "modes", *words], home.env(**env), home.folder, stdin)


def in_order(ended: Run) -> None:
    assert ended.code in (0, 1), ended
    assert "Traceback" not in ended.err + ended.out
    assert ended.peak_mb < MEMORY_MB


def made(kind: str, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](file)
    return file
