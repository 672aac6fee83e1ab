"""The terminal as an output file that may close or stall, as over a broken connection.

A blocking write to such a terminal would never return, and the program could neither read keys nor be ended.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TextIO

from tui.inputs.limits import UNREAD_S

_LOOK_AGAIN_S = 0.02


class TerminalWriter:
    """Writes to a terminal. Once that is gone output is discarded, and the writing thread goes on."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._terminal.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._terminal.flush()

    def fileno(self) -> int:
        return self._terminal.fileno()

    def close(self) -> None:
        """Release what was opened; the terminal stays open."""


class StallingTerminalWriter(TerminalWriter):
    """Waits at most `UNREAD_S` for the terminal to read. After that output is discarded until it reads again.

    Then another thread calls `on_reading`, which has to draw the screen again.
    """

    def __init__(self, terminal: TextIO, on_reading: Callable[[], object]) -> None:
        """Raises OSError if the terminal cannot be opened a second time."""
        super().__init__(terminal)
        # O_NONBLOCK belongs to the open file, which the shell shares: so it is opened a second time.
        self._fd = os.open(os.ttyname(terminal.fileno()), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._on_reading = on_reading
        self._is_stalled = False

    def write(self, text: str) -> None:
        if self._is_stalled:
            return
        with suppress(OSError):
            if rest := self._write(text.encode("utf-8", "backslashreplace"), UNREAD_S):
                self._is_stalled = True
                Thread(target=self._await_reader, args=(rest,), name="stalled-terminal", daemon=True).start()

    def _write(self, data: bytes, wait_s: float) -> bytes:
        """Write data, and return what is left after the terminal has read nothing for `wait_s`."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        end = time.monotonic() + wait_s
        while data and (left_s := end - time.monotonic()) > 0:
            poll.poll(min(left_s, 60) * 1000)
            try:
                data = data[os.write(self._fd, data) :]
                end = time.monotonic() + wait_s
            except BlockingIOError:
                time.sleep(_LOOK_AGAIN_S)  # poll may report room in a full terminal
        return data

    def _await_reader(self, rest: bytes) -> None:
        with suppress(OSError):
            self._write(rest, math.inf)  # it may end within an escape sequence
            self._is_stalled = False
            self._on_reading()

    def close(self) -> None:
        if not self._is_stalled:  # else the other thread uses it
            os.close(self._fd)
