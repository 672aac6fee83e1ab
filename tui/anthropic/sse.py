"""Decode server-sent events: bytes in, the data of each event out. Pure; lines and events have a size limit.

Source: the HTML standard, section on server-sent events. Names, ids and comments are ignored: the API repeats the name of
an event in its data. Complete events of the same shape, as nearly all are, are split at once; everything else line by line.
"""

from __future__ import annotations

from tui.inputs.limits import EVENT_BYTES

_MARK = b"\xef\xbb\xbf"
"""A byte order mark, which is allowed before the first line."""
_GAP = b"\n\n"
"""The end of an event: the end of its last line, and an empty line."""


class EventTooLong(Exception):
    """Raised if the lines of an event are longer than EVENT_BYTES."""

    def __init__(self, before: list[bytes | bytearray]) -> None:
        super().__init__()
        self.before = before
        """The data of the events that were complete before that, and were not returned yet."""


class EventDecoder:
    """Splits a stream at LF, CR LF and CR, wherever its chunks are cut."""

    def __init__(self) -> None:
        self._line = bytearray()
        """The current line so far."""
        self._data: bytearray | None = None
        """The data of the current event; None before its first line of data."""
        self._skips_lf = False
        self._is_first = True
        self._events: list[bytes | bytearray] = []

    def feed(self, chunk: bytes) -> list[bytes | bytearray]:
        """Return the data of the events that this chunk completes. Raises EventTooLong."""
        self._events = []
        if self._skips_lf and chunk:
            chunk, self._skips_lf = chunk.removeprefix(b"\n"), False
        if b"\r" in chunk:
            self._skips_lf = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start, end = chunk.find(_GAP) + len(_GAP), chunk.rfind(_GAP) + len(_GAP)
        if start >= end:  # at most one complete event
            self._read(chunk)
            return self._events
        self._read(chunk[:start])  # the rest of an event that has begun, so that a whole one comes next
        whole = chunk[start:end]
        data = None if self._is_first else _split(whole)
        if data is None:
            self._read(whole)
        else:
            self._events += data
        self._read(chunk[end:])
        return self._events

    def _read(self, chunk: bytes) -> None:
        """Read a chunk line by line."""
        *ends, begun = chunk.split(b"\n")
        for end in ends:
            if end or self._line or self._data is not None:  # not one more empty line
                self._end(end)
        self._append(begun)

    def _append(self, piece: bytes) -> None:
        self._line += piece
        self._check()

    def _end(self, piece: bytes) -> None:
        """End the line with this piece. If the line is empty, it ends the event."""
        line: bytes | bytearray = piece
        if self._line:
            self._append(piece)
            line, self._line = self._line, bytearray()
        if self._is_first:
            line, self._is_first = line.removeprefix(_MARK), False
        if not line:
            if self._data is not None:
                self._events.append(self._data)
            self._data = None
        elif line.startswith(b"data:") or line == b"data":
            value = line[6:] if line.startswith(b"data: ") else line[5:]
            if self._data is None:
                self._data = bytearray(value)
            else:
                self._data += b"\n"
                self._data += value
            self._check()

    def _check(self) -> None:
        if len(self._line) + len(self._data or b"") > EVENT_BYTES:
            self._line, self._data = bytearray(), None
            raise EventTooLong(self._events)


def _split(events: bytes) -> list[bytes] | None:
    """Return the data of complete events that all have the same number of lines and end with their only line of data.

    Return None for others. No step depends on the number of events, apart from those of `bytes` and lists.
    """
    lines = events.split(b"\n")[:-1]
    size = lines.index(b"") + 1
    last = lines[size - 2 :: size]
    if size < 2 or len(lines) % size or any(lines[size - 1 :: size]) or len(events) > EVENT_BYTES:
        return None
    begins = b"\n" + b"\n".join(last)
    if begins.count(b"\ndata: ") != len(last):
        return None
    if any((b"\n" + b"\n".join(lines[at::size])).count(b"\ndata") for at in range(size - 2)):
        return None
    return begins.replace(b"\ndata: ", b"\n")[1:].split(b"\n")
