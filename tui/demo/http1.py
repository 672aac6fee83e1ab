"""HTTP/1.1 for the simulator's server: bytes to requests, and the bytes of a response's head and chunks.

Nothing here uses sockets. The reader accepts bytes in any portions and returns each request when it is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from tui.demo.reply import Reply

MAX_HEAD_BYTES = 64 * 1024


class BadRequest(Exception):
    """The bytes are not an HTTP request. Nothing after them can be trusted."""


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case; the last of equal ones is used."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class RequestReader:
    """Collects bytes until a request is complete.

    `wants_continue` becomes true when a client asks whether to send the body (curl does for large ones). The caller has
    to answer.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Request | None = None
        self._body = bytearray()
        self._scanned = 0
        self.wants_continue = False

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that these bytes complete. Raises BadRequest."""
        self._buffer += data
        requests = []
        while (request := self._next()) is not None:
            requests.append(request)
        return requests

    def _next(self) -> Request | None:
        if self._head is None and not self._read_head():
            return None
        head = self._head
        assert head is not None
        if head.headers.get("transfer-encoding", "").lower() == "chunked":
            if not self._read_chunks():
                return None
            body = bytes(self._body)
            self._body.clear()
        else:
            length = _number(head.headers.get("content-length", "0"), 10)
            if len(self._buffer) < length:
                return None
            body = bytes(memoryview(self._buffer)[:length])
            del self._buffer[:length]
        self._head = None
        self.wants_continue = False
        return Request(head.method, head.path, head.headers, body)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise BadRequest("the head is too long")
            return False
        first, *lines = self._buffer[:end].decode("latin-1").lstrip("\r\n").split("\r\n")
        del self._buffer[: end + 4]
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest(f"no request line: {first[:80]!r}")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequest(f"no header: {line[:80]!r}")
            headers[name.strip().lower()] = value.strip()
        self._head = Request(words[0], words[1], headers, b"")
        self.wants_continue = headers.get("expect", "").lower() == "100-continue"
        return True

    def _read_chunks(self) -> bool:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size = _number(self._buffer[:end].split(b";")[0].decode("latin-1"), 16)
            if len(self._buffer) < end + 2 + size + 2:
                return False
            self._body += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return True
        return False


def _number(text: str, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError:
        raise BadRequest(f"no length: {text[:40]!r}") from None
    if value < 0:
        raise BadRequest("a negative length")
    return value


def head_bytes(reply: Reply) -> bytes:
    """Return the status line and headers of a reply, with the framing of its body."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:  # 529 is Anthropic's own
        phrase = "Overloaded"
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in reply.headers)]
    if reply.chunked:
        lines.append("transfer-encoding: chunked")
    else:
        lines.append(f"content-length: {sum(len(step) for step in reply.steps if isinstance(step, bytes))}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body; `chunk(b"")` is its end."""
    return b"%x\r\n%b\r\n" % (len(data), data)
