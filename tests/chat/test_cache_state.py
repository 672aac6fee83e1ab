"""Until when a chat is warm, and when an hour in the cache is worth its price."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tui.anthropic.models import find
from tui.chat.cache_state import COLD, cache_state, lifetime_for, prefix_hash
from tui.chat.ledger import Usage
from tui.chat.transcript import Message, Text, Tool, Transcript

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
    warmth = cache_state(chat(answer(1000, short=2_000), answer(1100, read=2_000, short=300, plain=7)))
    assert (warmth.model, warmth.tokens, warmth.until) == (SONNET.id, 2_300, 1400)
    assert warmth.left_s(1130) == 270
    assert warmth.is_warm(1399.9)
    assert not warmth.is_warm(1400)
    assert warmth.left_s(9999) == 0


def test_or_for_an_hour_where_it_was_written_for_one() -> None:
    assert cache_state(chat(answer(1000, hour=2_000))).until == 4600
    # Reading renews an entry for as long as it was written for.
    assert cache_state(chat(answer(1000, hour=2_000), answer(2000, read=2_000))).until == 5600
    assert cache_state(chat(answer(1000, hour=2_000), answer(2000, read=2_000, short=100))).until == 2300


def test_what_was_never_cached_is_cold() -> None:
    assert cache_state(Transcript()) == COLD
    assert cache_state(chat(answer(1000, plain=300))) == COLD
    assert not cache_state(chat(answer(1000, plain=300))).is_warm(1000)


def test_what_was_cached_behind_other_tools_or_another_system_prompt_is_not_found() -> None:
    before = Transcript(system="Tides only.")
    asked = replace(answer(1000, short=2_000), prefix=prefix_hash(before))
    warm = replace(chat(asked), system="Tides only.")
    assert cache_state(warm).tokens == 2_000
    assert cache_state(replace(warm, system="Be brief.")) == COLD
    assert cache_state(replace(warm, tools=(Tool(name="look", input_schema="{}"),))) == COLD
    # And it is there again when they come back in time.
    other = replace(answer(1100, short=500), prefix=prefix_hash(Transcript(system="Be brief.")))
    assert cache_state(replace(chat(asked, other), system="Tides only."), now=1200).until == 1300
    unsaid = replace(chat(answer(1000, short=2_000)), system="Be brief.")
    assert cache_state(unsaid).tokens == 2_000, "nobody knows"


def test_an_opening_is_told_from_every_other() -> None:
    tool = Tool(name="look", description="Looks.", input_schema="{}")
    openings = [
        Transcript(),
        Transcript(system="look"),
        Transcript(tools=(tool,)),
        Transcript(tools=(tool,), system="look"),
        Transcript(tools=(replace(tool, name="lookLooks.", description=""),)),
        Transcript(tools=(tool, tool)),
        Transcript(system="\ud800"),
    ]
    assert len({prefix_hash(one) for one in openings}) == len(openings)
    assert prefix_hash(chat(answer(1))) == prefix_hash(Transcript())


def test_each_model_has_its_own() -> None:
    mixed = chat(answer(1000, short=2_000), answer(1100, short=1_500, model="claude-opus-5-5"))
    assert (cache_state(mixed).model, cache_state(mixed).tokens) == ("claude-opus-5-5", 1_500)
    assert (cache_state(mixed, SONNET.id).tokens, cache_state(mixed, SONNET.id).until) == (2_000, 1300)
    assert cache_state(mixed, "claude-haiku-5-5") == COLD


def paused(*pauses_s: float, new: int = 100) -> Transcript:
    """A chat of 10,000 tokens, with these pauses between its requests, the last of which is to come and adds so many."""
    times = [0.0]
    for pause_s in pauses_s[:-1]:
        times.append(times[-1] + pause_s)
    asked = chat(*(answer(at, short=10_000 + 100 * number) for number, at in enumerate(times)))
    return asked.with_message(
        Message(role="user", blocks=(Text("x" * int(new / SONNET.tokens_per_char)),), at=times[-1])
    )


@pytest.mark.parametrize(
    ("pauses_s", "new", "lifetime"),
    [
        ((60, 60, 60, 60), 10, "5m"),  # no pause came, so none is expected, however little it would cost
        ((900, 60), 100, "1h"),  # one pause has come after one request: another is likely
        ((60, 900, 60), 2_000, "1h"),  # an hour costs 3,000 more, and saves 28,800 if a pause comes
        ((60, 60, 60, 60, 900, 60), 6_000, "5m"),  # one pause after five requests is too little for that
        ((900,), 100, "5m"),  # it is cold: all of it would be paid for
        ((900, 900, 900, 900), 100, "5m"),
        ((7200, 7200, 7200, 60), 100, "5m"),  # an hour does not last that long either
    ],
)
def test_an_hour_is_taken_where_the_pauses_so_far_make_it_pay(pauses_s, new, lifetime) -> None:
    assert lifetime_for(paused(*pauses_s, new=new), SONNET, now=sum(pauses_s)) == lifetime


@pytest.mark.parametrize("now", [None, 0.0, 900.0, 1e9])
def test_a_chat_that_begins_writes_for_five_minutes(now: float | None) -> None:
    prompt = Message(role="user", blocks=(Text("Which way?"),), at=800.0)
    assert lifetime_for(Transcript(), SONNET, now) == "5m"
    assert lifetime_for(Transcript(messages=(prompt,)), SONNET, now) == "5m"


def test_and_its_second_request_too_as_long_as_nobody_paused() -> None:
    assert lifetime_for(paused(299, new=1), SONNET, now=299) == "5m"


def test_hours_cost_a_small_part_of_the_chat_at_most() -> None:
    for first, lifetime in ((answer(0, short=10_000), "1h"), (answer(0, hour=10_000), "5m")):
        asked = chat(first, answer(900, short=10_000), answer(930, read=10_000))
        assert lifetime_for(asked, SONNET, now=960) == lifetime


def test_nothing_is_paid_twice_for_what_is_kept_for_an_hour_already() -> None:
    before = answer(0, short=10_000), answer(60, read=10_000, short=10), answer(960, short=10_100)
    new = Message(role="user", blocks=(Text("x" * int(2_000 / SONNET.tokens_per_char)),), at=1080)
    for hour, lifetime in ((10, "5m"), (0, "1h")):
        last = answer(1020, read=10_100, hour=hour, short=10 - hour)
        assert lifetime_for(chat(*before, last).with_message(new), SONNET) == lifetime


def test_the_pauses_before_a_switch_of_model_count_too() -> None:
    opus = find("claude-opus-5-5")
    switched = chat(answer(0, short=10_000), answer(900, short=10_000), answer(960, short=10_000, model=opus.id))
    assert lifetime_for(switched, opus, now=1020) == "1h"
    assert lifetime_for(switched, find("qwen3"), now=1020) == "5m"


def test_what_was_not_read_within_its_hour_is_gone() -> None:
    lost = chat(answer(1000, hour=2_000), answer(1900, short=2_100))
    assert (cache_state(lost, now=1901).tokens, cache_state(lost, now=1901).until) == (2_100, 2200)
    assert not cache_state(lost, now=2300).is_warm(2300)


def test_what_is_kept_for_an_hour_outlives_what_was_added_for_five_minutes() -> None:
    mixed = chat(answer(1000, hour=2_000), answer(1100, read=2_000, short=300))
    assert (cache_state(mixed, now=1300).tokens, cache_state(mixed, now=1300).until) == (2_300, 1400)
    assert (cache_state(mixed, now=1500).tokens, cache_state(mixed, now=1500).until) == (2_000, 4700)
    assert not cache_state(mixed, now=4800).is_warm(4800)
