"""Reads a pipe that the user named on the command line, such as `--config <(gpg -d FILE)`: to its end, within bounds."""

from __future__ import annotations

import errno
import os
import time

from tui.bounded import UnfitFile
from tui.limits import PIPE_SILENCE_S, PIPE_TOTAL_S, PIPE_WRITER_S

_CHUNK = 64 * 1024
_POLL_S = 0.01


def read_pipe(
    opened: int,
    limit_bytes: int,
    *,
    silence_s: float = PIPE_SILENCE_S,
    total_s: float = PIPE_TOTAL_S,
    writer_s: float = PIPE_WRITER_S,
) -> bytes:
    """Return what a pipe, open without blocking, holds until its writers close it; one byte more than the limit at most.

    Raises UnfitFile where nobody writes to it within `writer_s`, or a writer is silent or slow for too long.
    """
    begun = time.monotonic()
    heard, has_writer = begun, False
    content = bytearray()
    while len(content) <= limit_bytes:
        data = _read(opened, limit_bytes + 1 - len(content))
        now = time.monotonic()
        has_writer = has_writer or data != b""
        if data:
            content += data
            heard = now
        elif data == b"" and has_writer:
            return bytes(content)
        if not has_writer and now - begun > writer_s:
            raise UnfitFile(errno.EPIPE, "it is a pipe that nothing writes to")
        if now - heard > silence_s or now - begun > total_s:
            raise UnfitFile(errno.ETIMEDOUT, "it is a pipe that takes too long to be written")
        if not data:
            time.sleep(_POLL_S)
    return bytes(content)


def _read(opened: int, size_bytes: int) -> bytes | None:
    """What has arrived; b"" where there is no writer, None where one says nothing yet."""
    try:
        return os.read(opened, min(_CHUNK, size_bytes))
    except BlockingIOError:
        return None
