"""One open chat: its turn, queue, recorder, and what is known of the answer that is still arriving."""

from __future__ import annotations

import pytest
from bench import bench
from serving import words

from tui.chat.events import AnswerUpdated, MessageStart, RequestSent, TextDelta
from tui.chat.tools import PermissionDecided, PermissionRequest, PermissionRequested, ToolEnded, ToolOutput, ToolStarted
from tui.chat.transcript import Draft, Message, ToolResult, ToolUse
from tui.chat_screen.session import ChatSession, shortened, tokens_of
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio

CALL = ToolUse(id="1", name="run_command", input="{}")
REQUEST = PermissionRequest(call=CALL, title="Run a command", kind="command", detail="ls")


async def test_a_turn_is_recorded_and_gives_the_chat_its_title() -> None:
    async with bench(words("Out.")) as one:
        await one.say("Which way\ndoes it run?")
        assert one.current.title == "Which way"
        assert one.texts() == ["Which way\ndoes it run?", "Out."]
        assert [message.message.text for message in await one.branch()] == one.texts()
        assert one.current.exchange is not None
        assert one.current.exchange.answer == one.current.transcript.messages[-1]


async def test_a_title_that_it_has_stays() -> None:
    async with bench(words("Out.")) as one:
        one.current.title = "Tides"
        await one.say("Which way?")
        assert one.current.title == "Tides"


async def test_one_turn_runs_at_a_time() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        one.current.start(Draft(text="tides"))
        one.current.start(Draft(text="another"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        one.current.stop()
        await one.ended()
        assert one.texts() == ["tides", "It runs"]
        assert len(one.server.requests) == 1


async def test_a_turn_that_is_stopped_holds_the_queue() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        one.current.start(Draft(text="tides"))
        one.current.queue.add(Draft(text="next"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        assert not one.current.queue.held
        one.current.stop()
        await one.ended()
        assert one.current.queue.held


async def test_a_complete_turn_lets_the_queue_go_on() -> None:
    async with bench(words("Out.")) as one:
        one.current.queue.add(Draft(text="next"))
        await one.say("tides")
        assert not one.current.queue.held


async def test_in_the_background_it_is_asked_with_the_model_of_its_running_turn() -> None:
    async with bench(words("one"), words("two"), words("three")) as one:
        session = one.current
        await one.say("first")
        model = one.provider.model.id
        session.is_on_view = False
        one.provider.use("haiku")
        await one.say("second")
        session.is_on_view = True
        await one.say("third")
        asked = [request.json["model"] for request in one.server.requests]
        assert asked == [model, model, one.provider.model.id]
        assert model != one.provider.model.id


async def test_messages_go_along_with_the_events_and_not_ahead_of_them() -> None:
    gate = Gate()
    async with bench(Answer(Text("It runs", gate))) as one:
        one.current.start(Draft(text="tides"))
        assert one.current.messages == ()
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        assert [message.text for message in one.current.messages] == ["tides"]
        gate.open()
        await one.ended()
        assert [message.text for message in one.current.messages] == ["tides", "It runs"]
        assert one.current.pending_events == ()


async def test_what_is_before_the_next_prompt() -> None:
    async with bench(words("one"), words("two")) as one:
        await one.say("first", "second")
        session = one.current
        assert session.base == session.transcript
        from tui.chat_screen.session import Origin

        session.editing = Origin(await one.branch(), 2)
        assert [message.text for message in session.base.messages] == ["first", "one"]


# What is known of a running answer


def follow(session: ChatSession, *events: object) -> None:
    for event in events:
        session._follow(event)  # type: ignore[arg-type]


def grown(*texts: str) -> list[AnswerUpdated]:
    message = Message(role="assistant", blocks=(), state="streaming")
    return [AnswerUpdated(message, (TextDelta(0, text),)) for text in texts]


async def test_growth_is_kept_in_few_pieces_and_whole() -> None:
    async with bench(records=False) as one:
        follow(one.current, RequestSent(model="m", body=b""), *grown(*"abcdef" * 200))
        updates = [event for event in one.current.pending_events if isinstance(event, AnswerUpdated)]
        assert len(updates) < 12
        text = "".join(event.text for one in updates for event in one.events if isinstance(event, TextDelta))
        assert text == "abcdef" * 200


async def test_a_new_request_begins_anew() -> None:
    async with bench(records=False) as one:
        sent = RequestSent(model="m", body=b"")
        follow(one.current, sent, *grown("half"), sent)
        assert one.current.pending_events == (sent,)
        follow(one.current, AnswerUpdated(Message(role="assistant"), (MessageStart(id="1"),)))
        assert len(one.current.pending_events) == 2


async def test_of_the_output_of_a_tool_the_end_is_kept() -> None:
    async with bench(records=False) as one:
        follow(one.current, ToolOutput("1", "a" * 3_000), ToolOutput("1", "b" * 3_000), ToolOutput("2", "c"))
        first, second = one.current.pending_events
        assert isinstance(first, ToolOutput)
        assert (len(first.text), first.text[-1], second) == (4_000, "b", ToolOutput("2", "c"))


async def test_the_requests_that_wait_for_permission() -> None:
    async with bench(records=False) as one:
        session = one.current
        follow(session, PermissionRequested(REQUEST))
        assert session.questions == (REQUEST,)
        follow(session, PermissionDecided("1", True))
        assert session.questions == ()
        follow(session, PermissionRequested(REQUEST), ToolEnded(ToolResult(tool_use_id="1")))
        assert session.questions == ()


async def test_how_long_a_tool_runs_is_told_by_the_clock() -> None:
    async with bench(records=False) as one:
        session = one.current
        assert session.runs_for_s("1") == 0
        follow(session, ToolStarted(CALL))
        one.clock.now_s += 5
        assert session.runs_for_s("1") == 5


def test_titles_in_notices_are_short() -> None:
    assert shortened("short") == "short"
    assert (len(shortened("x" * 99)), shortened("x" * 99)[-1]) == (30, "…")


def test_a_conversation_without_usage_has_no_tokens() -> None:
    assert tokens_of(()) == 0
    assert tokens_of([Message(role="assistant")]) == 0
