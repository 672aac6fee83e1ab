"""Compare prx with other programs in a terminal, in alternation: `python -m benchmarks.peers`, or `make bench-peers`.

Our program is installed from a wheel of this checkout, in an environment of its own. Programs that are not installed are
skipped. Linux only. A full measurement takes about 15 minutes and writes docs/performance.jsonl and the table of
docs/performance.md; all others only print.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.peers import ROOT, table
from benchmarks.peers.isolation import isolated
from benchmarks.peers.peers import CLAUDE_CODE, Missing, Peer, peers
from benchmarks.peers.processes import raise_priority
from benchmarks.peers.works import Work, measure

PACKAGE = "benchmarks.peers"
RUNS = 3
WORKS = (
    Work("start"),
    *(Work("open", messages=messages) for messages in (10, 1_000, 10_000)),
    Work("answer", tokens=2_000, rate=80),
    Work("answer", tokens=2_000, rate=400),
    Work("answer", tokens=12_000, rate=400),
    *(Work("answer", tokens=tokens) for tokens in (2_000, 20_000, 100_000)),
)
WARM_UP = Work("start", idle_s=0.0)
QUICK = (Work("start", idle_s=1.0), Work("open", messages=10), Work("answer", tokens=2_000))
_ISOLATED = "PRX_BENCH_ISOLATED"
"""Set in the process that runs in a namespace of its own."""


def main() -> int:
    options = _options()
    if options.prx is not None and os.environ.get(_ISOLATED):
        return _compare(options)
    with _installed(options.prx) as prx:
        command = [sys.executable, "-m", PACKAGE, *sys.argv[1:], "--prx", str(prx)]
        within = isolated(command)
        env = {**os.environ, _ISOLATED: "loopback only" if within else "with the network of this computer"}
        return subprocess.run(within or command, cwd=ROOT, env=env, check=False).returncode


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one run of the short works; changes no file")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each work is done (default: %(default)s)")
    parser.add_argument("--programs", nargs="+", choices=list(table.NAMES), help="only these; changes no file")
    parser.add_argument("--works", default="", help="only those whose name matches this expression; changes no file")
    parser.add_argument("--prx", type=Path, help="this installed prx, instead of one made from the checkout")
    parser.add_argument("--rows", type=Path, help="also write the rows to this file")
    return parser.parse_args()


@contextmanager
def _installed(prx: Path | None) -> Iterator[Path]:
    """Install this checkout as a user does, unless an installed program is given, and yield the program."""
    if prx is not None:
        yield prx.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="prx-bench-") as folder:
        print("installing this checkout …", file=sys.stderr)
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", ROOT], check=True)
        yield python.with_name("prx")


def _compare(options: argparse.Namespace) -> int:
    raise_priority()
    works = [work for work in (QUICK if options.quick else WORKS) if re.search(options.works, work.name)]
    runs = 1 if options.quick else options.runs
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="prx-bench-") as folder, _server() as url:
        programs = _ready(peers(options.prx, url, Path(folder)), options.programs)
        about = _about(programs)
        rows = list(_measured(works, programs, runs, url, failures))
    for failure in failures:
        print(failure, file=sys.stderr)
    if not rows:
        return 1
    text = "".join(json.dumps(row) + "\n" for row in (about, *rows))
    if options.rows:
        options.rows.write_text(text)
    print(table.tables(about, rows))
    if not (options.quick or options.programs or options.works):
        table.ROWS.write_text(text)
        table.main()
    return int(bool(failures))


def _measured(
    works: Sequence[Work], programs: Sequence[Peer], runs: int, url: str, failures: list[str]
) -> Iterator[dict[str, Any]]:
    """Run each work with each program in turns, as often as asked, and yield the rows. Add what failed to `failures`."""
    jobs = [(work, run, peer) for work in works for run in range(1, runs + 1) for peer in programs]
    if runs > 1:  # the first start fills the caches: it does not count
        jobs = [(WARM_UP, 0, peer) for peer in programs] + jobs
    for work, run, peer in jobs:
        if work.kind in peer.works:
            row = {"work": work.name, "kind": work.kind, "program": peer.name, "run": run}
            try:
                row |= {name: round(value, 4) for name, value in measure(work, peer, url).items()}
            except AssertionError as error:  # the others go on
                failures.append(f"{peer.name} failed at {work.name}, run {run}: {error}")
            else:
                print(json.dumps(row), file=sys.stderr, flush=True)
                if run:
                    yield row


def _ready(known: dict[str, Peer | Missing], wanted: Sequence[str] | None) -> list[Peer]:
    """Return the programs that are installed and wanted. Say which are skipped, and of another version."""
    ready = []
    for name, peer in known.items():
        if wanted and name not in wanted:
            continue
        if isinstance(peer, Missing):
            print(f"skipped {table.NAMES[name]}; to install it: {peer.hint}", file=sys.stderr)
            continue
        if name == "claude" and peer.version != CLAUDE_CODE:
            print(f"Claude Code is {peer.version}; prx is measured against {CLAUDE_CODE}", file=sys.stderr)
        ready.append(peer)
    return ready


def _about(programs: Sequence[Peer]) -> dict[str, Any]:
    """Return what the rows were measured on, with what, and when."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "network": os.environ[_ISOLATED],
        "programs": {peer.name: peer.version for peer in programs},
    }


@contextmanager
def _server() -> Iterator[str]:
    """Run the pretend Messages API in a process of its own and yield its address."""
    argv = [sys.executable, "-m", f"{PACKAGE}.server"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
