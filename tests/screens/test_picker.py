"""The rows of the model picker."""

from __future__ import annotations

import pytest
from chatting import Chat, chatting, words
from textual.widgets import Static
from transcripts import PNG

from tui.anthropic.models import MODELS, find
from tui.chat.forecast import ModelSwitch, price_switch
from tui.chat.ledger import Usage
from tui.chat.model import Model, Price
from tui.chat.transcript import Image, Message, Text, Thinking, Transcript
from tui.demo import scenarios
from tui.screens.models import ModelPicker, columns, in_order, meaning, next_turn, particulars, titles

PRICE = Price(input=3, output=15, write_5m=3.75, write_1h=6, read=0.3)


def test_the_newest_of_each_family_stand_first_and_the_retired_last() -> None:
    heads, rest = in_order(MODELS)
    assert [model.id for model in heads] == ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"]
    retired = [model.lifecycle == "retired" for model in rest]
    assert retired == sorted(retired)
    assert sorted(model.id for model in (*heads, *rest)) == sorted(model.id for model in MODELS)


def test_a_family_whose_newest_is_retired_is_headed_by_the_next() -> None:
    old = Model(id="o", name="Opus 4", family="opus", lifecycle="retired")
    assert in_order((old, Model(id="p", name="Opus 3", family="opus")))[0][0].id == "p"


def test_a_retired_model_names_its_successor() -> None:
    model = Model(id="m", name="Sonnet 4", lifecycle="retired", retires="2026-06-15")
    assert columns(model, 80, current=False, successor="Sonnet 4.6").plain.split("  ")[-1] == (
        "retired 2026-06-15 → Sonnet 4.6"
    )


def test_marks_tell_what_a_model_can_do() -> None:
    model = Model(id="m", name="Plain", vision=False, prices=(PRICE,))
    row = columns(model, 80, current=False, successor="").plain
    assert "vision" not in row
    assert "tools" in row
    assert "thinking" not in row


@pytest.mark.parametrize("width", [53, 73, 77])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_known_model_fits_its_row(model: Model, width: int) -> None:
    assert columns(model, width, current=True, successor="Sonnet 5.5").cell_length <= width
    assert titles(width).cell_length <= width


def switch_to(model: Model, *messages: Message) -> ModelSwitch:
    (row,) = price_switch(Transcript(messages=messages), [model], 1_000.0)
    return row


def said(text: str, tokens: int = 9_000) -> Message:
    blocks = (Thinking("Hm.", "sig"), Text(text))
    return Message(role="assistant", blocks=blocks, model="claude-opus-5-5", usage=Usage(input_tokens=tokens), at=10.0)


def asked(*blocks: object) -> Message:
    return Message(role="user", blocks=blocks)


def test_it_says_how_full_the_window_would_be_and_what_is_dropped() -> None:
    haiku = find("claude-haiku-4-5-20251001")
    switch = switch_to(haiku, asked(Text("x" * 80_000)), said("Out."))
    assert particulars(switch) == "ctx 200k, 10 % full · out 64k · vision tools thinking"
    assert meaning(switch).startswith("drops thinking · then about $")
    assert "switch  $" in next_turn(switch).plain


def test_what_a_model_cannot_see_is_dropped() -> None:
    blind = Model(id="b", name="Blind", vision=False, tools=False, prices=(PRICE,))
    switch = switch_to(blind, asked(Image("image/png", PNG, width=9, height=9)), said("A tide."))
    assert meaning(switch).startswith("drops thinking, images · ")
    assert particulars(switch) == "ctx 200k, <1 % full · out 64k"


@pytest.mark.parametrize(
    ("model", "messages", "why"),
    [
        (
            Model(id="m", name="Small", context=1_000, prices=(PRICE,)),
            (asked(Text("x" * 8_000)),),
            "Small accepts 1,000 tokens, and this chat has about 2,002.",
        ),
        (
            find("claude-haiku-4-5-20251001"),
            (asked(*[Image("image/png", PNG, width=9, height=9)] * 101),),
            "Haiku 4.5 accepts 100 images in one request, and this chat has 101.",
        ),
        (find("claude-sonnet-4-20250514"), (asked(Text("Hi")),), "Sonnet 4 was retired on 2026-06-15."),
    ],
    ids=["too long", "too many images", "retired"],
)
def test_what_a_model_refuses_is_said_instead_of_a_price(model: Model, messages: tuple, why: str) -> None:
    switch = switch_to(model, *messages, said("Out.", tokens=10))
    assert meaning(switch) == why
    if model.lifecycle != "retired":
        assert columns(model, 80, current=False, successor="", switch=switch).plain.endswith("not possible")


@pytest.mark.parametrize("width", [53, 73, 77])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_priced_row_and_its_explanation_fit(model: Model, width: int) -> None:
    switch = switch_to(model, asked(Text("x" * 90_000)), said("Out."))
    assert columns(model, width, current=True, successor="Sonnet 5.5", switch=switch).cell_length <= width
    ends = f"retires {model.retires} · " if model.retires and not switch.unavailable else ""
    assert particulars(switch).startswith(ends)
    assert len(particulars(switch).removeprefix(ends)) <= 53
    assert len(meaning(switch)) <= 73


def explained(chat: Chat) -> str:
    return str(chat.app.screen.query_one("#meaning", Static).content)


@pytest.mark.anyio
async def test_in_a_chat_the_model_under_the_cursor_is_explained() -> None:
    config = '[default]\nmodel = "sonnet"\n[models."claude-haiku-4-5-20251001"]\ncontext = 50\n'
    first = scenarios.Answer(scenarios.Thinking("Hm."), scenarios.Text("Out. " * 100))
    async with chatting(first, words("Noon."), config=config) as chat:
        await chat.send("/think off")
        await chat.send("Which way does it run?")
        await chat.until_idle()
        await chat.pilot.press("ctrl+l")
        await chat.until(lambda: isinstance(chat.app.screen, ModelPicker) and "ctx 1M" in explained(chat))
        await chat.pilot.press(*"haiku 4.5")
        await chat.until(lambda: "Haiku 4.5 accepts 50 tokens, and this chat has about" in explained(chat))
        await chat.pilot.press(*["backspace"] * 9, *"opus 5.5")
        await chat.until(lambda: explained(chat).startswith("thinking is on: "))
