"""The map of a request: its sums are the provider's, and its parts stand where they were sent."""

from __future__ import annotations

import base64
import struct

import pytest
import transcripts as conversations
from asking_together import SimulatedChat
from cached_conversations import KINDS, converse

from tui.anthropic.cache_map import cache_map
from tui.anthropic.models import find
from tui.anthropic.tokens import image_size, param_tokens
from tui.chat.cache import CacheMap
from tui.chat.ledger import Usage
from tui.chat.transcript import Transcript

SONNET = find("claude-sonnet-5-5")
LONG = "The tide runs out. " * 300


def map_of(simulated: SimulatedChat) -> CacheMap:
    return cache_map(simulated.exchanges[-1].body, SONNET, simulated.exchanges[-1].usage)


def test_a_first_request_is_written_and_a_second_one_read() -> None:
    simulated = SimulatedChat(Transcript(system=LONG, tools=(conversations.TIDE,)))
    simulated.say("Which way?")
    simulated.ask()
    first = map_of(simulated)
    assert [segment.label for segment in first.segments] == ["tools", "system", "1"]
    assert (first.read, first.uncached) == (0, 0)
    assert all(segment.written == pytest.approx(segment.tokens) for segment in first.segments)
    simulated.say("And now? " + LONG)
    simulated.ask()
    second = map_of(simulated)
    assert [segment.label for segment in second.segments] == ["tools", "system", "1", "2", "3"]
    tools, system, prompt, answer, new = second.segments
    assert tools.read == pytest.approx(tools.tokens)
    assert system.read == pytest.approx(system.tokens)
    assert new.written > 0.95 * new.tokens
    assert second.read == first.written
    assert (answer.part, new.part, prompt.number) == ("assistant", "user", 1)


def test_ticks_stand_at_the_end_of_what_they_mark() -> None:
    simulated = SimulatedChat(Transcript(system=LONG, tools=(conversations.TIDE,)))
    simulated.say("Which way?")
    simulated.ask(lifetime="1h")
    seen = map_of(simulated)
    assert [(seen.segments[tick.segment].label, tick.lifetime) for tick in seen.breakpoints] == [
        ("tools", "1h"),
        ("system", "1h"),
        ("1", "1h"),
    ]
    assert seen.breakpoints[-1].at == pytest.approx(seen.tokens)
    assert [tick.too_short for tick in seen.breakpoints] == [True, False, False]
    assert seen.minimum == 512
    assert seen.looks_back_to == 0


def test_what_comes_after_the_last_breakpoint_is_uncached() -> None:
    block = {"type": "text", "text": "x" * 4000}
    marked = {**block, "cache_control": {"type": "ephemeral"}}
    body = {"model": SONNET.id, "messages": [{"role": "user", "content": [marked, block]}]}
    seen = cache_map(body, SONNET, Usage(input_tokens=1300, cache_read_input_tokens=1000))
    (segment,) = seen.segments
    assert (segment.read, segment.written, segment.uncached) == (1000, 0, 1300)
    assert seen.breakpoints[0].at == 1000


def test_the_look_back_is_twenty_blocks() -> None:
    blocks = [{"type": "text", "text": "x" * 100} for _ in range(40)]
    blocks[-1]["cache_control"] = {"type": "ephemeral"}
    body = {"model": SONNET.id, "messages": [{"role": "user", "content": blocks}]}
    seen = cache_map(body, SONNET, Usage(cache_creation_input_tokens=4000))
    assert seen.looks_back_to == pytest.approx(2000)


def test_a_run_of_tool_calls_is_one_position_for_the_look_back() -> None:
    text = {"type": "text", "text": "x" * 100}
    calls = [{"type": "tool_use", "id": f"toolu_{at}", "name": "get_tide", "input": {}} for at in range(30)]
    results = [{"type": "tool_result", "tool_use_id": f"toolu_{at}", "content": "ebb"} for at in range(30)]
    results[-1]["cache_control"] = {"type": "ephemeral"}
    said = ("user", [text] * 25), ("assistant", calls), ("user", results)
    body = {"model": SONNET.id, "messages": [{"role": role, "content": content} for role, content in said]}
    seen = cache_map(body, SONNET, Usage(cache_creation_input_tokens=4000))
    plain = cache_map(
        {"model": SONNET.id, "messages": [{"role": "user", "content": [text] * 7}, *body["messages"][1:]]},
        SONNET,
        Usage(cache_creation_input_tokens=4000),
    )
    first = seen.segments[0].tokens
    assert seen.looks_back_to == pytest.approx(first * 7 / 25), "18 texts, the calls, the results"
    assert plain.looks_back_to == 0


def test_an_answer_that_says_nothing_of_usage_has_an_empty_map() -> None:
    body = {"model": "m", "system": "Tides.", "messages": [{"role": "user", "content": "Hi"}]}
    seen = cache_map(body, SONNET, Usage())
    assert seen.tokens == 0
    assert [segment.tokens for segment in seen.segments] == [0, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_map_adds_up_to_what_the_provider_counted(kind: str) -> None:
    for seed in range(4):
        held = converse(kind, seed)
        for body, usage in zip(held.bodies, held.counted, strict=True):
            seen = cache_map(body, find(body["model"]), usage)
            sums = [sum(getattr(one, fate) for one in seen.segments) for fate in ("read", "written", "uncached")]
            told = [usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.input_tokens]
            assert sums == pytest.approx(told, abs=1e-6)
            assert [tick.at for tick in seen.breakpoints] == sorted(tick.at for tick in seen.breakpoints)
            assert len(seen.breakpoints) <= 4


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_an_images_size_is_in_its_first_bytes() -> None:
    assert image_size(conversations.PNG) == (1, 1)
    jpeg = b"\xff\xd8" + b"\xff\xe1" + struct.pack(">H", 2000) + bytes(1998) + b"\xff\xff\xc0\x00\x11\x08"
    assert image_size(base64_of(jpeg + struct.pack(">HH", 600, 800))) == (800, 600)
    assert image_size(base64_of(b"GIF89a" + struct.pack("<HH", 20, 10))) == (20, 10)
    for broken in ("", "AAAA", "not base64!", base64_of(jpeg), base64_of(b"\x89PNG")):
        assert image_size(broken) == (0, 0)


def test_markers_weigh_nothing() -> None:
    block = {"type": "text", "text": "Which way?"}
    assert param_tokens({**block, "cache_control": {"type": "ephemeral"}}, SONNET) == param_tokens(block, SONNET)
