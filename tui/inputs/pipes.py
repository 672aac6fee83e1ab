"""Reads a pipe that the user named on the command line, such as `--config <(gpg -d FILE)`: to its end, within bounds."""

from __future__ import annotations

import errno
import os
import time

from tui.inputs import UnfitFile
from tui.inputs.limits import PIPE_SILENCE_S, PIPE_TOTAL_S, PIPE_WRITER_S

_CHUNK = 64 * 1024
_POLL_S = 0.01


class Pipe:
    """A pipe that is open without blocking. It is not closed here."""

    def __init__(self, opened: int, *, silence_s: float = PIPE_SILENCE_S, writer_s: float = PIPE_WRITER_S) -> None:
        self._opened = opened
        self._silence_s = silence_s
        self._writer_s = writer_s
        self._has_writer = False

    def read(self, size: int, /) -> bytes:
        """Return what has arrived, up to `size` bytes, as soon as there is something; b"" once its writers have closed it.

        Raises UnfitFile where nobody writes to it within `writer_s`, or its writer is silent for `silence_s`.
        """
        begun = time.monotonic()
        while True:
            data = self._arrived(size)
            self._has_writer = self._has_writer or data != b""
            if data or (data == b"" and self._has_writer):
                return data
            waited_s = time.monotonic() - begun
            if not self._has_writer and waited_s > self._writer_s:
                raise UnfitFile(errno.EPIPE, "it is a pipe that nothing writes to")
            if waited_s > self._silence_s:
                raise UnfitFile(errno.ETIMEDOUT, f"it is a pipe that was silent for {self._silence_s:g} seconds")
            time.sleep(_POLL_S)

    def _arrived(self, size: int) -> bytes | None:
        """What is there; b"" where there is no writer, None where one says nothing yet."""
        try:
            return os.read(self._opened, min(_CHUNK, size))
        except BlockingIOError:
            return None


def read_pipe(
    opened: int,
    limit_bytes: int,
    *,
    silence_s: float = PIPE_SILENCE_S,
    total_s: float = PIPE_TOTAL_S,
    writer_s: float = PIPE_WRITER_S,
) -> bytes:
    """Return all that a pipe holds; one byte more than the limit at most. Raises UnfitFile, also after `total_s`."""
    pipe = Pipe(opened, silence_s=silence_s, writer_s=writer_s)
    begun = time.monotonic()
    content = bytearray()
    while len(content) <= limit_bytes and (data := pipe.read(limit_bytes + 1 - len(content))):
        content += data
        if time.monotonic() - begun > total_s:
            raise UnfitFile(errno.ETIMEDOUT, f"it is a pipe that was not at its end after {total_s:g} seconds")
    return bytes(content)
