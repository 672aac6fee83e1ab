"""Open files by a checked path, one folder after the other, without following links.

If somebody replaces a file or folder with a link after the check, opening fails: what is opened is what the user was
asked about, or nothing. Needs a system that opens files relative to an open folder (Linux and macOS, not Windows).
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.tools.tool import Failed

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Larger files are not read into memory."""
IS_SUPPORTED = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

# Flags that a system lacks are 0. Windows is excluded by `IS_SUPPORTED`.
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = _NOFOLLOW | getattr(os, "O_DIRECTORY", 0)
_PASSING = _FOLDER | getattr(
    os, "O_PATH", os.O_RDONLY
)  # with O_PATH, folders that may be entered but not read can be opened as well
_CALM = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_SYSTEM = ("/proc", "/sys", "/dev")
_NOT_FILES = (
    (stat.S_ISDIR, "is a folder; list_files shows what is in it"),
    (stat.S_ISLNK, "has become a link in the meantime"),
    (stat.S_ISFIFO, "is a pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


def refuse_unsafe(path: Path) -> None:
    """Raise Failed for paths that are never opened: the kernel's file systems, and every path where opening is not safe."""
    if not IS_SUPPORTED:
        raise Failed(
            "Files cannot be opened safely on this system. Tell the user that tools for files need Linux or macOS."
        )
    if any(path == Path(top) or Path(top) in path.parents for top in _SYSTEM):
        raise Failed(f"{shown(path)} belongs to the system ({', '.join(_SYSTEM)}), which these tools do not access.")


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """Yield a descriptor of an existing folder that can be listed. Raises Failed."""
    refuse_unsafe(path)
    with readable_errors(path), _parent(path) as above:
        opened = os.open(path.name or "/", os.O_RDONLY | _FOLDER, dir_fd=above)
        try:
            yield opened
        finally:
            os.close(opened)


def read(path: Path, max_bytes: int = MAX_FILE_BYTES, *, may_be_shared: bool = True) -> bytes:
    """Return the content of a regular file. Never waits for a writer. Raises Failed, also for a hard link unless it
    `may_be_shared`.
    """
    refuse_unsafe(path)
    with readable_errors(path), _parent(path) as above:
        return _read(path, above, max_bytes, may_be_shared)


def is_shared(path: Path) -> bool:
    """True if a file has other names (hard links): it may belong to another folder, which the path does not show."""
    try:
        return _is_shared(path.lstat())
    except (OSError, ValueError):
        return False


def _is_shared(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_nlink > 1


def status(path: Path) -> os.stat_result | None:
    """Return the status of a path, of a link itself if it is one; None if there is nothing. Raises Failed."""
    refuse_unsafe(path)
    try:
        with readable_errors(path), _parent(path) as above:
            return os.stat(path.name or "/", dir_fd=above, follow_symlinks=False)
    except Missing:
        return None


def refuse_unfit(path: Path) -> None:
    """Raise Failed for a path that does not exist, or is neither a file nor a folder."""
    found = status(path)
    if found is None:
        raise Missing(f"There is no file or folder {shown(path)}.")
    if not stat.S_ISDIR(found.st_mode):
        _refuse_unfit(path, found, found.st_size)


def replace(path: Path, new: bytes, old: bytes | None) -> None:
    """Replace the content `old` of a file (None: no file) by `new`. Raises Failed, and then nothing has changed.

    The file has either content at every moment, and keeps its permissions.
    """
    refuse_unsafe(path)
    with readable_errors(path), _parent(path, create=old is None) as above:
        rights = _unchanged_rights(path, above, old)
        name = f".{secrets.token_hex(8)}.prx-new"
        try:
            _write(name, above, new, rights)
            _unchanged_rights(path, above, old)
            os.replace(name, path.name, src_dir_fd=above, dst_dir_fd=above)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=above)
            raise


class Missing(Failed):
    """There is no such file or folder."""


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Convert the system's errors into sentences for Claude."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing(f"There is no file or folder {shown(path)}.") from error
    except FileExistsError as error:
        raise Failed(f"{shown(path)}was created in the meantime. Nothing was changed.") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise Failed(f"{shown(path)} has become a link in the meantime. Nothing was opened.") from error
        raise Failed(f"{shown(path)}: {error.strerror or error}.") from error
    except ValueError as error:  # a NUL in the name
        raise Failed(f"{shown(path)}is not a valid file name.") from error


def shown(path: Path | str) -> str:
    """Return a path as printable text: control characters and bytes that are not UTF-8 are escaped."""
    text = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else _written_out(character) for character in text)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode()


@contextmanager
def _parent(path: Path, create: bool = False) -> Iterator[int]:
    """Yield a descriptor of the folder that contains a path, reached without following a link. `create` makes missing
    folders.
    """
    current = os.open(path.anchor, _PASSING)
    try:
        for name in path.parts[1:-1]:
            try:
                below = os.open(name, _PASSING, dir_fd=current)
            except FileNotFoundError:
                if not create:
                    raise
                os.mkdir(name, dir_fd=current)
                below = os.open(name, _PASSING, dir_fd=current)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def _read(path: Path, above: int, max_bytes: int, may_be_shared: bool = True) -> bytes:
    _refuse_unfit(
        path, os.stat(path.name, dir_fd=above, follow_symlinks=False), max_bytes
    )  # opening a device may have effects
    opened = os.open(path.name, os.O_RDONLY | _NOFOLLOW | _CALM, dir_fd=above)
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        _refuse_unfit(path, found, max_bytes)
        if _is_shared(found) and not may_be_shared:
            raise Failed(f"{shown(path)}has become a hard link in the meantime. Nothing was read.")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:  # it has grown since the check
        raise _too_large(path, len(data), max_bytes)
    return data


def _refuse_unfit(path: Path, found: os.stat_result, max_bytes: int) -> None:
    for is_one, what in _NOT_FILES:
        if is_one(found.st_mode):
            raise Failed(f"{shown(path)} {what}.")
    if found.st_size > max_bytes:
        raise _too_large(path, found.st_size, max_bytes)


def _too_large(path: Path, size_bytes: int, max_bytes: int) -> Failed:
    return Failed(f"{shown(path)} has {size_bytes / 2**20:,.0f} MB; files above {max_bytes // 2**20} MB are not read.")


def _unchanged_rights(path: Path, above: int, old: bytes | None) -> int | None:
    """Return the file's permissions without setuid and setgid; None if there is no file. Raises Failed if it has changed."""
    try:
        found = os.stat(path.name, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        if old is None:
            return None
        raise Failed(f"{shown(path)} was deleted in the meantime. Nothing was changed.") from None
    if old is None or _read(path, above, max(len(old), MAX_FILE_BYTES)) != old:
        raise Failed(f"{shown(path)} was changed in the meantime. Nothing was written; read it again.")
    return found.st_mode & 0o777


def _write(name: str, above: int, content: bytes, rights: int | None) -> None:
    """Write a new file. With `rights` None it gets the system's default permissions."""
    at_first = 0o666 if rights is None else 0o600
    opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, at_first, dir_fd=above)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        if rights is not None:
            os.fchmod(opened, rights)
        file.flush()
        os.fsync(opened)
