"""Foreign servers: each deviates in the ways that were seen, and checks next to nothing."""

from __future__ import annotations

import json

import pytest
from asking import ask, events, request, text, user

from tui.demo.dialects import DIALECTS
from tui.demo.scenarios import Answer, Error, Text, Thinking, ToolUse
from tui.demo.service import FakeAnthropic

ANSWER = Answer(Thinking("Hm."), Text("Well, then."), ToolUse("look", input={"at": "Mars"}))


def stream(dialect):
    service = FakeAnthropic(dialect=dialect)
    service.script(ANSWER)
    return ask(service, request(model="llama-9", stream=True), x_api_key=None, anthropic_version=None)


def of_kind(reply, kind):
    return [event for event in events(reply) if event["type"] == kind]


def blocks(reply):
    """What a client puts together, by index."""
    content = {event["index"]: dict(event["content_block"]) for event in of_kind(reply, "content_block_start")}
    partial = dict.fromkeys(content, "")
    for event in of_kind(reply, "content_block_delta"):
        delta, block = event["delta"], content[event["index"]]
        for name in ("text", "thinking", "signature"):
            if name in delta:
                block[name] = block.get(name, "") + delta[name]
        partial[event["index"]] += delta.get("partial_json", "")
    for index, written in partial.items():
        if written:
            content[index]["input"] = json.loads(written)
    return [content[index] for index in sorted(content)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(dialect):
    thinking, said, call = blocks(stream(dialect))
    assert thinking["thinking"] == "Hm."
    assert said["text"] == "Well, then."
    assert (call["name"], call["input"]) == ("look", {"at": "Mars"})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_answers_whole_messages(dialect):
    service = FakeAnthropic(dialect=dialect)
    service.script(ANSWER)
    told = ask(service, {"model": "llama-9", "messages": [user("Hi")]}, x_api_key=None).json()
    assert [block["type"] for block in told["content"]] == ["thinking", "text", "tool_use"]
    assert told["stop_reason"] == "tool_use"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_dialect_has_pings_or_anthropics_headers(dialect):
    reply = stream(dialect)
    assert of_kind(reply, "ping") == []
    assert reply.header("anthropic-ratelimit-tokens-limit") == ""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_models_come_in_openais_shape(dialect):
    reply = ask(FakeAnthropic(dialect=dialect), b"", path="/v1/models", method="GET", x_api_key=None)
    assert reply.json()["object"] == "list"


@pytest.mark.parametrize(
    ("dialect", "counts"), [("ollama", False), ("llama.cpp", True), ("vllm", False), ("litellm", True)]
)
def test_some_count_tokens_and_some_do_not(dialect, counts):
    reply = ask(FakeAnthropic(dialect=dialect), request(), path="/v1/messages/count_tokens")
    assert reply.status == (200 if counts else 404)


def test_ollama():
    reply = stream("ollama")
    (started,) = of_kind(reply, "message_start")
    assert "stop_reason" not in started["message"]
    assert set(started["message"]["usage"]) == {"input_tokens", "output_tokens"}
    assert "signature" not in blocks(reply)[0]
    assert [
        e["delta"]["partial_json"] for e in of_kind(reply, "content_block_delta") if "partial_json" in e["delta"]
    ] == ['{"at": "Mars"}']


def test_llama_cpp():
    reply = stream("llama.cpp")
    (started,) = of_kind(reply, "message_start")
    assert started["message"]["id"].startswith("chatcmpl-")
    starts = [event["content_block"] for event in of_kind(reply, "content_block_start")]
    assert starts[0] == {"type": "thinking", "thinking": ""}
    assert "input" not in starts[2]
    kinds = [event["type"] for event in events(reply)]
    assert kinds[1:4] == ["content_block_start"] * 3
    assert kinds[-5:] == ["content_block_stop"] * 3 + ["message_delta", "message_stop"]
    assert set(of_kind(reply, "message_delta")[0]["usage"]) == {"output_tokens"}
    assert blocks(reply)[0]["signature"] == ""


def test_vllm():
    reply = stream("vllm")
    (started,) = of_kind(reply, "message_start")
    assert started["message"]["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert "stop_reason" not in started["message"]
    assert of_kind(reply, "message_delta")[0]["usage"]["input_tokens"] > 0
    assert reply.read().endswith(b"data: [DONE]\n\n")
    assert blocks(reply)[0]["signature"]


def test_vllm_errors():
    service = FakeAnthropic(dialect="vllm")
    service.script(Error(500, message="no memory"))
    assert ask(service, request()).json() == {
        "type": "error",
        "error": {"type": "internal_error", "message": "no memory"},
    }


def test_litellm():
    reply = stream("litellm")
    (started,) = of_kind(reply, "message_start")
    assert started["message"]["content"] is None
    assert started["message"]["usage"]["input_tokens"] == 0
    assert of_kind(reply, "message_delta")[0]["usage"]["input_tokens"] > 0


def test_one_answer_can_be_in_a_dialect():
    service = FakeAnthropic()
    service.script(Answer(Text("x"), dialect="llama.cpp"))
    assert of_kind(ask(service, request(stream=True)), "message_start")[0]["message"]["id"].startswith("chatcmpl-")
    assert ask(service, request(user(text("")))).status == 400
