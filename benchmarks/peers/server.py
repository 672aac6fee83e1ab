"""A fast pretend Messages API on loopback.

`python -m benchmarks.peers.server` prints its address and serves until it is killed. It sends one delta a token, each in an
HTTP chunk of its own as the real service does, or all as fast as the client reads. The answer is encoded before the clock
starts. It is a process of its own, so that what is measured is the client's.

    GET /_answer?tokens=2000&rate=80    set the next answers: their length, and tokens a second (0: no limit)
    GET /_times                         when the last answer was asked for and sent, on the system's monotonic clock
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from benchmarks.peers.answer import CHARACTERS_PER_TOKEN, LAST_WORD, answer

BATCH = 512
"""Deltas in one HTTP chunk without a limit of speed."""
SHORT = 200
"""A request for fewer tokens is a side job, such as a title: its answer is one word."""
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\nrequest-id: req_bench\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_USAGE = {"input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}


class Encoded(NamedTuple):
    """The events of an answer as bytes."""

    start: bytes
    deltas: list[bytes]
    end: bytes


def encoded(text: str, model: str) -> Encoded:
    """Return the events of an answer with this text. `LAST_WORD` comes in one delta, so that it is drawn in one piece."""
    body, found, rest = text.partition(LAST_WORD)
    pieces = [body[at : at + CHARACTERS_PER_TOKEN] for at in range(0, len(body), CHARACTERS_PER_TOKEN)]
    pieces += [found + rest] if found else []
    message = {"id": "msg_01bench", "type": "message", "role": "assistant", "model": model, "content": []}
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    return Encoded(
        _event("message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": _USAGE})
        + _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        + _event("ping"),
        [_event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece}) for piece in pieces],
        _event("content_block_stop", index=0)
        + _event("message_delta", delta=ending, usage={"output_tokens": len(pieces)})
        + _event("message_stop"),
    )


def _event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


class Service:
    """What the next answer is, and when the last one was sent."""

    def __init__(self) -> None:
        self.rate = 0
        """Tokens a second; 0 means no limit."""
        self.answer = encoded(answer(100), "bench")
        self.times = {"asked": 0.0, "ended": 0.0}
        """Seconds of the monotonic clock; 0 if it has not come to that since the answer was set."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until the client closes it."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split(" ", 2)
                body = await _body(reader, head.lower())
                if method == "POST" and urlsplit(target).path == "/v1/messages":
                    await self._message(writer, json.loads(body))
                else:
                    await _send_json(writer, self._plain(target), is_head=method == "HEAD")
        writer.close()

    def _plain(self, target: str) -> object:
        url = urlsplit(target)
        if url.path == "/_answer":
            options = {name: int(value) for name, value in parse_qsl(url.query)}
            self.rate = options["rate"]
            self.answer = encoded(answer(options["tokens"]), "bench")
            self.times = {"asked": 0.0, "ended": 0.0}
            return {}
        if url.path == "/_times":
            return self.times
        if url.path.endswith("/count_tokens"):
            return {"input_tokens": 25}
        return {"data": [], "has_more": False, "first_id": None, "last_id": None}

    async def _message(self, writer: asyncio.StreamWriter, request: dict[str, Any]) -> None:
        model = request.get("model", "")
        is_side_job = "haiku" in model or request.get("max_tokens", SHORT) < SHORT
        if not request.get("stream"):
            content = [{"type": "text", "text": "ok"}]
            message = {"id": "msg_02bench", "type": "message", "role": "assistant", "model": model, "content": content}
            await _send_json(writer, {**message, "stop_reason": "end_turn", "stop_sequence": None, "usage": _USAGE})
        elif is_side_job:
            await self._stream(writer, encoded("ok", model), 0)
        else:
            self.times["asked"] = time.monotonic()
            await self._stream(writer, self.answer, self.rate)
            self.times["ended"] = time.monotonic()

    async def _stream(self, writer: asyncio.StreamWriter, events: Encoded, rate: int) -> None:
        writer.write(_HEAD + _chunk(events.start))
        began, sent = time.monotonic(), 0
        while sent < len(events.deltas):
            if rate:
                await asyncio.sleep(began + sent / rate - time.monotonic())
                due = max(sent, int((time.monotonic() - began) * rate)) + 1
                writer.writelines(map(_chunk, events.deltas[sent:due]))
            else:
                due = sent + BATCH
                writer.write(_chunk(b"".join(events.deltas[sent:due])))
            sent = due
            await writer.drain()
        writer.write(_chunk(events.end) + b"0\r\n\r\n")
        await writer.drain()


async def _body(reader: asyncio.StreamReader, head: str) -> bytes:
    """Return the body of a request, given its head in lower case."""
    if length := re.search(r"\r\ncontent-length: *(\d+)", head):
        return await reader.readexactly(int(length[1]))
    body = b""
    if "transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    return body


async def _send_json(writer: asyncio.StreamWriter, value: object, *, is_head: bool = False) -> None:
    data = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode()
    writer.write(head if is_head else head + data)
    await writer.drain()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def main() -> None:
    server = await asyncio.start_server(Service().serve, "127.0.0.1", 0, limit=1 << 22)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
