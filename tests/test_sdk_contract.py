"""The official SDK talks to the simulator as to the real API: an independent client vouches for what we test against."""

from __future__ import annotations

import anthropic
import pytest

from tui.demo.reply import Cut, Gate
from tui.demo.scenarios import (
    HTML_502,
    SPEND_CAP,
    Answer,
    Error,
    Search,
    SearchResult,
    Text,
    Thinking,
    ToolUse,
    error_event,
    refusal,
)
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

MODEL = "claude-sonnet-5-5"
SHOWN = {"type": "adaptive", "display": "summarized"}
TIDE = {
    "name": "get_tide",
    "description": "The tide at a port.",
    "input_schema": {"type": "object", "properties": {"port": {"type": "string"}}, "required": ["port"]},
}


@pytest.fixture
def server():
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def client(server):
    with anthropic.Anthropic(api_key=DEMO_KEY, base_url=server.url, max_retries=0) as client:
        yield client


def create(client, *messages, **fields):
    said = list(messages) or [{"role": "user", "content": "Hi"}]
    return client.messages.create(**{"model": MODEL, "max_tokens": 1000, "messages": said, **fields})


def test_a_message(server, client):
    server.service.script(Answer(Text("Two moons.")))
    message = create(client)
    assert message.content[0].text == "Two moons."
    assert (message.role, message.model, message.stop_reason) == ("assistant", MODEL, "end_turn")
    assert message.usage.input_tokens == 1
    assert message.usage.output_tokens == 4
    assert message._request_id == "req_demo000001"


def test_a_stream(server, client):
    server.service.script(Answer(Thinking("Mars? ", "Yes."), Text("Two ", "moons: Φόβος, Δεῖμος.")))
    with client.messages.stream(
        model=MODEL, max_tokens=1000, thinking=SHOWN, messages=[{"role": "user", "content": "Hi"}]
    ) as stream:
        kinds = [event.type for event in stream]
        message = stream.get_final_message()
    assert kinds[0] == "message_start"
    assert {"thinking", "signature", "text", "content_block_stop", "message_stop"} <= set(kinds)
    thinking, text = message.content
    assert thinking.thinking == "Mars? Yes."
    assert thinking.signature
    assert text.text == "Two moons: Φόβος, Δεῖμος."
    assert message.usage.output_tokens_details.thinking_tokens == 4


def test_a_tool_round_trip_with_thinking(server, client):
    server.service.script(
        Answer(Thinking("I need the tide."), Text("Checking."), ToolUse("get_tide", input={"port": "Brest"})),
        Answer(Text("High water at 06:12.")),
    )
    fields = {"tools": [TIDE], "thinking": SHOWN}
    question = {"role": "user", "content": "When is high water?"}
    with client.messages.stream(model=MODEL, max_tokens=1000, messages=[question], **fields) as stream:
        asked = stream.get_final_message()
    assert asked.stop_reason == "tool_use"
    call = asked.content[-1]
    assert (call.name, call.input) == ("get_tide", {"port": "Brest"})
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "06:12"}]}
    answer = create(client, question, asked.to_param(), result, **fields)
    assert answer.content[-1].text == "High water at 06:12."


def test_a_web_search_with_citations(server, client):
    citation = {
        "type": "web_search_result_location",
        "url": "https://tides.example/brest",
        "title": "Brest tides",
        "encrypted_index": "RGVtbw==",
        "cited_text": "High water 06:12",
    }
    found = SearchResult("https://tides.example/brest", "Brest tides", "2 days ago")
    server.service.script(Answer(Search("tide Brest", (found,)), Text("At 06:12.", citations=(citation,))))
    with client.messages.stream(
        model=MODEL,
        max_tokens=1000,
        messages=[{"role": "user", "content": "When?"}],
        tools=[{"type": "web_search_20250305", "name": "web_search"}],
    ) as stream:
        message = stream.get_final_message()
    query, results, text = message.content
    assert query.input == {"query": "tide Brest"}
    assert results.content[0].url == "https://tides.example/brest"
    assert text.citations[0].cited_text == "High water 06:12"
    assert message.usage.server_tool_use.web_search_requests == 1


def test_a_refusal(server, client):
    server.service.script(refusal(Text("Well, "), category="bio", explanation="Not that."))
    message = create(client)
    assert message.stop_reason == "refusal"
    assert (message.stop_details.category, message.stop_details.explanation) == ("bio", "Not that.")


def test_the_cache_is_told_in_usage(client):
    fields = {"system": [{"type": "text", "text": "Be kind. " * 400, "cache_control": {"type": "ephemeral"}}]}
    first, second = create(client, **fields).usage, create(client, **fields).usage
    assert first.cache_creation_input_tokens == first.cache_creation.ephemeral_5m_input_tokens == 1170
    assert second.cache_read_input_tokens == 1170
    assert second.input_tokens == first.input_tokens == 1


def test_diagnostics(client):
    first = create(client, diagnostics={"previous_message_id": None})
    assert first.diagnostics is None
    second = create(client, system="Other.", diagnostics={"previous_message_id": first.id})
    assert second.diagnostics.cache_miss_reason.type == "system_changed"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Error(400), anthropic.BadRequestError),
        (Error(401), anthropic.AuthenticationError),
        (Error(403), anthropic.PermissionDeniedError),
        (Error(404), anthropic.NotFoundError),
        (Error(409), anthropic.ConflictError),
        (Error(413), anthropic.RequestTooLargeError),
        (Error(429), anthropic.RateLimitError),
        (SPEND_CAP, anthropic.RateLimitError),
        (Error(500), anthropic.InternalServerError),
        (Error(504), anthropic.InternalServerError),
        (Error(529), anthropic.OverloadedError),
        (HTML_502, anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, error, kind, stream):
    server.service.script(error)
    with pytest.raises(kind) as caught:
        create(client, stream=stream)
    assert caught.value.status_code == error.status
    if error.body is None:
        assert caught.value.request_id == "req_demo000001"
        assert caught.value.body["error"]["message"]


def test_wrong_requests_are_refused(client):
    with pytest.raises(anthropic.NotFoundError, match="model: claude-nothing"):
        create(client, model="claude-nothing")
    with pytest.raises(anthropic.BadRequestError, match="temperature: Extra inputs are not permitted"):
        create(client, extra_body={"temperature": 0.5})
    with pytest.raises(anthropic.BadRequestError, match="prefill"):
        create(client, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "The"})


def test_a_wrong_key(server):
    with (
        anthropic.Anthropic(api_key="sk-wrong", base_url=server.url, max_retries=0) as client,
        pytest.raises(anthropic.AuthenticationError),
    ):
        create(client)


def test_an_oauth_token(server):
    with anthropic.Anthropic(
        auth_token="sk-ant-oat01-demo",
        base_url=server.url,
        max_retries=0,
        default_headers={"anthropic-beta": "oauth-2025-04-20"},
    ) as client:
        assert create(client).content


def test_the_sdk_retries_as_it_does_with_the_real_api(server):
    server.service.script(Error(529, headers={"retry-after-ms": "1"}), Answer(Text("At last.")))
    with anthropic.Anthropic(api_key=DEMO_KEY, base_url=server.url, max_retries=1) as client:
        assert create(client).content[0].text == "At last."
    assert server.requests[1].headers["x-stainless-retry-count"] == "1"


def test_an_error_in_mid_stream(server, client):
    server.service.script(Answer(Text("Half a sen", error_event())))
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        client.messages.stream(model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "Hi"}]) as stream,
    ):
        assert "".join(stream.text_stream)
    assert "Overloaded" in str(caught.value)


def test_a_cut_connection(server, client):
    server.service.script(Answer(Text("one"), before=(Cut(),)))
    with pytest.raises(anthropic.APIConnectionError):
        create(client, stream=True)


def test_leaving_a_stream_early_is_noticed(server, client):
    server.service.script(Answer(Text("one ", Gate(), "two")))
    with client.messages.stream(model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "Hi"}]) as stream:
        assert next(iter(stream.text_stream)) == "one "
    assert server.wait_until_closed(1).closed_early


def test_count_tokens(client):
    counted = client.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": "x" * 1000}], tools=[TIDE]
    )
    assert counted.input_tokens > 325


def test_models_page_by_page(server, client):
    every = [model.id for model in client.models.list(limit=5)]
    assert len(every) == len(set(every)) > 15
    assert every == [model.id for model in client.models.list(limit=1000)]
    assert [request.path for request in server.requests[:2]] == [
        "/v1/models?limit=5",
        f"/v1/models?limit=5&after_id={every[4]}",
    ]
    model = client.models.retrieve(MODEL)
    assert model.capabilities.thinking.types.adaptive.supported
    assert model.max_input_tokens == 1_000_000
    retired = [model.id for model in client.models.list(lifecycle=["retired"], limit=1000)]
    assert "claude-sonnet-4-20250514" in retired


@pytest.mark.anyio
async def test_the_async_client(server):
    server.service.script(Answer(Text("Two ", "moons.")))
    async with (
        anthropic.AsyncAnthropic(api_key=DEMO_KEY, base_url=server.url, max_retries=0) as client,
        client.messages.stream(model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "Hi"}]) as stream,
    ):
        assert "".join([text async for text in stream.text_stream]) == "Two moons."
