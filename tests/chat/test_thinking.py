"""What each model lets one choose of thinking and effort, by Anthropic's table; and when thinking has to go."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tui.anthropic.models import MODELS, find, is_retired
from tui.chat.thinking import (
    budget_in_use,
    effort_in_use,
    efforts,
    mode_in_use,
    signatures_in,
    thinking_modes,
    without_stale_thinking,
    without_thinking,
)
from tui.chat.transcript import Message, RedactedThinking, Text, Thinking, Transcript

ALL = ("low", "medium", "high", "xhigh", "max")
TO_HIGH = ("low", "medium", "high")
# model: modes, efforts as it is, efforts with its thinking off
TABLE = {
    "claude-fable-5-2": (("on",), ALL, None),
    "claude-fable-5-1": (("on",), ALL, None),
    "claude-fable-5": (("on",), ALL, None),
    "claude-mythos-5-2": (("on",), ALL, None),
    "claude-mythos-5-1": (("on",), ALL, None),
    "claude-mythos-5": (("on",), ALL, None),
    "claude-mythos-preview": (("on",), ALL, None),
    "claude-opus-5-5": (("on",), ALL, None),
    "claude-sonnet-5-5": (("on", "off"), ALL, TO_HIGH),
    "claude-haiku-5-5": (("on", "off"), ALL, TO_HIGH),
    "claude-opus-5": (("on", "off"), ALL, TO_HIGH),
    "claude-sonnet-5": (("on", "off"), ALL, ALL),
    "claude-opus-4-8": (("on", "off"), ALL, ALL),
    "claude-opus-4-7": (("on", "off"), ALL, ALL),
    "claude-opus-4-6": (("on", "off"), ("low", "medium", "high", "max"), ("low", "medium", "high", "max")),
    "claude-sonnet-4-6": (("on", "off"), ("low", "medium", "high", "max"), ("low", "medium", "high", "max")),
    "claude-opus-4-5-20251101": (("on", "off"), TO_HIGH, TO_HIGH),
    "claude-sonnet-4-5-20250929": (("on", "off"), (), ()),
    "claude-haiku-4-5-20251001": (("on", "off"), (), ()),
}


def test_the_table_has_every_model_that_answers() -> None:
    assert set(TABLE) == {model.id for model in MODELS if not is_retired(model)}


@pytest.mark.parametrize("model_id", TABLE)
def test_modes_and_efforts_are_the_models_own(model_id: str) -> None:
    modes, as_it_is, without = TABLE[model_id]
    model = find(model_id)
    assert thinking_modes(model) == modes
    assert efforts(model, "on") == efforts(model, None) == as_it_is
    if without is not None:
        assert efforts(model, modes[-1]) == without


def test_a_mode_that_the_model_lacks_is_not_taken() -> None:
    assert mode_in_use(find("claude-opus-5-5"), "off") is None
    assert mode_in_use(find("claude-opus-5"), "off") == "off"
    assert mode_in_use(find("qwen3"), "on") is None


@pytest.mark.parametrize(
    ("model_id", "mode", "asked", "sent"),
    [
        ("claude-sonnet-5-5", None, "max", "max"),
        ("claude-sonnet-5-5", "off", "max", None),  # high, which is what it does anyway
        ("claude-haiku-5-5", "off", "max", "high"),
        ("claude-opus-4-6", "on", "xhigh", None),
        ("claude-opus-4-5", "on", "max", None),
        ("claude-opus-4-5", "on", "low", "low"),
        ("claude-haiku-4-5", "on", "low", None),
    ],
)
def test_too_much_effort_becomes_the_most_that_is_taken(model_id, mode, asked, sent) -> None:
    assert effort_in_use(find(model_id), mode, asked) == sent


def test_a_budget_leaves_room_for_an_answer() -> None:
    assert budget_in_use(16_000, 64_000) == 16_000
    assert budget_in_use(16_000, 8_192) == 8_191
    assert budget_in_use(10, 8_192) == 1_024
    assert budget_in_use(16_000, 1_024) is None


def answer(number: int) -> Message:
    blocks = (Thinking("Hm.", f"sig{number}"), RedactedThinking(f"red{number}"), Text(f"It is {number}."))
    return Message(role="assistant", blocks=blocks)


def prompt(text: str) -> Message:
    return Message(role="user", blocks=(Text(text),))


CHAT = Transcript(messages=(prompt("a"), answer(1), prompt("b"), answer(2), prompt("c")), system="Tides.")


def test_all_thinking_goes_and_nothing_else() -> None:
    bare = without_thinking(CHAT)
    assert [message.blocks for message in bare.messages] == [
        (Text("a"),),
        (Text("It is 1."),),
        (Text("b"),),
        (Text("It is 2."),),
        (Text("c"),),
    ]
    assert bare.system == CHAT.system
    assert signatures_in(CHAT) == {"sig1", "red1", "sig2", "red2"}
    assert signatures_in(bare) == frozenset()


@pytest.mark.parametrize(
    ("bad", "left"),
    [
        ({"sig1"}, {"sig2", "red2"}),
        ({"red2"}, set()),  # a gap in the middle is refused: the older one goes with it
        ({"other"}, {"sig1", "red1", "sig2", "red2"}),
    ],
)
def test_what_no_longer_fits_goes_with_all_that_is_older(bad: set[str], left: set[str]) -> None:
    assert signatures_in(without_thinking(CHAT, bad)) == left


def test_a_branch_keeps_the_thinking_before_it() -> None:
    branch = replace(CHAT, messages=(*CHAT.messages[:2], prompt("another b")))
    assert without_stale_thinking(CHAT, branch) == branch
    grown = CHAT.with_message(answer(3))
    assert without_stale_thinking(CHAT, grown) == grown
    assert without_stale_thinking(CHAT, replace(CHAT, messages=CHAT.messages[:3])).messages == CHAT.messages[:3]


@pytest.mark.parametrize(
    "edited",
    [
        replace(CHAT, system="Other tides."),
        replace(CHAT, messages=(prompt("x"), *CHAT.messages[1:])),
        replace(CHAT, messages=CHAT.messages[2:]),
    ],
)
def test_a_changed_past_takes_all_thinking_with_it(edited: Transcript) -> None:
    assert signatures_in(without_stale_thinking(CHAT, edited)) == frozenset()
