"""Run programs under the watcher (`watcher.py`), so that no process remains after a stop or if the app is killed.

A thread of its own reads a program's output, so that endless output blocks nothing else.
"""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tui.tools.tool import Failed
from tui.tools.watcher import SHARED

IS_SUPPORTED = hasattr(os, "fork")
_WATCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("watcher.py")))
_CHUNK = 64 * 1024
_LOOK_S = 0.25
_DRAIN_S = 2.0  # after the end: on macOS, an escaped process may keep the pipe open, and even fill it

Take = Callable[[bytes], bool]
"""Receives a program's output, in a thread. Returns False to end the program."""


def watched(argv: Sequence[str], *, shares_input: bool = False) -> list[str]:
    """Return the command line that runs a program under the watcher, which ends it when its own standard input is closed.

    With `shares_input`, the program uses the same standard input.
    """
    return [*_WATCHER, *([SHARED] if shares_input else []), *argv]


async def run(argv: Sequence[str], *, folder: Path, env: Mapping[str, str], take: Take, timeout_s: float) -> int | None:
    """Run a program. Return its exit code, or None if it was ended at the time limit. Standard error is part of the
    output.

    A cancellation returns at once; the watcher ends the program within a second. Raises Failed if it cannot be run.
    """
    if not IS_SUPPORTED:
        raise Failed(
            "On this system no command can be run safely. Tell the user that running commands needs Linux or macOS."
        )
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int | OSError] = loop.create_future()

    def settle(outcome: int | OSError) -> None:
        if not ended.done():
            ended.set_result(outcome)

    def attend() -> None:
        outcome = life.attend(argv, folder, env, take)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, outcome)

    life = _Supervised()
    threading.Thread(target=attend, name="prx-command", daemon=True).start()
    try:
        in_time, _ = await asyncio.wait({ended}, timeout=timeout_s)
        life.end()
        outcome = await ended
    finally:
        life.end()
    if isinstance(outcome, OSError):
        raise Failed(f"It cannot be run: {outcome.strerror or outcome}.") from outcome
    return outcome if in_time else None


class _Supervised:
    """The pipe that keeps a watcher running as long as this end is open."""

    def __init__(self) -> None:
        self._other, self._own = os.pipe()
        self._lock = threading.Lock()
        self._is_over = False

    def end(self) -> None:
        """End the program, from any thread. Does not wait for it."""
        with self._lock:
            if not self._is_over:
                self._is_over = True
                os.close(self._own)

    def attend(self, argv: Sequence[str], folder: Path, env: Mapping[str, str], take: Take) -> int | OSError:
        """Start the program and read its output until it ends. Return its exit code, or why it did not start."""
        try:
            process = subprocess.Popen(
                watched(argv),
                stdin=self._other,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(env),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            return error if isinstance(error, OSError) else OSError(str(error))
        finally:
            os.close(self._other)
        with process:
            assert process.stdout is not None
            self._listen(process, process.stdout.fileno(), take)
        code = process.returncode
        return code if code >= 0 else 128 - code  # the watcher itself was killed

    def _listen(self, process: subprocess.Popen[bytes], output: int, take: Take) -> None:
        poll = select.poll()
        poll.register(output, select.POLLIN | select.POLLHUP)
        is_wanted = True
        until = None
        while until is None or time.monotonic() < until:
            if process.poll() is not None and until is None:
                until = time.monotonic() + _DRAIN_S
            if not poll.poll(_LOOK_S * 1000):
                if until is not None:
                    return
                continue
            data = os.read(output, _CHUNK)
            if not data:
                return
            if is_wanted and not take(data):
                is_wanted = False
                self.end()
