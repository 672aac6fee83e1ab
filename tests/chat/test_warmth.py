"""Until when a chat is warm, and when an hour in the cache is worth its price."""

from __future__ import annotations

import pytest

from tui.anthropic.models import find
from tui.chat.ledger import Usage
from tui.chat.transcript import Message, Text, Transcript
from tui.chat.warmth import COLD, expiry, lifetime_for

SONNET = find("claude-sonnet-5-5")


def answer(
    at: float, *, read: int = 0, short: int = 0, hour: int = 0, plain: int = 0, model: str = SONNET.id
) -> Message:
    usage = Usage(
        input_tokens=plain,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=short + hour,
        write_5m=short,
        write_1h=hour,
        output_tokens=5,
    )
    return Message(role="assistant", blocks=(Text("Out."),), model=model, usage=usage, at=at)


def chat(*answers: Message) -> Transcript:
    prompt = Message(role="user", blocks=(Text("Which way?"),))
    return Transcript(messages=tuple(message for one in answers for message in (prompt, one)))


def test_a_chat_is_warm_for_five_minutes_from_the_start_of_its_last_request() -> None:
    warmth = expiry(chat(answer(1000, short=2_000), answer(1100, read=2_000, short=300, plain=7)))
    assert (warmth.model, warmth.tokens, warmth.until) == (SONNET.id, 2_300, 1400)
    assert warmth.left_s(1130) == 270
    assert warmth.is_warm(1399.9)
    assert not warmth.is_warm(1400)
    assert warmth.left_s(9999) == 0


def test_or_for_an_hour_where_it_was_written_for_one() -> None:
    assert expiry(chat(answer(1000, hour=2_000))).until == 4600
    # Reading renews an entry for as long as it was written for.
    assert expiry(chat(answer(1000, hour=2_000), answer(2000, read=2_000))).until == 5600
    assert expiry(chat(answer(1000, hour=2_000), answer(2000, read=2_000, short=100))).until == 2300


def test_what_was_never_cached_is_cold() -> None:
    assert expiry(Transcript()) == COLD
    assert expiry(chat(answer(1000, plain=300))) == COLD
    assert not expiry(chat(answer(1000, plain=300))).is_warm(1000)


def test_each_model_has_its_own() -> None:
    mixed = chat(answer(1000, short=2_000), answer(1100, short=1_500, model="claude-opus-5-5"))
    assert (expiry(mixed).model, expiry(mixed).tokens) == ("claude-opus-5-5", 1_500)
    assert (expiry(mixed, SONNET.id).tokens, expiry(mixed, SONNET.id).until) == (2_000, 1300)
    assert expiry(mixed, "claude-haiku-5-5") == COLD


def paused(*pauses_s: float, tokens: int = 10_000) -> Transcript:
    """A chat of so many tokens, with these pauses between its requests; a little is added with each."""
    times = [0.0]
    for pause_s in pauses_s:
        times.append(times[-1] + pause_s)
    return chat(*(answer(at, short=tokens + 100 * number) for number, at in enumerate(times)))


@pytest.mark.parametrize(
    ("pauses_s", "lifetime"),
    [
        ((), "5m"),
        ((60, 60, 60, 60), "5m"),
        (
            (900,),
            "5m",
        ),  # 12,500 paid again at the price of input; an hour would have cost 7,500 more, and saves the rest
        ((900, 900), "1h"),
        ((60, 900, 60, 900, 60), "1h"),
        ((7200, 7200, 7200), "5m"),  # an hour does not last that long either
    ],
)
def test_an_hour_is_taken_once_it_would_have_paid(pauses_s, lifetime) -> None:
    assert lifetime_for(paused(*pauses_s), SONNET) == lifetime


def test_the_pauses_of_another_model_do_not_count() -> None:
    assert lifetime_for(paused(900, 900), find("claude-opus-5-5")) == "5m"
    assert lifetime_for(paused(900, 900), find("qwen3")) == "5m"
