"""Every request that we build is one by the official SDK's types, and one that the simulator takes.

The first half proves that the type check looks everywhere: a rich request is made wrong at every place in it, one at a time.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import msgspec
import pytest
import sdk_types
import transcripts as conversations
from hypothesis import given
from hypothesis import strategies as st
from sdk_types import NotTheApisShape

from tui.anthropic.models import MODELS, find, is_retired
from tui.anthropic.request import Options, build_body, encode
from tui.chat.transcript import (
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Transcript,
)
from tui.demo.service import DEMO_KEY, FakeAnthropic

LIVING = [model for model in MODELS if not is_retired(model)]
MODES = [None, "on", "off"]
LONG = "The tide runs out. " * 300
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "url": "https://tides.example",
            "title": "T",
            "encrypted_content": "RA==",
            "page_age": "2 days ago",
        }
    ],
}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tide"}}


def rich_request() -> dict:
    """A request of ours with a block of every kind in it, as JSON."""
    return json.loads(encode(build_body(rich_transcript(), Options(model=find("claude-sonnet-5-5"), effort="low"))))


def rich_transcript() -> Transcript:
    image = Image("image/png", conversations.PNG, name="fjord.png")
    pdf = Document("application/pdf", conversations.PDF, name="chart.pdf")
    plain = Document("text/plain", "aGk=")
    answer = (
        Thinking("Hm.", "c2lnbmVk"),
        RedactedThinking("ZGF0YQ=="),
        Opaque("server_tool_use", json.dumps(SEARCH)),
        Opaque("web_search_tool_result", json.dumps(FOUND)),
        Text("High water.", conversations.CITATIONS),
        ToolUse("toolu_1", "get_tide", '{"port": "Brest"}'),
    )
    return Transcript(
        system=LONG,
        tools=(conversations.TIDE,),
        messages=(
            Message(role="user", blocks=(image, pdf, plain, Text("Which way?"))),
            Message(role="assistant", blocks=answer, model="claude-sonnet-5-5", stop_reason="tool_use"),
            Message(role="user", blocks=(ToolResult("toolu_1", (Text(LONG), image, pdf), is_error=True),)),
        ),
    )


Path = tuple[str | int, ...]
FREE = {"input", "input_schema"}
"""Fields that hold whatever a tool wants, below the first level."""


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """Every place in the JSON, the insides of free fields left out."""
    yield path
    if path and path[-1] in FREE:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    if isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))


def at(value, path: Path):
    for step in path:
        value = value[step]
    return value


def changed(path: Path, new: object) -> bytes:
    body = copy.deepcopy(rich_request())
    at(body, path[:-1])[path[-1]] = new
    return json.dumps(body).encode()


RICH = rich_request()
PLACES = list(places(RICH))
DICTS = [path for path in PLACES if isinstance(at(RICH, path), dict) and not (path and path[-1] in FREE)]
LISTS = [path for path in PLACES if isinstance(at(RICH, path), list)]


def name(path: Path) -> str:
    return ".".join(map(str, path)) or "request"


def test_the_rich_request_passes_and_has_every_kind_of_block_at_every_depth() -> None:
    sdk_types.check(json.dumps(RICH).encode())
    kinds = {at(RICH, path)["type"] for path in DICTS if "type" in at(RICH, path)}
    assert kinds >= {"text", "image", "document", "base64", "tool_use", "tool_result", "thinking", "redacted_thinking"}
    assert kinds >= {"server_tool_use", "web_search_tool_result", "web_search_result", "char_location", "ephemeral"}
    assert max(map(len, PLACES)) >= 7  # messages.2.content.0.content.1.source.data


@pytest.mark.parametrize("path", DICTS, ids=name)
def test_the_check_refuses_an_unknown_field(path: Path) -> None:
    body = copy.deepcopy(RICH)
    at(body, path)["surprise"] = 1
    with pytest.raises(NotTheApisShape):
        sdk_types.check(json.dumps(body).encode())


@pytest.mark.parametrize("path", [path for path in PLACES if path], ids=name)
@pytest.mark.parametrize("wrong", [[[]], 7.5], ids=repr)
def test_the_check_refuses_a_value_of_another_type(path: Path, wrong: object) -> None:
    with pytest.raises(NotTheApisShape):
        sdk_types.check(changed(path, wrong))


@pytest.mark.parametrize("path", LISTS, ids=name)
def test_the_check_refuses_a_stranger_at_the_end_of_a_list(path: Path) -> None:
    with pytest.raises(NotTheApisShape):
        sdk_types.check(changed(path, [*at(RICH, path), {"type": "stranger"}]))


NEEDED = {"model", "max_tokens", "messages", "role", "content", "type", "text", "source", "data", "media_type"}
NEEDED |= {"signature", "tool_use_id", "id", "name", "input", "input_schema", "url", "cited_text", "encrypted_content"}
REQUIRED = [
    path
    for path in PLACES
    if path
    and path[-1] in NEEDED
    # Only a tool's result may do without content.
    and not (path[-1] == "content" and at(RICH, path[:-1]).get("type") == "tool_result")
]


@pytest.mark.parametrize("path", REQUIRED, ids=name)
def test_the_check_refuses_a_missing_field(path: Path) -> None:
    body = copy.deepcopy(RICH)
    del at(body, path[:-1])[path[-1]]
    with pytest.raises(NotTheApisShape):
        sdk_types.check(json.dumps(body).encode())


@pytest.mark.parametrize("wrong", [b"", b"[]", b'{"model": "x"}', b'{"model": 1, "max_tokens": 1, "messages": []}'])
def test_the_check_refuses_what_is_no_request(wrong: bytes) -> None:
    with pytest.raises(NotTheApisShape):
        sdk_types.check(wrong)


def test_the_check_does_not_round_or_convert() -> None:
    for wrong in ("64", 64.5, True):
        with pytest.raises(NotTheApisShape):
            sdk_types.check(changed(("max_tokens",), wrong))


# And the requests that we build


@given(
    conversations.transcripts(),
    st.sampled_from(MODELS),
    st.sampled_from([None, "low", "medium", "high", "xhigh", "max"]),
    st.booleans(),
    st.sampled_from(MODES),
    st.sampled_from(["5m", "1h"]),
    st.sampled_from(["anthropic", "basic"]),
)
def test_every_request_is_one_by_the_sdks_types(
    transcript: Transcript, model, effort, show_thinking, thinking, lifetime, dialect
) -> None:
    options = Options(
        model=model,
        effort=effort,
        show_thinking=show_thinking,
        thinking=thinking,
        lifetime=lifetime,
        dialect=dialect,
    )
    sdk_types.check(encode(build_body(transcript, options)))


HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}


def without_thinking(transcript: Transcript) -> Transcript:
    """The simulator signs thinking itself, and knows a made-up signature."""
    messages = tuple(
        msgspec.structs.replace(
            message,
            blocks=tuple(block for block in message.blocks if not isinstance(block, Thinking | RedactedThinking)),
        )
        for message in transcript.messages
    )
    return Transcript(messages=messages, system=transcript.system, tools=transcript.tools)


@given(
    conversations.transcripts().map(without_thinking),
    st.sampled_from(LIVING),
    st.sampled_from([None, "low", "medium", "high", "xhigh", "max"]),
    st.booleans(),
    st.sampled_from(MODES),
    st.sampled_from(["5m", "1h"]),
)
def test_every_request_is_one_that_the_simulator_takes(
    transcript: Transcript, model, effort, show_thinking, thinking, lifetime
) -> None:
    options = Options(model=model, effort=effort, show_thinking=show_thinking, thinking=thinking, lifetime=lifetime)
    body = encode(build_body(transcript, options))
    reply = FakeAnthropic().respond("POST", "/v1/messages", HEADERS, body)
    assert reply.status == 200, reply
