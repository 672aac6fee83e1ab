"""`prx import`: the chats of a file, of a pipe or of stdin, added to those on disk."""

from __future__ import annotations

import io
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from tui.cli.chats import FileProblem, counted, is_kept, opened
from tui.cli.printing import say
from tui.errors import TuiError
from tui.inputs.bounded import open_to_read
from tui.inputs.limits import IMPORT_BYTES

if TYPE_CHECKING:
    from tui.config import Settings

_STDIN = Path("-")
_CHUNK = 256 * 1024


def import_file(settings: Settings, file: Path) -> int:
    """Adds the chats in a file to those on disk. The exit code: 1 where they could not be kept."""
    from tui.chat.tree import ChatTree
    from tui.exchange.incoming import imported
    from tui.store import ImportResult

    problems: list[TuiError] = []
    merged, known, unsent = ImportResult(), 0, 0
    with _seekable(file) as source:
        chats = imported(source)
        first = next(chats, None)  # reads all of it: nothing is opened for a file that is not right
        with opened(settings, problems) as store:
            while first is not None:
                if isinstance(first, ChatTree):
                    merged += store.merge(first).result()
                    known += len(first.nodes)
                else:
                    store.leave_unsent(first.chat_id, first.text)
                    unsent += 1
                first = next(chats, None)
    if not is_kept(problems):
        raise FileProblem(
            "Not all of it could be kept.", f"Import {file} again when the disk takes it: nothing comes in twice."
        )
    there = f"; {counted(known - merged.messages, 'message')} there already" if known > merged.messages else ""
    prompts = f" {counted(unsent, 'unsent prompt')}: ^R in the chat finds what was not sent." if unsent else ""
    say(f"Imported {counted(merged.messages, 'message')} in {counted(merged.chats, 'chat')}{there}.{prompts}")
    return 0


@contextmanager
def _seekable(file: Path) -> Iterator[IO[bytes]]:
    """The file, or a copy of what comes through a pipe, made while it is read. Raises FileProblem."""
    if file == _STDIN:
        stdin = cast("io.BufferedReader", sys.stdin.buffer)
        yield stdin if stdin.seekable() else cast("IO[bytes]", _Copied(stdin.read1, "stdin"))
        return
    try:
        descriptor = open_to_read(file, pipes=True)
    except OSError as error:
        raise FileProblem(f"{file} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as stream:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            from tui.inputs.pipes import Pipe

            yield cast("IO[bytes]", _Copied(Pipe(descriptor).read, str(file)))
        else:
            yield stream


class _Copied(io.RawIOBase):
    """A pipe that can be read again: what has been read is kept in a temporary file."""

    def __init__(self, source: Callable[[int], bytes], name: str) -> None:
        super().__init__()
        self._source = source
        self._name = name
        self._copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this
        self._at = self._size = 0
        self._has_ended = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            self._take(None)
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        self._take(None if size is None or size < 0 else self._at + size)
        self._copy.seek(self._at)
        data = self._copy.read(size)
        self._at += len(data)
        return data

    def close(self) -> None:
        self._copy.close()
        super().close()

    def _take(self, up_to: int | None) -> None:
        """Reads on until so many bytes are kept, or all. Raises FileProblem."""
        while not self._has_ended and (up_to is None or self._size < up_to):
            try:
                data = self._source(_CHUNK)
                self._copy.seek(self._size)
                self._copy.write(data)
            except OSError as error:
                raise FileProblem(f"{self._name} cannot be read: {error.strerror or error}.") from error
            self._size += len(data)
            self._has_ended = not data
            if self._size > IMPORT_BYTES:
                raise FileProblem(f"{self._name} holds more than {IMPORT_BYTES // 1_000_000_000} GB.")
