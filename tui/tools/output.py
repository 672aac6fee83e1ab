"""The output of a command: everything while it arrives, and of a long one the beginning and the end as the result."""

from __future__ import annotations

import codecs
import re
import threading
from collections import deque

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\n])", re.MULTILINE)  # without the ^, one long line takes seconds
_MAX_FRESH = 8_000  # characters; of more, only the end is shown


class Output:
    """Receives bytes in one thread, and returns text in another."""

    def __init__(self, keep_bytes: int, most_bytes: int) -> None:
        """Keep half of `keep_bytes` from the beginning and half from the end. Stop after `most_bytes`."""
        self._half = keep_bytes // 2
        self._most = most_bytes
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._dropped = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._fresh = ""
        self._lock = threading.Lock()
        self.size_bytes = 0

    @property
    def is_too_much(self) -> bool:
        return self.size_bytes > self._most

    def take(self, data: bytes) -> bool:
        """Add output. Return False when the limit is reached."""
        with self._lock:
            self.size_bytes += len(data)
            self._fresh = (self._fresh + self._decoder.decode(data))[-_MAX_FRESH:]
            room = self._half - len(self._head)
            self._head += data[:room]
            self._add_to_tail(data[room:])
        return not self.is_too_much

    def fresh(self) -> str:
        """Return the output since the last call; if that is very much, its end."""
        with self._lock:
            fresh, self._fresh = self._fresh, ""
        return _without_sequences(fresh)

    def text(self) -> str:
        """Return the kept output without colours. Of an overwritten line, as progress bars make them, only the last state
        is kept.
        """
        with self._lock:
            tail = b"".join(self._tail)
            cut = max(0, len(tail) - self._half)
            left_out = self._dropped + cut
            parts = [bytes(self._head), tail[cut:]] if left_out else [bytes(self._head) + tail]
        plain = [_OVERWRITTEN.sub("", _without_sequences(part.decode("utf-8", "replace"))) for part in parts]
        return f"\n\n[… {left_out:,} {'byte' if left_out == 1 else 'bytes'} left out …]\n\n".join(plain)

    def _add_to_tail(self, data: bytes) -> None:
        if data:
            self._tail.append(data)
            self._tail_bytes += len(data)
        while self._tail and self._tail_bytes - len(self._tail[0]) >= self._half:
            gone = len(self._tail.popleft())
            self._tail_bytes -= gone
            self._dropped += gone


def _without_sequences(text: str) -> str:
    return _SEQUENCE.sub("", text).replace("\r\n", "\n")
