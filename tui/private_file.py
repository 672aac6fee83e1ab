"""Files that only the user may read and that several programs write: replaced whole, and one writer at a time.

At every moment such a file is the old one or the new one, whatever is killed in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.inputs.bounded import read_file, refuse_unfit
from tui.inputs.limits import SETTINGS_FILE_BYTES


class Occupied(Exception):
    """Another program holds the lock, and did not let go in time."""


def write_private(file: Path, content: bytes) -> None:
    """Puts the content in the place of the file, readable by the user alone; a link stays, and its target is replaced.

    Once this returns the content outlives a power cut. Writers of the same file take turns (`locked`). Raises OSError, also
    for what is no regular file, and then the file is as it was.
    """
    target = _target(file)
    with suppress(NotADirectoryError):  # making the folder says so
        refuse_unfit(file, missing_ok=True)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = _unfinished(target)
    new.unlink(missing_ok=True)  # of a writer that was killed; its mode and its owner are not to be trusted
    try:
        opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(opened, rest) :]
            os.fsync(opened)
        finally:
            os.close(opened)
        os.replace(new, target)  # noqa: PTH105 - the system call that the whole module is about
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def read_unfinished(file: Path) -> bytes:
    """What a writer that was killed had written, whole or not; empty where none was. Only for whoever holds the lock."""
    try:
        return read_file(_unfinished(_target(file)), SETTINGS_FILE_BYTES)
    except OSError:
        return b""


@contextmanager
def locked(file: Path, timeout_s: float) -> Iterator[None]:
    """The right to write the file, among all programs that ask here; the system takes it back from one that dies.

    Raises Occupied when it is not to be had in time, and OSError where the folder takes no lock.
    """
    import filelock  # only when something is written

    target = _target(file)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not ".lock": other programs make folders of that name to lock the same file.
    lock = filelock.FileLock(target.with_name(f"{target.name}.prx-lock"), timeout=timeout_s, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise Occupied from error
    try:
        yield
    finally:
        lock.release()


def _target(file: Path) -> Path:
    return Path(os.path.realpath(file))


def _unfinished(target: Path) -> Path:
    """One name for all: what a killed writer leaves is replaced by the next, and secrets do not pile up."""
    return target.with_name(f"{target.name}.prx-new")


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system lets a folder be opened
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
