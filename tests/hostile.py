"""A model server that answers with the bytes of a case: `python tests/hostile.py CASE SIZE [STATUS]`.

It prints its port and serves until it is ended. It has a process of its own, so that what is measured beside it is the
program's. SIZE counts the bytes that the client would have to hold if it held everything.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

MIB = 1024 * 1024
BEGUN = "The tide turns at six."
"""The text of an answer before its hostile part."""
_PIECE = 64 * 1024


class Case(NamedTuple):
    body: Callable[[int], Iterator[bytes]]
    type: str = "text/event-stream"
    status: int = 200
    headers: tuple[str, ...] = ()
    path: str = "/v1/messages"


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def begun() -> bytes:
    """Return the start of a valid answer."""
    usage = {"input_tokens": 10, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5", "content": []}
    return b"".join(
        (
            event({"type": "message_start", "message": {**message, "usage": usage}}),
            event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            delta({"type": "text_delta", "text": BEGUN}),
        )
    )


def delta(value: object, index: int = 0) -> bytes:
    return event({"type": "content_block_delta", "index": index, "delta": value})


def ended(stop_reason: str = "end_turn") -> bytes:
    ending = {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": 9}}
    return event({"type": "content_block_stop", "index": 0}) + event(ending) + event({"type": "message_stop"})


def repeated(unit: bytes, size: int, first: bytes = b"", last: bytes = b"") -> Iterator[bytes]:
    piece = unit * max(1, _PIECE // len(unit))
    yield first
    for _ in range(max(1, size // len(piece))):
        yield piece
    yield last


def packed(pieces: Iterator[bytes], wbits: int) -> Iterator[bytes]:
    packer = zlib.compressobj(9, wbits=wbits)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _packed_and(fill: bytes, *, ends: bool) -> Callable[[int], Iterator[bytes]]:
    """Return a compressed start, followed by data that unpacks to nothing: empty blocks, or bytes after the end."""

    def pieces(size: int) -> Iterator[bytes]:
        packer = zlib.compressobj(9, wbits=31)
        first = packer.compress(begun()) + packer.flush(zlib.Z_FINISH if ends else zlib.Z_SYNC_FLUSH)
        return repeated(fill, size, first)

    return pieces


def _deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def _calls(size: int) -> Iterator[bytes]:
    yield begun()
    call = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    yield event({"type": "content_block_start", "index": 1, "content_block": call})
    yield delta({"type": "input_json_delta", "partial_json": '{"path": ' + _deep(size) + "}"}, 1)
    yield ended("tool_use")


def _call_at_once(size: int) -> Iterator[bytes]:
    """Return the same in one event, which is nested as deeply itself."""
    yield begun()
    call = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    whole = json.dumps({"type": "content_block_start", "index": 1, "content_block": call})
    yield b"data: " + whole.replace('"input": {}', '"input": {"path": ' + _deep(size) + "}").encode() + b"\n\n"
    yield ended("tool_use")


def _filled(start: str, fill: bytes, end: str = "") -> Callable[[int], Iterator[bytes]]:
    return lambda size: repeated(fill, size, start.encode(), end.encode())


def _after_text(start: bytes, fill: bytes, end: bytes = b"") -> Callable[[int], Iterator[bytes]]:
    return lambda size: repeated(fill, size, begun() + start, end)


def _many_blocks(size: int) -> Iterator[bytes]:
    yield begun()
    for at in range(1, size // 100):
        yield event({"type": "content_block_start", "index": at, "content_block": {"type": "text", "text": "a"}})


def _new_indices(size: int) -> Iterator[bytes]:
    yield begun()
    for at in range(1, size // 100):
        yield delta({"type": "text_delta", "text": "a"}, at)


def _deltas(kind: str, field: str) -> Callable[[int], Iterator[bytes]]:
    text = "the tide comes and goes " * 40
    return lambda size: repeated(delta({"type": kind, field: text}), size, begun(), ended())


JSON = "application/json"
_DATA = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"'
_BOMB = _after_text(b": ", b"\0" * _PIECE)
CASES: dict[str, Case] = {
    "error": Case(_filled('{"type":"error","error":{"type":"api_error","message":"', b"no ", '"}}'), JSON, 400),
    "error that is retried": Case(_filled('{"error":{"message":"', b"no ", '"}}'), JSON, 529),
    "error without end": Case(_filled("", b"no "), "text/plain", 400),
    "html": Case(_filled("<html><title>Sorry</title><body>", b"<p>no</p>", "</body></html>"), "text/html", 502),
    "titles": Case(_filled("<html>", b"<title"), "text/html", 400),
    "refused key": Case(_filled('{"error":{"message":"', b"no ", '"}}'), JSON, 401),
    "redirect": Case(_filled("", b"no "), "text/html", 302, ("location: http://127.0.0.1:1/",)),
    "error of arrays": Case(_filled("[", b"[],", "[]]"), JSON, 400),
    "gzip error": Case(lambda size: packed(repeated(b"no ", size), 31), JSON, 400, ("content-encoding: gzip",)),
    "answer": Case(_filled('{"content":[{"type":"text","text":"', b"no ", '"}]}'), JSON),
    "answer of numbers": Case(_filled('{"content":[0', b",0", "]}"), JSON),
    "answer of arrays": Case(_filled('{"content":[{}', b",{}", "]}"), JSON),
    "answer of citations": Case(_filled('{"content":[{"type":"text","text":"a","citations":[0', b",0", "]}]}"), JSON),
    "html answer": Case(_filled("<html>", b"<p>no</p>"), "text/html"),
    "unknown kind": Case(_filled("", b"\0"), "application/octet-stream"),
    "line": Case(_after_text(_DATA, b"a", b'"}}\n\n')),
    "line of escapes": Case(_after_text(_DATA, b"\\ud83d\\ude00", b'"}}\n\n')),
    "line of quotes": Case(_after_text(_DATA, b'\\"[', b'"}}\n\n')),
    "lines of one event": Case(_after_text(b"", b"data: a\n")),
    "empty lines of one event": Case(_after_text(b"", b"data:\n")),
    "line of arrays": Case(_after_text(b'data: {"type":"ping","a":[', b"[],", b"[]]}\n\n")),
    "line of keys": Case(_after_text(b'data: {"type":"new","a":{', b'"a":{},', b'"b":0}}\n\n')),
    "name": Case(_after_text(b"event: ", b"a")),
    "comment": Case(_after_text(b": ", b"a")),
    "comments": Case(_after_text(b"", b": keep alive\n\n")),
    "pings": Case(_after_text(b"", b'event: ping\ndata: {"type":"ping"}\n\n')),
    "new events": Case(_after_text(b"", b'data: {"type":"brand_new"}\n\n')),
    "stops": Case(_after_text(b"", event({"type": "content_block_stop", "index": 0}))),
    "counts": Case(_after_text(b"", event({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 5}}))),
    "line ends": Case(_after_text(b"", b"\n")),
    "carriage returns": Case(_after_text(b"", b"\r")),
    "text": Case(_deltas("text_delta", "text")),
    "thinking": Case(_deltas("thinking_delta", "thinking")),
    "signature": Case(_deltas("signature_delta", "signature")),
    "input": Case(_deltas("input_json_delta", "partial_json")),
    "citations": Case(_after_text(b"", delta({"type": "citations_delta", "citation": {"url": "a"}}))),
    "blocks": Case(_many_blocks),
    "new indices": Case(_new_indices),
    "gzip": Case(lambda size: packed(_BOMB(size), 31), headers=("content-encoding: gzip",)),
    "deflate": Case(lambda size: packed(_BOMB(size), 15), headers=("content-encoding: deflate",)),
    "raw deflate": Case(lambda size: packed(_BOMB(size), -15), headers=("content-encoding: deflate",)),
    "gzip text": Case(
        lambda size: packed(_deltas("text_delta", "text")(size), 31), headers=("content-encoding: gzip",)
    ),
    "gzip of nothing": Case(_packed_and(b"\0\0\0\xff\xff", ends=False), headers=("content-encoding: gzip",)),
    "after gzip": Case(_packed_and(b"\0", ends=True), headers=("content-encoding: gzip",)),
    "brotli": Case(_filled("", b"\0"), headers=("content-encoding: br",)),
    "zstd": Case(_filled("", b"\0"), headers=("content-encoding: zstd",)),
    "gzip in gzip": Case(_filled("", b"\0"), headers=("content-encoding: gzip, gzip",)),
    "no gzip": Case(_filled("", b"\0"), headers=("content-encoding: gzip",)),
    "deep event": Case(lambda size: iter((begun(), b'data: {"type":"ping","a":' + _deep(size).encode() + b"}\n\n"))),
    "deep new event": Case(lambda size: iter((begun(), b'data: {"type":"new","a":' + _deep(size).encode() + b"}\n\n"))),
    "deep error": Case(lambda size: iter((f'{{"error": {_deep(size)}}}'.encode(),)), JSON, 400),
    "deep error event": Case(lambda size: iter((begun(), f'data: {{"error": {_deep(size)}}}\n\n'.encode()))),
    "deep answer": Case(lambda size: iter((f'{{"content": {_deep(size)}}}'.encode(),)), JSON),
    "deep usage": Case(
        lambda size: iter((b'data: {"type":"message_start","message":{"usage":' + _deep(size).encode() + b"}}\n\n",))
    ),
    "deep call": Case(_calls),
    "deep call at once": Case(_call_at_once),
    "models": Case(_filled('{"data":[{"id":"a"}', b',{"id":"claude-b"}', "]}"), JSON, path="/v1/models"),
    "models without end": Case(_filled('{"data":["', b"a"), JSON, path="/v1/models"),
    "deep models": Case(lambda size: iter((f'{{"data": {_deep(size)}}}'.encode(),)), JSON, path="/v1/models"),
}


def _head(case: Case, size: int) -> Iterator[bytes]:
    yield f"HTTP/1.1 {case.status} Said\r\ncontent-type: {case.type}\r\nconnection: close\r\n".encode()
    yield "".join(f"{header}\r\n" for header in case.headers).encode()
    yield b"\r\n"


def _headers_without_end(size: int) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from repeated(b"x-header: value\r\n", size)


def _serve(client: socket.socket, name: str, size: int) -> None:
    with client, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(_PIECE)
        asked, _, body = head.partition(b"\r\n\r\n")
        lengths = [line[15:] for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        left = int(lengths[0]) - len(body) if lengths else 0
        while left > 0:
            left -= len(client.recv(MIB))
        if name == "headers":
            pieces = _headers_without_end(size)
        else:
            case = CASES[name]
            if f" {case.path}" not in asked.decode("latin-1") or b"/count_tokens" in asked:
                client.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
                return
            client.sendall(b"".join(_head(case, size)))
            pieces = case.body(size)
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
        while client.recv(_PIECE):
            pass


def main(name: str, size: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_serve, args=(client, name, size), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
