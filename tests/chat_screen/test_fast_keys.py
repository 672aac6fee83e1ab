"""Keys that come before the store, the engine or another prx has answered: nothing is lost or ends up elsewhere."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from chatting import Chat, chatting, words

from tui.chat.transcript import Draft
from tui.chat_screen.session import Origin
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text
from tui.store import Position, Store

pytestmark = pytest.mark.anyio

FILE = Path("data") / "chats.db"


async def opened_again(chat: Chat, chat_id: str) -> None:
    chat.screen.parts.open(chat_id)
    await chat.until(lambda: chat.screen.session.id == chat_id and chat.screen.parts.sessions.is_ready)


async def test_a_chat_that_is_left_before_its_prompt_was_sent_has_its_title() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs", gate, " out."))) as chat:
        left = chat.screen.session
        chat.screen.submit(Draft(text="tides"))
        chat.screen.parts.start_new()
        await chat.until(lambda: left.pending_events)
        await opened_again(chat, left.id)
        assert chat.screen.header.title == "tides"
        chat.screen.parts.start_new()
        gate.open()
        await chat.until(lambda: '"tides" is answered' in chat.hint)


async def test_a_title_given_elsewhere_meanwhile_is_shown_on_coming_back() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs", gate, " out."))) as chat:
        await chat.send("tides")
        await chat.until_written()
        left = chat.screen.session.id
        await chat.pilot.press("ctrl+n")
        with Store(Path.home() / FILE, now=chat.clock.wall) as store:
            store.rename(left, "The tides of the fjord")
            await asyncio.wrap_future(store.days())  # written by then
        await opened_again(chat, left)
        assert chat.screen.header.title == "The tides of the fjord"
        gate.open()
        await chat.until_idle()


async def test_what_was_known_of_another_prx_is_not_shown_on_coming_back() -> None:
    gate = Gate()
    async with chatting(words("Out."), Answer(Text("At noon,", gate, " I think."))) as chat:
        await chat.send("tides")
        await chat.until_idle()
        left = chat.screen.session.id
        with Store(Path.home() / FILE, now=chat.clock.wall) as store:
            store.set_open_chat(left)
            await chat.until(lambda: chat.screen.header.mark == "open elsewhere too")
            await chat.send("When?")
            await chat.until_written()
            await chat.pilot.press("ctrl+n")
        await opened_again(chat, left)
        assert chat.screen.header.mark == ""
        gate.open()
        await chat.until_idle()


async def test_a_draft_is_never_saved_as_that_of_another_chat() -> None:
    async with chatting(words("Out."), words("Brown.")) as chat:
        await chat.send("tides")
        await chat.until_idle()
        tides = chat.screen.session.id
        await chat.pilot.press("ctrl+n")
        await chat.send("kelp")
        await chat.until_idle()
        chat.prompt.put("How long does it grow?")
        await chat.pilot.pause()
        saved: list[Position] = []
        save = chat.screen.store.save_position

        def save_position(place: Position) -> None:
            saved.append(place)
            save(place)

        chat.screen.store.save_position = save_position  # type: ignore[method-assign]
        await opened_again(chat, tides)
        assert [place.draft.text for place in saved if place.chat_id == tides] != []
        assert {place.draft.text for place in saved if place.chat_id == tides} == {""}


async def test_a_draft_that_is_stashed_does_not_get_into_the_queue() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("g")
        await chat.until_shown("two")
        await chat.until_idle()
        chat.prompt.put("a draft")
        chat.screen.conversation.focus()
        await chat.pilot.press("e")
        await chat.until(lambda: chat.prompt.text == "first")
        await chat.pilot.press("alt+left")
        await chat.until_shown("one")
        assert chat.queued == []
        assert chat.prompt.unsent[1] == "a draft"


async def test_what_was_wanted_of_the_chat_before_is_not_done_in_a_new_one() -> None:
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
        left = chat.screen.session.id
        for how, iterations in product(("edit", "regenerate", "fork", "older"), range(3)):
            chat.screen.parts.branches.branch(how, 1)
            for _ in range(iterations):
                await asyncio.sleep(0)
            chat.screen.parts.start_new()
            await chat.until(lambda: not chat.is_at_work("branch"))
            assert chat.screen.session.transcript.messages == ()
            assert chat.screen.session.editing is None
            await opened_again(chat, left)
            await chat.until_idle()
        assert len(chat.server.requests) == 1


async def test_a_branch_that_comes_to_nothing_stays_away_once_a_new_chat_was_begun() -> None:
    async with chatting(words("one"), Error(400)) as chat:
        await chat.send("first")
        await chat.until_idle()
        left = chat.screen.session
        branches = chat.screen.parts.branches
        branches.regenerate(Origin(await chat.screen.parts.sessions.read_branch(), 0))
        while left.running:
            chat.screen.parts.dispatcher.collect(left)
            await asyncio.sleep(0)
        chat.screen.parts.start_new()
        await chat.until(lambda: not chat.is_at_work("branch"))
        assert chat.screen.session is not left
        assert chat.screen.session.transcript.messages == ()
        await opened_again(chat, left.id)
        assert [message.text for message in chat.screen.session.transcript.messages] == ["first", "one"]


async def test_a_new_chat_wanted_before_the_last_one_is_there_has_the_preset_of_new_chats() -> None:
    config = '[presets.pirate]\nsystem = "Talk like a pirate."\n'
    async with chatting(words("Aye."), config=config, preset="pirate") as chat:
        await chat.send("tides")
        await chat.until_idle()
    async with chatting(config=config, start="last", early=True) as chat:
        chat.screen.parts.start_new()
        await chat.until(lambda: chat.screen.parts.sessions.is_started)
        assert chat.screen.session.transcript.system == ""
        assert chat.screen.provider.preset == ""


async def test_a_chat_that_is_gone_for_good_is_said_to_be() -> None:
    async with chatting(words("Out.")) as chat:
        await chat.send("tides")
        await chat.until_idle()
        await asyncio.wrap_future(chat.screen.store.days())
        with closing(sqlite3.connect(Path.home() / FILE)) as db, db:
            db.execute("DELETE FROM chats")
        await chat.send("/pin")
        await chat.until(lambda: "There is no chat" in chat.hint)
