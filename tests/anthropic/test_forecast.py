"""What is told before sending, against what the simulator then counts; and what a switch of models costs, by hand.

It stands here and not with the chat's own tests because it is the provider that it has to agree with.
"""

from __future__ import annotations

import base64
import io
import time

import pytest
import transcripts as conversations
from asking_together import SimulatedChat
from msgspec.structs import replace
from PIL import Image as Pillow

from tui.anthropic.models import MODELS, find
from tui.chat.forecast import NO_DRAFT, ModelSwitch, estimate, price_switch
from tui.chat.ledger import Usage, bill
from tui.chat.tokens import image_tokens
from tui.chat.transcript import Draft, Image, Message, Text, Thinking, ToolResult, Transcript
from tui.images.downscaling import ImageDownscaler

SONNET, OPUS, HAIKU, OLD_HAIKU = (
    find(name) for name in ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-haiku-4-5")
)
LONG = "The tide runs out. " * 300
IMAGE = Image("image/png", conversations.PNG, width=1, height=1)


def send(simulated: SimulatedChat, text: str, *images: Image, after_s: float = 10.0, **options):
    """What was told before, and what was used then."""
    told = estimate(simulated.transcript, Draft(text=text, attachments=images), SONNET, simulated.now + after_s)
    simulated.say(text, *images)
    return told, simulated.ask(after_s=after_s, **options).usage


def split(usage: Usage) -> list[int]:
    return [usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.input_tokens]


def test_each_turn_of_a_chat_is_told_beforehand() -> None:
    simulated = SimulatedChat(Transcript(system=LONG, tools=(conversations.TIDE,)))
    first, used = send(simulated, "Which way?")
    assert not first.exact
    assert split(first.usage) == pytest.approx(split(used), rel=0.1, abs=20)
    for text in ("And now?", LONG, "And then? " * 40):
        told, used = send(simulated, text)
        assert told.exact
        assert told.warm
        assert split(told.usage) == pytest.approx(split(used), rel=0.02, abs=20)
        assert told.bill == bill(told.usage, SONNET)


def test_a_cold_chat_is_told_to_be_written_anew() -> None:
    simulated = SimulatedChat(Transcript(system=LONG))
    send(simulated, "Which way?")
    told, used = send(simulated, "And now?", after_s=301)
    assert not told.warm
    assert told.usage.cache_read_input_tokens == used.cache_read_input_tokens == 0
    assert split(told.usage) == pytest.approx(split(used), abs=20)


def test_a_first_image_is_told_to_lose_the_messages() -> None:
    simulated = SimulatedChat(Transcript(system=LONG))
    send(simulated, "Which way? " + LONG)
    told, used = send(simulated, "And in this one?", IMAGE)
    assert 0 < told.usage.cache_read_input_tokens < 2_500
    assert split(told.usage) == pytest.approx(split(used), rel=0.02, abs=30)
    told, used = send(simulated, "And in this?", IMAGE)  # a second one adds to the cache
    assert split(told.usage) == pytest.approx(split(used), rel=0.02, abs=30)


def test_beyond_twenty_images_are_told_as_small_as_they_are_sent() -> None:
    out = io.BytesIO()
    Pillow.new("RGB", (2576, 1449), "teal").save(out, "PNG")
    large = Image("image/png", base64.b64encode(out.getvalue()).decode(), width=2576, height=1449)
    smaller = ImageDownscaler()
    simulated = SimulatedChat(Transcript(system=LONG))
    for images in (15, 6, 0, 1):  # the second turn makes those of the first smaller, too, and loses them from the cache
        whole = simulated.transcript
        draft = Draft(text="And these?", attachments=(large,) * images)
        told = estimate(whole, draft, SONNET, simulated.now + 10)
        simulated.say(draft.text, *draft.attachments)
        whole, simulated.transcript = simulated.transcript, smaller.fit(simulated.transcript)
        answer = simulated.ask()
        assert split(told.usage) == pytest.approx(split(answer.usage), rel=0.02, abs=150)
        text = tuple(
            block for block in answer.blocks if isinstance(block, Text)
        )  # its thinking is bound to larger ones
        simulated.transcript = whole.with_message(replace(answer, blocks=text))
    new_chat = estimate(Transcript(), Draft(text="", attachments=(large,) * 21), SONNET, 0.0)
    assert new_chat.tokens == 21 * image_tokens(2000, 1125, SONNET)


def test_an_image_in_the_text_counts_like_an_attached_one() -> None:
    marker = f"[IMAGE:data:image/png;base64,{conversations.PNG}]"
    chat = long_chat(20_000)
    now = chat.messages[-1].at + 10

    def told(transcript: Transcript, text: str, *images: Image, model=SONNET):
        return estimate(transcript, Draft(text=text, attachments=images), model, now)

    first = told(chat, f"See {marker}")
    assert (first.invalidated_by, told(chat, "See", IMAGE).invalidated_by, told(chat, "See").invalidated_by) == (
        "first_image",
        "first_image",
        "",
    )
    assert first.usage.cache_read_input_tokens == told(chat, "See", IMAGE).usage.cache_read_input_tokens
    large = replace(IMAGE, width=2576, height=1449)
    with_images = replace(chat, messages=(Message(role="user", blocks=(large,) * 20), *chat.messages))
    assert [told(with_images, text).invalidated_by for text in ("See", marker)] == ["", "many_images"]
    assert told(with_images, "See", IMAGE).invalidated_by == "many_images"
    small = replace(chat, messages=(Message(role="user", blocks=(IMAGE,) * 20), *chat.messages))
    assert told(small, marker).invalidated_by == "", "none of them is made smaller"
    assert told(with_images, marker, model=OPUS).invalidated_by == "", "it has nothing in its cache"
    fewer = [told(Transcript(), text, *(large,) * 20).tokens for text in ("See ", f"See {marker}")]
    assert fewer[1] < fewer[0], "each of the attached ones is sent smaller"


def test_an_image_of_a_tool_is_a_first_image_as_well() -> None:
    chat = long_chat(20_000)
    result = Message(role="user", blocks=(ToolResult("toolu_1", (IMAGE,)),))
    now = chat.messages[-1].at + 10
    assert estimate(chat.with_message(result), NO_DRAFT, SONNET, now).invalidated_by == "first_image"


def test_what_rests_on_an_answer_that_was_cut_off_is_an_estimate_itself() -> None:
    chat = long_chat(20_000)
    now = chat.messages[-1].at + 10
    assert estimate(chat, NO_DRAFT, SONNET, now).exact
    cut = replace(chat.messages[-1], state="stopped", stop_reason="")
    chat = replace(chat, messages=(*chat.messages[:-1], cut))
    assert not estimate(chat, NO_DRAFT, SONNET, now).exact


def test_what_is_too_short_is_told_to_stay_uncached() -> None:
    simulated = SimulatedChat(Transcript())
    told, used = send(simulated, "Hi")
    assert split(told.usage) == pytest.approx(split(used), abs=5)
    assert (told.usage.cache_creation_input_tokens, told.warm) == (0, False)


def test_the_lifetime_decides_on_the_price() -> None:
    hour = estimate(Transcript(system=LONG), Draft(text="Hi"), SONNET, 0.0, lifetime="1h")
    short = estimate(Transcript(system=LONG), Draft(text="Hi"), SONNET, 0.0)
    assert hour.usage.write_1h == short.usage.write_5m > 0
    assert hour.bill.cost_usd == pytest.approx(short.bill.cost_usd * 2 / 1.25)


def test_the_context_meter() -> None:
    small = replace(SONNET, context=1_000)
    told = estimate(Transcript(), Draft(text="x" * 6_000), small, 0.0)
    assert told.tokens == 1_950
    assert told.filled == 1.95
    assert not told.fits


def long_chat(tokens: int) -> Transcript:
    turns = tokens // 1_000
    text = "x" * 1_500
    messages = []
    for turn in range(turns):
        usage = Usage(cache_read_input_tokens=turn * 1_000, cache_creation_input_tokens=500, output_tokens=500)
        messages += [
            Message(role="user", blocks=(Text(text),)),
            Message(role="assistant", blocks=(Text(text),), model=SONNET.id, usage=usage, at=turn * 60.0),
        ]
    return Transcript(messages=tuple(messages), system=LONG)


@pytest.mark.parametrize("model", [SONNET, OPUS], ids=["the model that counted", "another one"])
def test_it_is_quick_enough_for_every_key(model) -> None:
    chat = long_chat(100_000)
    times = []
    for length in range(60):
        began = time.perf_counter()
        estimate(chat, Draft(text="x" * length), model, 0.0)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.005


# What a switch costs


def by_model(transcript: Transcript, now: float, draft: Draft = NO_DRAFT) -> dict[str, ModelSwitch]:
    return {row.model.id: row for row in price_switch(transcript, MODELS, now, draft=draft)}


def test_staying_is_warm_and_a_switch_is_cold() -> None:
    chat = long_chat(100_000)
    rows = by_model(chat, 99 * 60.0 + 60)
    stay, switch = rows[SONNET.id], rows[OPUS.id]
    assert [row.model.id for row in rows.values() if row.is_current] == [SONNET.id]
    # 99,500 tokens in the cache, and an answer of 500 to be written: at $0.10 and $2.50 a million.
    assert stay.next_turn.bill.cost_usd == pytest.approx(0.00995 + 0.00125)
    assert stay.break_even_turns is None
    assert not switch.next_turn.warm
    assert switch.next_turn.bill.cost_usd == pytest.approx(switch.next_turn.tokens * 5 / 1e6)
    assert switch.break_even_turns is None  # Opus 5.5 costs more on every turn


def test_a_cheaper_model_pays_after_some_turns() -> None:
    rows = by_model(long_chat(90_000), 89 * 60.0 + 60)
    haiku = rows[HAIKU.id]
    # Staying: 89,500 tokens read and 500 written, then 1,000 new ones a turn; each answer has 500 tokens.
    stay_first = 0.00895 + 0.00125 + 0.005
    stay_later = 90_000 * 0.1e-6 + 1_000 * 2.5e-6 + 0.005
    size = haiku.next_turn.tokens
    first = size * 0.125e-6 + 500 * 0.5e-6
    later = size * 0.01e-6 + 1_000 * 0.125e-6 + 500 * 0.5e-6
    assert haiku.later_usd == pytest.approx(size * 0.01e-6 + 1_000 * 0.125e-6)
    turns = next(k for k in range(1, 99) if first + (k - 1) * later < stay_first + (k - 1) * stay_later)
    assert haiku.break_even_turns == turns


def test_after_the_expiry_staying_is_cold_as_well() -> None:
    rows = by_model(long_chat(90_000), 89 * 60.0 + 301)
    assert not rows[SONNET.id].next_turn.warm
    assert rows[HAIKU.id].break_even_turns == 1


def test_what_a_model_refuses_or_drops() -> None:
    thinking = Message(role="assistant", blocks=(Thinking("Hm.", "sig"), Text("Out.")), model=SONNET.id)
    picture = Message(role="user", blocks=(IMAGE,) * 101)
    chat = replace(long_chat(300_000), tools=(conversations.TIDE,))
    chat = replace(chat, messages=(*chat.messages, picture, thinking))
    rows = by_model(chat, 0.0)
    assert rows[SONNET.id].unsupported == ()
    assert rows[OPUS.id].unsupported == ("thinking",)
    assert rows["claude-2.1"].unsupported == ("thinking", "images", "tools")
    assert "200,000 tokens" in rows[OLD_HAIKU.id].unavailable
    assert "retired on 2026-06-15" in rows["claude-sonnet-4-20250514"].unavailable
    assert rows[OPUS.id].unavailable == ""
    few = by_model(Transcript(messages=(picture,)), 0.0)
    assert "100 images" in few[OLD_HAIKU.id].unavailable
    hundred = Transcript(messages=(Message(role="user", blocks=(IMAGE,) * 100), thinking))
    marker = f"[IMAGE:data:image/png;base64,{conversations.PNG}]"
    refusals = [by_model(hundred, 0.0, draft)[OLD_HAIKU.id].unavailable for draft in (NO_DRAFT, Draft(text=marker))]
    assert refusals == ["", "Haiku 4.5 accepts 100 images in one request, and with this prompt the chat has 101."]
    assert few[OPUS.id].unavailable == ""


def test_a_new_chat_can_be_priced_too() -> None:
    rows = price_switch(Transcript(), [SONNET, find("qwen3")], 0.0, draft=Draft(text=LONG))
    assert [row.is_current for row in rows] == [False, False]
    assert rows[0].next_turn.bill is not None
    assert (rows[1].next_turn.bill, rows[1].later_usd, rows[1].break_even_turns) == (None, None, None)
    assert estimate(Transcript(), NO_DRAFT, SONNET, 0.0).tokens == 0
