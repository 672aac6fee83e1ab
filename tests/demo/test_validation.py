"""Every rule of a request: broken once, with the API's own complaint, and kept once."""

from __future__ import annotations

from typing import get_args

import pytest
from anthropic.types.anthropic_beta_param import AnthropicBetaParam
from asking import ask, assistant, complaint, request, text, user

from tui.demo.authentication import OAUTH_BETA
from tui.demo.betas import KNOWN
from tui.demo.service import FakeAnthropic

TOOL = {"name": "get_tide", "description": "Tides.", "input_schema": {"type": "object", "properties": {}}}
SEARCH_TOOL = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_tide", "input": {}}
OTHER_CALL = {**CALL, "id": "toolu_2"}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "high"}
OTHER_RESULT = {**RESULT, "tool_use_id": "toolu_2"}
SEARCHING = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tide"}}
MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
EFFORT = "output_config"
NEW_VERSION = {"anthropic_version": "2026-10-21"}
BINDING_BETA = {"anthropic_beta": "thinking-binding-controls-2026-08-01"}
DROP = {"prefix_mismatch_behavior": "drop_block"}


def said(*messages, **fields):
    return request(user("Hi"), *messages, **fields)


WRONG = {
    "no messages": (request() | {"messages": []}, "messages: at least one message is required"),
    "assistant first": (request(assistant("Hi"), user("Hi")), 'first message must use the "user" role'),
    "unknown role": (request({"role": "bot", "content": "Hi"}), "messages.0.role: Input should be"),
    "unknown field": (request(temprature=1), "temprature: Extra inputs are not permitted"),
    "unknown block field": (request(user(text("Hi", color="red"))), "messages.0.content.0.text.color: Extra inputs"),
    "unknown block": (request(user({"type": "smile"}, text("Hi"))), "messages.0.content.0: Input tag 'smile'"),
    "block without type": (request(user({"text": "Hi"}, text("Hi"))), "messages.0.content.0.type: Field required"),
    "tool use by the user": (request(user(CALL, text("Hi"))), "messages.0.content.0: Input tag 'tool_use'"),
    "content missing": (request({"role": "user"}), "messages.0.content: Field required"),
    "content null": (request({"role": "user", "content": None}), "messages.0.content: Input should be a valid list"),
    "content of strings": (request(user("a", "b")), "messages.0.content.0: Input should be a valid dictionary"),
    "text as number": (
        request(user(text(5), text("b"))),
        "messages.0.content.0.text.text: Input should be a valid str",
    ),
    "stream as text": (request(stream="yes"), "stream: Input should be a valid boolean"),
    "max_tokens as text": (request(max_tokens="9"), "max_tokens: Input should be a valid integer"),
    "negative max_tokens": (request(max_tokens=-1), "max_tokens: Input should be greater than or equal to 0"),
    "max_tokens too large": (
        request(max_tokens=200_000),
        "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-5-5",
    ),
    "empty content": (said(assistant("Yes"), user([])), "messages.2: all messages must have non-empty content"),
    "empty text": (request(user(text(""), text("b"))), "messages: text content blocks must be non-empty"),
    "blank text": (request(user(" \n")), "messages: text content blocks must contain non-whitespace text"),
    "empty text in a result": (
        said(assistant(CALL, OTHER_CALL), user({**RESULT, "content": [text("")]}, OTHER_RESULT)),
        "text content blocks must be non-empty",
    ),
    "empty system": (request(system=[text("")]), "system: text content blocks must be non-empty"),
    "prefill": (said(assistant("The answer is")), "does not support assistant message prefill"),
    "system message on an older model": (
        said({"role": "system", "content": "Be brief."}, model="claude-sonnet-5"),
        "messages.1: role 'system' is not supported on this model",
    ),
    "system message after an answer": (
        said(assistant("Yes?"), {"role": "system", "content": "Be brief."}),
        "messages.2: a system message must follow a user message",
    ),
    "system message before a user's": (
        said({"role": "system", "content": "Be brief."}, user("Hi")),
        "messages.1: a system message must be last or be followed",
    ),
    # Tools
    "tool without schema": (request(tools=[{"name": "x"}]), "tools.0.custom.input_schema: Field required"),
    "schema without type": (
        request(tools=[{**TOOL, "input_schema": {}}]),
        "tools.0.custom.input_schema.type: Field req",
    ),
    "tool with a bad name": (request(tools=[{**TOOL, "name": "get tide"}]), "tools.0.custom.name: String should match"),
    "tool of an unknown type": (request(tools=[{"type": "telepathy_1", "name": "x"}]), "tools.0.type: Input should be"),
    "same tool twice": (request(tools=[TOOL, TOOL]), "tools: Tool names must be unique."),
    "search with a bad field": (request(tools=[{**SEARCH_TOOL, "uses": 1}]), "tools.0.web_search_20250305.uses: Extra"),
    "forced tool": (
        request(tools=[TOOL], tool_choice={"type": "tool", "name": "get_tide"}),
        'tool_choice: type "tool" and "any" are not supported for this model.',
    ),
    "forced tool that is not there": (
        request(tools=[TOOL], tool_choice={"type": "tool", "name": "get_wind"}, model="claude-opus-5"),
        "Tool 'get_wind' not found",
    ),
    "forced without tools": (
        request(tool_choice={"type": "any"}, model="claude-opus-5"),
        "tool_choice: may only be specified while providing tools",
    ),
    "unanswered call": (
        said(assistant(CALL, OTHER_CALL), user("Go on")),
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1, toolu_2.",
    ),
    "call at the end": (said(assistant(text("Let me see."), CALL)), "`tool_use` ids were found without"),
    "one of two unanswered": (
        said(assistant(CALL, OTHER_CALL), user(RESULT, text("So?"))),
        "immediately after: toolu_2.",
    ),
    "text before the result": (said(assistant(text("Wait."), CALL), user(text("Here:"), RESULT)), "after: toolu_1."),
    "result for nothing": (
        said(assistant("Yes?"), user(RESULT, text("So?"))),
        "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1.",
    ),
    "two results": (said(assistant(text("Wait."), CALL), user(RESULT, RESULT)), "Found multiple `tool_result` blocks"),
    "same call twice": (said(assistant(CALL, CALL), user(RESULT, text("So?"))), "`tool_use` ids must be unique"),
    "text while a search is open": (
        said(assistant(SEARCHING, CALL), user(RESULT, text("So?"))),
        "only `tool_result` blocks may answer",
    ),
    # Thinking and effort
    "adaptive on 4.5": (
        request(model="claude-opus-4-5", thinking={"type": "adaptive"}),
        "adaptive thinking is not supported on this model",
    ),
    "enabled on 5.5": (
        request(max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 2000}),
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"',
    ),
    "disabled on Opus 5.5": (
        request(model="claude-opus-5-5", thinking={"type": "disabled"}),
        '"thinking.type.disabled"',
    ),
    "between_tools on Opus 5": (request(model="claude-opus-5", thinking={"type": "between_tools"}), "between_tools"),
    "disabled at xhigh": (
        request(model="claude-opus-5", thinking={"type": "disabled"}, output_config={"effort": "xhigh"}),
        "not supported with effort level 'xhigh'",
    ),
    "budget too small": (
        request(model="claude-sonnet-4-6", max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 100}),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    "budget too large": (
        request(model="claude-sonnet-4-6", max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 2000}),
        "`max_tokens` must be greater than `thinking.budget_tokens`",
    ),
    "budget and forced tool": (
        request(
            model="claude-sonnet-4-6",
            max_tokens=4000,
            thinking={"type": "enabled", "budget_tokens": 2000},
            tools=[TOOL],
            tool_choice={"type": "any"},
        ),
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "unknown display": (
        request(thinking={"type": "adaptive", "display": "all"}),
        "thinking.adaptive.display: Input sh",
    ),
    "block binding without its header": (
        request(thinking={"type": "adaptive", "block_binding": DROP}),
        "thinking.adaptive.block_binding: Extra inputs are not permitted",
    ),
    "effort on 4.5": (
        request(model="claude-sonnet-4-5", output_config={"effort": "low"}),
        "This model does not support the effort parameter.",
    ),
    "xhigh on 4.6": (
        request(model="claude-opus-4-6", output_config={"effort": "xhigh"}),
        "does not support effort level 'xhigh'. Supported levels: high, low, max, medium.",
    ),
    "unknown effort": (request(output_config={"effort": "huge"}), "output_config.effort: Input should be 'low', "),
    "thinking without signature": (
        said(assistant({"type": "thinking", "thinking": "Hm."}, text("Yes?")), user("So?")),
        "messages.1.content.0.thinking.signature: Field required",
    ),
    "invented signature": (
        said(assistant({"type": "thinking", "thinking": "Hm.", "signature": "abcd"}, text("Yes?")), user("So?")),
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    # Sampling, speed, warming
    "temperature": (request(temperature=0.5), "`temperature` is not supported for this model."),
    "top_k": (request(top_k=5), "`top_k` is not supported for this model."),
    "too hot": (request(model="claude-sonnet-4-6", temperature=1.5), "temperature: range: 0..1"),
    "fast on Sonnet": (request(speed="fast"), "speed: 'fast' is not supported"),
    "fast Opus 4.8": (request(model="claude-opus-4-8", speed="fast"), "speed: 'fast' is not supported"),
    "fast without its header": (request(model="claude-opus-5", speed="fast"), "speed: Extra inputs are not permitted"),
    "warming as a stream": (request(max_tokens=0, stream=True), "max_tokens: 0 cannot be combined with `stream`"),
    # Cache markers
    "five markers": (
        request(user(*(text(word, **MARK) for word in "abcde"))),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "four and the automatic one": (
        request(user(*(text(word, **MARK) for word in "abcd"), text("e")), **MARK),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "an hour after five minutes": (
        request(user(text("a"), text("b", **HOUR)), system=[text("c", **MARK)]),
        "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'",
    ),
    "automatic of another ttl": (request(user(text("a"), text("b", **HOUR)), **MARK), "another ttl"),
    "marker on thinking": (
        said(assistant({"type": "thinking", "thinking": "", "signature": "x", **MARK}, text("Yes?")), user("So?")),
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    "marker within a result": (
        said(assistant(CALL, OTHER_CALL), user({**RESULT, "content": [text("high", **MARK)]}, OTHER_RESULT)),
        "messages.2.content.0.content.0.cache_control: cache_control is only allowed",
    ),
    "unknown lifetime": (
        request(user(text("a"), text("b", cache_control={"type": "ephemeral", "ttl": "2h"}))),
        "messages.0.content.1.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
    "too long for the model": (
        request(user("x" * 4 * 200_001), model="claude-haiku-4-5"),
        "prompt is too long: 200001 tokens > 200000 maximum",
    ),
}

RIGHT = {
    "a list of blocks": request(user(text("a"), text("b"))),
    "system as text": request(system="Be brief."),
    "neighbours of one role": request(user("a"), user("b")),
    "system message in the middle": said({"role": "system", "content": "Be brief."}),
    "prefill on 4.5": said(assistant("The answer is"), model="claude-sonnet-4-5"),
    "an empty final answer": said(assistant([]), model="claude-sonnet-4-5"),
    "a paused turn sent back": said(assistant(text("Searching."), SEARCHING)),
    "tools": request(tools=[TOOL, SEARCH_TOOL], tool_choice={"type": "auto", "disable_parallel_tool_use": True}),
    "a forced tool on Opus 5": request(tools=[TOOL], tool_choice={"type": "any"}, model="claude-opus-5"),
    "a call and its result": said(assistant(text("Wait."), CALL), user(RESULT, text("So?"))),
    "two calls and results": said(assistant(CALL, OTHER_CALL), user(OTHER_RESULT, {**RESULT, "is_error": True})),
    "results in two messages": said(assistant(CALL, OTHER_CALL), user(RESULT), user(OTHER_RESULT, text("So?"))),
    "adaptive": request(thinking={"type": "adaptive", "display": "summarized"}),
    "between_tools": request(thinking={"type": "between_tools"}),
    "disabled on Opus 5": request(model="claude-opus-5", thinking={"type": "disabled"}),
    "disabled at any effort on Sonnet 5": request(
        model="claude-sonnet-5", thinking={"type": "disabled"}, output_config={"effort": "max"}
    ),
    "a budget on 4.6": request(
        model="claude-sonnet-4-6", max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 2000}
    ),
    "effort": request(output_config={"effort": "xhigh"}),
    "default temperature": request(temperature=1.0),
    "temperature on 4.6": request(model="claude-sonnet-4-6", temperature=0.5),
    "fast Opus 5.5": request(model="claude-opus-5-5", speed="fast"),
    "fast Fable 5.2": request(model="claude-fable-5-2", speed="fast"),
    "warming the cache": request(max_tokens=0),
    "four markers": request(user(*(text(word, **MARK) for word in "abcd"))),
    "an hour before five minutes": request(user(text("a"), text("b", **MARK)), system=[text("c", **HOUR)]),
    "automatic on a marked block": request(user(text("a"), text("b", **MARK)), **MARK),
    "metadata": request(metadata={"user_id": "x"}, service_tier="auto", stop_sequences=["END"], inference_geo="us"),
    "an alias": request(model="claude-haiku-4-5"),
    "document": request(
        user({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}, text("?"))
    ),
    "another model's everything": request(model="claude-fable-5-2", max_tokens=128_000),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_rule_is_named(name):
    body, words = WRONG[name]
    reply = ask(FakeAnthropic(), body)
    assert reply.status == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert words in complaint(reply)


@pytest.mark.parametrize("name", RIGHT)
def test_what_keeps_the_rules_is_answered(name):
    reply = ask(FakeAnthropic(), RIGHT[name])
    assert reply.status == 200, reply.json()
    assert reply.json()["type"] == "message"


@pytest.mark.parametrize("field", ["model", "max_tokens", "messages"])
def test_what_is_required_is_missed(field):
    body = request()
    del body[field]
    assert complaint(ask(FakeAnthropic(), body)) == f"{field}: Field required"


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff\xfe", b"[]", b'"text"'])
def test_what_is_no_json_object_is_refused(payload):
    assert ask(FakeAnthropic(), payload).status == 400


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-4-20250514",
        "claude-opus-4-20250514",
        "claude-haiku-3-5-20241022",
        "claude-3-5-haiku-20241022",
        "claude-sonnet-4-6-20260217",
        "gpt-5",
        "",
    ],
)
def test_retired_unknown_and_misspelt_models_are_not_found(model):
    reply = ask(FakeAnthropic(), request(model=model))
    assert reply.status == 404
    assert complaint(reply) == f"model: {model}"
    assert reply.json()["error"]["type"] == "not_found_error"


def test_an_answer_names_the_model_behind_the_alias():
    assert ask(FakeAnthropic(), request(model="claude-haiku-4-5")).json()["model"] == "claude-haiku-4-5-20251001"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"x_api_key": None}, "x-api-key header is required"),
        ({"x_api_key": ""}, "x-api-key header is required"),
        ({"x_api_key": "sk-wrong"}, "invalid x-api-key"),
        ({"authorization": "Bearer sk-ant-api03-demo"}, "may not be used together"),
        ({"x_api_key": None, "authorization": "Bearer nonsense"}, "Invalid bearer token"),
        ({"x_api_key": None, "authorization": "Basic c2st"}, "Invalid bearer token"),
        ({"x_api_key": None, "authorization": "Bearer sk-ant-oat01-x"}, "OAuth authentication is currently not supp"),
        (
            {"x_api_key": None, "authorization": "Bearer sk-ant-oat01-old", "anthropic_beta": OAUTH_BETA},
            "OAuth token has expired.",
        ),
    ],
)
def test_a_bad_credential_is_a_401(headers, words):
    reply = ask(FakeAnthropic(expired={"sk-ant-oat01-old"}), request(), **headers)
    assert reply.status == 401
    assert words in complaint(reply)
    assert reply.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_api_key": None, "authorization": "Bearer sk-ant-api03-demo"},
        {
            "x_api_key": None,
            "authorization": "Bearer sk-ant-oat01-x",
            "anthropic_beta": f"compact-2026-09-04, {OAUTH_BETA}",
        },
        {"anthropic_version": "2026-10-21"},
        {"anthropic_version": "2023-01-01"},
    ],
)
def test_good_headers_are_taken(headers):
    assert ask(FakeAnthropic(), request(), **headers).status == 200


def test_an_unknown_beta_is_refused_in_the_apis_words():
    reply = ask(FakeAnthropic(), request(), anthropic_beta=f"{OAUTH_BETA},one-2026-01-01")
    assert reply.status == 400
    assert complaint(reply) == "Unexpected value(s) `one-2026-01-01` for the `anthropic-beta` header."


def test_every_beta_that_the_sdk_names_is_known():
    named = {name for union in get_args(AnthropicBetaParam) for name in get_args(union)}
    assert named
    assert named <= KNOWN


@pytest.mark.parametrize("version", [None, "2020-01-01"])
def test_the_version_must_be_given(version):
    reply = ask(FakeAnthropic(), request(), anthropic_version=version)
    assert reply.status == 400
    assert complaint(reply).startswith("anthropic-version: ")


@pytest.mark.parametrize(
    "body",
    [
        request(temperature=1.0),
        request(
            user("Hi"),
            assistant(
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}, text("a")
            ),
            user("So?"),
        ),
        request(user(text("a", citations=[{"type": "char_location"}]), text("b"))),
    ],
)
def test_the_newer_version_is_stricter(body):
    assert ask(FakeAnthropic(), body).status == 200
    assert ask(FakeAnthropic(), body, **NEW_VERSION).status == 400


def test_beta_headers_open_what_they_are_for():
    assert (
        ask(FakeAnthropic(), request(thinking={"type": "adaptive", "block_binding": DROP}), **BINDING_BETA).status
        == 200
    )
    fast = request(model="claude-opus-5", speed="fast")
    assert ask(FakeAnthropic(), fast, anthropic_beta="fast-mode-2026-02-01").status == 200


def test_a_body_over_32_mb_gets_the_edges_page():
    reply = ask(FakeAnthropic(), b" " * (32 * 1024 * 1024 + 1))
    assert reply.status == 413
    assert reply.header("content-type") == "text/html"
    assert reply.header("request-id") == ""


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/messages"), ("POST", "/v1/complete"), ("GET", "/")])
def test_other_paths_are_not_found(method, path):
    reply = ask(FakeAnthropic(), b"", path=path, method=method)
    assert reply.status == 404
    assert complaint(reply) == "Not found"


def test_limits_are_told_on_success_and_on_429():
    service = FakeAnthropic(clock=lambda: 1_795_000_000.0)
    answered = ask(service, request())
    assert answered.header("anthropic-ratelimit-input-tokens-limit") == "2000000"
    assert answered.header("anthropic-ratelimit-requests-reset") == "2026-11-18T11:07:00Z"
    assert ask(service, request(), x_api_key=None).header("anthropic-ratelimit-requests-limit") == ""


def test_counting_takes_no_max_tokens_and_gives_one_figure():
    service = FakeAnthropic()
    body = request(user("x" * 1000), system="y" * 100)
    del body["max_tokens"]
    counted = ask(service, body, path="/v1/messages/count_tokens").json()
    assert counted == {"input_tokens": 325 + 33}  # 0.325 tokens a character, rounded up block by block
    assert ask(service, {**body, "max_tokens": 5}, path="/v1/messages/count_tokens").status == 400
    assert ask(service, request(user("x" * 1000), system="y" * 100)).json()["usage"]["input_tokens"] == 358
