"""Measure key latency and peak memory while the full screen shows a reply in a real terminal."""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from pathlib import Path
from typing import NamedTuple

from flood import END
from peak_memory import environment, peak_mb, serving
from terminal import Terminal

KEYS = [chr(code) for code in range(0x10D0, 0x10F0)]
"""Letters that no reply contains."""
_REST_S = 0.03
"""The pause between an echo and the next key, in seconds."""


class Cost(NamedTuple):
    peak_mb: float
    worst_key_s: float
    keys: int
    took_s: float
    end: str
    """The screen at the end."""


class TimedTerminal(Terminal):
    """A terminal that records when an awaited text is written to it."""

    awaited = b""
    seen_at = 0.0
    _tail = b""

    def _draw(self, data: bytes) -> None:
        look = self._tail + data
        if self.awaited and self.awaited in look:
            self.awaited, self.seen_at = b"", time.monotonic()
        self._tail = data[-8:]
        super()._draw(
            data.replace("\u0301".encode(), b"")
        )  # of which pyte takes seconds to draw thousands on one letter

    def echo_s(self, key: str, limit_s: float) -> float:
        """Return the seconds from a key to its letter on the screen, and delete the letter again.

        On a machine with nothing else to do, that is: it counts the processor's time that the program took meanwhile.
        """
        self._tail, self.awaited = b"", key.encode()
        self.output = b""  # nothing here looks back
        began, busy_s = time.monotonic(), worked_s(self.process.pid)
        self.type(key)
        self.wait(lambda: not self.awaited, limit_s)
        busy_s = worked_s(self.process.pid) - busy_s
        self.type(b"\x7f")
        return min(self.seen_at - began, busy_s)


def worked_s(pid: int) -> float:
    """Return the CPU time of all threads of a process, in seconds. Source: Linux, scheduler statistics."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def cost_of(shape: str, size: int, step: int, home: Path, *, limit_s: float = 60.0) -> Cost:
    """Type while the full screen shows a reply of this shape, until all of it is drawn."""
    with serving("flood.py", shape, size, step) as url, _program(home, url) as terminal:
        terminal.wait_for("send")
        terminal.settle(0.5)
        began = time.monotonic()
        terminal.type("go\r")
        terminal.wait_for("You")
        return _typed_through(terminal, began, limit_s)


def cost_of_opening(home: Path, *, limit_s: float = 60.0) -> Cost:
    """Open the most recent chat, and type until its end is drawn."""
    with _program(home, "http://127.0.0.1:9", "-c") as terminal:
        began = time.monotonic()
        terminal.wait_for("go")
        return _typed_through(terminal, began, limit_s)


def _program(home: Path, url: str, *options: str) -> TimedTerminal:
    return TimedTerminal([sys.executable, "-m", "tui", *options], environment(home, url), home)


def _typed_through(terminal: TimedTerminal, began: float, limit_s: float) -> Cost:
    worst, count = 0.0, 0
    for key in itertools.cycle(KEYS):
        worst, count = max(worst, terminal.echo_s(key, limit_s)), count + 1
        terminal.watch(_REST_S)
        if is_over(terminal.text):
            break
        assert time.monotonic() - began < limit_s, f"it did not end:\n{terminal.text}"
    took = time.monotonic() - began
    for key in KEYS[:5]:  # also what is done when all is drawn
        worst = max(worst, terminal.echo_s(key, limit_s))
        terminal.watch(0.1)
    return Cost(peak_mb(terminal.process.pid), worst, count, took, terminal.text)


def is_over(screen: str) -> bool:
    """True once the end of the answer is drawn, or the notice that prx ended it."""
    return END in screen or "so prx stopped it" in screen
