"""Stream one file of a zip file, unpacking no more than is read, and refusing zip bombs."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tui.errors import TuiError
from tui.exchange.json_stream import Readable
from tui.inputs.limits import IMPORT_BYTES, MIB, ZIP_DIRECTORY_BYTES, ZIP_RATIO, ZIP_RATIO_FREE_BYTES

START = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")
_END_MARK, _END_64_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 65_535
_LOCATOR_BYTES = 20
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    OSError,
)
"""Errors that Python raises for damaged files: negative positions, names that are not text, and others."""


class Unreadable(TuiError):
    """The zip file contains no export, or cannot be unpacked."""


@contextmanager
def member(file: IO[bytes], name: str) -> Iterator[Readable]:
    """Yield the first file with this name in a zip file, in any folder. Raises Unreadable, also while it is read."""
    _refuse_large_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except _UNREADABLE as error:
        raise _unreadable(error) from error
    with archive:
        found = next((one for one in archive.infolist() if one.filename.rsplit("/", 1)[-1] == name), None)
        if found is None:
            raise Unreadable(f"There is no {name} in the zip file.")
        _refuse_bomb(found)
        try:
            stream = archive.open(found)
        except _UNREADABLE as error:
            raise _unreadable(error) from error
        with stream:
            yield _Stream(stream)


class _Stream:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except _UNREADABLE as error:
            raise _unreadable(error) from error


def _refuse_bomb(found: zipfile.ZipInfo) -> None:
    if found.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):  # other methods may need any amount of memory
        raise Unreadable(f"{found.filename} uses an unsupported compression method.", "Unpack it first.")
    if found.file_size > IMPORT_BYTES:
        raise Unreadable(f"{found.filename} is larger than {IMPORT_BYTES // 1_000_000_000} GB.")
    if found.file_size > ZIP_RATIO_FREE_BYTES and found.file_size > ZIP_RATIO * found.compress_size:
        times = found.file_size // max(1, found.compress_size)
        raise Unreadable(
            f"{found.filename} becomes {times:,} times larger when it is unpacked, which no real export does."
        )


def _refuse_large_directory(file: IO[bytes]) -> None:
    """Check the size of the list of files before it is read, because all of it is kept in memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END.size - _LONGEST_COMMENT - _LOCATOR_BYTES))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise Unreadable("The zip file cannot be read: it is cut off.")
    directory_bytes = _END.unpack_from(tail, at)[5]
    is_64 = tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_END_64_MARK)
    if is_64 or directory_bytes > ZIP_DIRECTORY_BYTES:
        raise Unreadable(
            f"The zip file lists too many files: more than {ZIP_DIRECTORY_BYTES // MIB} MB of names.",
            "Unpack it, and import conversations.json.",
        )
    file.seek(0)


def _unreadable(error: Exception) -> Unreadable:
    return Unreadable(f"The zip file cannot be read: {error}.")
