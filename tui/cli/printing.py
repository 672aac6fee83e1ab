"""Output of the commands. Every module prints with `say` and `put`.

After `guard`, no control character reaches a terminal, whoever prints it.
"""

from __future__ import annotations

import io
import sys
from codecs import getincrementaldecoder
from typing import Any


class _Bytes(io.RawIOBase):
    """The binary buffer of a TerminalStream, for code that writes UTF-8 bytes."""

    def __init__(self, stream: TerminalStream) -> None:
        self._stream = stream
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(self._decode(bytes(data)))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()


class TerminalStream(io.TextIOWrapper):
    """A text stream to a terminal. Control characters are replaced by visible symbols."""

    _last = ""
    """The last character written."""

    def write(self, text: str) -> int:
        from tui.render.safe import neutral  # not needed for a pipe

        super().write(neutral(text, self._last))
        self._last = text[-1:] or self._last
        return len(text)

    @property
    def buffer(self) -> Any:
        return _Bytes(self)


def guard() -> None:
    """Replace stdout and stderr by TerminalStreams if they are terminals. This covers libraries and tracebacks, too."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream.isatty() and not isinstance(stream, TerminalStream):
            stream.flush()
            below = open(stream.fileno(), "wb", closefd=False)  # noqa: SIM115  (the stream owns it)
            guarded = TerminalStream(below, stream.encoding, "backslashreplace", line_buffering=True)
            setattr(sys, name, guarded)


def say(text: str, *, err: bool = False) -> None:
    """Print one or more lines and flush."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


def put(text: str) -> None:
    """Write text to stdout as UTF-8, unchanged unless stdout is a terminal."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
