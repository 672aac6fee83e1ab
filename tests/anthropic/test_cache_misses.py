"""Why the cache was missed: every reason by hand, and every miss of the simulator's conversations explained."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import transcripts as conversations
from asking_together import SimulatedChat
from cached_conversations import KINDS, converse
from msgspec.structs import replace

from tui.anthropic.cache_misses import TOLERANCE_TOKENS, SentRequest, miss_reason, too_short
from tui.anthropic.models import find
from tui.chat.cache_state import cached_tokens
from tui.chat.ledger import Usage
from tui.chat.thinking import without_thinking
from tui.chat.transcript import Image, Text, Transcript

SONNET = find("claude-sonnet-5-5")
LONG = "The tide runs out. " * 300
IMAGE = Image("image/png", conversations.PNG)


def changed(transcript: Transcript, at: int, *blocks) -> Transcript:
    messages = list(transcript.messages)
    messages[at] = replace(messages[at], blocks=blocks)
    return replace(transcript, messages=tuple(messages))


@pytest.fixture
def simulated() -> SimulatedChat:
    """Two turns of a warm chat, and a third prompt."""
    simulated = SimulatedChat(Transcript(system=LONG, tools=(conversations.TIDE,)))
    simulated.say("Which way?" + LONG)
    simulated.ask()
    simulated.say("And now?")
    simulated.ask()
    simulated.say("And then?")
    return simulated


def test_a_chat_that_goes_on_misses_nothing(simulated: SimulatedChat) -> None:
    simulated.ask(after_s=60)
    assert simulated.miss() is None


@pytest.mark.parametrize(
    ("change", "kind", "words", "said"),
    [
        ({"model": "claude-opus-5-5"}, "model", "Opus 5.5 read nothing", "model_changed"),
        ({"tools": ()}, "tools", "get_tide", "tools_changed"),
        ({"system": LONG + "!"}, "system", "system prompt", "system_changed"),
        ({"effort": "low"}, "thinking", "effort", "unavailable"),
        ({"thinking": "off"}, "thinking", "Thinking", "unavailable"),
        ({"image": True}, "image", "first image", ""),
        ({"edit": (0, Text("Which tide?" + LONG))}, "message", "Message 1 (your message)", "messages_changed"),
        ({"edit": (1, Text("In."))}, "message", "Message 2 (the answer)", "messages_changed"),
        ({"after_s": 400}, "expired", "7 minutes", ""),
        ({"after_s": 7200}, "expired", "2.0 hours", ""),
    ],
)
def test_what_changed_is_named(simulated: SimulatedChat, change: dict, kind: str, words: str, said: str) -> None:
    transcript = simulated.transcript
    options = {name: change[name] for name in ("model", "effort", "thinking", "after_s") if name in change}
    if "tools" in change or "system" in change:
        transcript = without_thinking(replace(transcript, **change))
    if "image" in change:
        transcript = changed(transcript, -1, IMAGE, Text("And in this one?"))
    if "edit" in change:
        transcript = without_thinking(changed(transcript, *change["edit"]))
    simulated.transcript = transcript
    simulated.ask(**options)
    miss = simulated.miss()
    assert miss is not None
    assert (miss.kind, miss.reported) == (kind, said)
    assert words in miss.text
    assert miss.lost == miss.expected - miss.read > TOLERANCE_TOKENS


def test_the_last_image_that_went_is_said_to_have_gone_and_no_more(simulated: SimulatedChat) -> None:
    simulated.transcript = changed(simulated.transcript, -1, IMAGE, Text("And in this one?"))
    simulated.ask()
    simulated.transcript = without_thinking(changed(simulated.transcript, -2, Text("And in this one?")))
    simulated.say("And without it?")
    simulated.ask()
    miss = simulated.miss()
    assert miss is not None
    assert miss.text == "The last image was removed, which invalidates the cached messages. It has been written again."


def test_where_nothing_is_kept_it_is_not_said_to_be_filled(simulated: SimulatedChat) -> None:
    """The chat is long enough for one model, and not for the other."""
    size = simulated.exchanges[-1].usage.total_input
    assert SONNET.min_cache < size < find("claude-haiku-4-5").min_cache
    simulated.ask(model="claude-haiku-4-5-20251001")
    miss = simulated.miss()
    assert miss is not None
    assert miss.text.endswith("each model has its own cache. Haiku 4.5 caches nothing below 4,096 tokens.")
    assert simulated.exchanges[-1].usage.cache_creation_input_tokens == 0


def test_thinking_that_is_left_out_is_named(simulated: SimulatedChat) -> None:
    simulated.transcript = without_thinking(simulated.transcript)
    simulated.ask()
    miss = simulated.miss()
    assert miss is not None
    assert (miss.kind, miss.read > 0) == ("reasoning", True)


def test_going_back_is_no_miss_where_the_turn_before_was_kept(simulated: SimulatedChat) -> None:
    simulated.transcript = replace(simulated.transcript, messages=simulated.transcript.messages[:2])
    simulated.say("Or else?")
    simulated.ask()
    assert simulated.exchanges[-1].usage.cache_read_input_tokens > 0
    miss = simulated.miss()
    assert miss is None or miss.kind == "message"


@pytest.mark.parametrize("tools", [(), (conversations.TIDE,)], ids=["nothing is marked", "the tools are marked"])
def test_a_first_prompt_below_the_minimum_is_said_to_be_so(tools) -> None:
    simulated = SimulatedChat(Transcript(tools=tools))
    for _ in range(2):
        simulated.say("Hi")
        simulated.ask()
    miss = too_short(simulated.exchanges[0], SONNET)
    assert miss is not None
    assert (miss.kind, miss.lost) == ("too_short", 0)
    assert miss.text == "below the minimum of 512 tokens for Sonnet 5.5: nothing is cached yet"
    assert simulated.miss() is None


def test_a_first_prompt_that_is_long_enough_needs_no_word() -> None:
    simulated = SimulatedChat(Transcript(system=LONG))
    simulated.say("Hi")
    simulated.ask()
    assert too_short(simulated.exchanges[0], SONNET) is None


def exchange(body: dict, at: float, **usage: int) -> SentRequest:
    return SentRequest(body=json.dumps(body).encode(), at=at, usage=Usage(**usage))


def body(*texts: str, marked: bool = True) -> dict:
    blocks = [{"type": "text", "text": text} for text in texts]
    if marked:
        blocks[-1] |= {"cache_control": {"type": "ephemeral"}}
    return {"model": SONNET.id, "messages": [{"role": "user", "content": blocks}]}


def test_too_many_blocks_at_once_are_too_far_to_look_back() -> None:
    before = exchange(body("a"), 0, cache_creation_input_tokens=1000)
    now = exchange(body("a", *map(str, range(25))), 10, cache_creation_input_tokens=2000)
    miss = miss_reason(before, now, SONNET)
    assert miss is not None
    assert miss.kind == "too_far"


def test_many_calls_at_once_are_not_too_far_since_a_run_is_one_position() -> None:
    calls = [{"type": "tool_use", "id": f"toolu_{at}", "name": "get_tide", "input": {}} for at in range(30)]
    results = [{"type": "tool_result", "tool_use_id": f"toolu_{at}", "content": "ebb"} for at in range(30)]
    results[-1]["cache_control"] = {"type": "ephemeral"}
    later = body("a", marked=False)
    later["messages"] += [{"role": "assistant", "content": calls}, {"role": "user", "content": results}]
    miss = miss_reason(
        exchange(body("a"), 0, cache_creation_input_tokens=1000),
        exchange(later, 10, cache_creation_input_tokens=2000),
        SONNET,
    )
    assert miss is not None
    assert miss.kind == "unknown", "the server should have found it"


def test_a_server_that_forgets_is_named_as_such() -> None:
    before = exchange(body("a"), 0, cache_creation_input_tokens=1000)
    now = replace(exchange(body("a", "b"), 10, cache_creation_input_tokens=1000), reported="unavailable")
    miss = miss_reason(before, now, SONNET)
    assert miss is not None
    assert (miss.kind, miss.lost) == ("unknown", 1000)
    assert "unavailable" in miss.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_miss_of_many_conversations_is_explained(kind: str) -> None:
    kinds = set()
    for seed in range(6):
        held = converse(kind, seed)
        exchanges = [
            SentRequest(body=json.dumps(one).encode(), at=asked.at, usage=usage)
            for one, asked, usage in zip(held.bodies, held.requests, held.counted, strict=True)
        ]
        for before, now in pairwise(exchanges):
            model = find(json.loads(now.body)["model"])
            miss = miss_reason(before, now, model)
            fell_short = now.usage.cache_read_input_tokens < cached_tokens(before.usage) - TOLERANCE_TOKENS
            assert fell_short == (miss is not None)
            if miss is not None:
                kinds.add(miss.kind)
    assert "unknown" not in kinds
    assert {"images": "image", "pauses": "expired", "switches": "model"}.get(kind, "") in kinds | {""}
