"""Titles made of a chat's first turn, where they are switched on: asked beside the chat, never instead of the user's own."""

from __future__ import annotations

import asyncio

import pytest
from chatting import Chat, chatting, words

from tui.anthropic.models import MODELS
from tui.chat import spending
from tui.chat.model import Price
from tui.chat.spending import Entry
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text
from tui.services.titles import cheapest
from tui.store import Chat as Stored

pytestmark = pytest.mark.anyio

ON = "[ui]\ntitles = true\n"


def ledger_of(chat: Chat) -> tuple[Entry, ...]:
    session = chat.screen.session.turns
    return spending.ledger_of(session.transcript, session.discarded).entries


async def stored(chat: Chat) -> Stored:
    return (await asyncio.wrap_future(chat.screen.store.chats()))[0]


async def test_the_first_line_is_the_title_at_once_and_then_one_is_made_by_the_cheapest_model() -> None:
    gate = Gate()
    async with chatting(words("It runs out."), Answer(gate, Text('"Tides of the fjord"')), config=ON) as chat:
        await chat.send("Which way does the tide run?")
        await chat.until_idle()
        assert chat.screen.header.title == "Which way does the tide run?"
        request = (await chat.request(2)).json
        assert request["model"] == "claude-haiku-5-5"
        assert "system" not in request
        assert "tools" not in request
        assert "It runs out." in request["messages"][0]["content"][0]["text"]
        before = (await stored(chat)).cost_usd
        gate.open()
        await chat.until(lambda: chat.screen.header.title == "Tides of the fjord")
        now = await stored(chat)
        assert now.title == "Tides of the fjord"
        assert not now.title_is_mine
        assert now.cost_usd > before
        assert now.messages == 2
        assert [entry.turn for entry in ledger_of(chat)] == [1, 1]


async def test_only_the_first_turn_makes_one() -> None:
    async with chatting(words("one"), words("Title"), words("two"), words("three"), config=ON) as chat:
        await chat.send("first")
        await chat.until(lambda: chat.screen.header.title == "Title")
        await chat.send("second")
        await chat.until_shown("two")
        await chat.until_idle()
        await chat.send("third")
        await chat.until_shown("three")


async def test_the_users_own_title_stays() -> None:
    gate = Gate()
    async with chatting(words("one"), Answer(gate, Text("Made")), words("two"), config=ON) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.request(2)
        before = (await stored(chat)).cost_usd
        await chat.send("/rename My own")
        gate.open()
        while (await stored(chat)).cost_usd == before:
            await chat.pilot.pause()
        await chat.send("second")
        await chat.until_shown("two")
        assert (await stored(chat)).title == chat.screen.header.title == "My own"


async def test_a_failure_is_not_worth_a_word() -> None:
    async with chatting(words("one"), Error(400), words("two"), config=ON) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.request(2)
        hint = chat.hint
        await chat.send("second")
        await chat.until_shown("two")
        await chat.until_idle()
        assert chat.hint == hint
        assert (await stored(chat)).title == "first"


async def test_a_chat_that_was_left_gets_its_title_too() -> None:
    gate = Gate()
    async with chatting(Answer(Text("one", gate)), words("Made"), config=ON) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.pilot.press("ctrl+n")
        gate.open()
        while (await stored(chat)).title != "Made":
            await chat.pilot.pause()
        assert chat.screen.header.title == ""


async def test_without_the_setting_nothing_is_asked() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.send("second")
        await chat.until_shown("two")
        assert len(chat.server.requests) == 2


def test_the_cheapest_model_is_one_that_stays_and_has_a_price() -> None:
    model = cheapest(MODELS)
    assert model is not None
    assert model.id == "claude-haiku-5-5"
    assert cheapest(tuple(one for one in MODELS if not one.prices)) is None
    assert isinstance(model.prices[0], Price)
