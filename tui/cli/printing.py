"""What commands print: every module prints by `say` and `put`.

On a terminal no control character gets past `guard`, whoever prints.
"""

from __future__ import annotations

import io
import sys
from codecs import getincrementaldecoder
from typing import Any


class _Bytes(io.RawIOBase):
    """The bytes below a stream, for whoever writes UTF-8 there."""

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
    """A stream to a terminal, in which control characters become visible signs."""

    _last = ""
    """The character written last."""

    def write(self, text: str) -> int:
        from tui.render.safe import neutral  # nothing that a pipe needs

        super().write(neutral(text, self._last))
        self._last = text[-1:] or self._last
        return len(text)

    @property
    def buffer(self) -> Any:
        return _Bytes(self)


def guard() -> None:
    """Put stdout and stderr behind the gate where they are terminals, for libraries and tracebacks, too."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream.isatty() and not isinstance(stream, TerminalStream):
            stream.flush()
            below = open(stream.fileno(), "wb", closefd=False)  # noqa: SIM115  (it is the stream's from now on)
            guarded = TerminalStream(below, stream.encoding, "backslashreplace", line_buffering=True)
            setattr(sys, name, guarded)


def say(text: str, *, err: bool = False) -> None:
    """Print a line, or several, at once."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


def put(text: str) -> None:
    """Write a text to stdout as UTF-8, exactly as it is where that is no terminal."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
