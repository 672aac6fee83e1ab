"""The terminal as a file to write to, which may go away or stop reading, as over a connection that stalls.

Writing to such a terminal would wait for ever, and with it the screen's thread: for keys, and for a signal that ends it.
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


class MayGoAway:
    """A terminal to write to. Once it is gone nothing is written, and the thread that writes goes on to take its queue."""

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
        """Leaves the terminal itself open."""


class MayStall(MayGoAway):
    """A terminal that is waited for UNREAD_S at most. From then on nothing is written, until it reads again.

    `on_reading` is called then, by another thread: what was not written has to be drawn.
    """

    def __init__(self, terminal: TextIO, on_reading: Callable[[], object]) -> None:
        """Raises OSError if the terminal cannot be opened once more."""
        super().__init__(terminal)
        # Another open file, since the flag is one of the file, which the shell has open, too.
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
        """Write the data; return what is left once nothing of it has been read for so long."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        end = time.monotonic() + wait_s
        while data and (left_s := end - time.monotonic()) > 0:
            poll.poll(min(left_s, 60) * 1000)
            try:
                data = data[os.write(self._fd, data) :]
                end = time.monotonic() + wait_s
            except BlockingIOError:
                time.sleep(_LOOK_AGAIN_S)  # a full terminal may say that it has room
        return data

    def _await_reader(self, rest: bytes) -> None:
        with suppress(OSError):
            self._write(rest, math.inf)  # it may be within a sequence
            self._is_stalled = False
            self._on_reading()

    def close(self) -> None:
        if not self._is_stalled:  # else the other thread has it
            os.close(self._fd)
