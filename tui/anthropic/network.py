"""Read a stream of events from the network in few, large pieces: a read costs far more than a token.

The API sends each event in an HTTP chunk of its own, 100 and more a second. Here the chunks of one read become one chunk, so
that everything above, from h11 up, works once for each read. While little arrives, a read waits until there are many events.
Nothing is delayed by more than that pause, and nothing is held back: what ended a wait is handed on at once.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

PAUSE_S = 1 / 12
"""The shortest time from one read to the next, while little arrives: the screen draws as often."""
_LITTLE_BYTES = 64 * 1024
"""A stream that brings less in twice that time is slow: 4,000 tokens a second are. A fast one is never left waiting."""
_FIRST_READS = 4
"""Reads that never wait: the first words are to be seen at once."""
_READ_BYTES = 256 * 1024
"""As much as asyncio takes from a socket at a time."""
_HEAD_BYTES = 100_000
"""No answer of an API has so long a head."""
_IS_STREAM = re.compile(rb"HTTP/1\.1 200 (?s:.)*\r\ncontent-type: *text/event-stream", re.IGNORECASE)
_FRAMING = re.compile(rb"\r\n(?:transfer-encoding|content-length):([^\r]*)", re.IGNORECASE)
_BORDER = re.compile(rb"\r\n([0-9A-Fa-f]{1,8})\r\n")
"""The end of one chunk, and the start of the next."""
_PART_OF_BORDER = re.compile(rb"\r?\Z|\r\n[0-9A-Fa-f]{0,8}\r?\Z")


def transport(*, verify: ssl.SSLContext, limits: httpx.Limits, proxy: httpx.Proxy | None) -> httpx.AsyncHTTPTransport:
    """Return httpx's own transport, with connections that read as described above."""
    made = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits, proxy=proxy)
    pool = made._pool  # httpx has no other way to pass a network to httpcore
    pool._network_backend = Network(pool._network_backend)
    return made


class Network(httpcore.AsyncNetworkBackend):
    """A network whose connections are Streams."""

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return Stream(await self._network.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Stream(httpcore.AsyncNetworkStream):
    """One connection, for one response after the other."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, *, is_nested: bool = False) -> None:
        """`is_nested`: it is encrypted twice, so that a small read does not mean that no more has arrived."""
        self._stream = stream
        self._is_nested = is_nested
        self._tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
        self._head: bytes | None = b""
        """What has arrived of the head of a response; None in its body."""
        self._pace: Pace | None = None
        self._chunks: ChunkJoiner | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            if self._pace is not None:
                await self._pace.wait()
            data = await self._stream.read(_READ_BYTES, timeout)
            if self._tls is not None and data:
                data += _decrypted(self._tls)
            if self._pace is not None:
                self._pace.note(len(data))
            handed_on = self._joined(data) if data else data
            if handed_on or not data:
                return handed_on

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._head, self._pace, self._chunks = b"", None, None
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return Stream(stream, is_nested=self._tls is not None)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _joined(self, data: bytes) -> bytes:
        """Return the data with its chunks joined, if it is of a stream of events."""
        if self._head is not None:
            begun, self._head = len(self._head), self._head + data
            head, end, _ = self._head.partition(b"\r\n\r\n")
            if not end:
                self._head = self._head if len(self._head) < _HEAD_BYTES else None
                return data
            self._head = None
            self._begin_body(head)
            body = len(head + end) - begun
            return data[:body] + self._joined(data[body:])
        return self._chunks.feed(data) if self._chunks is not None else data

    def _begin_body(self, head: bytes) -> None:
        """Decide by its head how to read a body. Anything unusual is left to httpcore as it comes."""
        if not _IS_STREAM.match(head) or head.count(b"\n") != head.count(b"\r\n"):
            return
        self._pace = None if self._is_nested else Pace(asyncio.get_running_loop().time)
        if [one.strip().lower() for one in _FRAMING.findall(head)] == [b"chunked"]:
            self._chunks = ChunkJoiner()


class Pace:
    """Says when to read. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + PAUSE_S
        """The end of the current span of time."""
        self._bytes = 0
        """What has arrived in it."""
        self._before = 0
        """What arrived in the span before."""
        self._reads = 0

    async def wait(self) -> None:
        """Wait until the next read is due."""
        is_slow = self._reads >= _FIRST_READS and self._before + self._bytes < _LITTLE_BYTES
        if is_slow and (wait_s := self._end - self._clock()) > 0:
            await asyncio.sleep(wait_s)

    def note(self, size_bytes: int) -> None:
        """Note that a read has brought so much."""
        now = self._clock()
        if now >= self._end:
            self._before = self._bytes if now < self._end + PAUSE_S else 0
            self._end, self._bytes = now + PAUSE_S, 0
        self._bytes += size_bytes
        self._reads += 1


def _decrypted(tls: ssl.SSLObject) -> bytes:
    """Return what else has arrived of an encrypted connection: a read returns one record, and each event has its own."""
    pieces, size = [], 0
    try:
        while size < _READ_BYTES and (piece := tls.read(_READ_BYTES)):
            pieces.append(piece)
            size += len(piece)
    except ssl.SSLError:  # no complete record is left, or the next read raises it again
        pass
    return b"".join(pieces)


class ChunkJoiner:
    """Joins the chunks of a body with `transfer-encoding: chunked`, as far as they are usual ones.

    From the last chunk on, or the first unusual byte, everything is returned unchanged.
    """

    def __init__(self) -> None:
        self._border = b"\r\n"
        """What has arrived of the next border. The first chunk follows the end of a line, as any other does."""
        self._left = 0
        """Bytes of the current chunk that have not arrived."""
        self._has_begun = False
        self._is_over = False

    def feed(self, data: bytes) -> bytes:
        """Return the content of these chunks, or parts of chunks, as one. "" if there is none yet."""
        if self._is_over:
            return data
        data, self._border = self._border + data, b""
        pieces, at, rest = [], 0, b""
        while True:
            piece = data[at : at + self._left]
            pieces.append(piece)
            at += len(piece)
            self._left -= len(piece)
            if self._left:
                break
            border = _BORDER.match(data, at)
            if border is not None and (size := int(border[1], 16)):
                self._left, at = size, border.end()
                continue
            if border is None and _PART_OF_BORDER.match(data, at):
                self._border = data[at:]
                break
            self._is_over, rest = True, data[at:]
            break
        content = b"".join(pieces)
        whole = b"\r\n%x\r\n%s" % (len(content), content) if content else b""
        whole += rest
        if self._has_begun or not whole:
            return whole
        self._has_begun = True
        return whole[2:]
