"""Decompress an HTTP body in small steps, because a few bytes can expand to gigabytes. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from tui.inputs.limits import UNPACKED_STEP_BYTES

_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class CannotUnpack(Exception):
    """The body cannot be decompressed. The text is a sentence without its subject, which is the body or its server."""


class Unpacker:
    """Decompresses a body. `encoding` is the content-encoding header. Raises CannotUnpack unless it is gzip or deflate."""

    def __init__(self, encoding: str) -> None:
        names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
        if len(names) > 1 or not set(names) <= set(_WBITS):
            raise CannotUnpack(f"is compressed as {', '.join(names)[:40]}, although prx did not ask for that")
        self._stream = zlib.decompressobj(_WBITS[names[0]]) if names else None
        self._has_started = False

    @property
    def has_ended(self) -> bool:
        """True after the end of a compressed body."""
        return self._stream is not None and self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the decompressed data in pieces of at most UNPACKED_STEP_BYTES. Raises CannotUnpack.

        Data after the end of a compressed body is ignored. Uncompressed data is returned unchanged.
        """
        if self._stream is None:
            yield data
            return
        while not self._stream.eof:
            piece = self._unpacked(data)
            if piece:
                yield piece
            if len(piece) < UNPACKED_STEP_BYTES:
                return
            data = self._stream.unconsumed_tail

    def _unpacked(self, data: bytes) -> bytes:
        assert self._stream is not None
        try:
            piece = self._stream.decompress(data, UNPACKED_STEP_BYTES)
        except zlib.error as error:
            if self._has_started:
                raise CannotUnpack(f"cannot be decompressed: {error}") from error
            self._has_started, self._stream = (
                True,
                zlib.decompressobj(-15),
            )  # deflate without a zlib header
            return self._unpacked(data)
        self._has_started = True
        return piece
