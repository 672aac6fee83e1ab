"""Server-sent events: the data of each, however the stream is written and cut. Many at once take no more calls than few."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import DecodeError

from tui.anthropic import wire
from tui.anthropic.errors import ProtocolError
from tui.anthropic.sse import EventDecoder, EventTooLong
from tui.chat.events import BlockStart, StreamEvent, TextDelta
from tui.chat.reducer import coalesce, finish, fold_all, start
from tui.chat.transcript import Text
from tui.inputs.bounded import JsonDecoder, decode_json, json_problem
from tui.inputs.limits import EVENT_BYTES

LINE_ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"])
LINES = st.sampled_from(
    [
        *(b"data: {}", b"data: {}", b"data:{}", b"data", b"data:", b"data: ", b"data:  x", b"database: x", b"data : x"),
        *(b"event: x", b"event: data: x", b"id: 1", b": comment", b":", b"retry: 1", b" data: x", b"\xef\xbb\xbf"),
        *(b"\xef\xbb\xbfdata: first", b"\xef\xbb\xbfevent: x", b"data: \xe2\x80\xa8 \x0b \x85", b"\xff", b"", b"", b""),
    ]
)
EVENT = st.sampled_from([[b"event: x", b"data: {}", b""]] * 3 + [[b"data: {}", b""], [b"id: 1", b"data: a", b""]])
STREAM = st.lists(EVENT | st.lists(LINES, max_size=4), max_size=12).map(
    lambda parts: [x for part in parts for x in part]
)


def spelt_out(stream: bytes) -> list[bytes]:
    """What the HTML standard says, line by line."""
    lines = stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    while lines and not lines[0]:
        del lines[0]
    events, data = [], None
    for number, line in enumerate(lines):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        name, colon, value = line.partition(b":")
        if not line:
            events += [data] if data is not None else []
            data = None
        elif name == b"data":
            value = value.removeprefix(b" ") if colon else b""
            data = value if data is None else data + b"\n" + value
    return events


def fed(pieces: Iterable[bytes]) -> list[bytes]:
    decoder = EventDecoder()
    return [bytes(event) for piece in pieces for event in decoder.feed(piece)]


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    at = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in pairwise(at)]


@settings(deadline=None)
@given(STREAM, LINE_ENDS, st.lists(st.integers(0, 10_000), max_size=6))
@example([b"", b"\xef\xbb\xbfdata: a", b"", b"event: x", b"data: b", b""], b"\n", [])
def test_any_lines_in_any_pieces_are_read_as_the_standard_says(
    lines: list[bytes], line_end: bytes, places: list[int]
) -> None:
    stream = b"".join(line + line_end for line in lines)
    assert fed(cut(stream, places)) == spelt_out(stream)


@pytest.mark.parametrize("places", [[], [7], range(0, 400, 3)])
def test_the_events_before_one_that_is_too_long_are_not_lost(places: Iterable[int]) -> None:
    stream = b"event: x\ndata: {}\n\n" * 20 + b"data: " + b"x" * EVENT_BYTES
    decoder, found = EventDecoder(), list[object]()
    with pytest.raises(EventTooLong) as caught:
        found += (event for piece in cut(stream, places) for event in decoder.feed(piece))
    assert len(found) + len(caught.value.before) == 20


DELTA = b'{"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":"%s"}}'
PAYLOADS = st.sampled_from(
    [
        *(
            DELTA % (index, b"text_delta", b"text", text)
            for index in (0, 0, 0, 1)
            for text in (b"a", b"b ", b"", b"\\n")
        ),
        *(DELTA % (0, b"thinking_delta", b"thinking", b"hm"), DELTA % (0, b"input_json_delta", b"partial_json", b"{")),
        *(DELTA % (0, b"text_delta", b"text", b"\\ud800"), DELTA % (0, b"text_delta", b"text", b"\xff")),
        DELTA % (0, b"signature_delta", b"signature", b"S="),
        b'{"type":"content_block_delta","delta":{"type":"text_delta","text":null}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"new_delta"}}',
        b'{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}',
        *(
            b'{"type":"content_block_stop","index":0}',
            b'{"type":"ping"}',
            b'{"type":"new"}',
            b'{"type":"message_stop"}',
        ),
        *(b"[DONE]", b"", b"{}", b" ", b"[1]", b"x", b'\xef\xbb\xbf{"type":"ping"}', b'{"type":"ping"}\n'),
        *(
            b'{"type":"ping"}{"type":"ping"}',
            b'{"type":"ping"}{"type":"ping","x":[1,{}',
            b"{}]}",
            b'{"type":"ping"',
            b"}",
        ),
        *(b'{"type":"ping","x":' + b"[" * 300 + b"]" * 300 + b"}", b'{"type":"ping","x":' + b"[" * 5_000 + b"}"),
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    ]
)


def outcome(parse: Callable[[], Iterable[StreamEvent | None]]) -> tuple[object, ...]:
    """The events, with adjacent deltas joined, and what ended them."""
    events: list[StreamEvent] = []
    try:
        for event in parse():
            if event is not None:
                events.append(event)
    except (ProtocolError, wire.ErrorSent) as error:
        return coalesce(events), type(error), str(error)
    return coalesce(events), None


@settings(deadline=None)
@given(st.lists(PAYLOADS, max_size=8))
def test_many_events_at_once_are_those_that_each_is_alone(payloads: list[bytes]) -> None:
    assert outcome(lambda: wire.parse_all(payloads)) == outcome(lambda: map(wire.parse, payloads))


OBJECTS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b",", b":", b"1", b'"a":', b"{}", b'{"a":{}}', b"\n", b"\\", b" "]
)


@settings(deadline=None)
@given(st.lists(st.lists(OBJECTS, max_size=5).map(b"".join), max_size=4))
def test_texts_are_decoded_at_once_only_if_each_is_one_object(texts: list[bytes]) -> None:
    decoder = JsonDecoder(dict)
    with suppress(DecodeError):
        assert decoder.decode_each(texts) == [decode_json(text) for text in texts]
        assert not any(map(json_problem, texts))


def test_a_thousand_deltas_take_no_more_calls_of_ours_than_ten() -> None:
    def calls(count: int) -> int:
        stream = b"event: content_block_delta\ndata: " + DELTA % (0, b"text_delta", b"text", b"word") + b"\n\n"
        chunk, decoder, made = stream * count, EventDecoder(), 0
        decoder.feed(stream)

        def note(frame: object, event: str, arg: object) -> None:
            nonlocal made
            made += event == "call"

        sys.setprofile(note)
        try:
            events = list(wire.parse_all(decoder.feed(chunk)))
        finally:
            sys.setprofile(None)
        assert events == [TextDelta(0, "word" * count)]
        return made

    assert calls(1_000) == calls(10) < 20


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "é", "漢字 ", "\n", "👩‍🚀"]), max_size=30),
    st.lists(st.integers(0, 9_999), max_size=9),
)
def test_any_cut_of_a_stream_gives_the_same_events_and_message(words: list[str], places: list[int]) -> None:
    frames = [b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n']
    for number, word in enumerate(words):
        delta = DELTA % (number // 7, b"text_delta", b"text", word.replace("\n", "\\n").encode())
        frames.append(b"event: content_block_delta\ndata: " + delta + b"\n\n")
    stream = b"".join(frames)
    decoder, events = EventDecoder(), list[StreamEvent]()
    for piece in cut(stream, places):
        events += wire.parse_all(decoder.feed(piece))
    whole = coalesce(wire.parse_all(EventDecoder().feed(stream)))
    assert coalesce(events) == whole
    assert whole[0] == BlockStart(0, Text(""))
    message = finish(fold_all(start("m", 0.0), events), "complete")
    assert message == finish(fold_all(start("m", 0.0), whole), "complete")
    assert "".join(block.text for block in message.blocks if isinstance(block, Text)) == "".join(words)
