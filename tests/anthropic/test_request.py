"""What a request says: options by model, and what of a conversation is sent back."""

from __future__ import annotations

import json

import pytest
import transcripts as conversations
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.models import MODELS, find, is_retired
from tui.anthropic.request import Options, build_body, dialect_for, encode
from tui.chat.request import NothingToSend
from tui.chat.tool_calls import INTERRUPTED
from tui.chat.transcript import (
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    Tool,
    ToolResult,
    ToolUse,
    Transcript,
)

SONNET = find("claude-sonnet-5-5")
LIVING = [model for model in MODELS if not is_retired(model)]
STOPPED = {
    "type": "tool_result",
    "tool_use_id": "toolu_1",
    "content": [{"type": "text", "text": INTERRUPTED}],
    "is_error": True,
}


def user(*blocks, **more) -> Message:
    return Message(role="user", blocks=tuple(Text(one) if isinstance(one, str) else one for one in blocks), **more)


def answer(*blocks, **more) -> Message:
    more = {"model": "claude-sonnet-5-5", "stop_reason": "end_turn"} | more
    return Message(role="assistant", blocks=tuple(Text(one) if isinstance(one, str) else one for one in blocks), **more)


def body_of(*messages: Message, system: str = "", tools: tuple[Tool, ...] = (), **options) -> dict:
    options = {"model": SONNET} | options
    transcript = Transcript(messages=messages, system=system, tools=tools)
    return json.loads(encode(build_body(transcript, Options(**options))))


def sent(*messages: Message, **options) -> list[dict]:
    """The messages without breakpoints, which are another test's matter."""

    def plain(block: dict) -> dict:
        return {key: value for key, value in block.items() if key != "cache_control"}

    body = body_of(*messages, **options)
    return [{"role": one["role"], "content": [plain(block) for block in one["content"]]} for one in body["messages"]]


def contents(*messages: Message, **options) -> list[tuple[str, list[str]]]:
    """Role and block types of each message that is sent."""
    return [(one["role"], [block["type"] for block in one["content"]]) for one in sent(*messages, **options)]


def test_the_smallest_request() -> None:
    assert body_of(user("Hi"), model=find("claude-haiku-4-5")) == {
        "model": "claude-haiku-4-5-20251001",
        "max_tokens": 64_000,
        "stream": True,
        "diagnostics": {"previous_message_id": None},
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }


@pytest.mark.parametrize("model", LIVING, ids=lambda model: model.id)
def test_thinking_is_asked_for_where_it_can_be_read(model) -> None:
    thinking = body_of(user("Hi"), model=model).get("thinking")
    budget_only = {"claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"}
    assert thinking == (None if model.id in budget_only else {"type": "adaptive", "display": "summarized"})
    assert "thinking" not in body_of(user("Hi"), model=model, show_thinking=False)


@pytest.mark.parametrize(
    ("model", "effort", "sent_effort"),
    [
        ("claude-sonnet-5-5", "low", "low"),
        ("claude-sonnet-5-5", "high", None),  # what it does anyway
        ("claude-opus-5-5", "high", "high"),
        ("claude-opus-5-5", "medium", None),
        ("claude-opus-4-6", "xhigh", None),  # refused by this model
        ("claude-opus-4-5", "medium", "medium"),
        ("claude-sonnet-4-5", "low", None),
        ("qwen3", "low", None),
    ],
)
def test_effort_is_sent_where_the_model_takes_it_and_it_changes_something(model, effort, sent_effort) -> None:
    config = body_of(user("Hi"), model=find(model), effort=effort).get("output_config")
    assert config == (None if sent_effort is None else {"effort": sent_effort})


@pytest.mark.parametrize(
    ("model", "mode", "shown", "thinking"),
    [
        ("claude-sonnet-5-5", "off", True, {"type": "between_tools"}),  # its word for off
        ("claude-opus-5-5", "off", True, {"type": "adaptive", "display": "summarized"}),  # it cannot be switched off
        ("claude-opus-5", "off", True, {"type": "disabled"}),
        ("claude-opus-4-8", "on", False, {"type": "adaptive", "display": "omitted"}),
        ("claude-opus-4-6", "on", True, {"type": "adaptive", "display": "summarized"}),
        ("claude-haiku-4-5", "on", True, {"type": "enabled", "budget_tokens": 16_000}),
        ("claude-haiku-4-5", None, True, None),
        ("claude-haiku-4-5", "off", True, {"type": "disabled"}),
        ("qwen3", "on", True, None),
    ],
)
def test_thinking_is_what_the_user_chose_where_the_model_has_it(model, mode, shown, thinking) -> None:
    assert body_of(user("Hi"), model=find(model), thinking=mode, show_thinking=shown).get("thinking") == thinking


def test_a_budget_is_kept_below_the_answers_limit() -> None:
    options = {"model": find("claude-haiku-4-5"), "thinking": "on"}
    body = body_of(user("Hi"), max_tokens=4_096, **options)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 4_095}
    assert "thinking" not in body_of(user("Hi"), max_tokens=500, **options)


def test_effort_stays_within_what_the_thinking_mode_allows() -> None:
    body = body_of(user("Hi"), model=find("claude-haiku-5-5"), thinking="off", effort="max")
    assert body["output_config"] == {"effort": "high"}


def test_the_api_is_asked_why_the_cache_was_missed_and_to_remember_what_has_nothing_before_it() -> None:
    known = (user("Hi"), answer("Hello.", id="msg_1"), user("And now?"))
    unsaid = {"previous_message_id": None}
    assert body_of(*known)["diagnostics"] == {"previous_message_id": "msg_1"}
    assert "diagnostics" not in body_of(*known, dialect="basic")
    assert body_of(user("Hi"))["diagnostics"] == unsaid
    assert body_of(*known, answer("Hello.", id="chatcmpl-1"), user("And now?"))["diagnostics"] == unsaid


def test_an_answer_may_be_as_long_as_the_model_allows_and_no_longer() -> None:
    assert body_of(user("Hi"), max_tokens=1)["max_tokens"] == 1
    assert body_of(user("Hi"), max_tokens=500_000)["max_tokens"] == 128_000
    assert body_of(user("Hi"))["max_tokens"] == 64_000
    assert body_of(user("Hi"), model=find("qwen3"))["max_tokens"] == 8_192


def test_the_basic_dialect_has_messages_tools_and_images_only() -> None:
    image = Image("image/png", conversations.PNG, name="fjord.png")
    pdf = Document("application/pdf", conversations.PDF, name="chart.pdf")
    body = body_of(
        user(image, pdf, "Which way?"),
        answer(Thinking("Hm.", "sig"), Text("Out.", conversations.CITATIONS), ToolUse("toolu_1", "get_tide")),
        user(ToolResult("toolu_1", (Text("ebb"),))),
        system="Tides.",
        tools=(conversations.TIDE,),
        model=find("qwen3"),
        effort="low",
        dialect="basic",
    )
    assert body == {
        "model": "qwen3",
        "max_tokens": 8_192,
        "stream": True,
        "tools": [
            {
                "name": "get_tide",
                "description": "The tide at a port.",
                "input_schema": json.loads(conversations.SCHEMA),
            }
        ],
        "system": "Tides.",
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": conversations.PNG},
                    },
                    {"type": "text", "text": "[document: chart.pdf]"},
                    {"type": "text", "text": "Which way?"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Out."},
                    {"type": "tool_use", "id": "toolu_1", "name": "get_tide", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "ebb"}]}
                ],
            },
        ],
    }


def test_the_dialect_goes_by_the_model_unless_it_is_set() -> None:
    assert dialect_for("auto", SONNET) == "anthropic"
    assert dialect_for("auto", find("claude-2.1")) == "anthropic"
    assert dialect_for("auto", find("qwen3")) == "basic"
    assert dialect_for("basic", SONNET) == "basic"
    assert dialect_for("anthropic", find("qwen3")) == "anthropic"


def test_a_model_without_eyes_or_hands_is_spared_pictures_and_tools() -> None:
    blind = find("claude-2.0")
    body = body_of(
        user(Image("image/png", conversations.PNG, name="fjord.png")), tools=(conversations.TIDE,), model=blind
    )
    assert "tools" not in body
    assert body["messages"][0]["content"][0]["text"] == "[image: fjord.png]"


def test_json_from_outside_is_sent_byte_for_byte() -> None:
    arguments, schema = '{"b" : 1.0,"a":[1e2]}', '{"type" :"object"}'
    transcript = Transcript(
        messages=(user("Hi"), answer(ToolUse("toolu_1", "t", arguments)), user(ToolResult("toolu_1"))),
        tools=(Tool(name="t", description="", input_schema=schema),),
    )
    raw = encode(build_body(transcript, Options(model=SONNET)))
    assert arguments.encode() in raw
    assert schema.encode() in raw


# Replay


def test_signed_thinking_is_sent_back_and_other_thinking_is_not() -> None:
    history = (
        user("Hi"),
        answer(Thinking("", "sig"), RedactedThinking("data"), Thinking("cut"), "Hello."),
        user("And?"),
    )
    assert sent(*history)[1]["content"] == [
        {"type": "thinking", "thinking": "", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
        {"type": "text", "text": "Hello."},
    ]


def test_thinking_of_another_maker_never_goes_to_anthropic() -> None:
    history = (user("Hi"), answer(Thinking("Hm.", "invented"), "Hello.", model="qwen3"), user("And?"))
    assert contents(*history)[1] == ("assistant", ["text"])
    assert contents(*history, model=find("qwen3"))[1] == ("assistant", ["thinking", "text"])


def test_an_answer_that_ends_in_thinking_is_cut_back() -> None:
    cut = answer(Text("Let me see."), Thinking("Hm.", "sig"), state="stopped", stop_reason="")
    assert contents(user("Hi"), cut, user("And?"))[1] == ("assistant", ["text"])


def test_an_answer_with_nothing_in_it_is_left_out() -> None:
    for empty in (answer(state="failed"), answer(Thinking("cut")), answer(" \n"), answer(Thinking("Hm.", "sig"))):
        assert contents(user("Hi"), empty, user("Again")) == [("user", ["text"]), ("user", ["text"])]


def test_stopped_text_is_kept() -> None:
    history = (user("Hi"), answer("Hel", state="stopped", stop_reason=""), user("Go on"))
    assert sent(*history)[1]["content"] == [{"type": "text", "text": "Hel"}]


def test_a_tool_call_that_nobody_answered_is_answered_as_stopped() -> None:
    call = answer("Let me see.", ToolUse("toolu_1", "get_tide", '{"po'), state="stopped", stop_reason="")
    messages = sent(user("Hi"), call, user("Never mind"))
    assert messages[1]["content"][1] == {"type": "tool_use", "id": "toolu_1", "name": "get_tide", "input": {}}
    assert messages[2]["content"] == [STOPPED, {"type": "text", "text": "Never mind"}]


def test_a_tool_call_before_another_answer_or_at_the_end_is_answered_too() -> None:
    call = answer(ToolUse("toolu_1", "get_tide"), stop_reason="tool_use")
    messages = sent(user("Hi"), call, answer("Well."), user("And?"))
    assert messages[2] == {"role": "user", "content": [STOPPED]}
    assert sent(user("Hi"), call)[-1] == {"role": "user", "content": [STOPPED]}


def test_results_come_first_each_once_and_only_for_calls_just_made() -> None:
    calls = answer(ToolUse("toolu_1", "t"), ToolUse("toolu_2", "t"), ToolUse("toolu_1", "t"), stop_reason="tool_use")
    ebb = ToolResult("toolu_2", (Text("ebb"), Text("")), is_error=True)
    messages = sent(user("Hi"), calls, user("See:", ebb, ToolResult("toolu_9")), user(ToolResult("toolu_2")))
    assert [block["id"] for block in messages[1]["content"]] == ["toolu_1", "toolu_2"]
    assert messages[2:] == [
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_2",
                    "content": [{"type": "text", "text": "ebb"}],
                    "is_error": True,
                },
                STOPPED,
                {"type": "text", "text": "See:"},
            ],
        }
    ]


def test_a_refused_turn_is_left_out_with_its_prompt_and_its_tools() -> None:
    history = (
        user("Hi"),
        answer("Hello."),
        user("Something bad"),
        answer(ToolUse("toolu_1", "t"), stop_reason="tool_use"),
        user(ToolResult("toolu_1")),
        answer("I can", stop_reason="refusal"),
        user("Something good"),
    )
    assert [block["text"] for message in sent(*history) for block in message["content"]] == [
        "Hi",
        "Hello.",
        "Something good",
    ]


SEARCH = Opaque("server_tool_use", '{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}')
FOUND = Opaque("web_search_tool_result", '{"type":"web_search_tool_result","tool_use_id":"srv_1","content":[]}')


def test_a_paused_answer_is_sent_back_whole_to_be_gone_on_with() -> None:
    paused = answer(Thinking("Hm.", "sig"), SEARCH, stop_reason="pause_turn")
    assert contents(user("Hi"), paused)[-1] == ("assistant", ["thinking", "server_tool_use"])
    gone_on = answer(FOUND, "High water is at 06:12.")
    assert contents(user("Hi"), paused, gone_on, user("And?"))[1:3] == [
        ("assistant", ["thinking", "server_tool_use"]),
        ("assistant", ["web_search_tool_result", "text"]),
    ]


def test_a_search_that_never_ended_is_left_out() -> None:
    stopped = answer("Let me look.", SEARCH, stop_reason="", state="stopped")
    assert contents(user("Hi"), stopped, user("And?"))[1] == ("assistant", ["text"])
    paused = answer("Let me look.", SEARCH, stop_reason="pause_turn")
    assert contents(user("Hi"), paused, user("Never mind"))[1] == ("assistant", ["text"])
    assert contents(user("Hi"), answer(FOUND, "So."), user("And?"))[1] == ("assistant", ["text"])


def test_a_result_that_comes_after_another_prompt_completes_no_search() -> None:
    late = answer(FOUND, "So.")
    stopped = answer("Let me look.", SEARCH, stop_reason="", state="stopped")
    kinds = [("user", ["text"]), ("assistant", ["text"]), ("user", ["text"]), ("assistant", ["text"])]
    assert contents(user("Hi"), stopped, user("Never mind"), late, user("And?"))[:4] == kinds
    # The same call made again is another one.
    again = answer(SEARCH, FOUND, "So.")
    assert contents(user("Hi"), stopped, user("Once more"), again, user("And?"))[1::2] == [
        ("assistant", ["text"]),
        ("assistant", ["server_tool_use", "web_search_tool_result", "text"]),
    ]


def test_blocks_of_a_new_kind_are_sent_back_as_they_came() -> None:
    new = Opaque("container_upload", '{"type": "container_upload", "file_id": "file_1"}')
    assert sent(user("Hi"), answer("So.", new), user("And?"))[1]["content"][1] == json.loads(new.json)


def test_a_search_may_wait_while_our_own_tools_answer() -> None:
    both = answer(SEARCH, ToolUse("toolu_1", "t"), stop_reason="tool_use")
    assert contents(user("Hi"), both, user(ToolResult("toolu_1")))[1] == ("assistant", ["server_tool_use", "tool_use"])


def test_citations_are_kept_without_the_field_that_only_answers_have() -> None:
    text = Text("It runs out.", conversations.CITATIONS)
    web, char = sent(user("Hi"), answer(text), user("And?"))[1]["content"][0]["citations"]
    assert web == json.loads(conversations.CITATIONS[0])
    assert char == {key: value for key, value in json.loads(conversations.CITATIONS[1]).items() if key != "file_id"}


def test_documents_are_sent_as_what_they_are() -> None:
    blocks = user(Document("application/pdf", "JVBE", name="chart.pdf"), Document("text/plain", "aMOp"))
    assert sent(blocks)[0]["content"] == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            "title": "chart.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hé"}},
    ]


def test_text_that_utf8_cannot_carry_is_mended() -> None:
    assert sent(user("a\ud83db"), system="\udc80")[0]["content"][0]["text"] == "a?b"


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (user(" "),),
        (user("Hi"), answer("Hello.")),
        (user("Hi"), answer("No.", stop_reason="refusal")),
        (user("Hi"), answer("Hello."), user("Bad"), answer(stop_reason="refusal")),
        (answer("Hello."),),
    ],
)
def test_a_conversation_that_asks_nothing_is_not_sent(messages: tuple[Message, ...]) -> None:
    with pytest.raises(NothingToSend, match=r"There is nothing to send\."):
        body_of(*messages)


# Whatever the history, the API's rules for tool loops, thinking, first and last role hold.


def assert_the_api_takes(messages: list[dict]) -> None:
    assert messages[0]["role"] == "user"
    assert messages[-1]["role"] == "user"
    calls: set[str] = set()
    owed: set[str] = set()
    for message in messages:
        blocks = message["content"]
        assert blocks
        kinds = [block["type"] for block in blocks]
        assert all(block["text"].strip() for block in blocks if block["type"] == "text")
        if message["role"] == "assistant":
            assert not owed
            assert not {"image", "document", "tool_result"} & set(kinds)
            assert kinds[-1] not in ("thinking", "redacted_thinking")
            assert all(block["signature"] for block in blocks if block["type"] == "thinking")
            made = [block["id"] for block in blocks if block["type"] == "tool_use"]
            assert len(made) == len(set(made))
            assert not calls & set(made)
            calls |= set(made)
            owed = set(made)
        else:
            results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
            assert sorted(results) == sorted(owed)
            assert kinds[: len(results)] == ["tool_result"] * len(results)
            owed = set()


@given(conversations.transcripts(), st.sampled_from(LIVING), st.sampled_from(["anthropic", "basic"]))
def test_any_history_is_one_that_the_api_takes(transcript: Transcript, model, dialect) -> None:
    body = json.loads(encode(build_body(transcript, Options(model=model, dialect=dialect))))
    assert_the_api_takes(body["messages"])
    assert not {"temperature", "top_p", "top_k"} & set(body)


@given(conversations.transcripts(), conversations.answers, conversations.prompts)
def test_the_next_request_repeats_this_one_byte_for_byte(
    transcript: Transcript, reply: Message, prompt: Message
) -> None:
    options = Options(model=SONNET, dialect="basic")  # basic: no breakpoints, the only thing that may move
    now = encode(build_body(transcript, options))
    if reply.stop_reason == "refusal":
        return  # a refused prompt leaves the conversation
    grown = transcript.with_message(reply).with_message(prompt)
    assert encode(build_body(grown, options)).startswith(now.removesuffix(b"]}"))


@given(conversations.transcripts())
def test_building_twice_gives_the_same_bytes(transcript: Transcript) -> None:
    options = Options(model=SONNET)
    assert encode(build_body(transcript, options)) == encode(build_body(transcript, options))
