"""Signals that end the program in order: what runs is cancelled, and the exit code says which signal it was.

A handler of Python's runs in the main thread between two instructions, also where that thread holds a lock or closes a file.
So those of `Endings` only note the signal and wake whoever waits; none of them raises, waits or takes a lock.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
ENDING = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""Windows has only some of them."""

INTERRUPTED = 128 + signal.SIGINT


def leave(number: int, frame: FrameType | None) -> None:
    """End the program from within a handler: while modules are loaded and when it ends, nothing is at stake.

    Python itself would print a traceback, or go on where the interrupt came in a callback.
    """
    os._exit(128 + number)


def on_interrupt(handler: Callable[[int, FrameType | None], object]) -> None:
    """Handle Ctrl+C so from now on, unless who started us had it ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


class Interrupted(OSError):
    """A signal came while a reader or a writer at the other end was waited for."""


class Endings:
    """While it is entered, each of these signals is noted, and wakes whatever waits here.

    One that was ignored from the start stays so (nohup). Only for the main thread.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._came: int | None = None
        self._wake: Callable[[], object] | None = None
        self._heard, self._rung = -1, -1

    @property
    def came(self) -> bool:
        """True once a signal has come."""
        return self._came is not None

    @property
    def exit_code(self) -> int:
        """Of a program that such a signal has ended, as shells count."""
        return 128 + (self._came or signal.SIGINT)

    def __enter__(self) -> Endings:
        self._heard, self._rung = os.pipe()
        os.set_blocking(self._rung, False)
        for number in ENDING:
            if (before := signal.getsignal(number)) is not signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        os.close(self._heard)
        os.close(self._rung)

    def _note(self, number: int, frame: FrameType | None) -> None:
        is_first, self._came = not self.came, self._came or number
        with suppress(BlockingIOError):
            os.write(self._rung, b".")
        if self._wake is not None and is_first:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._wake()

    def wake(self, call: Callable[[], object] | None) -> None:
        """Have a signal call this; at once if one has come already. It may only set a flag or wake a loop."""
        self._wake = call
        if call is not None and self.came:
            call()

    def read(self, file: int, size: int, silence_s: float | None) -> bytes | None:
        """Read what there is, b"" at the end; None if nothing comes for so long. Raises Interrupted if a signal has come."""
        ready, _, _ = select.select([file, self._heard], [], [], silence_s)
        if self.came:
            raise Interrupted
        return os.read(file, size) if ready else None

    def await_reader(self, file: int) -> None:
        """Wait until something can be written. Raises Interrupted if the reader takes nothing once a signal has come."""
        while True:
            try:
                waiting, wait_s = ([], 0) if self.came else ([self._heard], None)
                _, ready, _ = select.select(waiting, [file], [], wait_s)
            except (OSError, ValueError):  # not everything can be waited for
                return
            if ready:
                return
            if self.came:
                raise Interrupted

    @contextmanager
    def cancelling(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """On the task's loop: meanwhile the signals cancel it, which it can see to the end."""
        loop = task.get_loop()
        self.wake(lambda: loop.call_soon_threadsafe(task.cancel))
        try:
            yield
        finally:
            self.wake(None)
