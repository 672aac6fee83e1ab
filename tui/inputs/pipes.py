"""Read a pipe that the user named on the command line, such as `--config <(gpg -d FILE)`, within limits."""

from __future__ import annotations

import errno
import os
import time

from tui.inputs import UnfitFile
from tui.inputs.limits import PIPE_SILENCE_S, PIPE_TOTAL_S, PIPE_WRITER_S

_CHUNK = 64 * 1024
_POLL_S = 0.01


class Pipe:
    """An open non-blocking pipe. The caller closes it."""

    def __init__(self, opened: int, *, silence_s: float = PIPE_SILENCE_S, writer_s: float = PIPE_WRITER_S) -> None:
        self._opened = opened
        self._silence_s = silence_s
        self._writer_s = writer_s
        self._has_writer = False

    def read(self, size: int, /) -> bytes:
        """Wait for data and return up to `size` bytes; b"" after the last writer has closed the pipe.

        Raises UnfitFile if there is no writer within `writer_s` seconds, or no data for `silence_s` seconds.
        """
        started = time.monotonic()
        while True:
            data = self._read_available(size)
            self._has_writer = self._has_writer or data != b""
            if data or (data == b"" and self._has_writer):
                return data
            waited_s = time.monotonic() - started
            if not self._has_writer and waited_s > self._writer_s:
                raise UnfitFile(errno.EPIPE, "it is a pipe without a writer")
            if waited_s > self._silence_s:
                raise UnfitFile(errno.ETIMEDOUT, f"it is a pipe that was silent for {self._silence_s:g} seconds")
            time.sleep(_POLL_S)

    def _read_available(self, size: int) -> bytes | None:
        """Return the available data; b"" without a writer, None if a writer has sent nothing yet."""
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
    """Read a pipe to its end, or to one byte over the limit. Raises UnfitFile, also after `total_s` seconds."""
    pipe = Pipe(opened, silence_s=silence_s, writer_s=writer_s)
    started = time.monotonic()
    content = bytearray()
    while len(content) <= limit_bytes and (data := pipe.read(limit_bytes + 1 - len(content))):
        content += data
        if time.monotonic() - started > total_s:
            raise UnfitFile(errno.ETIMEDOUT, f"it is a pipe that was not at its end after {total_s:g} seconds")
    return bytes(content)
