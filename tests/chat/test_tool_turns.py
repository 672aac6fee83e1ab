"""Turns in which Claude calls tools: through every way that a call can end. The tools are the test's own."""

from __future__ import annotations

import asyncio

import pytest
from scripted_turns import PROMPT, Clock, Provider, Store, answer, kinds, run, session_with, stopped

from tui.chat.events import (
    AnswerEnded,
    AnswerUpdated,
    BlockStart,
    BlockStop,
    InputDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    Notice,
    PromptSent,
    RequestSent,
    ToolResultsAdded,
    TurnEnded,
)
from tui.chat.session import Busy
from tui.chat.tool_calls import ANSWER_INTERRUPTED, ENDED, INTERRUPTED, NO_TOOLS, STOPPED, TRUNCATED
from tui.chat.tools import PermissionDecided, ToolEnded, ToolOutput, ToolStarted
from tui.chat.transcript import Draft, Image, Message, Text, Thinking, Tool, ToolResult, ToolUse, Transcript
from tui.chat.turn import run_turn
from tui.errors import TuiError

pytestmark = pytest.mark.anyio

TIDE = ToolUse("toolu_1", "get_tide", '{"port":"Brest"}')
WIND = ToolUse("toolu_2", "get_wind", '{"at": 3}')


def calling(*calls, stop_reason="tool_use", before=()):
    """An answer that calls tools. Their JSON comes in odd pieces, the first of them empty, as the API sends it."""
    events = [MessageStart(id="msg_1", model="answering")]
    for number, block in enumerate((*before, *calls)):
        if isinstance(block, ToolUse):
            middle = len(block.input) // 2
            events += [BlockStart(number, ToolUse(block.id, block.name)), InputDelta(number, "")]
            events += [InputDelta(number, part) for part in (block.input[:middle], block.input[middle:]) if part]
        else:
            events.append(BlockStart(number, block))
        events.append(BlockStop(number))
    return [*events, MessageDelta(stop_reason=stop_reason), MessageStop()]


class Tools:
    """What each tool does, by its name: a result, an error to raise, or a coroutine function."""

    access = "ask"
    tools = ()

    def __init__(self, **does):
        self.does = does
        self.ran = []
        self.ended = []

    async def run(self, call, tell):
        self.ran.append(call)
        does = self.does[call.name]
        try:
            if callable(does):
                does = await does(call, tell)
            if isinstance(does, Exception):
                raise does
            return ToolResult(call.id, (Text(does),)) if isinstance(does, str) else does
        finally:
            self.ended.append(call)


def using(tools, store=None, **more):
    session = session_with(store, **more)
    session.toolbox = tools
    return session


def told(result):
    """The text of a result, and whether it is an error."""
    return result.content[0].text, result.is_error


def results_in(session):
    return [
        block for message in session.transcript.messages for block in message.blocks if isinstance(block, ToolResult)
    ]


async def test_the_results_of_an_answer_go_back_and_the_turn_goes_on():
    store = Store()
    session = using(Tools(get_tide="high water at 06:12"), store)
    provider = Provider(calling(TIDE, before=[Thinking("Hm.", "c2ln"), Text("Let me look.")]), answer("At 06:12."))
    events = await run(session, provider)
    assert kinds(events) == [
        PromptSent, RequestSent, AnswerUpdated, AnswerEnded, ToolStarted, ToolEnded, ToolResultsAdded,
        RequestSent, AnswerUpdated, AnswerEnded, TurnEnded,
    ]  # fmt: skip
    prompt, called, results, said = session.transcript.messages
    assert called.blocks == (Thinking("Hm.", "c2ln"), Text("Let me look."), TIDE)
    assert results.role == "user"
    assert [block.tool_use_id for block in results.blocks] == ["toolu_1"]
    assert told(results.blocks[0]) == ("high water at 06:12", False)
    assert said.text == "At 06:12."
    assert events[4].call == TIDE
    assert events[5].result == results.blocks[0]
    assert events[6].message == results
    assert events[-1].outcome == "complete"
    assert store.messages == [prompt, called, results, said]
    assert [asked.messages for asked in provider.asked] == [(prompt,), (prompt, called, results)]


async def test_results_are_recorded_before_they_are_sent():
    store, recorded = Store(), []

    class Watching(Provider):
        def ask(self, transcript):
            recorded.append(list(store.messages))
            return super().ask(transcript)

    session = using(Tools(get_tide="high"), store)
    await run(session, Watching(calling(TIDE), answer()))
    assert recorded[1] == list(session.transcript.messages[:3])


async def test_calls_of_one_answer_run_side_by_side_and_their_results_stand_in_the_order_of_the_calls():
    tide_may_end = asyncio.Event()

    async def tide(call, tell):
        await tide_may_end.wait()
        return "high"

    async def wind(call, tell):
        tell(ToolOutput(call.id, "blowing"))
        tide_may_end.set()
        return "west"

    session = using(Tools(get_tide=tide, get_wind=wind))
    events = await run(session, Provider(calling(TIDE, WIND), answer()))
    assert [told(result)[0] for result in results_in(session)] == ["high", "west"]
    happened = [event for event in events if isinstance(event, ToolStarted | ToolOutput | ToolEnded)]
    assert kinds(happened) == [ToolStarted, ToolStarted, ToolOutput, ToolEnded, ToolEnded]
    assert happened[3].result.tool_use_id == WIND.id


async def test_what_a_tool_tells_while_it_runs_is_passed_on_at_once():
    heard = asyncio.Event()

    async def asking(call, tell):
        tell(PermissionDecided(call.id, True))
        await heard.wait()
        return "done"

    session = using(Tools(get_tide=asking))
    async for event in run_turn(session, PROMPT, Provider(calling(TIDE), answer()).ask):
        if isinstance(event, PermissionDecided):
            heard.set()
    assert told(results_in(session)[0]) == ("done", False)


async def test_a_result_may_hold_pictures():
    picture = Image("image/png", "iVBORw0KGgo=")
    session = using(Tools(get_tide=ToolResult("whatever it says", (Text("see"), picture))))
    await run(session, Provider(calling(TIDE), answer()))
    assert results_in(session)[0].content == (Text("see"), picture)
    assert results_in(session)[0].tool_use_id == TIDE.id


async def test_the_time_of_a_call_is_kept_and_a_tool_that_knows_better_is_believed():
    known = ToolResult("", (Text("west"),), elapsed_s=0.25)
    session = using(Tools(get_tide="high", get_wind=known), clock=Clock())
    await run(session, Provider(calling(TIDE, WIND), answer()))
    tide, wind = results_in(session)
    assert tide.elapsed_s >= 1
    assert wind.elapsed_s == 0.25


async def test_a_tool_that_crashes_is_an_error_for_claude_and_the_other_call_goes_on():
    session = using(Tools(get_tide=ZeroDivisionError("by zero"), get_wind="west"))
    events = await run(session, Provider(calling(TIDE, WIND), answer()))
    assert [told(result) for result in results_in(session)] == [
        ("The tool crashed: ZeroDivisionError: by zero", True),
        ("west", False),
    ]
    assert events[-1].outcome == "complete"


async def test_a_tool_that_cancels_itself_ends_nothing_else():
    async def gives_up(call, tell):
        raise asyncio.CancelledError

    session = using(Tools(get_tide=gives_up))
    events = await run(session, Provider(calling(TIDE), answer()))
    assert told(results_in(session)[0]) == (ENDED, True)
    assert events[-1].outcome == "complete"


@pytest.mark.parametrize("input", ['{"port":', '["Brest"]', '"Brest"', "{} {}", "nonsense"])
async def test_arguments_that_are_no_whole_object_are_answered_and_not_tried(input):
    tools = Tools(get_tide="never")
    session = using(tools)
    await run(session, Provider(calling(ToolUse("toolu_1", "get_tide", input)), answer()))
    words, is_error = told(results_in(session)[0])
    assert words.startswith("Not carried out: the arguments are not a complete JSON object")
    assert is_error
    assert tools.ran == []


@pytest.mark.parametrize("input", ['{"port":', "{}", '{"port":"Brest"}'])
async def test_a_call_that_the_limit_of_tokens_cuts_is_answered_and_the_whole_one_before_it_is_carried_out(input):
    """Not even JSON that happens to be whole is believed: what would have followed is not known."""
    tools = Tools(get_tide="never", get_wind="west")
    session = using(tools)
    cut = calling(WIND, ToolUse("toolu_1", "get_tide", input), stop_reason="max_tokens")
    events = await run(session, Provider(cut, answer()))
    assert [told(result) for result in results_in(session)] == [("west", False), (TRUNCATED, True)]
    assert tools.ran == [WIND]
    assert events[-1].outcome == "complete"


async def test_without_tools_every_call_is_answered_all_the_same():
    session = session_with()
    await run(session, Provider(calling(TIDE), answer("Then not.")))
    assert told(results_in(session)[0]) == (NO_TOOLS, True)
    assert session.transcript.messages[-1].text == "Then not."


async def test_calls_without_an_id_or_with_one_that_was_used_get_their_own():
    calls = [ToolUse("", "get_tide"), ToolUse("call:0", "get_tide"), ToolUse("call:0", "get_tide")]
    session = using(Tools(get_tide="high"))
    await run(session, Provider(calling(*calls), calling(ToolUse("call:0", "get_tide")), answer()))
    ids = [call.id for message in session.transcript.messages for call in message.calls]
    assert ids == ["call_1", "call_0_1", "call_0_2", "call_0_3"]
    assert [result.tool_use_id for result in results_in(session)] == ids


async def test_a_stop_answers_every_call_and_keeps_what_was_done():
    store, silence = Store(), asyncio.Event()

    async def never(call, tell):
        await asyncio.Event().wait()

    async def quick(call, tell):
        silence.set()
        return "west"

    tools = Tools(get_tide=never, get_wind=quick)
    session = using(tools, store)
    provider = Provider(calling(TIDE, WIND), answer())
    provider.is_silent = silence
    events, last = await stopped(session, provider)
    await asyncio.sleep(0)
    assert tools.ended == [WIND, TIDE]
    happened = [*events, *last]
    assert kinds(happened)[-3:] == [ToolEnded, ToolResultsAdded, TurnEnded]
    assert [told(result) for result in results_in(session)] == [(STOPPED, True), ("west", False)]
    assert happened[-1].outcome == "stopped"
    assert happened[-1].give_back is None
    assert tuple(store.messages) == session.transcript.messages

    events = await run(session, Provider(answer("Fine.")), Draft(text="Then without."))
    assert kinds(events) == [PromptSent, RequestSent, AnswerUpdated, AnswerEnded, TurnEnded]


async def test_a_stop_while_a_call_still_arrives_answers_it():
    provider = Provider([*calling(TIDE)[:-4], None])
    session = using(Tools(get_tide="never"))
    _, last = await stopped(session, provider)
    assert ToolResultsAdded in kinds(last)
    called, results = session.transcript.messages[1:]
    assert called.state == "stopped"
    assert told(results.blocks[0]) == (STOPPED, True)


async def test_an_answer_that_breaks_off_has_its_calls_answered_and_none_carried_out():
    tools = Tools(get_tide="never")
    session = using(tools)
    events = await run(session, Provider([*calling(TIDE)[:-2], TuiError("The connection broke.")]))
    assert told(results_in(session)[0]) == (ANSWER_INTERRUPTED, True)
    assert tools.ran == []
    assert events[-1].outcome == "failed"
    assert events[-1].transcript == session.transcript


async def test_a_request_that_fails_after_tools_keeps_what_they_did_and_the_turn_can_be_continued():
    session = using(Tools(get_tide="high"))
    events = await run(session, Provider(calling(TIDE), [TuiError("Overloaded.")]))
    assert events[-1].outcome == "failed"
    assert events[-1].give_back is None
    assert told(results_in(session)[0]) == ("high", False)
    provider = Provider(answer("At six."))
    await run(session, provider, None)
    assert provider.asked[0].messages[-1].blocks[0].tool_use_id == TIDE.id
    assert session.transcript.messages[-1].text == "At six."


async def test_a_refusal_ends_the_turn_with_its_calls_left_alone():
    tools = Tools(get_tide="never")
    session = using(tools)
    await run(session, Provider(calling(TIDE, stop_reason="refusal")))
    assert tools.ran == []
    assert results_in(session) == []


async def test_a_full_context_window_ends_the_turn_with_its_calls_answered():
    tools = Tools(get_tide="never")
    session = using(tools)
    events = await run(session, Provider(calling(TIDE, stop_reason="model_context_window_exceeded")))
    assert tools.ran == []
    assert told(results_in(session)[0]) == (ANSWER_INTERRUPTED, True)
    assert events[-1].outcome == "complete"


async def test_a_turn_has_a_limit_of_requests_and_can_be_continued():
    session = using(Tools(get_tide="high"))
    session.most_requests = 3
    calls = [ToolUse(f"toolu_{number}", "get_tide") for number in range(3)]
    events = await run(session, Provider(*(calling(call) for call in calls)))
    assert kinds(events).count(RequestSent) == 3
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "This turn reached its limit of 3 requests. Claude can continue."
    ]
    assert len(results_in(session)) == 3
    await run(session, Provider(answer("High, high and high.")), None)
    assert session.transcript.messages[-1].text == "High, high and high."


async def test_calls_and_pauses_of_the_server_may_follow_one_another():
    session = using(Tools(get_tide="high"))
    paused = answer("searching ", stop_reason="pause_turn")
    provider = Provider(paused, calling(TIDE), answer("still ", stop_reason="pause_turn"), answer())
    events = await run(session, provider)
    assert kinds(events).count(RequestSent) == 4
    assert [message.role for message in session.transcript.messages] == [
        "user",
        *["assistant"] * 2,
        "user",
        *["assistant"] * 2,
    ]


@pytest.mark.parametrize("draft", [Draft(text="And now?"), None])
async def test_calls_that_a_killed_program_left_open_are_answered_first(draft):
    called = Message(role="assistant", blocks=(TIDE,), stop_reason="tool_use")
    before = Transcript(messages=(Message(role="user", blocks=(Text("Tide?"),)), called))
    store = Store()
    session = using(Tools(), store)
    session.transcript = before
    events = await run(session, Provider(answer()), draft)
    assert kinds(events)[0] is ToolResultsAdded
    assert told(results_in(session)[0]) == (INTERRUPTED, True)
    assert tuple(store.messages) == session.transcript.messages[2:]


async def test_what_was_done_is_told_to_the_disk_before_the_other_calls_have_ended():
    kept, is_kept = [], asyncio.Event()

    def partial(message):
        if message.role == "user":
            kept.append(message)
            is_kept.set()

    async def late(call, tell):
        await is_kept.wait()
        return "high"

    session = using(Tools(get_tide=late, get_wind="west"), partial=partial)
    await run(session, Provider(calling(TIDE, WIND), answer()))
    assert [result.tool_use_id for result in kept[0].blocks] == [WIND.id]
    assert kept[0].state == "streaming"


async def test_an_objection_ends_the_turn_before_its_next_request_with_all_that_was_done():
    asked = []

    def objection(answers):
        asked.append(len(answers))
        return TuiError("Too dear.") if len(answers) == 2 else None

    session = using(Tools(get_tide="high"))
    session.check_request = objection
    provider = Provider(calling(TIDE), calling(ToolUse("toolu_3", "get_tide")))
    events = await run(session, provider)
    assert asked == [1, 2]
    assert (events[-1].outcome, events[-1].failure.message, events[-1].give_back) == ("failed", "Too dear.", None)
    assert [result.tool_use_id for result in results_in(session)] == ["toolu_1", "toolu_3"]


async def test_a_conversation_keeps_the_tools_that_it_began_with_until_others_are_chosen_between_turns():
    tide = Tool(name="get_tide", description="Tides.", input_schema="{}")
    tools = Tools(get_tide="high")
    tools.tools = (tide,)
    session = using(tools)
    turn = run_turn(session, PROMPT, Provider(calling(TIDE), answer()).ask)
    async for event in turn:
        tools.tools = ()
        if isinstance(event, ToolStarted):
            with pytest.raises(Busy):
                session.use_tools("none")
    provider = Provider(answer(), answer())
    await run(session, provider)
    session.use_tools("none")
    await run(session, provider)
    assert [asked.current.tools for asked in provider.asked] == [(tide,), ()]
    assert tools.access == "none"


NOT_OFFERED = "The turn was stopped: the server called tools although none were offered 3 times."


def offering(**does):
    """Tools that the conversation offers."""
    tools = Tools(**does)
    tools.tools = tuple(Tool(name=name, description="", input_schema="{}") for name in does)
    return tools


async def test_a_server_that_calls_tools_although_none_were_offered_is_asked_three_times():
    session = session_with()
    calls = [ToolUse(f"toolu_{number}", f"tool_{number}", f'{{"number": {number}}}') for number in range(5)]
    events = await run(session, Provider(*(calling(call) for call in calls)))
    assert kinds(events).count(RequestSent) == 3
    assert [event.text for event in events if isinstance(event, Notice)] == [NOT_OFFERED]
    assert events[-1].outcome == "complete"
    assert len(results_in(session)) == 3
    await run(session, Provider(answer("Sorry.")))
    assert session.transcript.messages[-1].text == "Sorry."


async def test_a_turn_whose_answers_grow_without_end_is_ended_with_all_that_it_said():
    session = using(offering(get_tide="high"))
    words = Text("tide " * 600_000)
    calls = [calling(ToolUse(f"toolu_{number}", "get_tide"), before=(words,)) for number in range(5)]
    events = await run(session, Provider(*calls))
    assert kinds(events).count(RequestSent) == 3
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "The turn was stopped: its answers have more than 8 MB in total."
    ]
    assert len(results_in(session)) == 3


async def test_a_call_that_fails_again_and_again_in_the_same_way_is_made_three_times():
    session = using(offering(get_tide="high"))
    again = [calling(ToolUse(f"toolu_{number}", "get_tide", "[1]")) for number in range(5)]
    events = await run(session, Provider(*again))
    assert kinds(events).count(RequestSent) == 3
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "The turn was stopped: the same call of get_tide failed 3 times the same way."
    ]


async def test_one_that_fails_beside_the_same_success_or_in_turns_with_another_is_too():
    failing = [ToolUse(f"toolu_{number}", "get_tide", "[1]") for number in range(8)]
    same = [ToolUse(f"wind_{number}", "get_wind", "{}") for number in range(8)]
    session = using(offering(get_tide="high", get_wind="west"))
    events = await run(session, Provider(*(calling(*pair) for pair in zip(failing, same, strict=True))))
    assert kinds(events).count(RequestSent) <= 4
    other = [ToolUse(f"other_{number}", "get_wind", "[2]") for number in range(8)]
    session = using(offering(get_tide="high", get_wind="west"))
    in_turns = [calling(call) for pair in zip(failing, other, strict=True) for call in pair]
    events = await run(session, Provider(*in_turns))
    assert kinds(events).count(RequestSent) == 5


async def test_calls_that_fail_while_others_get_on_do_not_end_the_turn():
    failing = [ToolUse(f"toolu_{number}", "get_tide", "[1]") for number in range(5)]
    new = [ToolUse(f"wind_{number}", "get_wind", f'{{"hour": {number}}}') for number in range(5)]
    session = using(offering(get_tide="high", get_wind="west"))
    events = await run(session, Provider(*(calling(*pair) for pair in zip(failing, new, strict=True)), answer("Done.")))
    assert kinds(events).count(RequestSent) == 6
    assert [event for event in events if isinstance(event, Notice)] == []
