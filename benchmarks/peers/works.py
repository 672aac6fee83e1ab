"""What is measured: a start, the opening of a stored chat, an answer. Each runs a program once and returns its figures."""

from __future__ import annotations

import json
import os
import statistics
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers.answer import LAST_LINE, LAST_WORD
from benchmarks.peers.peers import Launch, Peer
from benchmarks.peers.processes import cpu_s, machine_busy_s, memory_mb, peak_mb
from benchmarks.peers.timed import ERASE, KEYS, TimedTerminal

KEY_S = 0.1
"""The time between two keys while an answer comes."""
_MOST_KEYS = 40
"""Letters in the prompt before they are erased, so that it keeps one line."""
LIMIT_S = 180.0
"""The longest that a work may take."""

Figures = dict[str, float]


@dataclass(frozen=True)
class Work:
    """One thing to measure. Its name is how the rows call it."""

    kind: str
    """`start`, `open` or `answer`, as in `Peer.works`."""
    messages: int = 0
    """Of the chat to open."""
    tokens: int = 0
    """Of the answer."""
    rate: int = 0
    """Tokens of the answer a second; 0 means as fast as the program reads."""
    idle_s: float = 10.0
    """How long to watch what it does when nothing is asked of it."""

    @property
    def name(self) -> str:
        of = {"start": "", "open": f" {self.messages}", "answer": f" {self.tokens}@{self.rate}"}
        return self.kind + of[self.kind]


def measure(work: Work, peer: Peer, url: str) -> Figures:
    """Run the program once. The last figure says how many cores other programs used meanwhile."""
    began, others_s = time.monotonic(), machine_busy_s() - cpu_s(os.getpid())
    figures = _WORKS[work.kind](work, peer, url)
    others_s = machine_busy_s() - cpu_s(os.getpid()) - others_s
    return {**figures, "other_load": max(0.0, others_s / (time.monotonic() - began))}


def _run(peer: Peer, launch: Launch) -> TimedTerminal:
    path = {"PATH": str(peer.argv[0]).rpartition("/")[0] + ":/usr/local/bin:/usr/bin:/bin"}
    return TimedTerminal([*peer.argv, *launch.arguments], {**path, **peer.env, **launch.env}, peer.home)


def _start(work: Work, peer: Peer, url: str) -> Figures:
    with _run(peer, Launch()) as terminal:
        interactive = terminal.interactive_at()
        painted = terminal.painted_at()
        terminal.rest(0.5, 2.0)
        echo = _typed(terminal, 20)
        terminal.rest(0.5, 2.0)
        echo.look(terminal)
        used, written = cpu_s(terminal.process.pid), terminal.byte_count
        terminal.read(work.idle_s)
        return {
            "paint_s": painted - terminal.started,
            "interactive_s": interactive - terminal.started,
            "idle_cpu_s": cpu_s(terminal.process.pid) - used,
            "idle_bytes": terminal.byte_count - written,
            "idle_mb": memory_mb(terminal.process.pid),
            **echo.figures(),
        }


def _open(work: Work, peer: Peer, url: str) -> Figures:
    launch = peer.stored(work.messages)
    with _run(peer, launch) as terminal:
        terminal.expect(LAST_LINE)
        terminal.read(LIMIT_S, LAST_LINE)
        opened = terminal.seen(LAST_LINE)
        if opened is None:
            raise AssertionError(f"its last line was never drawn:\n{terminal.drawn()}")
        terminal.rest()
        return {
            "open_s": opened - terminal.started,
            "cpu_s": cpu_s(terminal.process.pid),
            "peak_mb": peak_mb(terminal.process.pid),
        }


def _answer(work: Work, peer: Peer, url: str) -> Figures:
    _get(f"{url}/_answer?tokens={work.tokens}&rate={work.rate}")
    with _run(peer, Launch()) as terminal:
        if peer.has_prompt:
            terminal.interactive_at()
        terminal.rest()
        terminal.press("go")
        terminal.read(0.4)
        pid, written = terminal.process.pid, terminal.byte_count
        used = cpu_s(pid)
        terminal.expect(LAST_WORD)
        terminal.press("\r")
        typing = _typed_until(terminal, LAST_WORD) if peer.has_prompt else Typing()
        terminal.read(LIMIT_S, LAST_WORD)
        ended = terminal.seen(LAST_WORD)
        if ended is None:
            raise AssertionError(f"the end of the answer was never drawn:\n{terminal.drawn()}")
        terminal.rest()
        typing.look(terminal)
        return {
            "wall_s": ended - _get(f"{url}/_times")["asked"],
            "cpu_s": cpu_s(pid) - used,
            "peak_mb": peak_mb(pid),
            "written_kb": (terminal.byte_count - written) / 1e3,
            **typing.figures(),
        }


_WORKS: dict[str, Callable[[Work, Peer, str], Figures]] = {"start": _start, "open": _open, "answer": _answer}


class Typing:
    """The letters that were typed, and how long each took to come to the screen."""

    def __init__(self) -> None:
        self.pending: dict[str, float] = {}
        """When each letter that has not come yet was typed."""
        self._took_s: list[float] = []

    def type(self, terminal: TimedTerminal, key: str) -> None:
        self.pending.pop(key, None)
        terminal.expect(key)
        self.pending[key] = terminal.press(key)

    def look(self, terminal: TimedTerminal) -> None:
        """Note the letters that have come to the screen."""
        for key in list(self.pending):
            if at := terminal.seen(key):
                self._took_s.append(at - self.pending.pop(key))

    def figures(self) -> Figures:
        """Return median, 99th percentile and worst in milliseconds, if letters were typed."""
        took = sorted(self._took_s)
        if not took:
            return {}
        p50, p99 = statistics.median(took), took[round(0.99 * (len(took) - 1))]
        figures = {"key_p50_ms": p50 * 1000, "key_p99_ms": p99 * 1000, "key_worst_ms": took[-1] * 1000}
        return {**figures, "keys": len(took), "keys_lost": len(self.pending)}


def _typed(terminal: TimedTerminal, count: int) -> Typing:
    """Type so many letters, each once the one before is on the screen."""
    typing = Typing()
    for key in KEYS[:count]:
        typing.type(terminal, key)
        terminal.read(2.0, key)
        typing.look(terminal)
        terminal.read(0.05)
    terminal.press(ERASE * count)
    return typing


def _typed_until(terminal: TimedTerminal, end: str) -> Typing:
    """Type a letter every `KEY_S` until a text is on the screen. A letter that comes late does not delay the next."""
    typing = Typing()
    limit = time.monotonic() + LIMIT_S
    due, count, held = time.monotonic() + KEY_S / 2, 0, 0
    while time.monotonic() < limit and not terminal.seen(end):
        terminal.read(max(0.001, due - time.monotonic()), end)
        typing.look(terminal)
        now = time.monotonic()
        if now < due:
            continue
        due = max(due + KEY_S, now)
        if held < _MOST_KEYS:
            typing.type(terminal, KEYS[count % len(KEYS)])
            count, held = count + 1, held + 1
        elif not typing.pending or now - max(typing.pending.values()) > 2:  # all are drawn, or will never be
            terminal.press(ERASE * held)
            held, due = 0, now + 2 * KEY_S
    return typing


def _get(url: str) -> dict[str, float]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as reply:
        value: dict[str, float] = json.load(reply)
        return value
