"""Runs prx beside a hostile server and measures the most memory that it takes. `python tests/measuring.py FILE COMMAND…`
runs a command and writes to FILE, in KB, how much that was.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
LIMIT_S = 120.0


class Run(NamedTuple):
    code: int
    out: str
    err: str
    peak_mb: float
    took_s: float


@contextmanager
def hostile(case: str, size: int) -> Iterator[str]:
    """The address of a server that answers with a case of `hostile.CASES`."""
    argv = [sys.executable, str(Path(__file__).with_name("hostile.py")), case, str(size)]
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


def measured(args: Sequence[str], env: Mapping[str, str], cwd: Path) -> Run:
    """Run prx with these arguments to its end.

    A small process starts it: what counts as the memory of a new process begins with that of the one that starts it.
    """
    peak = cwd / "peak"
    argv = [sys.executable, __file__, str(peak), sys.executable, "-m", "tui", *args]
    began = time.monotonic()
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=env, cwd=cwd, timeout=LIMIT_S)
    took_s = time.monotonic() - began
    out, err = run.stdout.decode(), run.stderr.decode()
    return Run(run.returncode, out, err, int(peak.read_text()) / 1024, took_s)


def main(file: str, argv: Sequence[str]) -> int:
    code = subprocess.run(argv, check=False).returncode
    Path(file).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
