"""Take Claude Code's own locks, so that it and prx never refresh its login, or write its file, at the same time.

Each lock is a folder. Its owner creates it, touches it every few seconds, and removes it in the end. A lock that was not
touched for some time is stale: a minute for refreshing, 15 seconds for writing. Source: observed behaviour (Claude Code uses
the npm package proper-lockfile).
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
WRITE_STALE_S = 15.0
_TOUCH_S = 4.0
_POLL_S = 0.1
_SECOND_NS = 1_000_000_000
_MARK_NS = 707_278_841
"""Fraction of a second in the modification time of our own locks, which identifies them."""


@contextmanager
def claude_locks(file: Path, timeout_s: float) -> Iterator[None]:
    """Hold both locks for the login in `file`, in Claude Code's order. Raises Occupied on timeout.

    The caller must hold our own lock of the file. A leftover lock of ours then belongs to a killed program and is removed.
    If a lock cannot be created, continue without it.
    """
    folder = file.parent
    places = (folder / ".oauth_refresh.lock", Path(f"{os.path.realpath(folder)}.lock"))
    with _held(places, time.monotonic() + timeout_s, STALE_S):
        yield


@contextmanager
def claude_write_lock(file: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock under which Claude Code reads and writes its file. Raises Occupied on timeout.

    Hold it only while reading and writing. The caller must hold our own lock of the file.
    """
    with _held((file.parent / ".storage-write.lock",), time.monotonic() + timeout_s, WRITE_STALE_S):
        yield


@contextmanager
def _held(places: Sequence[Path], until: float, stale_s: float) -> Iterator[None]:
    taken: list[Path] = []
    over = threading.Event()
    toucher = threading.Thread(target=_keep_touching, args=(taken, over), name="login-lock", daemon=True)
    try:
        for place in places:
            if _take(place, until, stale_s):
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


def _take(place: Path, until: float, stale_s: float) -> bool:
    """Take the lock. Return False if none can be created."""
    while True:
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            if _is_left_behind(place, stale_s):
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


def _is_left_behind(place: Path, stale_s: float) -> bool:
    try:
        touched_ns = place.stat().st_mtime_ns
    except OSError:  # its owner has just released it
        return False
    return touched_ns % _SECOND_NS == _MARK_NS or time.time() - touched_ns / _SECOND_NS > stale_s


def _keep_touching(places: Sequence[Path], over: threading.Event) -> None:
    while not over.wait(_TOUCH_S):
        for place in places:
            _touch(place)


def _touch(place: Path) -> None:
    now_ns = int(time.time()) * _SECOND_NS + _MARK_NS
    with suppress(OSError):
        os.utime(place, ns=(now_ns, now_ns))
