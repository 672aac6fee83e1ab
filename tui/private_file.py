"""Write files that only the user can read, atomically, and with a lock between processes.

Whenever a process is killed, the file has either its old or its new content.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.inputs.bounded import read_file, require_regular_file
from tui.inputs.limits import SETTINGS_FILE_BYTES


class Occupied(Exception):
    """Another process did not release the lock in time."""


def write_private(file: Path, content: bytes) -> None:
    """Replace the content of a file, readable only by the user. For a link, replace its target.

    The content is on disk when this returns. Concurrent writers need `locked`. Raises OSError, also if it is not a regular
    file, and then leaves the file unchanged.
    """
    target = _target(file)
    with suppress(NotADirectoryError):  # mkdir reports it
        require_regular_file(file, missing_ok=True)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = _unfinished(target)
    new.unlink(missing_ok=True)  # left by a killed writer; its mode and owner may be wrong
    try:
        opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(opened, rest) :]
            os.fsync(opened)
        finally:
            os.close(opened)
        os.replace(new, target)  # noqa: PTH105 - atomic
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def read_unfinished(file: Path) -> bytes:
    """Return what a killed writer has written, complete or not, or b"". The caller must hold the lock."""
    try:
        return read_file(_unfinished(_target(file)), SETTINGS_FILE_BYTES)
    except OSError:
        return b""


@contextmanager
def locked(file: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock for writing the file. The system releases it if the process dies.

    Raises Occupied after `timeout_s` seconds, and OSError if the folder does not support locks.
    """
    import filelock  # needed for writing only

    target = _target(file)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not ".lock": other programs lock the same file with a folder of that name.
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
    """Return the temporary file. It always has the same name, so that killed writers do not leave many copies."""
    return target.with_name(f"{target.name}.prx-new")


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some systems cannot open a folder
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
