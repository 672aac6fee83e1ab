"""Measure the peak memory of a program, with or without a test server beside it. All tests measure memory with this.

`python tests/peak_memory.py FD COMMAND…` runs a command and writes its exit code and its peak in KB to that descriptor.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parent.parent
LIMIT_S = 120.0
"""Generous, for a busy machine: a program that hangs never ends."""
LIMIT_BYTES = 4_000_000_000
"""Far above what prx needs: a program that grows without bound fails before it exhausts the machine."""


class Run(NamedTuple):
    code: int
    out: str
    err: str
    peak_mb: float


@contextmanager
def serving(script: str, *words: object) -> Iterator[str]:
    """Run a server, a script in this folder that prints its port, and return its address."""
    argv = [sys.executable, str(Path(__file__).with_name(script)), *map(str, words)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def environment(home: Path, url: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PRX_HOME": str(home / "prx"),
        "PYTHONPATH": str(ROOT),
        "ANTHROPIC_API_KEY": "sk-ant-key",
        "ANTHROPIC_BASE_URL": url,
    }


def run_measured(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    limit_s: float = LIMIT_S,
) -> Run:
    """Run a program to its end, or kill it and what it started when it does not come to one.

    A small process starts it: what Linux counts as the peak of a process begins with the memory of the one that starts it.
    """
    reading, writing = os.pipe()
    small = [sys.executable, "-I", "-S", __file__, str(writing), *argv]
    streams = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with (
        os.fdopen(reading) as counted,
        subprocess.Popen(small, **streams, env=env, cwd=cwd, pass_fds=(writing,), start_new_session=True) as process,
    ):
        os.close(writing)
        try:
            out, err = process.communicate(timeout=limit_s)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        code, peak_kb = map(int, counted.read().split())
    return Run(code, out.decode(), err.decode(), peak_kb / 1024)


def prx_measured(words: Sequence[str], env: Mapping[str, str], cwd: Path) -> Run:
    return run_measured([sys.executable, "-m", "tui", *words], env, cwd)


def peak_mb(pid: int) -> float:
    """Return the peak memory of a running process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def main(descriptor: str, argv: Sequence[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    code = subprocess.run(argv, check=False).returncode
    os.write(int(descriptor), f"{code} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
