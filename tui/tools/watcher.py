"""Run one program and leave no process of it behind: `python -I -S watcher.py [--shared] PROGRAM ARGUMENT…`

This is a process of its own, so that it outlives the app for the second that this takes. Its standard input is a pipe
whose other end only the app holds. When that is closed, on purpose or because the app was killed, the program and all
processes that it started are asked to end, and then killed. The same happens to remaining processes when the program ends
by itself. On Linux, processes that left the program's group and session are found as well; elsewhere only the group.

With `--shared` the pipe is the program's standard input too, and this process never reads from it.

The exit code is the program's, or 128 plus the number of the signal that ended it, or 127 if it cannot be run. Standard
library only.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_GRACE_S = 0.4
_LIMIT_S = 5.0  # what still runs by then belongs to another user, and cannot be killed
_STEP_S = 0.01
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CANNOT_RUN = 127
SHARED = "--shared"


def main(argv: list[str]) -> int:
    is_shared = argv[0] == SHARED
    argv = argv[is_shared:]
    control = _process_control()
    control(_PR_SET_CHILD_SUBREAPER, 1)  # orphaned processes become children of this one, so that they can be found
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    program = os.fork()
    if program == 0:
        _become(argv, control, keeps_input=is_shared)
    status = _attend(program, woken, reads=not is_shared)
    if status is None and is_shared:  # closing its standard input has notified it as well: it may end by itself
        status = _within_grace(program)
    if status is None:
        _signal_group(program, signal.SIGTERM)
        status = _within_grace(program)
    _end_all(program)
    return _CANNOT_RUN if status is None else os.waitstatus_to_exitcode(status)


def _become(argv: list[str], control: Callable[[int, int], object], *, keeps_input: bool) -> None:
    """Turn this process, the fork, into the program. Does not return."""
    try:
        os.setsid()  # a group of its own, and no terminal to read from
        control(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (
            signal.SIGPIPE,
            signal.SIGXFSZ,
            signal.SIGCHLD,
        ):  # the signal handling from before Python started
            signal.signal(number, signal.SIG_DFL)
        if not keeps_input:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(_CANNOT_RUN)


def _attend(program: int, woken: int, *, reads: bool) -> int | None:
    """Return the program's status once it has ended; None if the other end of the pipe was closed before."""
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(0, select.POLLIN if reads else 0)  # closing is reported in either case
    while True:
        ready = dict(poll.poll())
        if woken in ready:
            os.read(woken, 4096)
            status = _reaped(program)
            if status is not None:
                return status
        if 0 in ready and not (reads and os.read(0, 4096)):
            return None


def _within_grace(program: int) -> int | None:
    until = time.monotonic() + _GRACE_S
    status = None
    while status is None and time.monotonic() < until:
        time.sleep(_STEP_S)
        status = _reaped(program)
    return status


def _end_all(program: int) -> None:
    """Kill the remaining processes. Each round finds the children of those that the last one killed."""
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        _signal_group(program, signal.SIGKILL)
        for pid in _children():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(_STEP_S)


def _reaped(program: int) -> int | None:
    """Collect all ended processes. Return the program's status if it is among them."""
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == program:
                return status
            if pid == 0:
                break
    return None


def _signal_group(program: int, number: int) -> None:
    with suppress(OSError):  # the group is empty, or belongs to another user
        os.killpg(program, number)


def _children() -> list[int]:
    """Return the processes whose parent is this one, where the system tells (Linux)."""
    own = str(os.getpid())
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # PID (NAME) STATE PARENT …; the name may contain anything, so read from behind its last bracket.
            fields = (folder / "stat").read_text("latin-1").rpartition(")")[2].split()
            if fields[1] == own:
                found.append(int(folder.name))
    return found


def _process_control() -> Callable[[int, int], object]:
    """Return the system's prctl(2), if it has one."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            prctl = ctypes.CDLL(None).prctl
            return lambda option, value: prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    return lambda option, value: None


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code if code >= 0 else 128 - code)
