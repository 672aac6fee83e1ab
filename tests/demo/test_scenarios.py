"""What a script can make of an answer: every kind of block, every way to end, every way to go wrong."""

from __future__ import annotations

import json

import pytest
from asking import ask, assistant, complaint, events, request, text, usage, user

from tui.demo.reply import Cut, Gate, Pause
from tui.demo.scenarios import (
    COMMENT,
    DONE,
    HTML_413,
    HTML_502,
    SPEND_CAP,
    Answer,
    Block,
    Error,
    Event,
    Pace,
    Raw,
    RedactedThinking,
    Search,
    SearchResult,
    Text,
    Thinking,
    ToolUse,
    error_event,
    refusal,
)
from tui.demo.service import FakeAnthropic

SHOWN = {"type": "adaptive", "display": "summarized"}


def scripted(*scenarios, **fields):
    """The replies that these scenarios give, one after the other, to a streaming request."""
    service = FakeAnthropic()
    service.script(*scenarios)
    replies = [ask(service, request(stream=True, thinking=SHOWN, **fields)) for _ in scenarios]
    return replies[0] if len(replies) == 1 else replies


def kinds(reply):
    return [event["type"] for event in events(reply)]


def deltas(reply, kind):
    name = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}[kind]
    found = [event["delta"] for event in events(reply) if event["type"] == "content_block_delta"]
    return [delta[name] for delta in found if delta["type"] == kind]


def ending(reply):
    return next(event for event in events(reply) if event["type"] == "message_delta")


def test_a_stream_has_the_grammar_of_the_api():
    reply = scripted(
        Answer(Thinking("Hm, hm."), Text("Two moons."), ToolUse("look", input={"at": "Mars"}, id="toolu_9"))
    )
    started, ping, *middle, delta, stopped = events(reply)
    assert (started["type"], ping["type"], stopped["type"]) == ("message_start", "ping", "message_stop")
    assert started["message"]["content"] == []
    assert started["message"]["stop_reason"] is None
    assert [event["index"] for event in middle if event["type"] == "content_block_start"] == [0, 1, 2]
    assert [event["index"] for event in middle if event["type"] == "content_block_stop"] == [0, 1, 2]
    assert deltas(reply, "text_delta") == ["Two ", "moons."]
    assert deltas(reply, "thinking_delta") == ["Hm, ", "hm."]
    pieces = deltas(reply, "input_json_delta")
    assert pieces[0] == ""
    assert json.loads("".join(pieces)) == {"at": "Mars"}
    assert delta["delta"]["stop_reason"] == "tool_use"


def test_whole_and_streamed_answers_are_the_same():
    answer = Answer(
        Thinking("Hm."),
        Search("tide", (SearchResult("https://tides.example", "Tides"),)),
        Text("High.", citations=({"type": "web_search_result_location", "url": "https://tides.example"},)),
        RedactedThinking("abc"),
        ToolUse("look", input={"at": "Mars"}),
    )
    service = FakeAnthropic()
    service.script(answer)
    whole = ask(service, request(thinking=SHOWN)).json()
    assert [block["type"] for block in whole["content"]] == [
        "thinking",
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "redacted_thinking",
        "tool_use",
    ]
    assert whole["content"][1]["input"] == {"query": "tide"}
    assert whole["content"][2]["tool_use_id"] == whole["content"][1]["id"]
    assert whole["content"][3]["citations"][0]["url"] == "https://tides.example"
    assert whole["content"][5]["input"] == {"at": "Mars"}
    assert whole["usage"]["server_tool_use"] == {"web_search_requests": 1}
    streamed = scripted(answer)
    assert ending(streamed)["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_output_is_counted_and_thinking_is_a_part_of_it():
    told = ending(scripted(Answer(Thinking("x" * 40), Text("y" * 80)), model="claude-sonnet-4-6"))["usage"]
    assert told["output_tokens"] == 30
    assert told["output_tokens_details"] == {"thinking_tokens": 10}


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"thinking": SHOWN}, "Hm."),
        ({}, ""),
        ({"thinking": {"type": "adaptive"}}, ""),
        ({"thinking": {"type": "between_tools"}}, None),
        ({"model": "claude-sonnet-4-6"}, None),
        ({"model": "claude-sonnet-4-6", "thinking": {"type": "adaptive"}}, "Hm."),
        ({"model": "claude-sonnet-4-6", "thinking": {"type": "adaptive", "display": "omitted"}}, ""),
    ],
)
def test_thinking_is_shown_to_those_who_asked(fields, seen):
    service = FakeAnthropic(replies=lambda body: Answer(Thinking("Hm."), Text("Well.")))
    blocks = ask(service, request(**fields)).json()["content"]
    assert [block["thinking"] for block in blocks if block["type"] == "thinking"] == ([] if seen is None else [seen])
    reply = ask(service, request(stream=True, **fields))
    signatures = [e for e in events(reply) if e.get("delta", {}).get("type") == "signature_delta"]
    assert len(signatures) == (0 if seen is None else 1)


def test_an_answer_ends_at_max_tokens_even_within_a_tool_call():
    reply = scripted(Answer(Text("x" * 40), Text("y" * 40)), model="claude-sonnet-4-6", max_tokens=15)
    assert "".join(deltas(reply, "text_delta")) == "x" * 40 + "y" * 20
    assert ending(reply)["delta"]["stop_reason"] == "max_tokens"
    assert ending(reply)["usage"]["output_tokens"] == 15
    cut = scripted(Answer(ToolUse("look", input={"at": "M" * 40})), model="claude-sonnet-4-6", max_tokens=5)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads("".join(deltas(cut, "input_json_delta")))


def test_an_answer_ends_at_a_stop_sequence():
    reply = scripted(Answer(Text("one, two, ", "three"), Text("four")), stop_sequences=["thr", "two"])
    assert "".join(deltas(reply, "text_delta")) == "one, "
    assert ending(reply)["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "two"}


def test_other_endings_are_said():
    before, after = refusal(category="bio"), refusal(Text("To begin, "), explanation="No.")
    first, second, paused, full, silent, empty = scripted(
        before,
        after,
        Answer(Text("So far."), stop_reason="pause_turn"),
        Answer(Text("Full."), stop_reason="model_context_window_exceeded"),
        Answer(Text("?"), stop_reason=None),
        Answer(),
    )
    assert ending(first)["delta"] == {
        "stop_reason": "refusal",
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": "bio", "explanation": None},
    }
    assert "content_block_start" not in kinds(first)
    assert deltas(second, "text_delta") == ["To ", "begin, "]
    assert ending(paused)["delta"]["stop_reason"] == "pause_turn"
    assert ending(full)["delta"]["stop_reason"] == "model_context_window_exceeded"
    assert ending(silent)["delta"]["stop_reason"] is None
    assert kinds(empty) == ["message_start", "ping", "message_delta", "message_stop"]


def test_usage_can_be_made_up():
    reply = scripted(Answer(Text("x"), usage={"input_tokens": 77, "cache_read_input_tokens": None}))
    assert events(reply)[0]["message"]["usage"]["input_tokens"] == 77
    assert ending(reply)["usage"]["cache_read_input_tokens"] is None


@pytest.mark.parametrize(
    ("error", "status", "type"),
    [
        (Error(400), 400, "invalid_request_error"),
        (Error(401), 401, "authentication_error"),
        (Error(403), 403, "permission_error"),
        (Error(408), 408, "timeout_error"),
        (Error(409), 409, "conflict_error"),
        (Error(429, headers={"retry-after": "2"}), 429, "rate_limit_error"),
        (Error(500, headers={"x-should-retry": "false"}), 500, "api_error"),
        (Error(504), 504, "timeout_error"),
        (Error(529), 529, "overloaded_error"),
        (Error(418, type="teapot_error", message="Short and stout"), 418, "teapot_error"),
    ],
)
def test_errors_come_in_the_apis_shape(error, status, type):
    reply = scripted(error)
    assert reply.status == status
    assert reply.json()["error"]["type"] == type
    assert complaint(reply)
    for name, value in error.headers.items():
        assert reply.header(name) == value
    assert bool(reply.header("anthropic-ratelimit-tokens-limit")) == (status == 429)


def test_the_spend_cap_has_its_code_and_no_retry_after():
    reply = scripted(SPEND_CAP)
    assert reply.json()["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert reply.header("retry-after") == ""


@pytest.mark.parametrize("error", [HTML_413, HTML_502, Error(500, body=b"", content_type="text/plain")])
def test_bodies_can_be_anything(error):
    reply = scripted(error)
    assert (reply.status, reply.read(), reply.header("content-type")) == (error.status, error.body, error.content_type)


def test_an_error_comes_whatever_the_request_an_answer_waits_for_a_good_one():
    service = FakeAnthropic()
    service.script(Error(529), Answer(Text("at last")))
    assert ask(service, request(), x_api_key=None).status == 529
    assert ask(service, request(), x_api_key=None).status == 401
    assert ask(service, request()).json()["content"][0]["text"] == "at last"


def test_a_script_can_be_for_another_path():
    service = FakeAnthropic()
    service.script(Error(500), to="/v1/models")
    assert ask(service, request()).status == 200
    assert ask(service, b"", path="/v1/models?limit=5", method="GET").status == 500
    assert ask(service, b"", path="/v1/models?limit=5", method="GET").status == 200


def test_an_error_in_mid_stream_is_the_last_event():
    reply = scripted(Answer(Text("Half a sen", error_event("api_error", "Oops"), "tence")))
    assert kinds(reply)[-1] == "error"
    assert events(reply)[-1]["error"] == {"type": "api_error", "message": "Oops"}
    assert "".join(deltas(reply, "text_delta")) == "Half a sen"


def test_an_error_event_can_be_followed_by_a_clean_end():
    reply = scripted(Answer(Text("Half"), Event(error_event().data)))
    assert kinds(reply)[-3:] == ["error", "message_delta", "message_stop"]


def test_steps_stand_where_they_were_put():
    gate = Gate()
    reply = scripted(Answer(Pause(1), Text("a ", gate, "b"), Cut(), before=(Pause(2),)))
    assert reply.before == (Pause(2),)
    steps = [step for step in reply.steps if not isinstance(step, bytes)]
    assert steps == [Pause(1), gate, Cut()]
    before_gate = b"".join(step for step in reply.steps[: reply.steps.index(gate)] if isinstance(step, bytes))
    assert b'"a "' in before_gate
    assert b'"b"' not in before_gate
    assert b"message_stop" not in reply.read()


def test_what_is_not_streamed_waits_before_its_first_byte():
    service = FakeAnthropic()
    service.script(Answer(Text("a", Pause(1), Cut())))
    reply = ask(service, request())
    assert reply.before == (Pause(1), Cut())


def test_a_stream_can_stand_still_before_its_first_event():
    gate = Gate()
    reply = scripted(Answer(Text("late"), opening=(COMMENT, gate)))
    assert reply.steps[:2] == (COMMENT.data, gate)
    assert b"message_start" in reply.steps[2]


def test_a_cut_can_fall_into_a_character():
    half = 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"世'.encode()[:-1]
    reply = scripted(Answer(Text("Hello ", Raw(half), Cut())))
    with pytest.raises(UnicodeDecodeError):
        reply.read().decode()


@pytest.mark.parametrize("sizes", [(1,), (7,), (1, 2, 300)])
def test_bytes_can_be_split_anywhere(sizes):
    answer = Answer(Text("Grüße, 世界", Gate(), "!"))
    whole, cut = scripted(answer), scripted(Answer(*answer.parts, split=sizes))
    assert cut.read() == whole.read()
    assert {len(step) for step in cut.steps if isinstance(step, bytes)} <= {*range(1, max(sizes) + 1)}
    assert sum(isinstance(step, Gate) for step in cut.steps) == 1


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lines_can_end_in_other_ways(newline):
    stream = scripted(Answer(Text("x"), newline=newline)).read()
    assert stream.count(newline.encode()) == 3 * stream.count(b"data: ")
    assert stream.replace(newline.encode(), b"\n") == scripted(Answer(Text("x"))).read()


def test_unknown_things_can_be_put_in():
    future = Event({"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta", "x": 1}})
    block = Block({"type": "hologram", "data": "x"}, ({"type": "hologram_delta", "x": 2},))
    reply = scripted(Answer(Event({"type": "weather"}), Text("a", future), block, COMMENT, after=(DONE,)))
    assert kinds(reply).count("weather") == 1
    assert {"type": "hologram_delta", "x": 2} in [event.get("delta") for event in events(reply)]
    assert {"type": "hologram", "data": "x"} in [event.get("content_block") for event in events(reply)]
    assert b": keep-alive\n\n" in reply.read()
    assert reply.read().endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("kind", ["message_start", "message_stop", "content_block_stop", "message_delta", "ping"])
def test_events_can_be_left_out(kind):
    assert kind in kinds(scripted(Answer(Text("x"))))
    assert kind not in kinds(scripted(Answer(Text("x"), leave_out=(kind,))))


def test_a_whole_message_can_answer_a_request_for_a_stream():
    reply = scripted(Answer(Text("whole"), as_json=True))
    assert reply.header("content-type") == "application/json"
    assert reply.json()["content"][0]["text"] == "whole"


def test_blocks_can_be_open_at_once():
    reply = scripted(Answer(Thinking("a b"), Text("c d"), interleaved=True))
    order = [
        (event["type"].removeprefix("content_block_"), event["index"]) for event in events(reply) if "index" in event
    ]
    assert order[:2] == [("start", 0), ("start", 1)]
    assert order[2:6] == [("delta", 0), ("delta", 1), ("delta", 0), ("delta", 1)]
    assert order[-2:] == [("stop", 0), ("stop", 1)]


def test_pace_is_pauses_between_the_deltas():
    service = FakeAnthropic(pace=Pace(first_s=0.5, tokens_per_s=10))
    service.script(Answer(Text("four " * 10)), Answer(Text("four " * 10), pace=Pace(first_s=3, tokens_per_s=100)))
    body = request(model="claude-sonnet-4-6", stream=True)
    own, scripts = ask(service, body), ask(service, body)
    assert own.steps[0] == Pause(0.5)
    assert sum(step.seconds for step in own.steps if isinstance(step, Pause)) == pytest.approx(0.5 + 50 / 4 / 10)
    assert scripts.steps[0] == Pause(3)
    assert sum(step.seconds for step in scripts.steps if isinstance(step, Pause)) == pytest.approx(3 + 50 / 4 / 100)


def test_deltas_can_have_a_size_of_their_own():
    assert deltas(scripted(Answer(Text("abcdefg"), delta_chars=3)), "text_delta") == ["abc", "def", "g"]


def test_the_words_of_a_text_add_up_again():
    words = "  two  spaces\n\n\nand\ttabs, 世界 " + "x" * 100 + "\n"
    assert "".join(deltas(scripted(Answer(Text(words))), "text_delta")) == words


def test_what_was_answered_can_be_sent_back():
    service = FakeAnthropic()
    service.script(Answer(Thinking("Hm."), Search("tide"), Text("Wait."), ToolUse("look", input={"at": "Mars"})))
    content = ask(service, request(thinking=SHOWN)).json()["content"]
    result = {"type": "tool_result", "tool_use_id": content[-1]["id"], "content": "red"}
    reply = ask(service, request(user("Hello there"), assistant(content), user(result, text("So?")), thinking=SHOWN))
    assert reply.status == 200, reply.json()
    assert usage(reply)[0] > 0
