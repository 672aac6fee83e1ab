"""A chat goes on with another system prompt, effort or tools, and what was cached stays cached: measured in tokens read."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import sdk_types
from msgspec.structs import replace

from tui.anthropic.betas import betas_of
from tui.anthropic.models import MODELS, find
from tui.anthropic.request import Built, Options, build, encode
from tui.anthropic.wire import parse_message
from tui.chat.cache_state import prefix_hash
from tui.chat.forecast import estimate
from tui.chat.reasoning import Reasoning, request_settings
from tui.chat.reducer import finish, fold_all, start
from tui.chat.transcript import Draft, Message, Setup, Text, Tool, ToolResult, ToolUse, Transcript
from tui.demo import scenarios
from tui.demo.service import DEMO_KEY, FakeAnthropic

HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01"}
ALL = [model.id for model in MODELS if len(model.in_chat) == 3]
SCHEMA = '{"type":"object","properties":{"path":{"type":"string"}}}'
TOOLS = tuple(Tool(name=f"tool_{at}", description="What it does. " * 30, input_schema=SCHEMA) for at in range(6))
LONG = "The tide runs out past kelp and rock. " * 90


class HeldChat:
    """A chat with the simulator, one request at a time."""

    def __init__(self, model_id: str, system: str = LONG, tools: tuple[Tool, ...] = TOOLS[:2]) -> None:
        self.model = find(model_id)
        self.now = 1_800_000_000.0
        self.service = FakeAnthropic(clock=lambda: self.now)
        self.transcript = Transcript(system=system, tools=tools)
        self.effort: str | None = None
        self.thinking: str | None = None
        self.body: dict[str, Any] = {}

    def build(self) -> Built:
        return build(self.transcript, Options(model=self.model, effort=self.effort, thinking=self.thinking))

    def ask(self, *parts: scenarios.Part) -> Message:
        """Send the request as it is due, and take the answer into the chat."""
        built = self.build()
        sent = encode(built.body)
        betas = betas_of(sent)
        sdk_types.check(sent, beta=bool(betas))
        headers = {**HEADERS, **({"anthropic-beta": ",".join(betas)} if betas else {})}
        self.service.script(scenarios.Answer(scenarios.Thinking("Hm."), *parts, as_json=True))
        reply = self.service.respond("POST", "/v1/messages", headers, sent)
        assert reply.status == 200, (reply.json(), json.loads(sent)["messages"][-3:])
        reply.began()
        message = finish(fold_all(start(self.model.id, self.now), parse_message(reply.read())), "complete")
        reasoning = Reasoning(thinking=self.thinking, effort=self.effort)
        message = replace(
            message,
            change=built.change,
            settings=request_settings(self.model, reasoning, self.transcript),
            prefix=prefix_hash(self.transcript.for_model(self.model)),
        )
        self.body = json.loads(sent)
        self.transcript = self.transcript.with_message(message)
        self.now += 20
        return message

    def prompt(self, text: str = "Which way does it run?") -> Message:
        self.transcript = self.transcript.with_message(Message(role="user", blocks=(Text(text),), at=self.now))
        return self.ask(scenarios.Text("It runs out. " * 20))

    def tool_turn(self, chance: random.Random) -> None:
        """A prompt, one call of a tool that is offered now, and the answer after its result."""
        self.transcript = self.transcript.with_message(Message(role="user", blocks=(Text("Look."),), at=self.now))
        name = chance.choice(self.transcript.current.tools).name
        called = self.ask(scenarios.ToolUse(name, input={"path": "a"}))
        if chance.random() < 0.3:  # a tool joins or leaves in the middle of the turn
            self.change_tools(chance)
        results = tuple(ToolResult(one.id, (Text("Found."),)) for one in called.blocks if isinstance(one, ToolUse))
        self.transcript = self.transcript.with_message(Message(role="user", blocks=results, at=self.now))
        self.ask(scenarios.Text("There it is."))

    def change_tools(self, chance: random.Random) -> None:
        tools = list(chance.sample(TOOLS, chance.randint(0, 4)))
        if tools and chance.random() < 0.3:
            tools[0] = replace(tools[0], description=f"{tools[0].description} Version {chance.random()}.")
        self.transcript = self.transcript.with_setup(replace(self.transcript.current, tools=tuple(tools)))


def left(message: Message) -> int:
    """The length of the prefix that is cached after the request."""
    return message.usage.cache_read_input_tokens + message.usage.cache_creation_input_tokens


@pytest.mark.parametrize("seed", range(40))
def test_in_no_sequence_of_changes_is_anything_of_the_cache_lost(seed: int) -> None:
    chance = random.Random(seed)
    chat = HeldChat(chance.choice(ALL), chance.choice(["", "Be brief.", LONG]), TOOLS[: chance.choice([0, 2, 5])])
    cached = left(chat.prompt(LONG))
    assert cached
    for _ in range(chance.randint(3, 14)):
        if chance.random() < 0.4:
            text = chance.choice(["", "Be brief.", f"Be kind. {chance.random()}", LONG])
            chat.transcript = chat.transcript.with_system(text)
        if chance.random() < 0.4:
            chat.effort = chance.choice([None, "low", "medium", "high", "xhigh", "max"])
        if chance.random() < 0.4:
            chat.change_tools(chance)
        coming = estimate(
            chat.transcript, Draft(text="So?"), chat.model, chat.now, settings=request_settings(
                chat.model, Reasoning(effort=chat.effort), chat.transcript))  # fmt: skip
        if chat.transcript.current.tools and chance.random() < 0.4:
            first = len(chat.transcript.messages)
            chat.tool_turn(chance)
            answers = [one for one in chat.transcript.messages[first:] if one.role == "assistant"]
        else:
            answers = [chat.prompt(chance.choice(["So?", "And then? " * 30]))]
        assert coming.usage.cache_read_input_tokens == cached  # the forecast knows it, too
        for answer in answers:
            assert answer.usage.cache_read_input_tokens >= cached
            cached = left(answer)
        if chance.random() < 0.15:  # back to an earlier prompt, with the settings of now
            prompts = [at for at, one in enumerate(chat.transcript.messages) if one.is_prompt]
            cut = chance.choice(prompts[1:] or prompts)
            chat.transcript = replace(chat.transcript, messages=chat.transcript.messages[:cut])
            cached = left(chat.prompt("Something else?")) if cut else left(chat.prompt(LONG))


def test_the_new_system_prompt_is_a_message_where_it_changed_and_stays_there() -> None:
    chat = HeldChat("claude-sonnet-5-5")
    chat.prompt()
    chat.transcript = chat.transcript.with_system("Be brief.")
    chat.prompt()
    first = chat.body["messages"][-1]
    assert first["role"] == "system"
    assert first["content"][0]["text"].endswith("replace the earlier ones:\n\nBe brief.")
    chat.prompt()
    assert [message["role"] for message in chat.body["messages"]] == [
        *("user", "assistant", "user", "system", "assistant", "user")
    ]
    assert chat.body["system"][0]["text"] == LONG
    chat.transcript = chat.transcript.with_system("")
    chat.prompt()
    assert "no longer apply" in chat.body["messages"][-1]["content"][0]["text"]


def test_a_model_without_such_messages_gets_the_newest_prompt_and_tools_at_the_start() -> None:
    chat = HeldChat("claude-sonnet-5-5")
    chat.prompt()
    chat.transcript = chat.transcript.with_setup(Setup(system="Be brief.", tools=TOOLS[:3]))
    chat.effort = "low"
    chat.prompt()
    chat.model = find("claude-sonnet-5")
    chat.prompt()
    assert chat.body["system"][0]["text"] == "Be brief."
    assert [tool["name"] for tool in chat.body["tools"]] == ["tool_0", "tool_1", "tool_2"]
    assert chat.body["output_config"] == {"effort": "low"}
    assert {message["role"] for message in chat.body["messages"]} == {"user", "assistant"}


def test_an_effort_is_named_in_each_turn_once_it_has_changed_and_the_request_keeps_its_own() -> None:
    chat = HeldChat("claude-opus-5-5")
    chat.prompt()
    chat.effort = "high"
    chat.prompt()
    assert chat.body["messages"][-1] == {"role": "system", "content": [], "output_config": {"effort": "high"}}
    assert "output_config" not in chat.body
    chat.effort = None
    chat.prompt()
    assert chat.body["messages"][-1]["output_config"] == {"effort": "medium"}


def test_with_thinking_off_an_effort_is_that_of_the_request() -> None:
    chat = HeldChat("claude-sonnet-5-5")
    chat.prompt()
    chat.effort = "low"
    chat.prompt()
    chat.thinking = "off"
    chat.prompt()
    assert chat.body["output_config"] == {"effort": "low"}
    assert all(message["role"] != "system" for message in chat.body["messages"])
    chat.thinking = None
    chat.prompt()


def test_a_tool_that_joins_is_defined_once_and_named_when_it_comes_back() -> None:
    chat = HeldChat("claude-haiku-5-5")
    chat.prompt()
    for tools in (TOOLS[:3], TOOLS[1:3], TOOLS[:3]):
        chat.transcript = chat.transcript.with_setup(replace(chat.transcript.current, tools=tools))
        chat.prompt()
    changes = [message["content"][0] for message in chat.body["messages"] if message["role"] == "system"]
    assert [(one["type"], one["tool"]["type"]) for one in changes] == [
        ("tool_addition", "tool_definition"),
        ("tool_removal", "tool_reference"),
        ("tool_addition", "tool_reference"),
    ]
    assert [tool["name"] for tool in chat.body["tools"]] == ["tool_0", "tool_1"]
