"""Which pictures the API means when it refuses a request: read from its words, looked up in what was built."""

from __future__ import annotations

import pytest
import transcripts as conversations
from hypothesis import given

from tui.anthropic.errors import from_response
from tui.anthropic.models import find
from tui.anthropic.rejections import rejected_blocks, rejected_tools
from tui.anthropic.replay import attachment_positions, build_messages
from tui.chat.quarantine import quarantine
from tui.chat.transcript import BlockPosition, Document, Image, Message, Text, Tool, ToolResult, ToolUse, Transcript

SONNET = find("claude-sonnet-5-5")
IMAGE = Image("image/png", conversations.PNG, "fjord.png", 1, 1)
CALL = Message(role="assistant", blocks=(ToolUse("toolu_1", "look"),), model=SONNET.id)
RESULT = Message(role="user", blocks=(ToolResult("toolu_1", (Text("a chart"), IMAGE)),))
ANSWER = Message(role="assistant", blocks=(Text("A fjord."),), model=SONNET.id)


def prompt(*blocks):
    return Message(role="user", blocks=blocks)


def refused(message, *messages, status=400, details=b""):
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"%s"%s}}' % (message.encode(), details)
    return rejected_blocks(from_response(status, {}, body), messages, SONNET, "anthropic")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("messages.0.content.1.image.source.base64", BlockPosition(0, 1)),
        ("messages.0.content.1.image.source.base64.data", BlockPosition(0, 1)),
        ("messages.0.content.1", BlockPosition(0, 1)),
        ("messages.2.content.0.tool_result.content.1.image.source.base64", BlockPosition(2, 0, 1)),
        ("messages.2.content.0.content.1.image.source", BlockPosition(2, 0, 1)),
    ],
)
def test_a_path_in_the_message_names_a_block(path, place):
    messages = (prompt(Text("See"), IMAGE), CALL, RESULT)
    assert refused(f"{path}: image exceeds 10 MB maximum", *messages) == (place,)


def test_paths_in_the_details_name_all_of_them():
    details = b',"details":{"error_code":"x","paths":["messages.0.content.0","messages.2.content.1"]}'
    messages = (prompt(IMAGE), ANSWER, prompt(Text("And"), IMAGE))
    said = "messages.0.content.0.image.source.base64.data: dimensions exceed max allowed size for many-image requests"
    assert refused(said, *messages, details=details) == (BlockPosition(0, 0), BlockPosition(2, 1))


def test_numbers_in_the_request_are_not_those_of_the_conversation():
    declined = Message(role="assistant", blocks=(), stop_reason="refusal", model=SONNET.id)
    messages = (prompt(Text("No")), declined, prompt(Text(" "), Text(""), IMAGE))
    assert refused("messages.0.content.0.image.source.base64: no", *messages) == (BlockPosition(2, 2),)


@pytest.mark.parametrize(
    "said",
    [
        "messages.0.content.0.text: Field required",
        "messages.0.content.1.cache_control: a maximum of 4 blocks",
        "messages.7.content.0.image.source.base64: no such place",
        "messages.1.content.0: Invalid `signature` in `thinking` block.",
        "max_tokens: too many",
    ],
)
def test_what_is_not_about_an_attachment_refuses_none(said):
    assert refused(said, prompt(Text("See"), IMAGE), ANSWER, prompt(Text("and"))) == ()


def test_another_status_refuses_none():
    assert refused("messages.0.content.0.image: no", prompt(IMAGE), status=500) == ()
    assert refused("messages.0.content.0.image: no", prompt(IMAGE), status=413) == ()
    assert rejected_blocks(None, (prompt(IMAGE),), SONNET, "anthropic") == ()


def test_without_a_path_it_is_the_one_that_came_last():
    old = (prompt(IMAGE), ANSWER)
    pdf = Document("application/pdf", conversations.PDF, "chart.pdf", 1)
    assert refused("Could not process image", *old, prompt(IMAGE, Text("?"))) == (BlockPosition(2, 0),)
    assert refused("Could not process PDF", *old, prompt(pdf)) == (BlockPosition(2, 0),)
    assert refused("Could not process image", *old, prompt(Text("?"))) == ()
    assert refused("Could not process image", *old, prompt(IMAGE, IMAGE)) == ()


def test_without_a_path_a_tools_pictures_all_go():
    result = Message(role="user", blocks=(ToolResult("toolu_1", (IMAGE, IMAGE)),))
    found = refused("Could not process image", prompt(IMAGE), CALL, result)
    assert found == (BlockPosition(2, 0, 0), BlockPosition(2, 0, 1))


@given(conversations.transcripts())
def test_the_builder_knows_where_each_came_from(transcript):
    sent = build_messages(transcript.messages, SONNET, "anthropic")
    places = attachment_positions(transcript.messages, SONNET, "anthropic")
    for (message, block, *inner), place in places.items():
        param = sent[message]["content"][block]
        origin = transcript.messages[place.message].blocks[place.block]
        if inner:
            param, origin = param["content"][inner[0]], origin.content[place.inner]
        assert param["type"] == ("image" if isinstance(origin, Image) else "document")
    shown = [one for message in sent for one in message["content"] if isinstance(one, dict)]
    shown += [one for block in shown for one in block.get("content", ()) if block["type"] == "tool_result"]
    assert len(places) == sum(one["type"] in ("image", "document") for one in shown)


@given(conversations.transcripts())
def test_what_is_set_aside_is_never_sent_and_what_stood_before_it_is_the_same(transcript):
    places = attachment_positions(transcript.messages, SONNET, "anthropic")
    if not places:
        return
    sent_at, place = max(places.items())
    without, changed = quarantine(transcript, [place])
    assert list(changed) == [place.message]
    assert place not in attachment_positions(without.messages, SONNET, "anthropic").values()
    before = build_messages(transcript.messages, SONNET, "anthropic")
    after = build_messages(without.messages, SONNET, "anthropic")
    assert len(before) == len(after)
    assert before[: sent_at[0]] == after[: sent_at[0]]
    assert before[sent_at[0]]["content"][: sent_at[1]] == after[sent_at[0]]["content"][: sent_at[1]]


def test_claude_reads_that_something_was_left_out():
    transcript = Transcript(messages=(prompt(IMAGE, Text("What is it?")), CALL, RESULT))
    without, _ = quarantine(transcript, [BlockPosition(0, 0), BlockPosition(2, 0, 1)])
    first, _, last = build_messages(without.messages, SONNET, "anthropic")
    assert first["content"][0] == {"type": "text", "text": "[image fjord.png left out: it could not be read]"}
    assert [part["type"] for part in last["content"][0]["content"]] == ["text", "text"]


@pytest.mark.parametrize(
    ("message", "status", "means_the_tool"),
    [
        ("tools: web search is not enabled for this organization", 400, True),
        ("Web search is not allowed in this workspace", 403, True),
        ("'claude-haiku-3' does not support tool types: web_search_20250305", 400, True),
        ("messages.1.content.1.web_search_tool_result.content: Field required", 400, False),
        ("tools.0.custom.input_schema: Field required", 400, False),
        ("web search is overloaded", 529, False),
    ],
)
def test_a_tool_of_the_server_is_refused_by_its_name(message: str, status: int, means_the_tool: bool) -> None:
    own, search = Tool(name="list_files", input_schema="{}"), Tool(name="web_search", server="{}")
    error = from_response(status, {}, b'{"error":{"message":"%s"}}' % message.encode())
    assert rejected_tools(error, [own, search]) == (("web_search",) if means_the_tool else ())
    assert ("web_search = false" in error.hint) == means_the_tool
    assert rejected_tools(error, [own]) == ()
