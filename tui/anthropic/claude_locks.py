"""Claude Code's own locks for renewing its login, taken as it takes them: so that it and we never renew at the same time.

Each is a folder: whoever makes it has it, touches it every few seconds, and removes it in the end. One that was not touched
for a minute is taken for left behind. Source: seen in the field (it uses the npm package proper-lockfile).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.private_file import Occupied

STALE_S = 60.0
_TOUCH_S = 4.0
_POLL_S = 0.1
_SECOND_NS = 1_000_000_000
_MARK_NS = 707_278_841
"""The fraction of a second that the times of our own locks have: nobody else's happen to."""


@contextmanager
def claude_locks(file: Path, timeout_s: float) -> Iterator[None]:
    """Both locks of the login in that file, in Claude Code's order. Raises Occupied when one is not to be had in time.

    Only for whoever holds our own lock of the file: a lock of ours that is there all the same was left by a program that
    was killed, and is removed. Where no lock can be made, it goes without.
    """
    folder = file.parent
    until = time.monotonic() + timeout_s
    taken: list[Path] = []
    over = threading.Event()
    toucher = threading.Thread(target=_keep_touching, args=(taken, over), name="login-lock", daemon=True)
    try:
        for place in (folder / ".oauth_refresh.lock", folder.with_name(f"{folder.name}.lock")):
            if _take(place, until):
                taken.append(place)
        toucher.start()
        yield
    finally:
        over.set()
        if toucher.ident is not None:
            toucher.join()
        for place in reversed(taken):
            with suppress(OSError):
                place.rmdir()


def _take(place: Path, until: float) -> bool:
    """Whether the lock is ours now; False where none can be made."""
    while True:
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            if _is_left_behind(place):
                with suppress(OSError):
                    place.rmdir()
                    continue
        except OSError:
            return False
        else:
            _touch(place)
            return True
        if time.monotonic() >= until:
            raise Occupied
        time.sleep(_POLL_S)


def _is_left_behind(place: Path) -> bool:
    try:
        touched_ns = place.stat().st_mtime_ns
    except OSError:  # its owner has just let go
        return False
    return touched_ns % _SECOND_NS == _MARK_NS or time.time() - touched_ns / _SECOND_NS > STALE_S


def _keep_touching(places: Sequence[Path], over: threading.Event) -> None:
    while not over.wait(_TOUCH_S):
        for place in places:
            _touch(place)


def _touch(place: Path) -> None:
    now_ns = int(time.time()) * _SECOND_NS + _MARK_NS
    with suppress(OSError):
        os.utime(place, ns=(now_ns, now_ns))
