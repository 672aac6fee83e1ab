"""Reads bytes from outside within the bounds of `limits`: whole files and JSON."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import Any

from tui.limits import JSON_DEPTH, MIB

_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)
"""Strings, whole, and brackets; an unclosed string runs to the end."""


class UnfitFile(OSError):
    """A file that is no regular file, or is larger than its bound; `strerror` says which."""


def read_file(file: Path, limit_bytes: int) -> bytes:
    """Return the content of a regular file.

    Never waits: a named pipe, a device, a socket or a folder raises UnfitFile, as does a file over the limit. Raises OSError
    where the file cannot be opened or read.
    """
    opened = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        found = os.fstat(opened)
        if stat.S_ISCHR(found.st_mode) and os.path.realpath(file) == os.devnull:
            return b""  # the usual way to say "no file"
        if not stat.S_ISREG(found.st_mode):
            raise UnfitFile(errno.EINVAL, f"is {kind_of(found.st_mode)}, not a file", str(file))
        if found.st_size > limit_bytes:
            raise _too_large(file, limit_bytes)
        with os.fdopen(opened, "rb", closefd=False) as stream:
            content = stream.read(limit_bytes + 1)  # /proc and growing files say a smaller size than they have
        if len(content) > limit_bytes:
            raise _too_large(file, limit_bytes)
        return content
    finally:
        os.close(opened)


def kind_of(mode: int) -> str:
    """Name the kind of a file that is not a regular one, with its article."""
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISDIR, "a folder"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def decode_json(data: bytes | str, type: Any = Any) -> Any:
    """Decode JSON as msgspec does; raises msgspec.DecodeError also where it is nested deeper than JSON_DEPTH."""
    import msgspec  # loaded after the first paint

    raw = data.encode() if isinstance(data, str) else data
    if is_too_deep(raw):
        raise msgspec.DecodeError(f"JSON is nested more than {JSON_DEPTH} levels deep")
    return msgspec.json.decode(raw, type=type)


def is_too_deep(raw: bytes) -> bool:
    """True if the JSON has more than JSON_DEPTH arrays and objects inside one another."""
    if raw.count(b"{") + raw.count(b"[") <= JSON_DEPTH:
        return False
    depth = 0
    for found in _BRACKETS.finditer(raw):
        sign = raw[found.start()]
        if sign in b"[{":
            depth += 1
            if depth > JSON_DEPTH:
                return True
        elif sign in b"]}":
            depth -= 1
    return False


def _too_large(file: Path, limit_bytes: int) -> UnfitFile:
    return UnfitFile(errno.EFBIG, f"is larger than {limit_bytes // MIB} MB", str(file))
