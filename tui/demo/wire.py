"""Encode server-sent events as bytes, and split bytes into portions: the inverse of a client's decoder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import cycle

from tui.demo.reply import Step
from tui.demo.scenarios import Json


def json_bytes(value: object) -> bytes:
    """Return JSON as the API writes it: without spaces, and without escapes for non-ASCII characters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event_bytes(data: Json, newline: str = "\n") -> bytes:
    """Return one event, named after the type in its data."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {data.get('type', 'message')}{newline}data: {body}{newline}{newline}".encode()


def split(steps: Iterable[Step], sizes: tuple[int, ...]) -> Iterator[Step]:
    """Yield the same steps with their bytes in portions of these sizes, used in turn. Other steps keep their position."""
    portion = cycle(sizes)
    held = b""
    for step in steps:
        if isinstance(step, bytes):
            held += step
            continue
        yield from _portions(held, portion)
        held = b""
        yield step
    yield from _portions(held, portion)


def _portions(data: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + max(1, next(sizes))
        yield data[at:end]
        at = end
