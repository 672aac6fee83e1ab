"""A stream of one file in a zip file, without unpacking more than is asked for, or anything that is made to swell."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tui.errors import TuiError
from tui.exchange.pieces import Readable
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
"""What Python raises for a damaged file: negative places, names that are no text, and so on."""


class Unreadable(TuiError):
    """The zip file holds no export, or cannot be unpacked."""


@contextmanager
def member(file: IO[bytes], name: str) -> Iterator[Readable]:
    """The first file of that name in a zip file, in whatever folder. Raises Unreadable, as reading it does."""
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
    if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others ask for any amount of memory
        raise Unreadable(f"{found.filename} is compressed in a way that is not read here.", "Unpack it first.")
    if found.file_size > IMPORT_BYTES:
        raise Unreadable(f"{found.filename} is larger than {IMPORT_BYTES // 1_000_000_000} GB.")
    if found.file_size > ZIP_RATIO_FREE_BYTES and found.file_size > ZIP_RATIO * found.compress_size:
        times = found.file_size // max(1, found.compress_size)
        raise Unreadable(f"{found.filename} becomes {times:,} times larger when it is unpacked, which no export does.")


def _refuse_large_directory(file: IO[bytes]) -> None:
    """Before the list of files in it is read, all of which goes into memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END.size - _LONGEST_COMMENT - _LOCATOR_BYTES))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise Unreadable("The zip file cannot be read: it breaks off.")
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
