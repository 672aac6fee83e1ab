"""Turns from prompt to record, through every way they can end. The provider is a script of events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from scripted_turns import PROMPT, Clock, Provider, Store, answer, kinds, run, session_with, stopped

from tui.chat.events import (
    AnswerEnded,
    AnswerUpdated,
    BlockStart,
    BlockStop,
    MessageDelta,
    MessageStart,
    MessageStop,
    Notice,
    PromptSent,
    RequestSent,
    RetryScheduled,
    TextDelta,
    ThinkingDelta,
    TurnEnded,
)
from tui.chat.ledger import Bill, UsageUpdate
from tui.chat.outcomes import notice_for
from tui.chat.request import Request
from tui.chat.session import Busy, Session
from tui.chat.transcript import Draft, Failure, Image, Message, Opaque, Text, Thinking, Transcript
from tui.chat.turn import MAX_PAUSES, run_turn
from tui.errors import TuiError

pytestmark = pytest.mark.anyio


async def test_a_turn_from_prompt_to_record():
    store = Store()
    session = session_with(store, bill=lambda message: Bill(cost_usd=message.usage.output_tokens))
    events = await run(session, Provider(answer()))
    assert kinds(events) == [PromptSent, RequestSent, AnswerUpdated, AnswerEnded, TurnEnded]
    sent, asked, grew, settled, ended = events
    assert sent.message == Message(role="user", blocks=(Text(PROMPT.text),), at=5.0)
    assert (asked.model, asked.body) == ("asked", b"{}")
    assert grew.message.text == "Two."
    assert settled.message.state == "complete"
    assert (settled.message.model, settled.message.id, settled.message.at) == ("answering", "msg_1", 5.0)
    assert settled.message.bill == Bill(cost_usd=2)
    assert ended.outcome == "complete"
    assert ended.transcript.messages == (sent.message, settled.message) == tuple(store.messages)
    assert session.transcript == ended.transcript
    assert not session.is_busy


async def test_the_prompt_is_recorded_before_anything_is_sent():
    store = Store()
    recorded = []

    def ask(transcript):
        recorded.extend(store.messages)
        return Request(model="m", body=b"", stream=lambda: Provider()._stream(answer()))

    async for _ in run_turn(session_with(store), PROMPT, ask):
        pass
    assert [message.text for message in recorded] == [PROMPT.text]


async def test_an_answer_is_told_of_each_time_that_it_has_grown():
    store, partials = Store(), []
    session = session_with(store, partial=lambda message: partials.append((message.text, len(store.messages))))
    gone = Provider([BlockStart(0, Text("One")), None])
    await stopped(session, gone)
    assert partials == [("One", 1)]
    assert [message.text for message in store.messages] == [PROMPT.text, "One"]


async def test_what_an_answer_costs_is_known_while_it_arrives():
    partials = []
    session = session_with(
        partial=partials.append,
        bill=lambda message: Bill(cost_usd=message.usage.input_tokens + message.usage.output_tokens),
    )
    begun = MessageStart(id="m", usage=UsageUpdate(input_tokens=10, output_tokens=1))
    await stopped(session, Provider([begun, BlockStart(0, Text("x" * 80)), None]))
    assert [(one.usage.output_tokens, one.bill) for one in partials] == [(20, Bill(cost_usd=30))]
    assert not partials[0].is_counted


async def test_attachments_stand_before_the_text():
    image = Image("image/png", "aGk=")
    events = await run(session_with(), Provider(answer()), Draft(text="What is it?", attachments=(image,)))
    assert events[0].message.blocks == (image, Text("What is it?"))
    events = await run(session_with(), Provider(answer()), Draft(text="", attachments=(image,)))
    assert events[0].message.blocks == (image,)


async def test_what_is_there_at_once_comes_as_one():
    deltas = [TextDelta(0, "word ")] * 1_000
    events = await run(session_with(), Provider([BlockStart(0, Text("")), *deltas, MessageStop()]))
    (grew,) = [event for event in events if isinstance(event, AnswerUpdated)]
    assert grew.events == (BlockStart(0, Text("")), TextDelta(0, "word " * 1_000), MessageStop())


async def test_the_next_turn_tells_the_whole_conversation_and_may_ask_another_model():
    session = session_with()
    await run(session, Provider(answer()))
    other = Provider(answer("Phobos and Deimos."))
    await run(session, other, Draft(text="Their names?"))
    assert [message.text for message in other.asked[0].messages] == [PROMPT.text, "Two.", "Their names?"]


async def test_a_pause_is_continued_with_the_answer_as_it_came():
    search = Opaque("server_tool_use", '{"type":"server_tool_use","id":"s","name":"web_search","input":{}}')
    first = [BlockStart(0, search), MessageDelta(stop_reason="pause_turn"), MessageStop()]
    provider = Provider(first, answer())
    events = await run(session_with(), provider)
    assert kinds(events) == [
        PromptSent,
        RequestSent,
        AnswerUpdated,
        AnswerEnded,
        RequestSent,
        AnswerUpdated,
        AnswerEnded,
        TurnEnded,
    ]
    assert provider.asked[1].messages[-1].blocks == (search,)
    assert [message.stop_reason for message in events[-1].transcript.messages[1:]] == ["pause_turn", "end_turn"]


async def test_pausing_has_an_end():
    session, provider = session_with(), Provider(*[answer(stop_reason="pause_turn")] * (MAX_PAUSES + 5))
    events = await run(session, provider)
    assert len(provider.asked) == MAX_PAUSES + 1
    assert isinstance(events[-2], Notice)
    assert events[-1].outcome == "complete"


async def test_a_failed_send_gives_the_prompt_back():
    store = Store()
    session = session_with(store, transcript=Transcript(system="Be brief."))
    before = session.transcript
    events = await run(session, Provider([TuiError("No connection", "Check the network.")]))
    assert kinds(events) == [PromptSent, RequestSent, TurnEnded]
    ended = events[-1]
    assert (ended.outcome, ended.give_back, ended.transcript) == ("failed", PROMPT, before)
    assert ended.failure == Failure(message="No connection", hint="Check the network.", type="tui_error")
    assert session.transcript == before
    assert store.messages == []


async def test_an_answer_that_never_got_beyond_its_start_gives_the_prompt_back():
    events = await run(session_with(), Provider([MessageStart(id="m"), BlockStart(0, Text("")), TuiError("cut")]))
    assert events[-1].give_back == PROMPT
    assert AnswerEnded not in kinds(events)


async def test_what_an_answer_cost_is_kept_although_nothing_of_it_came():
    lost = []
    session = session_with(discard=lost.append, bill=lambda message: Bill(cost_usd=message.usage.input_tokens))
    begun = MessageStart(id="m", usage=UsageUpdate(input_tokens=10))
    await run(session, Provider([begun, TuiError("cut")]))
    assert session.transcript == Transcript()
    assert session.discarded == tuple(lost)
    assert [(one.id, one.state, one.bill) for one in lost] == [("m", "failed", Bill(cost_usd=10))]
    await run(session, Provider([TuiError("refused")]))  # nothing was billed
    assert len(lost) == 1


async def test_a_prompt_of_nothing_is_not_recorded():
    store = Store()
    events = await run(session_with(store), Provider(answer("Hello")), Draft(text=""))
    assert kinds(events) == [TurnEnded]
    assert (events[-1].outcome, store.messages) == ("failed", [])


async def test_a_request_that_cannot_be_made_gives_the_prompt_back():
    def ask(transcript):
        raise TuiError("There is nothing to send.")

    events = [event async for event in run_turn(session_with(), PROMPT, ask)]
    assert kinds(events) == [PromptSent, TurnEnded]
    assert events[-1].give_back == PROMPT


async def test_a_failure_in_the_middle_keeps_prompt_and_text():
    store = Store()
    events = await run(session_with(store), Provider([*answer("Half a sen")[:3], TuiError("The connection broke")]))
    settled, ended = events[-2:]
    assert (settled.message.state, settled.message.text) == ("failed", "Half a sen")
    assert settled.message.failure == ended.failure == Failure(message="The connection broke", type="tui_error")
    assert (ended.outcome, ended.give_back) == ("failed", None)
    assert ended.transcript.messages == tuple(store.messages)
    assert len(store.messages) == 2


async def test_an_error_that_knows_more_of_itself_is_asked():
    class Detailed(TuiError):
        def failure(self):
            return Failure(message=self.message, status=529, request_id="req_1")

    events = await run(session_with(), Provider([Detailed("Overloaded")]))
    assert events[-1].failure == Failure(message="Overloaded", status=529, request_id="req_1")


async def test_a_stopped_answer_keeps_its_text_and_the_next_turn_works():
    store = Store()
    session, provider = session_with(store), Provider([*answer("Half a sen")[:3], None], answer())
    events, concluded = await stopped(session, provider)
    assert kinds(events) == [PromptSent, RequestSent, AnswerUpdated]
    assert kinds(concluded) == [AnswerEnded, TurnEnded]
    assert (concluded[0].message.state, concluded[0].message.text) == ("stopped", "Half a sen")
    assert (concluded[1].outcome, concluded[1].failure, concluded[1].give_back) == ("stopped", None, None)
    assert store.messages[-1] == concluded[0].message
    assert (await run(session, provider, Draft(text="Again")))[-1].outcome == "complete"
    assert provider.closed == 2


async def test_stopping_before_anything_came_gives_the_prompt_back():
    store = Store()
    session = session_with(store)
    _, concluded = await stopped(session, Provider([None]))
    (ended,) = concluded
    assert (ended.outcome, ended.give_back, ended.transcript.messages) == ("stopped", PROMPT, ())
    assert store.messages == []


async def test_a_turn_that_is_stopped_before_it_began_gives_the_prompt_back():
    turn = run_turn(session_with(), PROMPT, Provider().ask)
    (ended,) = turn.conclude(asyncio.CancelledError())
    assert (ended.outcome, ended.give_back) == ("stopped", PROMPT)


async def test_text_that_was_read_but_not_told_is_told_at_the_stop():
    more, is_silent = asyncio.Event(), asyncio.Event()

    async def stream():
        yield TextDelta(0, "Half ")
        await more.wait()
        yield TextDelta(0, "a sentence")
        is_silent.set()
        await asyncio.Event().wait()

    request = Request(model="m", body=b"", stream=stream)
    turn = run_turn(session_with(), PROMPT, lambda transcript: request)
    async with aclosing(turn.__aiter__()) as arriving:
        while not isinstance(await arriving.__anext__(), AnswerUpdated):
            pass
        more.set()
        await is_silent.wait()  # and the turn has not been read on
    concluded = turn.conclude(asyncio.CancelledError())
    assert kinds(concluded) == [AnswerUpdated, AnswerEnded, TurnEnded]
    assert concluded[0].events == (TextDelta(0, "a sentence"),)
    assert concluded[1].message.text == "Half a sentence"


async def test_a_pause_that_fails_to_continue_keeps_what_came():
    session = session_with()
    events = await run(session, Provider(answer("First half.", "pause_turn"), [TuiError("Overloaded")]))
    assert (events[-1].outcome, events[-1].give_back) == ("failed", None)
    assert [message.text for message in session.transcript.messages] == [PROMPT.text, "First half."]


async def test_a_turn_ends_once():
    turn = run_turn(session_with(), PROMPT, Provider(answer()).ask)
    assert [event async for event in turn][-1].outcome == "complete"
    assert turn.conclude(asyncio.CancelledError()) == ()


async def test_a_second_turn_has_to_wait():
    session = session_with()
    turn = run_turn(session, PROMPT, Provider(answer()).ask)
    with pytest.raises(Busy):
        run_turn(session, PROMPT, Provider(answer()).ask)
    turn.conclude()
    run_turn(session, PROMPT, Provider(answer()).ask)


async def test_bugs_are_not_hidden():
    session = session_with()
    turn = run_turn(session, PROMPT, Provider([TextDelta(0, "Half"), KeyError("bug")]).ask)
    with pytest.raises(KeyError):
        async for _ in turn:
            pass
    settled, ended = turn.conclude(KeyError("bug"))
    assert settled.message.text == "Half"
    assert ended.failure.type == "internal_error"


async def test_waiting_is_passed_on():
    waiting = RetryScheduled(failure=Failure(message="Overloaded"), attempt=2, attempts=3, until=9.0)
    events = await run(session_with(), Provider([waiting, *answer()]))
    assert kinds(events) == [PromptSent, RequestSent, RetryScheduled, AnswerUpdated, AnswerEnded, TurnEnded]
    assert events[2] == waiting


async def test_notices_of_the_request_come_first():
    def ask(transcript):
        return Request(
            model="m", body=b"", stream=lambda: Provider()._stream(answer()), notices=("Sonnet 4 is retired",)
        )

    events = [event async for event in run_turn(session_with(), PROMPT, ask)]
    assert events[1] == Notice("Sonnet 4 is retired")


async def test_times_are_kept():
    session = session_with(clock=Clock())
    thought = [BlockStart(0, Thinking("")), ThinkingDelta(0, "Hm"), BlockStop(0)]
    events = await run(session, Provider([*thought, *answer()[1:]]))
    message = events[-2].message
    assert message.elapsed_s > 0
    assert message.thought_s == 0.0  # all of it came at once


async def test_thinking_is_timed_from_its_start_to_its_end():
    clock, gate = Clock(), asyncio.Event()

    async def stream():
        yield BlockStart(0, Thinking(""))
        yield ThinkingDelta(0, "Hm")
        await gate.wait()
        clock.time += 100
        yield BlockStart(1, Text(""))
        yield TextDelta(1, "Two.")
        yield MessageDelta(stop_reason="end_turn")
        yield BlockStop(0)

    request = Request(model="m", body=b"", stream=stream)
    events = []
    async for event in run_turn(session_with(clock=clock), PROMPT, lambda transcript: request):
        events.append(event)
        if isinstance(event, AnswerUpdated):
            gate.set()
    message = events[-2].message
    assert 100 < message.thought_s < message.elapsed_s < 120


async def test_a_prompt_that_stands_there_is_answered_once_more_without_being_recorded_again():
    provider, recorded, withdrawn = Provider(answer("Two.")), [], []
    asked = Message(role="user", blocks=(Text("How many moons has Mars?"),))
    session = Session(Transcript(messages=(asked,)), record=recorded.append, withdraw=withdrawn.append)
    events = [event async for event in run_turn(session, None, provider.ask)]
    assert provider.asked == [Transcript(messages=(asked,))]
    assert not any(isinstance(event, PromptSent) for event in events)
    assert [message.text for message in recorded] == ["Two."]
    assert events[-1].outcome == "complete"


async def test_a_prompt_that_stands_there_stays_when_its_answer_never_comes():
    provider, withdrawn = Provider([TuiError("Broken.")]), []
    asked = Message(role="user", blocks=(Text("How many moons has Mars?"),))
    session = Session(Transcript(messages=(asked,)), withdraw=withdrawn.append)
    events = [event async for event in run_turn(session, None, provider.ask)]
    assert (events[-1].outcome, events[-1].give_back, withdrawn) == ("failed", None, [])
    assert session.transcript.messages == (asked,)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"stop_reason": "max_tokens"}, "max_tokens"),
        ({"stop_reason": "model_context_window_exceeded"}, "context window"),
        ({"stop_reason": "refusal", "stop_category": "bio", "stop_explanation": "Too risky."}, "(bio): Too risky."),
        ({"stop_reason": "refusal"}, "refused"),
        ({"stop_reason": "end_turn", "blocks": ()}, "empty"),
        ({"stop_reason": "end_turn", "blocks": (Thinking("Hm", "S"),)}, "empty"),
        ({"stop_reason": "end_turn"}, ""),
        ({"stop_reason": "stop_sequence"}, ""),
        ({"stop_reason": "tool_use", "blocks": ()}, ""),
        ({"stop_reason": "new_reason"}, ""),
        ({"stop_reason": "max_tokens", "state": "stopped"}, ""),
    ],
)
async def test_an_end_is_told_for_what_it_is(message, words):
    notice = notice_for(Message(role="assistant", **{"blocks": (Text("Two."),), **message}))
    assert words in notice
    assert bool(words) == bool(notice)
