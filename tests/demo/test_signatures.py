"""Thinking blocks sent back: what stays valid, what does not, and what may be dropped."""

from __future__ import annotations

import pytest
from asking import ask, assistant, complaint, events, request, text, user

from tui.demo.scenarios import Answer, Text, Thinking, ToolUse
from tui.demo.service import FakeAnthropic

SHOWN = {"type": "adaptive", "display": "summarized"}
TOOL = {"name": "tide", "input_schema": {"type": "object"}}
BETA = "thinking-binding-controls-2026-08-01"
BOUND = "The block is bound to a different conversation."


@pytest.fixture
def service():
    return FakeAnthropic(replies=lambda body: Answer(Thinking(f"Thought {len(body['messages'])}."), Text("Well.")))


def ask_on(service, body, prompt="And then?"):
    """The body with the answer it gets and a further prompt."""
    content = ask(service, body).json()["content"]
    return {**body, "messages": [*body["messages"], assistant(content), user(prompt)]}


def chat(service, **fields):
    """A conversation of three turns: thinking at messages.1 and messages.3."""
    body = request(user("First"), system="Be kind.", tools=[TOOL], **{"thinking": SHOWN, **fields})
    return ask_on(service, ask_on(service, body))


def with_blocks(body, number, *blocks):
    messages = list(body["messages"])
    messages[number] = {**messages[number], "content": list(blocks)}
    return {**body, "messages": messages}


def test_an_untouched_history_is_taken(service):
    body = chat(service)
    assert [block["type"] for block in body["messages"][3]["content"]] == ["thinking", "text"]
    assert ask(service, body).status == 200


def without_thinking(body, *numbers):
    for number in numbers:
        body = with_blocks(body, number, *(b for b in body["messages"][number]["content"] if b["type"] != "thinking"))
    return body


@pytest.mark.parametrize(
    "change",
    [
        lambda body: {**body, "max_tokens": 50, "output_config": {"effort": "low"}, "metadata": {"user_id": "u"}},
        lambda body: {**body, "system": [text("Be kind.", cache_control={"type": "ephemeral"})]},
        lambda body: with_blocks(body, 0, text("First", cache_control={"type": "ephemeral"})),
        lambda body: without_thinking(body, 1),
        lambda body: without_thinking(body, 1, 3),
        lambda body: {**body, "thinking": {"type": "adaptive"}},
        lambda body: {**body, "tool_choice": {"type": "none"}},
    ],
)
def test_what_leaves_the_blocks_valid(service, change):
    reply = ask(service, change(chat(service)))
    assert reply.status == 200, complaint(reply)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda body: {**body, "system": "Be kind. It is Monday."}, "messages.1.content.0"),
        (lambda body: {**body, "tools": []}, "messages.1.content.0"),
        (lambda body: {**body, "tools": [TOOL, {**TOOL, "name": "wind"}]}, "messages.1.content.0"),
        (lambda body: with_blocks(body, 0, text("Edited")), "messages.1.content.0"),
        (lambda body: with_blocks(body, 2, text("Edited")), "messages.3.content.0"),
        (lambda body: {**body, "messages": body["messages"][2:]}, "messages.1.content.0"),
    ],
)
def test_what_breaks_the_bond(service, change, path):
    reply = ask(service, change(chat(service)))
    assert reply.status == 400
    assert complaint(reply).startswith(f"{path}: Invalid `signature` in `thinking` block. {BOUND}")
    assert "beta header" in complaint(reply)


def test_a_block_from_the_middle_may_not_go(service):
    body = ask_on(service, chat(service))
    assert ask(service, without_thinking(body, 1)).status == 200
    assert BOUND in complaint(ask(service, without_thinking(body, 3)))


def test_older_models_do_not_look_at_the_past(service):
    body = chat(service, model="claude-opus-5")
    assert ask(service, {**body, "system": "Something else."}).status == 200


def test_changed_words_are_refused_by_every_model(service):
    body = chat(service, model="claude-opus-5")
    thinking, said = body["messages"][1]["content"]
    reply = ask(service, with_blocks(body, 1, {**thinking, "thinking": "I never thought this."}, said))
    assert "cannot be modified" in complaint(reply)


def test_another_models_thinking_is_passed_over(service):
    body = {**chat(service), "model": "claude-opus-5-5"}
    fewer = without_thinking(body, 1, 3)
    assert ask(service, body).json()["usage"]["input_tokens"] == ask(service, fewer).json()["usage"]["input_tokens"]
    # And back again: what the first model signed is still its own.
    assert ask(service, {**ask_on(service, body), "model": "claude-sonnet-5-5"}).status == 200


def test_blocks_may_be_dropped_when_asked_for(service):
    binding = {**SHOWN, "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    body = {**chat(service), "system": "Something else.", "thinking": binding}
    told = ask(service, body, anthropic_beta=BETA).json()
    assert told["input_transformations"] == [
        {"type": "thinking_dropped", "path": f"messages.{number}.content.0", "reason": "prefix_binding_mismatch"}
        for number in (1, 3)
    ]
    started = events(ask(service, {**body, "stream": True}, anthropic_beta=BETA))[0]
    assert len(started["message"]["input_transformations"]) == 2


def test_a_cache_marker_keeps_its_block_when_thinking_before_it_is_dropped(service):
    binding = {**SHOWN, "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    body = {**chat(service), "system": "z" * 8000, "thinking": binding}
    marked = with_blocks(body, 4, text("And then?", cache_control={"type": "ephemeral"}))
    told = ask(service, marked, anthropic_beta=BETA).json()["usage"]
    assert told["input_tokens"] == 0
    assert told["cache_creation_input_tokens"] > 2600


def test_counting_checks_the_same(service):
    body = {**chat(service), "system": "Something else."}
    del body["max_tokens"]
    assert BOUND in complaint(ask(service, body, path="/v1/messages/count_tokens"))


def test_omitted_thinking_has_a_signature_and_can_be_sent_back(service):
    body = chat(service, thinking={"type": "adaptive"})
    thinking = body["messages"][1]["content"][0]
    assert thinking["thinking"] == ""
    assert thinking["signature"]
    assert ask(service, body).status == 200


def test_two_thoughts_around_a_tool_call_hold_together(service):
    call = ToolUse("tide", input={})
    service.script(Answer(Thinking("One."), call, Thinking("Two."), ToolUse("tide", input={"n": 2})))
    body = request(user("Tide?"), tools=[TOOL], thinking=SHOWN)
    content = ask(service, body).json()["content"]
    results = [
        {"type": "tool_result", "tool_use_id": b["id"], "content": "high"} for b in content if b["type"] == "tool_use"
    ]
    assert ask(service, {**body, "messages": [*body["messages"], assistant(content), user(*results)]}).status == 200
    swapped = [content[2], content[1], content[0], content[3]]
    reply = ask(service, {**body, "messages": [*body["messages"], assistant(swapped), user(*results)]})
    assert BOUND in complaint(reply)


def test_the_switch_without_its_header_is_unknown(service):
    binding = {**SHOWN, "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    assert "Extra inputs" in complaint(ask(service, request(thinking=binding)))
