"""Streams from `tests/wire`, decoded and folded: the same message however they are cut, with whatever line ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.anthropic import wire
from tui.anthropic.client import Client
from tui.anthropic.errors import ProtocolError
from tui.chat.events import (
    BlockStart,
    BlockStop,
    CitationDelta,
    InputDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    RetryScheduled,
    TextDelta,
    Unknown,
)
from tui.chat.reducer import finish, fold_all, start
from tui.chat.transcript import Message, Opaque, RedactedThinking, Text, Thinking, ToolUse

WIRE = Path(__file__).parent.parent / "wire"
STREAMS = {path.stem: path.read_bytes() for path in sorted(WIRE.glob("*.sse"))}
NEWLINES = (b"\n", b"\r\n", b"\r")


class Pieces(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """Answers every request with a stream in these pieces."""

    def __init__(self) -> None:
        self.pieces: Iterable[bytes] = ()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream", "request-id": "req_1"}, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


PIECES = Pieces()
CLIENT = Client("https://api.example", httpx.Auth(), transport=PIECES)


async def message_of(pieces: Iterable[bytes]) -> Message:
    PIECES.pieces = pieces
    return finish(fold_all(start("asked", 0.0), [event async for event in CLIENT.stream(b"{}")]), "complete")


@pytest.fixture(scope="module", autouse=True)
def loop() -> Iterator[None]:
    """One loop for the thousands of streams of this module: nothing in them ever waits."""
    global LOOP
    LOOP = asyncio.new_event_loop()
    yield
    LOOP.close()


def message(pieces: Iterable[bytes]) -> Message:
    return LOOP.run_until_complete(message_of(pieces))


EXPECTED = {
    "text": (Text("Two moons."),),
    "thinking_and_tool": (
        Thinking("The user wants the tide.", "EqDemo=="),
        Text("Checking"),
        ToolUse("toolu_01Demo", "get_tide", '{"port": "Brest",  "days":1.50}'),
    ),
    "web_search": (
        Opaque(
            "server_tool_use",
            '{"type":"server_tool_use","id":"srvtoolu_01Demo","name":"web_search","input":{"query": "tide Brest today"}}',
        ),
        Opaque(
            "web_search_tool_result",
            '{"type":"web_search_tool_result","tool_use_id":"srvtoolu_01Demo","content":[{"type":"web_search_result",'
            '"url":"https://tides.example/brest","title":"Brest tides","encrypted_content":"RGVtbw==",'
            '"page_age":"2 days ago"}]}',
        ),
        Text(
            "High water is at 06:12.",
            (
                '{"type":"web_search_result_location","url":"https://tides.example/brest","title":"Brest tides",'
                '"encrypted_index":"RGVtbw==","cited_text":"High water 06:12"}',
            ),
        ),
    ),
    "redacted_and_unknown": (
        RedactedThinking("UmVkYWN0ZWQ="),
        Opaque("hologram", '{"type":"hologram","z":3,"frames":[1.0,2]}'),
        Text("Still here."),
    ),
    "unicode": (Text("é e\u0301 世界 👩‍👩‍👧 a\u2028b\u2029c\x85d\x0be\u00a0\ufeff\U0001f600"),),
    "comments": (Text("Quiet line"),),
    "lines": (Text("Three lines"),),
    "interleaved": (Thinking("Hmm."), Text("One two three"), ToolUse("t1", "look", '{"a":1}')),
    "done": (Text("Done?"),),
    "no_message_stop": (Text("No stops"),),
    "no_blocks": (),
    "empty_blocks": (Thinking("", "EqOmitted=="), Text("Text")),
    "refusal": (Text("To do that, "),),
}


def test_every_stream_has_an_expectation():
    assert set(EXPECTED) == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_spells_its_message(name):
    assert message([STREAMS[name]]).blocks == EXPECTED[name]


def test_what_a_message_says_of_itself():
    found = message([STREAMS["thinking_and_tool"]])
    assert (found.id, found.model, found.request_id) == ("msg_01Demo", "claude-sonnet-5-5", "req_1")
    assert (found.stop_reason, found.state) == ("tool_use", "complete")
    usage = found.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (21, 1980, 64)
    assert (usage.cache_creation_input_tokens, usage.write_5m, usage.write_1h) == (10, 6, 4)


def test_usage_overwrites_and_is_never_added():
    usage = message([STREAMS["web_search"]]).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (3120, 0, 88)
    assert usage.searches == 1
    assert message([STREAMS["done"]]).usage.input_tokens == 12


def test_a_refusal_has_its_category():
    found = message([STREAMS["refusal"]])
    assert (found.stop_reason, found.stop_category) == ("refusal", "cyber")
    assert found.stop_explanation == "It may be misused."


def test_an_answer_without_message_start_keeps_the_model_that_was_asked():
    assert message([STREAMS["interleaved"]]).model == "asked"


@pytest.mark.parametrize("newline", NEWLINES)
@pytest.mark.parametrize("name", STREAMS)
def test_any_line_end_whole_and_byte_by_byte(name, newline):
    data = STREAMS[name].replace(b"\n", newline)
    expected = message([STREAMS[name]])
    assert message([data]) == expected
    assert message([data[i : i + 1] for i in range(len(data))]) == expected


@pytest.mark.parametrize("newline", NEWLINES)
@pytest.mark.parametrize("name", ["unicode", "lines", "comments", "done"])
def test_every_split_in_two(name, newline):
    data = STREAMS[name].replace(b"\n", newline)
    expected = message([STREAMS[name]])
    for at in range(len(data)):
        assert message([data[:at], data[at:]]) == expected, f"cut at {at}"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_cuts_and_line_ends_give_the_same_message(data):
    name = data.draw(st.sampled_from(sorted(STREAMS)))
    stream = STREAMS[name].replace(b"\n", data.draw(st.sampled_from(NEWLINES)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=40)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert message(pieces).blocks == EXPECTED[name]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1), st.lists(st.integers(1, 30), min_size=1, max_size=9))
def test_any_text_survives_any_cut(words, sizes):
    words = [word.encode("utf-8", "replace").decode() for word in words]
    deltas = "".join(
        f'data: {{"type":"content_block_delta","index":0,"delta":{msgspec.json.encode(_text_delta(word)).decode()}}}\n\n'
        for word in words
    )
    stream = (deltas + 'data: {"type":"message_stop"}\n\n').encode()
    pieces, at = [], 0
    while at < len(stream):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[at : at + size])
        at += size
    assert message(pieces).text == "".join(words)


def _text_delta(word):
    return {"type": "text_delta", "text": word}


def test_a_stream_cut_before_its_end_is_an_error():
    for name in ("text", "thinking_and_tool"):
        stream = STREAMS[name]
        cut = stream.index(b"event: message_delta")
        with pytest.raises(ProtocolError, match="before it was complete") as caught:
            message([stream[:cut]])
        assert caught.value.request_id == "req_1"
        assert not caught.value.retryable


def test_a_stream_of_nothing_is_an_error():
    sleeps: list[float] = []

    async def sleep(delay_s: float) -> None:
        sleeps.append(delay_s)

    async def attempts() -> None:
        PIECES.pieces = [b": hello\n\n"]
        client = Client("https://api.example", httpx.Auth(), transport=PIECES, sleep=sleep)
        async for event in client.stream(b"{}"):
            assert isinstance(event, RetryScheduled)

    with pytest.raises(ProtocolError, match="without an answer"):
        LOOP.run_until_complete(attempts())
    assert len(sleeps) == 2


# Single events


@pytest.mark.parametrize("data", ["", " ", "[DONE]", '{"type":"ping"}', '{"type": "ping", "new": 1}'])
def test_nothing_comes_of_pings_and_done(data):
    assert wire.parse(data) is None


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ('{"type":"rainbow","index":1}', Unknown("rainbow")),
        ("{}", Unknown("")),
        ('{"type":"rainbow","x":NaN}', Unknown("rainbow")),
        ('{"type":"content_block_delta","index":0,"delta":{"type":"new_delta","x":1}}', Unknown("new_delta")),
        ('{"type":"content_block_delta","index":0,"delta":null}', Unknown("content_block_delta")),
        ('{"type":"content_block_start","index":0,"content_block":null}', Unknown("content_block_start")),
        ('{"type":"content_block_stop"}', BlockStop(0)),
        ('{"type":"message_stop","extra":{}}', MessageStop()),
        ('{"type":"message_start"}', MessageStart()),
        ('{"type":"message_start","message":{"content":null,"usage":"lots"}}', MessageStart()),
        ('{"type":"message_delta","delta":null,"usage":null}', MessageDelta()),
        ('{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":null}}', TextDelta(2, "")),
        ('{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"\\ud83d"}}', TextDelta(2, "?")),
        ('{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"a\tb"}}', TextDelta(2, "a\tb")),
        ('{"type":"content_block_start","index":1,"content_block":{"type":"thinking"}}', BlockStart(1, Thinking(""))),
        (
            '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","input":{"b" : 1.0}}}',
            BlockStart(1, ToolUse("a", "", '{"b" : 1.0}')),
        ),
        (
            '{"type":"content_block_start","index":1,"content_block":{ "type": "new",  "n": 1e2 }}',
            BlockStart(1, Opaque("new", '{ "type": "new",  "n": 1e2 }')),
        ),
        (
            '{"type":"content_block_start","index":1,"content_block":{"type":"text","text":{"odd":1}}}',
            BlockStart(1, Opaque("text", '{"type":"text","text":{"odd":1}}')),
        ),
        (
            '{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"a": [1.50]}}}',
            CitationDelta(1, '{"a": [1.50]}'),
        ),
        (
            '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"a"}}',
            InputDelta(1, '{"a'),
        ),
    ],
)
def test_what_is_new_or_missing_does_no_harm(data, event):
    assert wire.parse(data) == event


@pytest.mark.parametrize("data", ["hello", "[1]", '"text"', '{"type":', '{"type":"content_block_delta","index":"one"}'])
def test_what_is_no_event_is_an_error(data):
    with pytest.raises(ProtocolError):
        wire.parse(data)


@pytest.mark.parametrize(
    ("data", "type", "message"),
    [
        (
            '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
            "overloaded_error",
            "Overloaded",
        ),
        ('{"type":"error","error":"boom"}', "", "boom"),
        ('{"error":{"message":"no outer type","code":500}}', "", "no outer type"),
        ('{"type":"error"}', "", ""),
    ],
)
def test_an_error_event_is_raised(data, type, message):
    with pytest.raises(wire.ErrorSent) as caught:
        wire.parse(data)
    assert (caught.value.details.type, caught.value.details.message) == (type, message)


# Whole messages

WHOLE = b"""{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
 {"type":"thinking","thinking":"Hm","signature":"S"},{"type":"text","text":"Two moons.","citations":null},
 {"type":"tool_use","id":"t","name":"n","input":{ "a":1 }}],
 "stop_reason":"end_turn","stop_details":null,"usage":{"input_tokens":12,"output_tokens":9,"server_tool_use":null}}"""


def test_a_whole_message_gives_the_events_of_a_stream():
    found = finish(fold_all(start("", 0.0), wire.parse_message(WHOLE)), "complete")
    assert found.blocks == (Thinking("Hm", "S"), Text("Two moons."), ToolUse("t", "n", '{ "a":1 }'))
    assert (found.id, found.stop_reason, found.usage.output_tokens) == ("msg_1", "end_turn", 9)


@pytest.mark.parametrize(
    ("diagnostics", "reason"),
    [
        ('{"cache_miss_reason":{"type":"tools_changed","cache_missed_input_tokens":900}}', "tools_changed"),
        ('{"cache_miss_reason":{"type":"new_reason"}}', "new_reason"),
        ('{"cache_miss_reason":null}', ""),
        ('{"cache_miss_reason":{}}', ""),
        ('{"cache_miss_reason":"lots"}', ""),
        ("null", ""),
        ("[]", ""),
    ],
)
def test_why_the_cache_was_missed_is_read_where_it_is_said(diagnostics, reason):
    event = wire.parse(f'{{"type":"message_start","message":{{"id":"m","diagnostics":{diagnostics}}}}}')
    assert event == MessageStart(id="m", cache_miss=reason)
    assert fold_all(start("", 0.0), [event, MessageStart()]).message.cache_miss == reason


def test_a_whole_message_may_be_empty():
    events = wire.parse_message(b'{"content":null}')
    assert finish(fold_all(start("", 0.0), events), "complete").blocks == ()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"ok":true}', b""])
def test_json_that_is_no_message_is_an_error(body):
    with pytest.raises(ProtocolError):
        wire.parse_message(body)


def test_an_error_may_come_with_status_200():
    with pytest.raises(wire.ErrorSent) as caught:
        wire.parse_message(b'{"error":{"type":"api_error","message":"no"}}')
    assert caught.value.details.message == "no"


def test_pages_and_counts():
    assert wire.parse_next_page(b'{"data":[],"has_more":true,"last_id":"x"}') == "x"
    assert wire.parse_next_page(b'{"data":[],"has_more":false,"last_id":"x"}') == ""
    assert wire.parse_next_page(b'{"object":"list","data":[]}') == ""
    assert wire.parse_next_page(b"oops") == ""
    assert wire.parse_count(b'{"input_tokens":2095}') == 2095
    with pytest.raises(ProtocolError):
        wire.parse_count(b'{"detail":"Not Found"}')
