"""`prx import`: add the chats of a file, a pipe or stdin to the stored ones."""

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

from tui.cli.chats import FileProblem, count_of, is_stored, open_store
from tui.cli.printing import say
from tui.errors import TuiError
from tui.inputs.bounded import open_to_read
from tui.inputs.limits import IMPORT_BYTES

if TYPE_CHECKING:
    from tui.config import Settings

_STDIN = Path("-")
_CHUNK = 256 * 1024


def import_file(settings: Settings, file: Path) -> int:
    """Add the chats of a file to the stored ones. Return the exit code. Raises FileProblem."""
    from tui.chat.tree import ChatTree
    from tui.exchange.imports import imported
    from tui.store import ImportResult

    problems: list[TuiError] = []
    merged, known, unsent = ImportResult(), 0, 0
    with _seekable(file) as source:
        chats = imported(source)
        first = next(chats, None)  # reads the whole file, so that a broken one changes nothing
        with open_store(settings, problems) as store:
            while first is not None:
                if isinstance(first, ChatTree):
                    merged += store.merge(first).result()
                    known += len(first.nodes)
                else:
                    store.keep_unsent(first.chat_id, first.text)
                    unsent += 1
                first = next(chats, None)
    if not is_stored(problems):
        raise FileProblem(
            "Not everything could be stored.",
            f"Import {file} again later. Chats that are stored already are not duplicated.",
        )
    there = f"; {count_of(known - merged.messages, 'message')} already stored" if known > merged.messages else ""
    prompts = f" {count_of(unsent, 'unsent prompt')} (find them with Ctrl+R in the chat)." if unsent else ""
    say(f"Imported {count_of(merged.messages, 'message')} in {count_of(merged.chats, 'chat')}{there}.{prompts}")
    return 0


@contextmanager
def _seekable(file: Path) -> Iterator[IO[bytes]]:
    """Open the file. For a pipe, open a copy that grows while it is read. Raises FileProblem."""
    if file == _STDIN:
        stdin = cast("io.BufferedReader", sys.stdin.buffer)
        yield stdin if stdin.seekable() else cast("IO[bytes]", _RereadablePipe(stdin.read1, "stdin"))
        return
    try:
        descriptor = open_to_read(file, pipes=True)
    except OSError as error:
        raise FileProblem(f"{file} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as stream:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            from tui.inputs.pipes import Pipe

            yield cast("IO[bytes]", _RereadablePipe(Pipe(descriptor).read, str(file)))
        else:
            yield stream


class _RereadablePipe(io.RawIOBase):
    """A pipe that can seek: what was read is kept in a temporary file."""

    def __init__(self, source: Callable[[int], bytes], name: str) -> None:
        super().__init__()
        self._source = source
        self._name = name
        self._copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
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
            self._read_up_to(None)
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        self._read_up_to(None if size is None or size < 0 else self._at + size)
        self._copy.seek(self._at)
        data = self._copy.read(size)
        self._at += len(data)
        return data

    def close(self) -> None:
        self._copy.close()
        super().close()

    def _read_up_to(self, size: int | None) -> None:
        """Read until the copy has `size` bytes; None reads everything. Raises FileProblem."""
        while not self._has_ended and (size is None or self._size < size):
            try:
                data = self._source(_CHUNK)
                self._copy.seek(self._size)
                self._copy.write(data)
            except OSError as error:
                raise FileProblem(f"{self._name} cannot be read: {error.strerror or error}.") from error
            self._size += len(data)
            self._has_ended = not data
            if self._size > IMPORT_BYTES:
                raise FileProblem(f"{self._name} is larger than {IMPORT_BYTES // 1_000_000_000} GB.")
