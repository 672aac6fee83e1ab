"""Whatever becomes of tool calls, the history that is sent afterwards is one that the API takes, thinking and all."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scripted_turns import Store
from simulated_turns import Simulated
from transcripts import TIDE

from tui.chat.events import TurnEnded
from tui.chat.session import Session
from tui.chat.tools import ToolOutput
from tui.chat.transcript import Draft, Image, Text, Tool, ToolResult, Transcript
from tui.chat.turn import run_turn
from tui.demo.reply import Cut, Gate
from tui.demo.scenarios import Answer, Block, Thinking, ToolUse, error_event
from tui.demo.scenarios import Text as Words

TOOLS = (TIDE, Tool(name="look", description="Looks.", input_schema='{"type":"object","properties":{}}'))
SYSTEM = "You know the sea." * 60
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Called:
    """A call, what comes of it, and how it is written."""

    tool: str = "get_tide"
    does: str = "answers"
    json: str = '{"port": "Brest", "höhe": "☂"}'


@dataclass(frozen=True)
class Said:
    """One answer of a turn."""

    thinks: bool = True
    speaks: bool = True
    calls: tuple[Called, ...] = ()
    searches: bool = False
    """It leaves a search of the server's open, which the next answer goes on with."""
    ending: str = "whole"
    chars: int = 7
    """In a delta."""


@dataclass(frozen=True)
class Played:
    """One turn: its answers as far as it comes to them, then one that ends it; and how it ends before that, if it does."""

    said: tuple[Said, ...]
    end: str = "by itself"
    events: int = 0
    """So many are read of it before it is ended."""


class Sea:
    """Tools that do what the call says. One that hangs does so until it is stopped."""

    access = "ask"
    tools = TOOLS

    def __init__(self, is_stuck):
        self._is_stuck = is_stuck

    async def run(self, call, tell):
        does = json.loads(call.input).get("does", "answers")
        await asyncio.sleep(0)
        tell(ToolOutput(call.id, "working"))
        if does == "hangs":
            self._is_stuck.set()
            await asyncio.Event().wait()
        if does == "crashes":
            raise RuntimeError("waves")
        content = {"sees": (Image("image/png", PNG),), "says nothing": ()}.get(does, (Text(f"{call.name}: high"),))
        return ToolResult(call.id, content)


def open_searches(body: dict) -> list[str]:
    """The searches that a request leaves to the server to carry out first."""
    blocks = [block for message in body["messages"] for block in message["content"] if message["role"] == "assistant"]
    done = {block["tool_use_id"] for block in blocks if block["type"] == "web_search_tool_result"}
    return [block["id"] for block in blocks if block["type"] == "server_tool_use" and block["id"] not in done]


def scenario(said: Said, number: int, body: dict) -> Answer:
    parts = []
    for id in open_searches(body):
        parts.append(Block({"type": "web_search_tool_result", "tool_use_id": id, "content": []}))
    if said.thinks:
        parts.append(Thinking(f"Thought {number}, with care."))
    if said.speaks:
        parts.append(Words(f"Part {number}. "))
    if said.searches:
        start = {"type": "server_tool_use", "id": f"srvtoolu_{number}", "name": "web_search", "input": {}}
        parts.append(Block(start, ({"type": "input_json_delta", "partial_json": '{"query": "tide"}'},)))
    for at, call in enumerate(said.calls):
        text = call.json if call.does == "answers" else json.dumps({"does": call.does})
        parts.append(ToolUse(call.tool, text, id=f"toolu_{number}_{at}"))
    stop_reason = {"max_tokens": "max_tokens", "refusal": "refusal", "full": "model_context_window_exceeded"}.get(
        said.ending, ""
    )
    if not stop_reason and said.searches and not said.calls:
        stop_reason = "pause_turn"
    after = {"cut": Cut(), "error": error_event(), "silent": Gate()}.get(said.ending)
    if after is not None:
        parts.append(after)
    return Answer(*parts, stop_reason=stop_reason, delta_chars=said.chars, split=(11, 3, 200))


class Chat:
    """A session, what it has recorded, and the simulator that it talks to."""

    def __init__(self):
        self.simulator = Simulated()
        self.store = Store()
        self.arriving = None
        self.numbers = 0
        self._begin(Transcript(system=SYSTEM, tools=TOOLS))

    def _begin(self, transcript):
        self.session = Session(transcript, record=self._record, partial=self._partial, withdraw=self.store.withdraw)
        self.session.toolbox = Sea(self.simulator.is_stuck)

    def _record(self, message):
        self.arriving = None
        self.store.record(message)

    def _partial(self, message):
        self.arriving = message

    def restart(self):
        """The program was killed: what is on the disk is all there is."""
        messages = tuple(self.store.messages)
        if self.arriving is not None and any(block != Text("") for block in self.arriving.blocks):
            messages = (*messages, replace(self.arriving, state="interrupted"))
            self.store.messages.append(messages[-1])
        self.arriving = None
        self._begin(replace(self.session.transcript, messages=messages))

    async def play(self, played: Played, draft: Draft | None) -> None:
        self.simulator.answers = []
        is_stuck = self.simulator.is_stuck
        is_stuck.clear()
        for said in (*played.said, Said()):
            self.numbers += 1
            self.simulator.answers.append(partial(scenario, said, self.numbers))
        turn = run_turn(self.session, draft, self.simulator.ask)
        read = []

        async def run():
            async with aclosing(turn.__aiter__()) as events:
                async for event in events:
                    read.append(event)
                    if played.end != "by itself" and len(read) > played.events:
                        is_stuck.set()
                        await asyncio.Event().wait()  # whoever reads is slow, until it is stopped

        task, stuck = asyncio.ensure_future(run()), asyncio.ensure_future(is_stuck.wait())
        await asyncio.wait({task, stuck}, return_when=asyncio.FIRST_COMPLETED)
        stuck.cancel()
        for _ in range(10):  # what else can go on does
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if task.cancelled() and played.end != "killed":
            turn.conclude(asyncio.CancelledError())
        elif not task.cancelled():
            task.result()
            assert isinstance(read[-1], TurnEnded)
        if played.end == "killed":
            self.restart()

    def check(self):
        """Every call that can be sent has its results in the message after it, and all of it is recorded."""
        messages = self.session.transcript.messages
        assert list(messages) == self.store.messages
        for number, message in enumerate(messages[:-1]):
            if message.awaits_results and message.state != "interrupted":
                answered = [block.tool_use_id for block in messages[number + 1].blocks if isinstance(block, ToolResult)]
                assert set(answered) <= {call.id for call in message.calls}


@pytest.mark.anyio
@pytest.mark.parametrize("at_once", [1, 3, 12])
async def test_a_long_turn_reads_from_the_cache_all_that_it_has_sent_before(at_once: int) -> None:
    chat = Chat()
    rounds = 12
    await chat.play(Played(tuple(Said(calls=(Called(),) * at_once) for _ in range(rounds))), Draft(text="High? " * 500))
    usages = [message.usage for message in chat.session.transcript.messages if message.role == "assistant"]
    assert len(usages) == rounds + 1
    for before, now in pairwise(usages):
        assert now.cache_read_input_tokens >= before.total_input
        assert now.input_tokens == 0


calls = st.builds(
    Called,
    tool=st.sampled_from(["get_tide", "look", "nobody"]),
    does=st.sampled_from(["answers", "answers", "crashes", "hangs", "sees", "says nothing"]),
    json=st.sampled_from(['{"port": "Brest"}', "{}", '{"po', "[1]", "", '{"ü": "\\u2028☂"}']),
)
answers = st.builds(
    Said,
    thinks=st.booleans(),
    speaks=st.booleans(),
    calls=st.lists(calls, max_size=3).map(tuple),
    searches=st.booleans(),
    ending=st.sampled_from(["whole", "whole", "whole", "max_tokens", "refusal", "full", "cut", "error", "silent"]),
    chars=st.integers(1, 40),
)
turns = st.builds(
    Played,
    said=st.lists(answers, max_size=3).map(tuple),
    end=st.sampled_from(["by itself", "by itself", "stopped", "killed"]),
    events=st.integers(0, 25),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(turns, st.booleans()), max_size=4))
def test_what_is_sent_after_any_of_it_is_taken(conversation) -> None:
    async def simulated() -> None:
        chat = Chat()
        for played, goes_on in [*conversation, (Played(()), False)]:
            last = chat.session.transcript.messages[-1:]
            can_go_on = bool(last) and (last[0].role == "user" or last[0].awaits_results)
            await chat.play(played, None if goes_on and can_go_on else Draft(text="And now?"))
            chat.check()
        assert chat.session.transcript.messages[-1].text.startswith("Part")
        assert chat.session.transcript.messages[-1].state == "complete"

    asyncio.run(simulated())
