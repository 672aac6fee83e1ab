"""Handle the signals that end the program: cancel what runs, then exit with the code of the signal.

Python runs a signal handler in the main thread between two instructions, even while that thread holds a lock or closes a
file. The handlers of `ExitSignals` therefore only record the signal and wake the waiting code; they never raise, wait or
take a lock.
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
EXIT_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""The signals that end the program. Windows has only some of them."""

INTERRUPTED = 128 + signal.SIGINT
"""The exit code after Ctrl+C."""


def exit_now(number: int, frame: FrameType | None) -> None:
    """End the process from within a signal handler. For start-up and shutdown, when there is nothing to save.

    Python itself would print a traceback, or continue if the interrupt arrived in a callback.
    """
    os._exit(128 + number)


def on_interrupt(handler: Callable[[int, FrameType | None], object]) -> None:
    """Install the handler for Ctrl+C, unless the parent process had SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


class Interrupted(OSError):
    """A signal arrived during a wait for the process at the other end of a pipe."""


class ExitSignals:
    """Context manager that records exit signals and wakes whatever waits for one.

    A signal that was ignored at the start stays ignored (nohup). Use it in the main thread only.
    """

    def __init__(self) -> None:
        self._previous: dict[signal.Signals, Any] = {}
        """The handlers to restore at the end."""
        self._signal: int | None = None
        """The first signal that arrived."""
        self._callback: Callable[[], object] | None = None
        self._read_end, self._write_end = -1, -1

    @property
    def received(self) -> bool:
        """True once a signal has arrived."""
        return self._signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code that shells expect after this signal: 128 plus its number."""
        return 128 + (self._signal or signal.SIGINT)

    def __enter__(self) -> ExitSignals:
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        for number in EXIT_SIGNALS:
            if (previous := signal.getsignal(number)) is not signal.SIG_IGN:
                self._previous[number] = previous
                signal.signal(number, self._record)
        return self

    def __exit__(self, *_: object) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        os.close(self._read_end)
        os.close(self._write_end)

    def _record(self, number: int, frame: FrameType | None) -> None:
        is_first, self._signal = not self.received, self._signal or number
        with suppress(BlockingIOError):
            os.write(self._write_end, b".")
        if self._callback is not None and is_first:
            with suppress(RuntimeError):  # the loop has closed in the meantime
                self._callback()

    def on_signal(self, callback: Callable[[], object] | None) -> None:
        """Call this on the first signal, or immediately if one has arrived. It may only set a flag or wake a loop."""
        self._callback = callback
        if callback is not None and self.received:
            callback()

    def read(self, file: int, size: int, silence_s: float | None) -> bytes | None:
        """Read up to `size` bytes: b"" at the end of the file, None after `silence_s` seconds without data.

        Raises Interrupted if a signal has arrived.
        """
        ready, _, _ = select.select([file, self._read_end], [], [], silence_s)
        if self.received:
            raise Interrupted
        return os.read(file, size) if ready else None

    def wait_until_writable(self, file: int) -> None:
        """Wait until the file accepts data. Raises Interrupted if it still does not once a signal has arrived."""
        while True:
            try:
                waiting, wait_s = ([], 0) if self.received else ([self._read_end], None)
                _, ready, _ = select.select(waiting, [file], [], wait_s)
            except (OSError, ValueError):  # not every kind of file can be waited for
                return
            if ready:
                return
            if self.received:
                raise Interrupted

    @contextmanager
    def cancelling(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """Within the block a signal cancels the task, which may then clean up. Call it on the task's event loop."""
        loop = task.get_loop()
        self.on_signal(lambda: loop.call_soon_threadsafe(task.cancel))
        try:
            yield
        finally:
            self.on_signal(None)
