"""A program in a terminal of 120 by 40 that notes when something was written to it. Drawing is left for afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from terminal import Terminal  # of tests/

from benchmarks.peers.processes import raise_priority, tree

KEYS = [chr(code) for first, last in ((0x410, 0x450), (0x3B1, 0x3C9), (0x561, 0x586)) for code in range(first, last)]
"""Letters that occur nowhere else on the screen: Cyrillic, Greek and Armenian ones."""
ERASE = "\x7f"
_ANSWERS = {
    rb"\x1b\[5n": b"\x1b[0n",
    rb"\x1b\[>0?q": b"\x1bP>|bench(1)\x1b\\",
    rb"\x1b\]10;\?(?:\x07|\x1b\\)": b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    rb"\x1b\]11;\?(?:\x07|\x1b\\)": b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    rb"\x1b\[14t": b"\x1b[4;800;1200t",
    rb"\x1b\[16t": b"\x1b[6;20;10t",
    rb"\x1b\[18t": b"\x1b[8;40;120t",
}
"""What a modern terminal says of itself, beside what `Terminal` says."""
_TAIL_BYTES = 48
"""An awaited text may be cut by a read: so much of the last one is looked at again."""


class TimedTerminal(Terminal):
    """A terminal that knows when what it waits for was written. Times are those of the monotonic clock, in seconds."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.started = self.last_output = time.monotonic()
        self.byte_count = 0
        """All bytes that the program has written."""
        self._log: list[tuple[float, bytes]] = []
        self._awaited: set[bytes] = set()
        self._seen: dict[bytes, float] = {}
        self._tail = b""
        super().__init__(argv, env, cwd, 120, 40, _ANSWERS)
        raise_priority(self.process.pid)
        mode = termios.tcgetattr(self._slave)
        mode[3] &= ~termios.ECHO  # else the terminal itself would show keys before the program does
        termios.tcsetattr(self._slave, termios.TCSANOW, mode)

    def __exit__(self, *error: object) -> None:
        started = tree(self.process.pid)
        super().__exit__(*error)
        for pid in started[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _draw(self, data: bytes) -> None:
        self.last_output = time.monotonic()
        self.output = b""  # the log has it
        self._log.append((self.last_output, data))
        self.byte_count += len(data)
        look = self._tail + data
        for text in [text for text in self._awaited if text in look]:
            self._seen[text] = self.last_output
            self._awaited.discard(text)
        self._tail = data[-_TAIL_BYTES:]

    def expect(self, text: str) -> None:
        """Note when this text is written from now on."""
        self._tail = b""
        self._seen.pop(text.encode(), None)
        self._awaited.add(text.encode())

    def seen(self, text: str) -> float | None:
        """Return when an expected text was written, or None."""
        return self._seen.get(text.encode())

    def press(self, keys: str) -> float:
        """Type, and return when."""
        at = time.monotonic()
        self.type(keys)
        return at

    def read(self, seconds: float, until: str = "") -> None:
        """Read the output for this time, or until an expected text was written."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not (until and self.seen(until)):
            self._read(min(left, 0.05))

    def rest(self, quiet_s: float = 0.5, limit_s: float = 10.0) -> None:
        """Read until nothing has been written for a while, or the time is up."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            self.read(quiet_s / 2)
            if time.monotonic() - self.last_output > quiet_s:
                return

    def interactive_at(self, limit_s: float = 30.0) -> float:
        """Type until a letter is on the screen, erase the letters, and return when that was."""
        self.wait(lambda: self.byte_count, limit_s)
        typed: list[str] = []
        while not any(map(self.seen, typed)):
            if time.monotonic() > self.started + limit_s:
                raise AssertionError(f"no key came to the screen:\n{self.drawn()}")
            if len(typed) < len(KEYS):
                typed.append(KEYS[len(typed)])
                self.expect(typed[-1])
                self.press(typed[-1])
            self.read(0.05, typed[-1])
        self.read(0.3)
        self.press(ERASE * len(typed))
        return min(at for key in typed if (at := self.seen(key)))

    def painted_at(self) -> float:
        """Return when three characters were on the screen, by drawing what was written so far."""
        self.clear()
        for at, data in self._log:
            super()._draw(data)
            if len("".join(self.text.split())) >= 3:
                return at
        raise AssertionError("nothing was painted")

    def drawn(self) -> str:
        """Return the screen as it is now."""
        self.clear()
        super()._draw(b"".join(data for _, data in self._log))
        return self.text
