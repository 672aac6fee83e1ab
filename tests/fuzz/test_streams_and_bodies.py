"""Replies of a server, any bytes at all over a real socket: every turn ends, whole or with an error that says why.

Whatever it leaves in the chat can be stored, read again, shown, exported and sent with the next request.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import msgspec
import pytest
from fuzzing import fuzzed, no_hang
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.auth import auth_for
from tui.anthropic.client import Client
from tui.anthropic.credentials import ApiKey
from tui.anthropic.errors import ProviderError
from tui.anthropic.models import find
from tui.anthropic.request import Options, build_body, encode
from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.ledger import api_fields
from tui.chat.reducer import coalesce, finish, fold_all, start
from tui.chat.tool_calls import with_unique_ids
from tui.chat.transcript import Message, Opaque, Text, ToolResult, ToolUse, Transcript
from tui.demo.reply import Reply
from tui.demo.server import Server
from tui.inputs.bounded import decode_input, decode_json
from tui.inputs.limits import REQUEST_DEPTH
from tui.store import codec
from tui.widgets.conversation import captions

MODEL = "claude-sonnet-5-5"
ASKED = Transcript(messages=(Message(role="user", blocks=(Text("Hi"),)),))


class Hostile:
    """Answers every request with the same reply."""

    def __init__(self) -> None:
        self.reply = Reply(500)

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        return self.reply


@pytest.fixture(scope="module")
def server() -> Iterator[Server[Hostile]]:
    with Server(Hostile()) as server:
        yield server


async def at_once(delay_s: float) -> None:
    await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Client]:
    plain = httpx.AsyncHTTPTransport(verify=False)  # authorities that nobody needs here take a while to load
    client = Client(url, auth_for(ApiKey("sk-ant-api03-key", "test"), url), sleep=at_once, transport=plain)
    try:
        yield client
    finally:
        await client.aclose()


async def answered(url: str) -> Message:
    """What a request leaves in the chat."""
    events: list[StreamEvent] = []
    failure = None
    async with client_of(url) as client:
        try:
            async for event in client.stream(encode(build_body(ASKED, Options(model=find(MODEL))))):
                if not isinstance(event, RetryScheduled):
                    events.append(event)
        except ProviderError as error:
            failure = error.failure()
            assert 0 < len(failure.message) <= 2_000
    partial = fold_all(start(MODEL, 0.0), coalesce(events))
    return finish(partial, "failed" if failure else "complete", failure)


async def small_ones(url: str) -> None:
    """The requests with a small answer."""
    async with client_of(url) as client:
        for asked in (client.list_models(), client.count_tokens(b'{"model": "claude-x", "messages": []}')):
            with contextlib.suppress(ProviderError):
                await asked


def check(server: Server[Hostile], reply: Reply) -> None:
    server.service.reply = reply
    with no_hang():
        message = with_unique_ids(asyncio.run(answered(server.url)), ASKED.messages)
        check_kept(message)
        results = tuple(ToolResult(tool_use_id=call.id, content=(Text("no"),)) for call in message.calls)
        again = Message(role="user", blocks=(*results, Text("And now?")))
        chat = ASKED.with_message(message).with_message(again)
        decode_json(encode(build_body(chat, Options(model=find(MODEL)))), depth=REQUEST_DEPTH)


def check_kept(message: Message) -> None:
    """The message can be stored and read again, and shown."""
    row = codec.encode(message)
    read = codec.decode(message.role, message.state, message.at, row.blocks, row.facts)
    assert codec.encode(read).blocks == row.blocks
    assert all(0 <= count < 2**63 for count in api_fields(message.usage).values() if isinstance(count, int))
    for block in message.blocks:
        if isinstance(block, ToolUse):
            with contextlib.suppress(msgspec.DecodeError):
                decode_input(block.input)
        if isinstance(block, ToolUse | Opaque):
            captions.tool_line(block)
            captions.arguments(block)


TEXTS = st.text(max_size=8) | st.sampled_from(["", "\ud800", "\x1b]52;c;AAAA\x07", "\u202e", "\u2028", "a" * 3_000])
NUMBERS = st.integers(-3, 3) | st.sampled_from([10**12, 2**63, -(2**63) - 1, 10**400, 1e308, -1e308, float("nan"), 0.5])
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def fields(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with these fields, of which now and then one is missing or something else."""
    odd = {name: st.one_of(*[value] * 9, JUNK) for name, value in known.items()}
    kind = {"type": odd.pop("type")} if "type" in odd else {}
    return st.fixed_dictionaries(kind, optional=odd)


COUNTS = NUMBERS | st.integers(0, 10**6)
USAGE = fields(
    input_tokens=COUNTS,
    output_tokens=COUNTS,
    cache_read_input_tokens=COUNTS,
    server_tool_use=fields(web_search_requests=COUNTS),
)
KINDS = st.sampled_from(
    ["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "web_search_tool_result", "new"]
)
CITATION = fields(type=TEXTS, url=TEXTS, title=TEXTS, file_id=TEXTS)
BLOCK = fields(
    type=KINDS,
    text=TEXTS,
    thinking=TEXTS,
    signature=TEXTS,
    data=TEXTS,
    id=TEXTS,
    name=TEXTS,
    input=st.dictionaries(TEXTS, JUNK, max_size=2),
    citations=st.lists(CITATION, max_size=2),
    tool_use_id=TEXTS,
    content=st.lists(CITATION, max_size=2),
)
DELTA = fields(
    type=st.sampled_from(
        ["text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta", "new"]
    ),
    text=TEXTS,
    thinking=TEXTS,
    signature=TEXTS,
    partial_json=TEXTS | st.sampled_from(['{"a":', "1}", "[" * 2_000, '{"a":' * 300, "}"]),
    citation=CITATION,
    stop_reason=st.sampled_from(["end_turn", "tool_use", "max_tokens", "pause_turn", "refusal", "new"]),
    stop_details=fields(category=TEXTS, explanation=TEXTS),
)
MESSAGE = fields(id=TEXTS, model=TEXTS, content=st.lists(BLOCK, max_size=3), usage=USAGE, stop_reason=TEXTS)
ERROR = fields(type=st.sampled_from(["overloaded_error", "invalid_request_error", "new"]), message=TEXTS, details=JUNK)
EVENT = fields(
    type=st.sampled_from(
        [
            *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"),
            *("message_stop", "ping", "error", "new"),
        ]
    ),
    index=st.integers(0, 2),
    message=MESSAGE,
    content_block=BLOCK,
    delta=DELTA,
    usage=USAGE,
    error=ERROR,
    request_id=TEXTS,
)
ENDS = st.sampled_from(["\n\n", "\r\r", "\r\n\r\n", "\n", ""])
FRAME = st.tuples(EVENT | JUNK, ENDS).map(lambda drawn: f"data: {json.dumps(drawn[0])}{drawn[1]}".encode())
SPLINTERS = (b": comment\n\n", b"data:\n\n", b"data: [DONE]\n\n", b"\xef\xbb\xbf", b"event: x\n", b"\0")
NOISE = st.binary(max_size=20) | st.sampled_from([*SPLINTERS, b"data: " + b"[" * 3_000 + b"\n\n"])
STREAM = st.lists(FRAME | FRAME | NOISE, max_size=12)
BODY = (
    (MESSAGE | fields(error=ERROR, detail=JUNK, data=st.lists(JUNK, max_size=3)) | JUNK).map(json.dumps).map(str.encode)
    | st.binary(max_size=60)
    | st.sampled_from([b"<html><title>" + b"x" * 5_000, b"[" * 3_000, b'{"error":' * 2_000])
)
HEADERS = st.lists(
    st.sampled_from(
        [
            *(("retry-after", wish) for wish in ("86400", "-1", "nan", "1e999", "Fri, 31 Dec 9999 23:59:59 GMT", "x")),
            *(("content-encoding", name) for name in ("gzip", "deflate", "br", "identity")),
            ("request-id", "\x07" * 50),
            ("x-should-retry", "true"),
            ("location", "http://[::1"),
        ]
    ),
    max_size=2,
).map(tuple)


@fuzzed
@given(STREAM, st.sampled_from(["text/event-stream", "text/event-stream; charset=utf-16"]))
def test_any_stream_ends_in_an_answer_or_an_error(server: Server[Hostile], pieces: list[bytes], kind: str) -> None:
    check(server, Reply(200, (("content-type", kind),), tuple(pieces), chunked=True))


@fuzzed
@given(
    st.sampled_from([200, 200, 302, 400, 401, 404, 413, 429, 500, 529, 599]),
    st.sampled_from(["application/json", "text/html", "text/plain; charset=x", "text/event-stream", "", "\x01"]),
    HEADERS,
    BODY,
)
def test_any_body_ends_in_an_answer_or_an_error(
    server: Server[Hostile], status: int, kind: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    check(server, Reply(status, (("content-type", kind), *headers), (body,)))
    with no_hang():
        asyncio.run(small_ones(server.url))
