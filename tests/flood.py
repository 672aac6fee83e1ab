"""A model server that streams replies of any shape and size over a real socket: `python tests/flood.py SHAPE BYTES DELTA`.

It prints its port and serves until it is killed. It has a process of its own, so that what is measured beside it is the
program's. The text ends with `END`, however much of it the client takes.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator

END = "the-very-last-word"
LINKS = 100_000
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
_USAGE = {"input_tokens": 10, "output_tokens": 1}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5", "content": []}


def _nested_lists() -> str:
    return "".join(" " * (2 * depth) + "- x\n" for depth in range(1000)) + "\n"


UNITS: dict[str, Callable[[], tuple[str, str]]] = {
    "prose": lambda: ("", "Some **words** of a text, with `code` and a [link](https://example.com/a).\n\n"),
    "paragraph": lambda: ("", "word and word "),
    "word": lambda: ("", "a"),
    "lines": lambda: ("", "ab\n"),
    "paragraphs": lambda: ("", "ab\n\n"),
    "blank": lambda: ("", "\n"),
    "fence": lambda: ("```python\n", "x = [1, 'two']\n"),
    "plain fence": lambda: ("```\n", "x\n"),
    "fence line": lambda: ("```python\n", "x = [1, 'two'] "),
    "fences": lambda: ("", "```\nx\n```\n"),
    "table": lambda: ("| a | b |\n|---|---|\n", "| 1 | 2 |\n"),
    "wide table": lambda: ("|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n", "|" + "1|" * 300 + "\n"),
    "lists": lambda: ("", _nested_lists()),
    "quotes": lambda: ("", ">" * 10_000 + " x\n"),
    "headings": lambda: ("", "# h\n"),
    "rules": lambda: ("", "---\n\n"),
    "emphasis": lambda: ("", "*_*_"),
    "open emphasis": lambda: ("", "**a _b "),
    "backticks": lambda: ("", "`a``b```c "),
    "brackets": lambda: ("", "["),
    "links": lambda: ("", "[a](http://b.c/d) "),
    "half links": lambda: ("", "[a]("),
    "addresses": lambda: ("", "https://"),
    "dollars": lambda: ("", "$a \\( &amp "),
    "marks": lambda: ("a", "\u0301"),
    "ideographs": lambda: ("", "\u6f22\u5b57"),
    "emoji": lambda: ("", "\U0001f469\u200d\U0001f680 "),
    "one emoji": lambda: ("\U0001f469", "word and word "),
    "controls": lambda: ("", "\x1b[31m\u202e\x00"),
}
"""The start of each text, and the unit that it repeats."""


def _event(value: dict[str, object]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


def _begin(index: int, block: dict[str, object]) -> bytes:
    return _event({"type": "content_block_start", "index": index, "content_block": block})


def _stop(index: int) -> bytes:
    return _event({"type": "content_block_stop", "index": index})


def _deltas(
    index: int, delta: str, field: str, first: str, unit: str, size: int, step: int, last: str
) -> Iterator[bytes]:
    """Return the deltas of a block. Their text ends with `last` and has about `size` bytes in UTF-8."""

    def one(text: str) -> bytes:
        return _event({"type": "content_block_delta", "index": index, "delta": {"type": delta, field: text}})

    yield one(first)
    count = max(1, step // len(unit.encode()))
    piece, sent = one(unit * count), len(first)
    many = piece * max(1, 65_536 // len(piece))
    step = count * len(unit.encode())
    while sent < size:
        yield many
        sent += step * (len(many) // len(piece))
    yield one(last)


def _text(shape: str, size: int, step: int) -> Iterator[bytes]:
    first, unit = UNITS[shape]()
    yield _begin(0, {"type": "text", "text": ""})
    yield from _deltas(0, "text_delta", "text", first, unit, size, step, f"\n\n{END}\n")
    yield _stop(0)


def _thinking(shape: str, size: int, step: int) -> Iterator[bytes]:
    first, unit = UNITS[shape.removeprefix("thinking ")]()
    yield _begin(0, {"type": "thinking", "thinking": ""})
    yield from _deltas(0, "thinking_delta", "thinking", first, unit, size, step, "\n")
    yield _stop(0)
    yield from _small_text(1)


def _small_text(index: int) -> Iterator[bytes]:
    yield _begin(index, {"type": "text", "text": ""})
    yield from _deltas(index, "text_delta", "text", "", END, len(END), len(END), "\n")
    yield _stop(index)


def _server_tool(shape: str, size: int, step: int) -> Iterator[bytes]:
    """Return the input of a server tool."""
    yield _begin(0, {"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {}})
    yield from _deltas(0, "input_json_delta", "partial_json", '{"code": "', "x = 1; ", size, step, '"}')
    yield _stop(0)
    yield from _small_text(1)


def _tool(shape: str, size: int, step: int) -> Iterator[bytes]:
    """Return the input of a client tool."""
    yield _begin(0, {"type": "tool_use", "id": "toolu_1", "name": "no_such_tool", "input": {}})
    yield from _deltas(0, "input_json_delta", "partial_json", '{"content": "', "x = 1; ", size, step, '"}')
    yield _stop(0)


def _search(shape: str, size: int, step: int) -> Iterator[bytes]:
    yield _begin(0, {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tide"}})
    yield _stop(0)
    pages = [
        {
            "type": "web_search_result",
            "title": f"Page {at}",
            "url": f"https://example.com/{at}",
            "encrypted_content": "x",
        }
        for at in range(size)
    ]
    yield _begin(1, {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": pages})
    yield _stop(1)
    yield from _small_text(2)


def _citations(shape: str, size: int, step: int) -> Iterator[bytes]:
    yield _begin(0, {"type": "text", "text": "cited"})
    for at in range(size):
        citation = {"type": "web_search_result_location", "url": f"https://example.com/{at}", "title": f"Page {at}"}
        delta = {"type": "citations_delta", "citation": citation}
        yield _event({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _stop(0)
    yield from _small_text(1)


def _blocks(shape: str, size: int, step: int) -> Iterator[bytes]:
    kind = shape.removesuffix(" blocks")
    for at in range(size):
        if kind == "text":
            yield _begin(at, {"type": "text", "text": "some words\n\n"})
        elif kind == "thinking":
            yield _begin(at, {"type": "thinking", "thinking": "some thoughts"})
        else:
            yield _begin(at, {"type": "new_kind", "data": "x"})
        yield _stop(at)
    yield from _small_text(size)


SHAPES: dict[str, Callable[[str, int, int], Iterator[bytes]]] = {
    **dict.fromkeys(UNITS, _text),
    "thinking prose": _thinking,
    "thinking word": _thinking,
    "server tool": _server_tool,
    "tool": _tool,
    "search": _search,
    "citations": _citations,
    "text blocks": _blocks,
    "thinking blocks": _blocks,
    "new blocks": _blocks,
}


def _stream(shape: str, size: int, step: int) -> Iterator[bytes]:
    yield _event({"type": "message_start", "message": {**_MESSAGE, "usage": _USAGE}})
    yield from SHAPES[shape](shape, size, step)
    yield _event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1000}})
    yield _event({"type": "message_stop"})


def _serve(client: socket.socket, shape: str, size: int, step: int) -> None:
    with client, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65_536)
        head, _, body = head.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += client.recv(1 << 20)
        if b"/v1/messages " not in head:
            client.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            return
        client.sendall(_HEAD)
        held = b""
        if b'"tool_result"' in body or END.encode() in body:  # a call was answered, or it goes on after a long answer
            shape, size, step = "prose", 10, 10
        for event in _stream(shape, size, step):
            held += event
            if len(held) >= 65_536:
                client.sendall(held)
                held = b""
        client.sendall(held)


def main(shape: str, size: int, step: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_serve, args=(client, shape, size, step), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
