"""Where breakpoints go, and that nothing else of a request ever moves."""

from __future__ import annotations

import json

import pytest
import transcripts as conversations
from hypothesis import assume, given
from hypothesis import strategies as st

from tui.anthropic.cache_breakpoints import MAX_BREAKPOINTS, with_breakpoints
from tui.anthropic.models import MODELS, find, is_retired
from tui.anthropic.request import Options, build_body, encode
from tui.chat.transcript import Message, Text, Thinking, Tool, ToolResult, ToolUse, Transcript

SONNET = find("claude-sonnet-5-5")  # caches from 512 tokens
HAIKU = find("claude-haiku-4-5")  # caches from 4,096 tokens
LIVING = [model for model in MODELS if not is_retired(model)]
LONG = "The tide runs out. " * 300  # 5,700 bytes: about 1,800 tokens with the newer tokenizer, 1,400 with the older


def turns(count: int, text: str = "short") -> tuple[Message, ...]:
    """So many messages: prompts and answers in turn."""
    return tuple(
        Message(role="assistant" if at % 2 else "user", blocks=(Text(f"{text} {at}"),), model="claude-x")
        for at in range(count)
    )


def body_of(*messages: Message, system: str = "", tools: tuple[Tool, ...] = (), model=SONNET) -> dict:
    return build_body(Transcript(messages=messages, system=system, tools=tools), Options(model=model))


def marks(body: dict) -> list[str]:
    """Where the breakpoints are: `tools.0`, `system.0`, `messages.2.1`."""
    places = [f"tools.{at}" for at, tool in enumerate(body.get("tools", ())) if "cache_control" in tool]
    places += [f"system.{at}" for at, block in enumerate(body.get("system", ())) if "cache_control" in block]
    for at, message in enumerate(body["messages"]):
        for number, block in enumerate(message["content"]):
            if isinstance(block, dict) and "cache_control" in block:
                places.append(f"messages.{at}.{number}")
    return places


def without_marks(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_marks(inner) for key, inner in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [without_marks(inner) for inner in value]
    return value


# The seed's three rules


@pytest.mark.parametrize("model", LIVING, ids=lambda model: model.id)
def test_a_system_prompt_above_3_kb_is_always_marked(model) -> None:
    assert "system.0" in marks(body_of(*turns(1), system="x" * 3073, model=model))


@pytest.mark.parametrize("model", LIVING, ids=lambda model: model.id)
def test_the_last_message_is_always_marked_above_four_messages(model) -> None:
    assert "messages.4.0" in marks(body_of(*turns(5), model=model))
    assert marks(body_of(*turns(3), model=model)) == []


@pytest.mark.parametrize("model", LIVING, ids=lambda model: model.id)
def test_the_last_tool_is_always_marked(model) -> None:
    tools = (conversations.TIDE, Tool(name="get_moon", description="", input_schema="{}"))
    assert marks(body_of(*turns(1), tools=tools, model=model)) == ["tools.1"]


# And beyond them


def test_short_chats_are_left_alone() -> None:
    assert marks(body_of(*turns(3), system="You know the tides.")) == []


def test_the_minimum_is_the_models_own() -> None:
    assert marks(body_of(*turns(1, LONG))) == ["messages.0.0"]
    assert marks(body_of(*turns(1, LONG), model=HAIKU)) == []


def test_a_short_system_prompt_is_marked_where_the_model_caches_it() -> None:
    system = "Tides. " * 300  # 2,100 bytes
    assert marks(body_of(*turns(1), system=system)) == ["system.0", "messages.0.0"]
    assert marks(body_of(*turns(1), system=system, model=HAIKU)) == []


def test_a_doubtful_length_counts_as_enough() -> None:
    assert marks(body_of(*turns(1, "x" * 1250))) == ["messages.0.0"]  # about 406 tokens of 512
    assert marks(body_of(*turns(1, "x" * 1000))) == []
    assert marks(body_of(*turns(1, "潮" * 417))) == ["messages.0.0"]  # fewer characters, more tokens


def test_the_end_of_the_turn_before_is_marked() -> None:
    """From there the newest prompt may yet be said in another way; the last request's end is found by looking back."""
    body = body_of(*turns(5, LONG), system=LONG, tools=(conversations.TIDE,))
    assert marks(body) == ["tools.0", "system.0", "messages.3.0", "messages.4.0"]


def test_spare_breakpoints_keep_earlier_turns_alive() -> None:
    assert marks(body_of(*turns(5, LONG), system=LONG)) == [
        "system.0",
        "messages.1.0",
        "messages.3.0",
        "messages.4.0",
    ]
    long_chat = [*turns(21, LONG)]  # ten turns, and a prompt: the ends of turns 8, 9 and 10
    assert marks(body_of(*long_chat)) == ["messages.15.0", "messages.17.0", "messages.19.0", "messages.20.0"]


def test_a_paused_answer_is_marked_where_it_paused() -> None:
    paused = Message(role="assistant", blocks=(Text("Looking."),), model="claude-x", stop_reason="pause_turn")
    assert marks(body_of(*turns(1, LONG), paused, paused)) == ["messages.2.0"]


def test_thinking_never_carries_a_mark() -> None:
    paused = Message(
        role="assistant",
        blocks=(Text("Looking."), Thinking("Hm.", "sig")),
        model="claude-x",
        stop_reason="pause_turn",
    )
    assert marks(body_of(*turns(1, LONG), paused)) == ["messages.1.0"]


@pytest.mark.parametrize(
    ("lifetime", "control"), [("5m", {"type": "ephemeral"}), ("1h", {"type": "ephemeral", "ttl": "1h"})]
)
def test_every_breakpoint_of_a_request_has_the_same_lifetime(lifetime, control) -> None:
    transcript = Transcript(messages=turns(5, LONG), system=LONG, tools=(conversations.TIDE,))
    body = build_body(transcript, Options(model=SONNET, lifetime=lifetime))
    blocks = [*body["tools"], *body["system"], *(block for one in body["messages"] for block in one["content"])]
    assert [block["cache_control"] for block in blocks if "cache_control" in block] == [control] * 4


def tool_loop(calls: int) -> tuple[Message, ...]:
    """A prompt, and an answer with so many calls at once, each answered."""
    ids = [f"toolu_{at}" for at in range(calls)]
    return (
        *turns(1, LONG),
        Message(role="assistant", blocks=tuple(ToolUse(id, "get_tide") for id in ids), stop_reason="tool_use"),
        Message(role="user", blocks=tuple(ToolResult(id, (Text("ebb"),)) for id in ids)),
    )


def test_a_run_of_calls_and_a_run_of_results_is_one_position_each() -> None:
    """So forty blocks in one step need no breakpoint in between."""
    assert marks(body_of(*tool_loop(20))) == ["messages.2.19"]


def test_a_long_turn_is_marked_about_every_fifteen_positions() -> None:
    said = Message(role="assistant", blocks=tuple(Text(f"Part {at}") for at in range(40)), model="claude-x")
    asked = Message(role="user", blocks=tuple(Text(f"Question {at}") for at in range(40)))
    assert marks(body_of(*turns(1, LONG), said, asked)) == [
        "messages.0.0",
        "messages.1.39",
        "messages.2.24",
        "messages.2.39",
    ]


def test_what_the_chat_shares_goes_before_spacing() -> None:
    said = Message(role="assistant", blocks=tuple(Text(f"Part {at}") for at in range(40)), model="claude-x")
    body = body_of(*turns(1, LONG), said, *turns(1, "On"), system=LONG, tools=(conversations.TIDE,))
    assert marks(body) == ["tools.0", "system.0", "messages.0.0", "messages.2.0"]


def test_the_body_that_was_given_is_not_changed() -> None:
    marked = body_of(*turns(5, LONG), system=LONG, tools=(conversations.TIDE,))
    plain = without_marks(marked)
    before = encode(plain)
    again = with_breakpoints(plain, SONNET)
    assert encode(plain) == before
    assert encode(again) == encode(marked)


@given(conversations.transcripts(), st.sampled_from(LIVING))
def test_any_request_has_at_most_four_marks_and_on_blocks_that_take_them(transcript: Transcript, model) -> None:
    body = json.loads(encode(build_body(transcript, Options(model=model))))
    assert len(marks(body)) <= MAX_BREAKPOINTS
    if transcript.tools:
        assert f"tools.{len(transcript.tools) - 1}" in marks(body)
    if len(transcript.system.encode()) > 3072:
        assert "system.0" in marks(body)
    blocks = [block for message in body["messages"] for block in message["content"]]
    marked = [block for block in blocks if "cache_control" in block]
    assert {block["type"] for block in marked} <= {"text", "image", "document", "tool_use", "tool_result"}
    if len(body["messages"]) > 4:
        assert marked[-1] is blocks[-1]


@given(conversations.transcripts(), conversations.answers, conversations.prompts)
def test_nothing_but_the_marks_moves_from_turn_to_turn(transcript: Transcript, reply: Message, prompt: Message) -> None:
    assume(reply.stop_reason != "refusal")  # a refused prompt leaves the conversation
    # A result in the answer would complete a search that was cut off long before: no server sends that.
    assume(not any(getattr(block, "kind", "") == "web_search_tool_result" for block in reply.blocks))
    now, later = (
        json.dumps(without_marks(json.loads(encode(build_body(one, Options(model=SONNET))))))
        for one in (transcript, transcript.with_message(reply).with_message(prompt))
    )
    assert later.startswith(now.removesuffix("]}"))


@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_what_was_marked_at_the_end_is_found_by_the_next_request(
    prompts: int, blocks: int, answered: int, has_tools: bool
) -> None:
    history: tuple[Message, ...] = ()
    end = ""
    for at in range(prompts):
        prompt = Message(role="user", blocks=tuple(Text(f"{LONG} {at} {number}") for number in range(blocks)))
        history = (*history, prompt)
        body = body_of(*history, system=LONG, tools=(conversations.TIDE,) * has_tools)
        places = [
            f"messages.{number}.{block}"
            for number, message in enumerate(body["messages"])
            for block in range(len(message["content"]))
        ]
        marked = [places.index(place) for place in marks(body) if place.startswith("messages")]
        assert not end or any(0 <= mark - places.index(end) < 20 for mark in marked)
        end = places[marked[-1]]
        answer = tuple(Text(f"It runs out. {number}") for number in range(answered))
        history = (*history, Message(role="assistant", blocks=answer, model="claude-x"))
