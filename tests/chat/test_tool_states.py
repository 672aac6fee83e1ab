"""A chat with tools through everything that can happen to it, in any order: questions, stops, kills, edits, forks, switches.

The simulator refuses what the API would; beside that, each call is answered once, and nothing is done without its own yes.
"""

from __future__ import annotations

import asyncio
import itertools
import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace
from scripted_turns import Store
from simulated_turns import MODEL, Simulated
from transcripts import histories

from tui.chat.events import AnswerEnded, TurnEnded
from tui.chat.session import Busy, Session
from tui.chat.tools import PermissionDecided, PermissionDecision, PermissionRequest, PermissionRequested, ToolEnded
from tui.chat.transcript import Draft, Text, Tool, ToolResult, Transcript
from tui.chat.turn import run_turn
from tui.demo.reply import Cut
from tui.demo.scenarios import Answer, ToolUse
from tui.demo.scenarios import Text as Words
from tui.tools.permission import PermissionGate
from tui.tools.tool import Plan
from tui.tools.toolbox import Toolbox

OTHER_MODEL = "claude-opus-5-5"


class Act:
    """A tool that asks first, unless it only looks. What is done is noted."""

    def __init__(self, name: str) -> None:
        self.definition = Tool(name=name, description="Acts.", input_schema='{"type":"object","properties":{}}')
        self.is_reading = name == "look"
        self.done: list[str] = []

    async def plan(self, call):
        async def act(tell):
            self.done.append(call.id)
            tell("acting")
            await asyncio.sleep(0)
            return f"{call.name} is done"

        rules = (f"{call.name}(a)", f"{call.name}(**)") if "wide" in call.input else (f"{call.name}({call.id})",)
        asked = PermissionRequest(call=call, title="Act", kind="call", detail=call.input, rules=rules)
        return Plan(act, None if self.is_reading else asked)


class CountedToolbox(Toolbox):
    """As the app's own: its access is the gate's."""

    @property
    def access(self):
        return self.gate.access

    @access.setter
    def access(self, access):
        self.gate.access = access


class ToolChat(RuleBasedStateMachine):
    old = Bundle("old")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.provider = Simulated()
        self.numbers = itertools.count(1)
        self.task = self.turn = None
        self.events: list[object] = []
        self.allowed: set[str] = set()
        self.rules: set[str] = set()
        self.acting = Act("act")
        self.store = Store()
        self._begin(Transcript(system="You act."), "ask")

    def _begin(self, transcript: Transcript, access: str) -> None:
        self.store.messages = list(transcript.messages)
        self.arriving = None
        self.rules = set()
        self.acting.done.clear()
        self.session = Session(
            transcript,
            record=self._record,
            partial=self._partial,
            withdraw=lambda message: self.store.withdraw(message),
        )
        gate = PermissionGate((), access, lambda rule: None)
        self.session.toolbox = CountedToolbox((Act("look"), self.acting), gate)

    def _record(self, message):
        self.arriving = None
        self.store.record(message)

    def _partial(self, message):
        self.arriving = message

    @property
    def is_running(self) -> bool:
        return self.task is not None

    def questions(self) -> dict[str, PermissionRequest]:
        """Those that wait, as a screen would know them."""
        waiting: dict[str, PermissionRequest] = {}
        for event in self.events:
            match event:
                case PermissionRequested(question):
                    assert question.call.id not in waiting
                    waiting[question.call.id] = question
                case PermissionDecided(id=id) | ToolEnded(result=ToolResult(tool_use_id=id)):
                    waiting.pop(id, None)
        return waiting

    def _go_on(self) -> None:
        """Until the turn has ended, or waits for the user."""

        async def rounds():
            await asyncio.sleep(0)  # a verdict arrives with the loop's next round
            while self.task is not None and not self.task.done() and not self._waits():  # noqa: ASYNC110  (all go on in here)
                await asyncio.sleep(0)

        self.loop.run_until_complete(asyncio.wait_for(rounds(), 60))
        if self.task is not None and self.task.done():
            self.task.result()
            self._ended()

    def _waits(self) -> bool:
        """Whether every call that has not ended asks."""
        opened = {call.id for event in self.events if isinstance(event, AnswerEnded) for call in event.message.calls}
        ended = {event.result.tool_use_id for event in self.events if isinstance(event, ToolEnded)}
        return opened != ended and opened - ended == set(self.questions())

    def _ended(self) -> None:
        self.task = self.turn = None
        ended = self.events[-1]
        assert isinstance(ended, TurnEnded)
        assert ended.transcript == self.session.transcript
        assert list(self.session.transcript.messages) == self.store.messages

    # A turn

    @precondition(lambda self: not self.is_running)
    @rule(
        calls=st.lists(
            st.lists(st.sampled_from(["act", "act wide", "look", "nobody", "broken"]), max_size=3), max_size=3
        ),
        ending=st.sampled_from(["whole", "whole", "whole", "cut", "max_tokens", "refusal"]),
        same_ids=st.booleans(),
        draft=st.booleans(),
    )
    def ask(self, calls, ending, same_ids, draft):
        last = self.session.transcript.messages[-1:]
        can_go_on = bool(last) and (last[0].role == "user" or last[0].awaits_results)
        self.provider.answers = [self._answer(names, "whole", same_ids) for names in calls]
        self.provider.answers += [self._answer([], ending, same_ids), *[self._answer([], "whole", same_ids)] * 2]
        self.turn = run_turn(self.session, Draft(text="Act.") if draft or not can_go_on else None, self.provider.ask)
        self.events = []
        self.allowed = set()
        self.acting.done.clear()

        async def read(turn):
            async for event in turn:
                self.events.append(event)

        self.task = self.loop.create_task(read(self.turn))
        self._go_on()

    def _answer(self, names, ending, same_ids):
        parts = [Words("Well. ")]  # and no thinking: other tools make what was thought before invalid
        for at, name in enumerate(names):
            id = f"call_{at}" if same_ids else f"toolu_{next(self.numbers)}"
            tool, _, wide = name.partition(" ")
            input = '{"a' if name == "broken" else json.dumps({"wide": True} if wide else {})
            parts.append(ToolUse("act" if name == "broken" else tool, input, id=id))
        if ending == "cut":
            parts.append(Cut())
        return lambda body: Answer(*parts, stop_reason=ending if ending in ("max_tokens", "refusal") else "")

    @precondition(lambda self: self.is_running and self.questions())
    @rule(target=old, which=st.integers(0, 5), allowed=st.booleans(), lasting=st.sampled_from(["once", "chat"]))
    def answer(self, which, allowed, lasting):
        waiting = list(self.questions().values())
        question = waiting[which % len(waiting)]
        if allowed:
            self.allowed.add(question.call.id)
            if lasting == "chat":
                self.rules.add(question.rules[-1])
        chosen = PermissionDecision(allowed=allowed, lasting=lasting, rule=question.rules[-1])
        self.session.toolbox.gate.answer(question.call.id, chosen)
        self._go_on()
        assert question.call.id not in self.questions()
        return question.call.id

    @rule(id=old)
    def answer_what_is_not_asked_any_more(self, id):
        if id in self.questions():
            return
        before = list(self.events)
        self.session.toolbox.gate.answer(id, PermissionDecision(allowed=True))
        self._go_on()
        assert self.events == before

    @precondition(lambda self: self.is_running)
    @rule()
    def stop(self):
        turn = self.turn
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self.events += turn.conclude(asyncio.CancelledError())
        assert turn.conclude(asyncio.CancelledError()) == ()
        self._ended()
        assert not self.questions()

    @rule()
    def kill(self):
        if self.task is not None:
            self.task.cancel()
            self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
            self.task = self.turn = None
        messages = list(self.store.messages)
        if self.arriving is not None and any(block != Text("") for block in self.arriving.blocks):
            messages.append(replace(self.arriving, state="interrupted"))
        self._begin(replace(self.session.transcript, messages=tuple(messages)), self.session.toolbox.access)

    # Between turns

    @precondition(lambda self: not self.is_running)
    @rule(at=st.integers(0, 30), anywhere=st.booleans())
    def go_back(self, at, anywhere):
        """An earlier prompt is edited, or the chat is forked after any message, one in the middle of a turn, too."""
        messages = self.session.transcript.messages
        prompts = [number for number, message in enumerate(messages) if message.is_prompt]
        places = list(range(len(messages) + 1)) if anywhere else prompts
        if places:
            kept = messages[: places[at % len(places)]]
            self.session.resume(replace(self.session.transcript, messages=kept), self.session.toolbox.access)
            self.store.messages = list(kept)

    @precondition(lambda self: not self.is_running)
    @rule(messages=histories)
    def take_in_another_chat(self, messages):
        """An imported one: calls without results, results without calls, ids that are used twice."""
        taken = tuple(replace(message, model="elsewhere") for message in messages)
        self._begin(Transcript(messages=taken), "ask")

    @rule(access=st.sampled_from(["none", "read", "ask"]))
    def switch_tools(self, access):
        try:
            self.session.use_tools(access)
            assert not self.is_running
        except Busy:
            assert self.is_running
            self.session.toolbox.access = access  # counts from the next call on

    @rule()
    def switch_model(self):
        self.provider.model = OTHER_MODEL if self.provider.model == MODEL else MODEL

    # What always holds

    @invariant()
    def nothing_is_done_without_its_own_yes(self):
        assert len(set(self.acting.done)) == len(self.acting.done)
        for id in self.acting.done:
            assert id in self.allowed or not self.rules.isdisjoint(("act(**)", f"act({id})"))

    @precondition(lambda self: not self.is_running)
    @invariant()
    def what_this_chat_called_is_answered_once(self):
        messages = self.store.messages
        for number, message in enumerate(messages[:-1]):
            after = [block.tool_use_id for block in messages[number + 1].blocks if isinstance(block, ToolResult)]
            if (
                message.model in (MODEL, OTHER_MODEL)
                and message.awaits_results
                and messages[number + 1].state == "complete"
            ):
                assert sorted(after) == sorted(call.id for call in message.calls)

    def teardown(self):
        try:
            if self.is_running:
                self.stop()
            self.ask([], "whole", same_ids=False, draft=True)
            assert not self.is_running
            assert self.session.transcript.messages[-1].state == "complete"
        finally:
            if left := asyncio.all_tasks(self.loop):
                for task in left:
                    task.cancel()
                self.loop.run_until_complete(asyncio.wait(left))
            self.loop.close()


TestToolChat = ToolChat.TestCase
TestToolChat.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
