"""What there is to choose of thinking and effort with each model, what becomes of a choice, and what another one costs."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from tui.anthropic.models import MODELS, find, is_retired
from tui.anthropic.request import Options, build_body, encode
from tui.chat.cache_state import lifetime_for, settings_changed
from tui.chat.forecast import NO_DRAFT, estimate
from tui.chat.ledger import Usage
from tui.chat.reasoning import (
    Reasoning,
    average_thinking_tokens,
    change_loss,
    describe_adjustments,
    describe_choice,
    effective,
    options,
    parse_reasoning,
    request_settings,
    with_choice,
)
from tui.chat.transcript import Message, Text, Transcript
from tui.demo.scenarios import Answer
from tui.demo.scenarios import Text as Said
from tui.demo.service import DEMO_KEY, FakeAnthropic

LIVING = [model.id for model in MODELS if not is_retired(model)]
OPUS, SONNET, HAIKU = find("claude-opus-5-5"), find("claude-sonnet-5-5"), find("claude-haiku-5-5")
HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01"}


def allowed(model_id: str, chosen: Reasoning) -> str:
    """The options in words: * is used, ! is the default, those in brackets are refused."""
    rows = options(find(model_id), chosen)
    said = [f"{row.value}{'*' * row.is_used}{'!' * row.is_default}" for row in rows]
    return " ".join(f"({word})" if row.refused else word for word, row in zip(said, rows, strict=True))


@pytest.mark.parametrize(
    ("model_id", "chosen", "shown"),
    [
        ("claude-fable-5-2", Reasoning(), "on*! (off) low medium high*! xhigh max"),
        ("claude-opus-5-5", Reasoning(), "on*! (off) low medium*! high xhigh max"),
        (
            "claude-opus-5-5",
            Reasoning(thinking="off", effort="max"),
            "on*! (off) low medium! high xhigh max*",
        ),
        ("claude-sonnet-5-5", Reasoning(), "on*! off low medium high*! xhigh max"),
        (
            "claude-sonnet-5-5",
            Reasoning(thinking="off", effort="max"),
            "on! off* low medium high*! (xhigh) (max)",
        ),
        ("claude-haiku-5-5", Reasoning(thinking="off"), "on! off* low medium*! high (xhigh) (max)"),
        (
            "claude-sonnet-5",
            Reasoning(thinking="off", effort="max"),
            "on! off* low medium high! xhigh max*",
        ),
        ("claude-opus-4-6", Reasoning(effort="xhigh"), "on*! off low medium high*! (xhigh) max"),
        ("claude-opus-4-5", Reasoning(), "on off*! low medium high*! (xhigh) (max)"),
        ("claude-sonnet-4-5", Reasoning(), "on off*! (low) (medium) (high) (xhigh) (max)"),
        ("qwen3", Reasoning(), "(on) off*! (low) (medium) (high) (xhigh) (max)"),
    ],
)
def test_the_choice_is_the_models_own(model_id: str, chosen: Reasoning, shown: str) -> None:
    assert allowed(model_id, chosen) == shown


@pytest.mark.parametrize("model_id", LIVING)
def test_the_server_takes_every_option_that_is_offered_and_what_becomes_of_the_others(model_id: str) -> None:
    model = find(model_id)
    chat = Transcript(messages=(Message(role="user", blocks=(Text("Which way does the tide run?"),)),))
    choices = [Reasoning(thinking=mode, effort=level) for mode in (None, "on", "off") for level in
               (None, "low", "medium", "high", "xhigh", "max")]  # fmt: skip
    service = FakeAnthropic()
    for chosen in choices:
        body = json.loads(
            encode(build_body(chat, Options(model=model, thinking=chosen.thinking, effort=chosen.effort)))
        )
        service.script(Answer(Said("Out."), as_json=True))
        assert service.respond("POST", "/v1/messages", HEADERS, json.dumps(body).encode()).status == 200, chosen
        now = effective(model, chosen)
        kind = body.get("thinking", {}).get("type", "disabled")
        assert {"disabled": "off", "between_tools": "off"}.get(kind, "on") == now.thinking
        assert (
            body.get("output_config", {}).get("effort", model.effort_default if model.efforts else None) == now.effort
        )
        assert bool(describe_adjustments(model, chosen)) == (
            chosen.thinking not in (None, now.thinking) or chosen.effort not in (None, now.effort)
        )


def test_an_option_is_taken_and_the_default_is_no_choice() -> None:
    rows = {(row.kind, row.value): row for row in options(OPUS, Reasoning())}
    high = with_choice(Reasoning(), rows["effort", "high"])
    assert high == Reasoning(effort="high")
    assert with_choice(high, rows["effort", "medium"]) == Reasoning()
    off = next(row for row in options(HAIKU, high) if row.value == "off")
    assert with_choice(high, off) == Reasoning(thinking="off", effort="high")


def test_what_is_not_as_usual_is_said_in_few_words() -> None:
    assert describe_choice(OPUS, Reasoning()) == describe_choice(OPUS, Reasoning(thinking="on", effort="medium")) == ""
    assert describe_choice(OPUS, Reasoning(thinking="off", effort="max")) == "effort max"
    assert describe_choice(HAIKU, Reasoning(thinking="off", effort="low")) == "no thinking, effort low"
    assert describe_choice(SONNET, Reasoning(thinking="off")) == "no thinking"
    assert describe_choice(find("claude-haiku-4-5"), Reasoning(thinking="on", effort="max")) == "thinking on"


def test_what_a_model_does_not_take_is_told_with_the_reason() -> None:
    assert describe_adjustments(HAIKU, Reasoning(thinking="off", effort="high")) == ""
    assert describe_adjustments(OPUS, Reasoning(thinking="off")) == "thinking is on: Opus 5.5 always thinks"
    assert describe_adjustments(SONNET, Reasoning(thinking="off", effort="max")) == (
        "effort is high, not max: needs thinking on"
    )
    assert describe_adjustments(find("claude-sonnet-4-5"), Reasoning(effort="low")) == "Sonnet 4.5 takes no effort"


def test_words_that_nobody_knows_say_nothing() -> None:
    assert parse_reasoning("off", "max") == Reasoning(thinking="off", effort="max")
    assert parse_reasoning("between_tools", "") == Reasoning(thinking="off")  # stored by earlier versions
    assert parse_reasoning("", "") == parse_reasoning("sometimes", "huge") == Reasoning()


def chat_of(system_words: int, read: int, written: int, thought: int = 0) -> Transcript:
    usage = Usage(
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        write_5m=written,
        output_tokens=400,
        thinking_tokens=thought,
    )
    asked = Message(role="user", blocks=(Text("Which way?"),), at=1000.0)
    answer = Message(role="assistant", blocks=(Text("Out."),), at=1000.0, model=OPUS.id, usage=usage)
    return Transcript(messages=(asked, answer), system="tide " * system_words)


def test_a_change_writes_the_messages_again_and_keeps_the_system_prompt() -> None:
    chat = chat_of(system_words=2000, read=9_000, written=3_250)  # 3,250 tokens of system prompt
    lost = change_loss(chat, OPUS, Reasoning(), Reasoning(effort="high"), now=1060.0)
    assert lost.tokens == 9_000
    assert lost.written_usd == pytest.approx(9_000 * (5 if lifetime_for(chat, OPUS, 1060.0) == "5m" else 8) / 1e6)
    assert lost.read_usd == pytest.approx(9_000 * 0.20 / 1e6)
    below = change_loss(
        chat_of(system_words=200, read=9_000, written=0), OPUS, Reasoning(), Reasoning(effort="high"), now=1060.0
    )
    assert below.tokens == 9_000, "an opening below the minimum has no entry of its own"


def test_a_change_costs_nothing_where_nothing_is_lost() -> None:
    chat = chat_of(system_words=0, read=9_000, written=0)
    assert change_loss(chat, OPUS, Reasoning(), Reasoning(effort="high"), now=1400.0).tokens == 0, "it is cold"
    assert change_loss(chat, OPUS, Reasoning(), Reasoning(effort="medium"), now=1060.0).tokens == 0, (
        "that is the default"
    )
    assert change_loss(chat, OPUS, Reasoning(), Reasoning(thinking="off"), now=1060.0).tokens == 0, "it is not taken"
    assert change_loss(chat, HAIKU, Reasoning(), Reasoning(effort="high"), now=1060.0).tokens == 0, (
        "it is another's cache"
    )
    assert change_loss(Transcript(), OPUS, Reasoning(), Reasoning(effort="high"), now=1060.0).tokens == 0


def asked_like(chat: Transcript, chosen: Reasoning) -> Transcript:
    *before, answer = chat.messages
    return replace(chat, messages=(*before, replace(answer, settings=request_settings(OPUS, chosen))))


def test_a_change_is_judged_by_how_the_last_answer_was_asked_for_and_not_by_the_last_choice() -> None:
    high, low = Reasoning(effort="high"), Reasoning(effort="low")
    chat = asked_like(chat_of(system_words=0, read=9_000, written=0), high)
    assert change_loss(chat, OPUS, low, high, now=1060.0).tokens == 0, "back to what the cache holds"
    assert change_loss(chat, OPUS, low, low, now=1060.0).tokens == 0, (
        "an effort of its own for the prompt keeps the cache"
    )


def test_after_a_change_the_messages_are_told_to_be_written_again() -> None:
    chat = asked_like(chat_of(system_words=2000, read=9_000, written=3_250), Reasoning())

    def told(chosen: Reasoning) -> tuple[int, bool]:
        coming = estimate(chat, NO_DRAFT, OPUS, 1060.0, settings=request_settings(OPUS, chosen))
        return coming.usage.cache_read_input_tokens, settings_changed(chat, OPUS.id, request_settings(OPUS, chosen))

    assert told(Reasoning()) == told(Reasoning(effort="medium")) == (12_250, False)
    assert told(Reasoning(effort="high")) == (3_250, True)
    assert estimate(chat, NO_DRAFT, OPUS, 1060.0).usage.cache_read_input_tokens == 12_250


def test_how_much_is_thought_is_an_average_of_this_model() -> None:
    chat = chat_of(0, 0, 0, thought=300)
    both = Transcript(messages=(*chat.messages, *chat_of(0, 0, 0, thought=101).messages))
    assert average_thinking_tokens(both, OPUS) == 200
    assert average_thinking_tokens(both, HAIKU) == 0
