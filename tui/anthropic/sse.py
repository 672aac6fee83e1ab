"""Decode server-sent events: bytes in, the data of each event out. Pure; lines and events have a size limit.

Source: the HTML standard, section on server-sent events. Names, ids and comments are ignored: the API repeats the name of
an event in its data.
"""

from __future__ import annotations

from tui.inputs.limits import EVENT_BYTES

_MARK = b"\xef\xbb\xbf"
"""A byte order mark, which is allowed before the first line."""


class EventTooLong(Exception):
    """Raised if the lines of an event are longer than EVENT_BYTES."""


class EventDecoder:
    """Splits a stream at LF, CR LF and CR, wherever its chunks are cut."""

    def __init__(self) -> None:
        self._line = bytearray()
        """The current line so far."""
        self._data: bytearray | None = None
        """The data of the current event; None before its first line of data."""
        self._skips_lf = False
        self._is_first = True

    def feed(self, chunk: bytes) -> list[bytearray]:
        """Return the data of the events that this chunk completes. Raises EventTooLong."""
        if self._skips_lf and chunk:
            chunk, self._skips_lf = chunk.removeprefix(b"\n"), False
        if b"\r" in chunk:
            self._skips_lf = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *ends, begun = chunk.split(b"\n")
        events = []
        for end in ends:
            if not end and self._data is None and not self._line:  # one more empty line
                continue
            if (event := self._end(end)) is not None:
                events.append(event)
        self._append(begun)
        return events

    def _append(self, piece: bytes) -> None:
        self._line += piece
        self._check()

    def _end(self, piece: bytes) -> bytearray | None:
        """End the line with this piece. Return the event that it completes, if any."""
        line: bytes | bytearray = piece
        if self._line:
            self._append(piece)
            line, self._line = self._line, bytearray()
        if self._is_first:
            line, self._is_first = line.removeprefix(_MARK), False
        if not line:
            event, self._data = self._data, None
            return event
        if line.startswith(b"data:") or line == b"data":
            value = line[6:] if line.startswith(b"data: ") else line[5:]
            if self._data is None:
                self._data = bytearray(value)
            else:
                self._data += b"\n"
                self._data += value
            self._check()
        return None

    def _check(self) -> None:
        if len(self._line) + len(self._data or b"") > EVENT_BYTES:
            self._line, self._data = bytearray(), None
            raise EventTooLong
