"""Response bodies with size and time limits, decompressed in small steps.

The body of an error is cut at its limit, since its beginning says what went wrong. Any other body that is too long, or
cannot be decompressed, raises BodyRejected.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx

from tui.inputs.limits import (
    ANSWER_S,
    ERROR_BODY_BYTES,
    EVENT_BYTES,
    MIB,
    PACKED_WASTE_BYTES,
    SMALL_REPLY_S,
    UNPACKED_STEP_BYTES,
)
from tui.inputs.unpacking import CannotUnpack, Unpacker

REQUEST_HEADERS = {"accept-encoding": "identity"}
"""Send these with every request. Compressed bodies are still accepted, but not needed."""
MAX_BYTES_KEY = "prx.most_bytes"
"""Request extension with the size limit of the response; without it, the limit is EVENT_BYTES."""
TRUNCATED_KEY = "prx.cut"
"""Response extension that is set if the body of an error was cut at its limit."""


class BodyRejected(httpx.DecodingError):
    """A body that is not read, or not read completely. The text says why and continues a sentence about the server."""


def limit_body(response: httpx.Response) -> None:
    """Limit the body of a response that was not read yet. An event hook of `httpx.Client`."""
    response.stream = _Bounded(response)
    response.headers.pop("content-encoding", None)


async def limit_body_async(response: httpx.Response) -> None:
    """Limit the body of a response that was not read yet. An event hook of `httpx.AsyncClient`."""
    limit_body(response)


def is_event_stream(response: httpx.Response) -> bool:
    """True for a stream of events. It has no limit as a whole; its reader limits each event."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.is_success and kind == "text/event-stream"


class _Bounded(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response) -> None:
        self._stream = response.stream
        self._packing = response.headers.get("content-encoding", "")
        self._is_error = not response.is_success
        self._left: float = response.request.extensions.get(MAX_BYTES_KEY, EVENT_BYTES)
        if self._is_error:
            self._left = ERROR_BODY_BYTES
        elif is_event_stream(response):
            self._left = float("inf")
        self._limit = self._left
        self._limit_s = SMALL_REPLY_S if self._is_error or MAX_BYTES_KEY in response.request.extensions else ANSWER_S
        self._until = float("inf") if is_event_stream(response) else time.monotonic() + self._limit_s
        self._packed_waste = 0
        self._notes = response.extensions

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx.SyncByteStream)
        unpacker = self._unpacker()
        for packed in self._stream:
            yield from self._pieces(unpacker, packed)
            if self._is_over(unpacker):
                return

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._stream, httpx.AsyncByteStream)
        unpacker = self._unpacker()
        async for packed in self._stream:
            for piece in self._pieces(unpacker, packed):
                yield piece
                if len(piece) == UNPACKED_STEP_BYTES:
                    await asyncio.sleep(0)  # a small input may decompress to much: let other tasks run
            if self._is_over(unpacker):
                return

    def close(self) -> None:
        assert isinstance(self._stream, httpx.SyncByteStream)
        self._stream.close()

    async def aclose(self) -> None:
        assert isinstance(self._stream, httpx.AsyncByteStream)
        await self._stream.aclose()

    def _unpacker(self) -> Unpacker:
        try:
            return Unpacker(self._packing)
        except CannotUnpack as error:
            raise BodyRejected(f"sent an answer that {error}") from None

    def _is_over(self, unpacker: Unpacker) -> bool:
        """True if nothing more is read. Raises BodyRejected if the body takes too long."""
        if self._left <= 0 or unpacker.has_ended:
            return True
        if time.monotonic() < self._until:
            return False
        if self._is_error:
            return True
        raise BodyRejected(f"took more than {self._limit_s:g} s to send its answer")

    def _pieces(self, unpacker: Unpacker, packed: bytes) -> Iterator[bytes]:
        self._packed_waste += len(packed)
        try:
            for piece in unpacker.feed(packed):
                self._packed_waste = 0
                self._left -= len(piece)
                if self._left >= 0:
                    yield piece
                elif self._is_error:
                    yield piece[: int(self._left)]
                    self._left = 0
                    self._notes[TRUNCATED_KEY] = True
                    return
                else:
                    raise BodyRejected(f"sent an answer of more than {self._limit / MIB:g} MB")
        except CannotUnpack as error:
            raise BodyRejected(f"sent an answer that {error}") from None
        if self._packed_waste > PACKED_WASTE_BYTES:
            raise BodyRejected(f"sent {PACKED_WASTE_BYTES // MIB} MB of compressed data with nothing in it")
