"""What the screen does for a key and for an answer, counted in a real terminal: bytes, lines, messages and so on.

Counts say the same on a busy machine, where a clock says nothing. `python tests/test_counts.py` prints them beside their
limits, which are in `count_limits`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import count_limits
import pytest
from terminal import RawTerminal

ROOT = Path(__file__).parent.parent
KEYS = [chr(code) for code in (*range(0x10D0, 0x10F0), *range(0x561, 0x573))]
"""Fifty letters that no answer contains: Georgian and Armenian ones. They fit into one line."""
KEY_S = 0.08
"""The time between two keys."""
REST_S = 0.5
"""Nothing is written for so long once all is drawn."""

Counts = dict[str, float]


class CountedTerminal(RawTerminal):
    """A terminal in which prx counts what it does."""

    def __init__(self, home: Path, url: str) -> None:
        self._url = url
        self._counts = home / "counts.jsonl"
        self._counts.touch()
        env = {"HOME": str(home), "PRX_HOME": str(home / "prx"), "PYTHONPATH": str(ROOT)}
        env |= {"ANTHROPIC_API_KEY": "sk-ant-api03-none", "ANTHROPIC_BASE_URL": url}
        super().__init__([sys.executable, str(ROOT / "tests" / "counted.py"), str(self._counts)], env, home)
        self.until("Talk to")
        self.settle(1.5)
        self.type("x\x7f")
        self.settle(REST_S)

    def totals(self) -> Counts:
        """Return what was counted since the start, and the time."""
        known = len(self._lines())
        os.kill(self.process.pid, signal.SIGUSR1)
        self.wait(lambda: len(self._lines()) > known)
        totals = json.loads(self._lines()[-1])
        return {
            **dict.fromkeys(count_limits.IDLE_SECOND, 0),
            **totals,
            "bytes": len(self.output),
            "frames": self.output.count(b"\x1b[?2026h"),
            "seconds": time.monotonic(),
        }

    def _lines(self) -> list[str]:
        return [line for line in self._counts.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def count(self, work: Callable[[], object], parts: float = 1) -> Counts:
        """Return what one of so many parts of this work takes."""
        before = self.totals()
        work()
        after = self.totals()
        return {name: (count - before[name]) / parts for name, count in after.items()}

    def ask(self, tokens: int, rate: int) -> None:
        """Type a prompt whose answer has this length and speed."""
        self._get(f"_answer?tokens={tokens}&rate={rate}")
        self.type("go")
        self.settle(REST_S)

    def _get(self, path: str) -> Counts:
        with urllib.request.urlopen(f"{self._url}/{path}") as reply:
            value: Counts = json.load(reply)
            return value

    def answer(self, tokens: int, rate: int) -> None:
        """Ask for an answer and read it to its end."""
        self.ask(tokens, rate)
        self.type("\r")
        self.read_answer()

    def read_start(self) -> None:
        """Read until the answer has begun."""
        self.wait(lambda: self._get("_times")["asked"])
        self.watch(REST_S)

    def read_answer(self) -> None:
        """Read until the server has sent all of the answer, and it is drawn."""
        self.wait(lambda: self._get("_times")["ended"])
        self.settle(REST_S)

    def press(self, keys: list[str]) -> None:
        """Type these letters, one at a time: each is on the screen before the next."""
        for key in keys:
            began, since = time.monotonic(), len(self.output)
            self.type(key)
            self.until(key, since)
            self.watch(began + KEY_S - time.monotonic())


@pytest.fixture(name="terminal")
def _terminal(tmp_path: Path) -> Iterator[CountedTerminal]:
    with counted(tmp_path) as terminal:
        yield terminal


@contextmanager
def counted(home: Path) -> Iterator[CountedTerminal]:
    """Run prx with a server of the benchmark in a process of its own."""
    argv = [sys.executable, "-m", "benchmarks.peers.server"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            with CountedTerminal(home, server.stdout.readline().strip()) as terminal:
                yield terminal
        finally:
            server.kill()


def idle_second(terminal: CountedTerminal) -> Counts:
    """Return what is done in a second once all that belongs to the start is done."""
    for _ in range(60):
        counts = terminal.count(lambda: terminal.watch(1))
        if not over(counts, count_limits.IDLE_SECOND):
            break
    return counts


def idle_key(terminal: CountedTerminal) -> Counts:
    return terminal.count(lambda: terminal.press(KEYS), len(KEYS))


def streaming_key(terminal: CountedTerminal) -> Counts:
    terminal.ask(4000, 80)
    terminal.type("\r")
    terminal.read_start()
    terminal.watch(6)  # until it fills the screen
    return terminal.count(lambda: terminal.press(KEYS), len(KEYS))


def thousand_tokens(terminal: CountedTerminal) -> Counts:
    terminal.answer(1000, 0)
    terminal.ask(1000, 400)

    def read() -> None:
        terminal.type("\r")
        terminal.read_answer()

    return terminal.count(read)


def over(counts: Counts, limits: Mapping[str, float], times: float = 1) -> Counts:
    """Return the counts that are above their limits."""
    return {name: counts[name] for name, limit in limits.items() if counts[name] > limit * times}


SITUATIONS: dict[str, tuple[Callable[[CountedTerminal], Counts], Mapping[str, float], float]] = {
    "a second without a key": (idle_second, count_limits.IDLE_SECOND, 1.1),
    "a key": (idle_key, count_limits.IDLE_KEY, KEY_S * 1.1),
    "a key while an answer comes": (streaming_key, count_limits.STREAMING_KEY, KEY_S * 1.1),
    "a thousand tokens": (thousand_tokens, count_limits.THOUSAND_TOKENS, 2.7 + REST_S),
}
"""What is counted, its limits, and the seconds it takes on a machine that is fast enough."""


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_more_is_done_than(situation: str, terminal: CountedTerminal) -> None:
    count, limits, fast_s = SITUATIONS[situation]
    counts = count(terminal)
    slower = max(1.0, counts["seconds"] / fast_s)  # a slow machine takes longer, and more frames for the same answer
    assert over(counts, limits, slower) == {}, counts


def main() -> None:
    for situation, (count, limits, _) in SITUATIONS.items():
        with tempfile.TemporaryDirectory() as home, counted(Path(home)) as terminal:
            counts = count(terminal)
        print(f"{situation}: {counts['seconds']:.2f} s")
        for name, limit in limits.items():
            print(f"  {name:20} {counts[name]:9.1f}, at most {limit}")


if __name__ == "__main__":
    main()
