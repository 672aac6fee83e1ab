"""Conversations as people have them, drawn from a seed and held with the simulator: each is a row of requests at its times.

Every request is built by the program itself, and every answer comes from the simulator, signed thinking and usage included.
"""

from __future__ import annotations

import base64
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from cache_oracle import Asked, asked
from msgspec.structs import replace

from tui.anthropic.models import MODELS, find, is_retired
from tui.anthropic.request import Options, build_body, encode
from tui.anthropic.wire import parse_message
from tui.chat.cache_state import lifetime_for
from tui.chat.ledger import Usage
from tui.chat.model import Model
from tui.chat.reducer import finish, fold_all, start
from tui.chat.thinking import without_stale_thinking
from tui.chat.transcript import Block, Image, Message, Text, Thinking, Tool, ToolResult, ToolUse, Transcript
from tui.demo import scenarios
from tui.demo.service import DEMO_KEY, FakeAnthropic

HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01"}
LIVING = [model for model in MODELS if not is_retired(model) and model.price_for(0) is not None]
USUAL = [find(name) for name in ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-4-6")]
KINDS = ("chat", "tools", "images", "edits", "branches", "switches", "pauses", "breaks", "mixed")
"""pauses: around five minutes and around an hour. breaks: somebody who does other things in between. mixed: all of it."""
SCHEMA = '{"type":"object","properties":{"path":{"type":"string","description":"A file."}},"required":["path"]}'
TALE = "the tide runs out past kelp and rock while a boat waits for water under its keel near old harbour walls"
WORDS = TALE.split()


@dataclass
class Conversation:
    """What was asked, in order, and what the simulator counted for it."""

    kind: str
    seed: int
    requests: list[Asked] = field(default_factory=list)
    counted: list[Usage] = field(default_factory=list)
    bodies: list[dict] = field(default_factory=list)


class _SimulatedChat:
    """A conversation that is being held."""

    def __init__(self, kind: str, seed: int, lifetime: Callable[[Transcript, Model], str]) -> None:
        self.chance = random.Random(f"{kind} {seed}")
        self.held = Conversation(kind, seed)
        self.now = 1_800_000_000.0
        self.service = FakeAnthropic(clock=lambda: self.now)
        self.authors: dict[str, str] = {}
        self.lifetime = lifetime
        self.model: Model = self.chance.choice(USUAL if self.chance.random() < 0.7 else LIVING)
        self.thinks = self.chance.random() < 0.6
        tools = self.chance.choice([0, 0, 3, 12]) if kind != "tools" else self.chance.choice([4, 15])
        self.transcript = Transcript(
            system=self.words(self.chance.choice([0, 30, 300, 1500, 4000])),
            tools=tuple(
                Tool(name=f"tool_{at}", description=self.words(60), input_schema=SCHEMA) for at in range(tools)
            ),
        )

    def words(self, count: int) -> str:
        return " ".join(self.chance.choices(WORDS, k=count))

    def some(self, low: int, high: int) -> str:
        """A text of so many words, short ones being likelier."""
        return self.words(int(low * (high / low) ** self.chance.random()))

    def wait(self, low: float, high: float) -> None:
        self.now += self.chance.uniform(low, high)

    def prompt(self, *attached: Block) -> None:
        self.say(*attached, Text(self.some(8, 400)))

    def say(self, *blocks: Block) -> None:
        self.transcript = self.transcript.with_message(Message(role="user", blocks=blocks, at=self.now))

    def answer(self, *parts: scenarios.Part) -> Message:
        """Asks, and takes the simulator's answer into the conversation."""
        options = Options(model=self.model, lifetime=self.lifetime(self.transcript, self.model))
        sent = encode(build_body(self.transcript, options))
        body = msgspec.json.decode(sent)
        thought = (scenarios.Thinking(self.some(10, 120)),) if self.thinks else ()
        self.service.script(scenarios.Answer(*thought, *parts, as_json=True))
        reply = self.service.respond("POST", "/v1/messages", HEADERS, sent)
        assert reply.status == 200, reply.json()
        reply.began()
        message = finish(fold_all(start(self.model.id, self.now), parse_message(reply.read())), "complete")
        self.held.requests.append(asked(body, self.now, message.usage.output_tokens, self.authors))
        self.held.counted.append(message.usage)
        self.held.bodies.append(body)
        self.authors |= {block.signature: self.model.id for block in message.blocks if isinstance(block, Thinking)}
        self.transcript = self.transcript.with_message(message)
        self.now += message.usage.output_tokens / 80
        return message

    def turn(self, *attached: Block) -> None:
        self.prompt(*attached)
        self.answer(scenarios.Text(self.some(30, 700)))

    def tool_turn(self, counts: Sequence[int] = ()) -> None:
        """A prompt, and calls and results until the work is done: so many calls in each answer, or as it falls."""
        self.prompt()
        for given in counts or [0] * self.chance.choice([2, 4, 8, 16]):
            count = given or self.chance.choice([1, 1, 1, 2, 4, 12])
            name = self.chance.choice(self.transcript.tools).name
            said = (scenarios.Text(self.some(5, 40)),) if self.chance.random() < 0.5 else ()
            calls = tuple(scenarios.ToolUse(name, input={"path": self.words(3)}) for _ in range(count))
            message = self.answer(*said, *calls)
            self.wait(0.5, 20)
            self.say(
                *(
                    ToolResult(block.id, (Text(self.some(10, 900)),))
                    for block in message.blocks
                    if isinstance(block, ToolUse)
                )
            )
        self.answer(scenarios.Text(self.some(30, 500)))

    def go_back(self) -> None:
        """Goes back to an earlier prompt, to say something else in its place: often the last one, seldom an old one."""
        prompts = [
            at
            for at, message in enumerate(self.transcript.messages)
            if message.role == "user" and not any(isinstance(block, ToolResult) for block in message.blocks)
        ]
        cut = prompts[-1]
        while cut > prompts[0] and self.chance.random() < 0.3:
            cut = prompts[prompts.index(cut) - 1]
        earlier = replace(self.transcript, messages=self.transcript.messages[:cut])
        self.transcript = without_stale_thinking(self.transcript, earlier)


def work(seed: int, *counts: int) -> Conversation:
    """A turn of plain text, one with so many calls in each answer, and another prompt in the place of that one."""
    simulated = _SimulatedChat("tools", seed, lifetime_for)
    simulated.turn()
    simulated.wait(5, 60)
    before = simulated.transcript
    simulated.tool_turn(counts)
    simulated.wait(5, 60)
    simulated.transcript = without_stale_thinking(simulated.transcript, before)
    simulated.turn()
    return simulated.held


def converse(kind: str, seed: int, lifetime: Callable[[Transcript, Model], str] = lifetime_for) -> Conversation:
    """The conversation of that kind and seed. It may end after its first answer, which nobody knows beforehand."""
    simulated = _SimulatedChat(kind, seed, lifetime)
    chance = simulated.chance
    elsewhere: Transcript | None = None
    for turn in range(chance.randint(1, {"tools": 3, "mixed": 12}.get(kind, 16))):
        if turn and kind in ("switches", "mixed") and chance.random() < 0.2:
            simulated.model = chance.choice(LIVING)
        if simulated.transcript.tools and (kind == "tools" or (kind == "mixed" and chance.random() < 0.3)):
            simulated.tool_turn()
        elif kind in ("images", "mixed") and chance.random() < 0.3:
            simulated.turn(picture(chance))
        else:
            simulated.turn()
        if kind == "breaks" and chance.random() < 0.5:
            simulated.wait(300, 3300)
            continue
        if kind in ("pauses", "mixed") and chance.random() < 0.25:
            simulated.now += chance.choice([280, 295, 305, 360, 900, 3500, 3700])
            continue
        simulated.wait(5, 200)
        if kind in ("edits", "mixed") and chance.random() < 0.35:
            simulated.go_back()
        elif kind == "branches" and chance.random() < 0.3:
            if elsewhere is None:
                elsewhere = simulated.transcript
                simulated.go_back()
            else:
                simulated.transcript, elsewhere = elsewhere, simulated.transcript if chance.random() < 0.5 else None
    return simulated.held


def picture(chance: random.Random) -> Image:
    """A plain picture of some size."""
    width, height = chance.choice([(200, 150), (800, 600), (1600, 1200)])
    row = b"\x00" + bytes((width + 7) // 8)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"tEXt", b"name\x00" + str(chance.random()).encode())
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )
    return Image("image/png", base64.b64encode(data).decode(), name="chart.png", width=width, height=height)
