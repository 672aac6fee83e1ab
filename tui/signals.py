"""Signals that end the program in order: what runs is cancelled, and the exit code says which signal it was."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Endings:
    """While it is entered, each of these signals ends what runs as Ctrl+C does: with a KeyboardInterrupt.

    One that was ignored from the start stays so (nohup). Only for the main thread.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._came: int = signal.SIGINT

    @property
    def exit_code(self) -> int:
        """Of a program that such a signal has ended, as shells count."""
        return 128 + self._came

    def __enter__(self) -> Endings:
        for number in ENDING:
            if (before := signal.getsignal(number)) is not signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._came = number
        raise KeyboardInterrupt

    @contextmanager
    def cancelling(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """On the task's loop: meanwhile the signals cancel it, which it can see to the end."""

        def cancel(number: signal.Signals) -> None:
            self._came = number
            task.cancel()

        loop = asyncio.get_running_loop()
        try:
            for number in self._before:
                loop.add_signal_handler(number, cancel, number)
        except NotImplementedError:  # Windows: there, the interrupt arrives as an exception
            yield
            return
        try:
            yield
        finally:
            for number in self._before:
                loop.remove_signal_handler(number)  # this sets it to what it is by default
                signal.signal(number, self._interrupt)
