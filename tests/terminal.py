"""A pseudo-terminal with a screen in memory: run a program in it, type, and read what it draws."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte
from wcwidth import wcwidth

LIMIT_S = 60.0
"""The time limit of a wait. Generous, since a program that starts on a busy machine gets little CPU time."""

# What a terminal answers when it is asked about itself.
ATTRIBUTES = rb"\x1b\[0?c"
_ANSWERS = {
    rb"\x1b\[6n": b"\x1b[1;1R",
    ATTRIBUTES: b"\x1b[?62;22c",
    rb"\x1b\[\?2026\$p": b"\x1b[?2026;2$y",
    rb"\x1b\[\?2048\$p": b"\x1b[?2048;0$y",
}
# Sequences that pyte would print or misread: private modes with <, =, >, and strings.
_ODD = re.compile(rb"\x1b\[[><=?][0-9;:]*[uqm]|\x1bP.*?\x1b\\|\x1b_.*?\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", re.S)
# A string whose end is still to come.
_OPEN = re.compile(rb"\x1b[P_][^\x1b]*\x1b?$")
# Modes that a full-screen program switches on and has to switch off again.
_MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")


class _Screen(pyte.Screen):
    """A screen that shows what follows a character without width. pyte leaves it out if the character combines with none."""

    def draw(self, data: str) -> None:
        super().draw("".join(char for char in data if wcwidth(char) > 0 or unicodedata.combining(char)))


class Terminal:
    """A program in a pty of `columns` by `rows`. A context manager, whose end also ends the program."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        columns: int = 120,
        rows: int = 40,
        answers: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """`answers`: replies to further queries of the program, or other replies to the known ones."""
        self._answers = {re.compile(question): answer for question, answer in (_ANSWERS | dict(answers or {})).items()}
        self.output = b""
        self._screen = _Screen(columns, rows)
        self._feed = pyte.ByteStream(self._screen)
        self._held = b""
        self._modes: dict[bytes, bytes] = {}
        self._fd, slave = os.openpty()
        self.resize(columns, rows, tell=False)
        self.settings_before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "LANG": "C.UTF-8",
                "PATH": os.environ["PATH"],
                **env,
            },
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._slave = slave  # kept open, so that the settings can be read after the program has gone
        os.set_blocking(self._fd, False)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LIMIT_S)
        if self._fd >= 0:
            os.close(self._fd)
        os.close(self._slave)

    def resize(self, columns: int, rows: int, *, tell: bool = True) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)
        if tell:
            os.killpg(self.process.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """Close the terminal as with its window: nothing can be read or written any more."""
        os.close(self._fd)
        self._fd = -1

    def stall(self) -> None:
        """Fill the terminal as if the connection stalled: the program cannot write until something is read here."""
        file = os.open(os.ttyname(self._slave), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        full = 0
        while full < 10:  # the system moves what was written on, and has room again
            try:
                full = 0 if os.write(file, bytes(512)) else full
            except BlockingIOError:
                full += 1
                select.select([], [], [], 0.01)
        os.close(file)

    def type_unread(self, keys: str) -> None:
        """Type without reading the output."""
        os.write(self._fd, keys.encode())

    def clear(self) -> None:
        """Clear the screen in memory, as if another program had drawn over it."""
        self._screen.reset()

    def type(self, keys: str | bytes) -> None:
        data = keys.encode() if isinstance(keys, str) else keys
        while data:
            select.select([], [self._fd], [], 5)
            data = data[os.write(self._fd, data[:1024]) :]
            self._read(0)

    def paste(self, text: str) -> None:
        """Paste a text as a terminal with bracketed paste does."""
        self.type(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait(self, until: Callable[[], object], limit_s: float = LIMIT_S) -> None:
        """Read the output until the condition holds. Raises AssertionError with the screen after the time limit."""
        end = time.monotonic() + limit_s
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"never came to hold; the screen was:\n{self.text}")
            self._read(min(left, 0.05))

    def wait_for(self, text: str, limit_s: float = LIMIT_S) -> None:
        self.wait(lambda: text in self.text, limit_s)

    def wait_exit(self, limit_s: float = LIMIT_S) -> int:
        self.wait(lambda: self.process.poll() is not None, limit_s)
        self._read(0.1)
        return self.process.returncode

    def watch(self, span_s: float) -> int:
        """Read the output for this time, and return its number of bytes."""
        before, end = len(self.output), time.monotonic() + span_s
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        return len(self.output) - before

    def settle(self, quiet_s: float = 1.5, limit_s: float = LIMIT_S) -> int:
        """Read until no output has come for a while. Return the bytes until then; raise AssertionError if it never rests."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            before = len(self.output)
            self._read(quiet_s)
            if len(self.output) == before:
                return before
        raise AssertionError(f"it never came to rest; the screen was:\n{self.text}")

    @property
    def modes_left_on(self) -> set[str]:
        """The private modes that the program set and did not reset, and the cursor if it stays hidden."""
        left = {mode.decode() for mode, state in self._modes.items() if state == b"h" and mode not in (b"25", b"7")}
        return left | ({"cursor hidden"} if self._modes.get(b"25") == b"l" else set())

    @property
    def settings_restored(self) -> bool:
        return termios.tcgetattr(self._slave) == self.settings_before

    def _read(self, wait_s: float) -> None:
        while select.select([self._fd], [], [], wait_s)[0]:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.output += data
            for modes, state in _MODES.findall(data):
                self._modes.update(dict.fromkeys(modes.split(b";"), state))
            asked = ((found.start(), said) for asks, said in self._answers.items() for found in asks.finditer(data))
            for _, answer in sorted(asked):
                os.write(self._fd, answer)
            self._draw(data)
            wait_s = 0

    def _draw(self, data: bytes) -> None:
        data = self._held + data
        if unfinished := _OPEN.search(data):
            data, self._held = data[: unfinished.start()], data[unfinished.start() :]
            self._feed.feed(_ODD.sub(b"", data))
            return
        cut = data.rfind(b"\x1b")
        # An escape sequence may be cut by the read: keep a short unfinished tail for the next one.
        if cut >= 0 and len(data) - cut < 64 and not re.match(rb"\x1b(\[[0-9;:?<>=$ ]*[@-~]|[^\[\]P_])", data[cut:]):
            data, self._held = data[:cut], data[cut:]
        else:
            self._held = b""
        with contextlib.suppress(TypeError, NotImplementedError):  # sequences that pyte does not know
            self._feed.feed(_ODD.sub(b"", data))


class RawTerminal(Terminal):
    """A terminal that searches bytes and draws nothing, so that drawing adds nothing to what is measured."""

    def _draw(self, data: bytes) -> None:
        pass

    def until(self, text: str, since: int = 0) -> None:
        """Read until the text was written, at this place of the output or later."""
        self.wait(lambda: text.encode() in self.output[since:])
