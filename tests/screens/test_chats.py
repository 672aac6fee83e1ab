"""The chat list, earlier prompts, and finding words in the open chat."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from chatting import Chat, Clock, chatting, words
from textual.content import Content

from tui.screens.chats import ChatList
from tui.screens.prompts import PromptPicker
from tui.store import Store
from tui.widgets.chat_rows import age
from tui.widgets.filter_list import FilterList, Item

pytestmark = pytest.mark.anyio


async def talked(chat: Chat, *prompts: str) -> None:
    await chat.until(lambda: chat.screen.parts.sessions.is_started)
    for prompt in prompts:
        await chat.send(prompt)
        await chat.until_idle()


async def with_three_chats(chat: Chat) -> None:
    await talked(chat, "Tides of the fjord")
    await chat.pilot.press("ctrl+n")
    await talked(chat, "Moons of Mars")
    await chat.pilot.press("ctrl+n")
    await talked(chat, "Bread with rye")


THREE = (words("It runs out past the kelp."), words("Phobos and Deimos."), words("Let it rest."))


def rows(chat: Chat) -> str:
    """The rows of the list on top, as text."""
    view = chat.app.screen.query_one(FilterList)
    return "\n".join(view.render_line(y).text.rstrip() for y in range(view.size.height))


def highlighted(chat: Chat) -> list[str]:
    """The pieces in view that are marked as found."""
    view = chat.screen.conversation
    strips = [view.render_line(y) for y in range(view.size.height)]
    return [segment.text for strip in strips for segment in strip if segment.style and segment.style.reverse]


async def opened_list(chat: Chat) -> ChatList:
    await chat.pilot.press("ctrl+s")
    await chat.until(lambda: isinstance(chat.app.screen, ChatList) and "rye" in rows(chat))
    assert isinstance(chat.app.screen, ChatList)
    return chat.app.screen


async def until_row(chat: Chat, text: str) -> None:
    """Waits until it is listed, and all that was typed has been searched for: later rows would be chosen anew."""
    await chat.until(
        lambda: text in rows(chat) and not chat.app.screen.query_one(FilterList)._is_behind,
        f"{text!r} never in the list",
    )


async def test_the_newest_chat_stands_first_with_model_age_and_cost() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await opened_list(chat)
        shown = [line for line in rows(chat).split("\n") if line.strip()]
        assert ["rye" in shown[0], "Mars" in shown[1], "fjord" in shown[2]] == [True] * 3
        assert "Sonnet 5.5" in shown[0]
        assert "open here" in shown[0]
        assert "now" in shown[0]


async def test_typing_finds_every_word_and_enter_goes_to_the_message() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await opened_list(chat)
        await chat.pilot.press(*"kelp")
        await until_row(chat, "Claude: It runs out past the kelp.")
        assert "Mars" not in rows(chat)
        await chat.pilot.press("enter")
        await chat.until_shown("It runs out past the kelp.")
        assert chat.screen.header.title == "Tides of the fjord"
        await chat.until(lambda: chat.screen.conversation.cursor.index == 1)


async def test_enter_on_what_was_found_goes_to_the_words_and_marks_them() -> None:
    sand = "\n\n".join(f"Line {number} of sand." for number in range(60))
    async with chatting(words(f"{sand}\n\nPast the Kelp, it runs out.\n\n{sand}"), *THREE) as chat:
        await talked(chat, "Tides of the fjord")
        await chat.pilot.press("ctrl+n")
        await talked(chat, "Bread with rye")
        await opened_list(chat)
        await chat.pilot.press(*"out kelp")
        await until_row(chat, "Past the Kelp")
        await chat.pilot.press("end", "enter")
        await chat.until_shown("Past the Kelp, it runs out.")
        assert highlighted(chat) == ["Kelp", "out"]
        await chat.pilot.press("escape")
        assert highlighted(chat) == []
        assert "Past the Kelp" in chat.shown


async def test_what_is_nowhere_is_said_to_be_nowhere() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await opened_list(chat)
        await chat.pilot.press(*'"zzz')
        await until_row(chat, "No title or message")


async def test_a_chat_is_renamed_pinned_and_deleted_with_a_way_back() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await opened_list(chat)
        await chat.pilot.press("down", "down", "ctrl+b")
        await until_row(chat, "▴ Tides")
        await chat.pilot.press("ctrl+r", *" today", "enter")
        await until_row(chat, "▴ Tides of the fjord today")
        assert rows(chat).startswith("› ▴ Tides of the fjord today")
        await chat.pilot.press("delete")
        await chat.until(lambda: "Tides" not in rows(chat))
        await chat.pilot.press("down", "ctrl+z")
        await until_row(chat, "› ▴ Tides of the fjord today")


async def test_a_chat_that_was_found_and_deleted_is_under_the_cursor_once_it_is_back() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await opened_list(chat)
        await chat.pilot.press(*"of")
        await chat.until(lambda: "rye" not in rows(chat) and "Moons" in rows(chat))
        await chat.pilot.press("down")
        gone = "Tides" if "› Tides" in rows(chat) else "Moons"
        await chat.pilot.press("delete")
        await chat.until(lambda: gone not in rows(chat))
        await chat.pilot.press("ctrl+z")
        await until_row(chat, f"› {gone}")


async def test_an_empty_list_promises_what_is_so() -> None:
    for demo, said in ((False, "They are saved as you write"), (True, "The demo keeps them until it ends")):
        async with chatting(demo=demo) as chat:
            await chat.until(lambda chat=chat: chat.screen.parts.sessions.is_started)
            await chat.pilot.press("ctrl+s")
            await chat.until(lambda chat=chat: isinstance(chat.app.screen, ChatList))
            await until_row(chat, said)


async def test_a_chat_is_written_to_a_file_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await chat.send("/export")
        await chat.until(lambda: f"Exported to bread-with-rye.md in {tmp_path}" in chat.hint)
        assert "Let it rest." in (tmp_path / "bread-with-rye.md").read_text()
        await chat.send("/export html")
        await chat.until(lambda: "html" in chat.hint)
        assert "Let it rest." in (tmp_path / "bread-with-rye.html").read_text()
        await chat.send("/export doc")
        await chat.until(lambda: 'Unknown export format "doc"' in chat.hint)


async def test_an_open_chat_is_deleted_and_brought_back() -> None:
    async with chatting(*THREE) as chat:
        await talked(chat, "Tides of the fjord", "/delete")
        await chat.until(lambda: not chat.screen.session.transcript.messages)
        await chat.send("/undelete")
        await chat.until_shown("past the kelp")


async def test_a_chat_that_changes_while_it_is_deleted_can_be_brought_back() -> None:
    """The store watches the open chat from a thread: what it reports may arrive after the chat was deleted."""
    async with chatting(*THREE) as chat:
        await talked(chat, "Tides of the fjord")
        gone, changed = chat.screen.session.id, chat.screen.parts.context.library.changed
        await chat.send("/delete")
        changed(gone)
        await chat.until(lambda: "Deleted" in chat.hint)
        await chat.pilot.pause()
        assert "another prx" not in chat.hint
        await chat.send("/undelete")
        await chat.until_shown("past the kelp")


async def test_the_open_chat_is_deleted_from_the_list_and_nothing_said_later_brings_it_back() -> None:
    async with chatting(words("It runs out past the kelp."), words("Phobos."), words("rye")) as chat:
        await talked(chat, "Bread with rye")
        await chat.pilot.press("ctrl+n")
        await talked(chat, "Tides of the fjord")
        gone = chat.screen.session.id
        await opened_list(chat)
        await chat.pilot.press("delete")
        await chat.until(lambda: "Tides" not in rows(chat))
        assert chat.screen.session.id != gone
        await chat.pilot.press("escape")
        assert not chat.screen.session.transcript.messages
        assert "/undelete" in chat.hint
        await talked(chat, "Moons of Mars")
        titles = [one.title for one in await asyncio.wrap_future(chat.screen.store.chats())]
        assert titles == ["Moons of Mars", "Bread with rye"]


async def test_a_chat_deleted_from_the_list_comes_back_onto_the_screen_it_was_on() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        here = chat.screen.session.id
        await opened_list(chat)
        await chat.pilot.press("delete", "down", "delete")
        await chat.until(lambda: "rye" not in rows(chat) and "Tides" not in rows(chat))
        await chat.pilot.press("ctrl+z")
        await until_row(chat, "Tides of the fjord")
        assert chat.screen.session.id != here
        await chat.pilot.press("ctrl+z")
        await until_row(chat, "Bread with rye")
        await chat.until(lambda: chat.screen.session.id == here)
        await chat.pilot.press("escape")
        await chat.until_shown("Let it rest.")


async def test_ten_thousand_chats_are_shown_and_searched() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
    with closing(sqlite3.connect(Path.home() / "data" / "chats.db")) as db, db:
        db.executemany(
            "INSERT INTO chats (id, title, folded_title, created, updated) VALUES (?, ?, ?, 0, ?)",
            [(f"c{n}", f"Chat number {n}", f"chat number {n}", n) for n in range(10_000)],
        )
    async with chatting() as chat:
        await chat.until(lambda: chat.screen.parts.sessions.is_started)
        await opened_list(chat)
        await chat.until(lambda: len(chat.app.screen._chats) == 10_003)
        began = time.thread_time()
        chat.app.screen._show_all()
        assert time.thread_time() - began < 0.01, "no key waits for rows that nobody looks at"
        await chat.pilot.press("end")
        await until_row(chat, "Chat number 0 ")
        await chat.pilot.press("home")
        await until_row(chat, "rye")
        await chat.pilot.press(*"number 9977")
        await until_row(chat, "Chat number 9977")


async def test_a_draft_of_a_chat_that_never_began_is_in_the_list() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        chat.prompt.put("half a thought")
        await chat.screen.parts.sessions.open_chat((await asyncio.wrap_future(chat.screen.store.chats()))[1].id)
        await chat.pilot.press("ctrl+n", *"another")
        await chat.screen.parts.sessions.open_chat((await asyncio.wrap_future(chat.screen.store.chats()))[1].id)
        assert chat.prompt.text == ""
        await opened_list(chat)
        await until_row(chat, "Draft: another")
        await chat.pilot.press("home", "enter")
        await chat.until(lambda: chat.prompt.text == "another")
        assert not chat.screen.session.transcript.messages


# Earlier prompts


async def test_up_goes_on_into_the_prompts_of_older_chats() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
    async with chatting() as chat:
        await chat.until(lambda: chat.screen.parts.sessions.is_started and chat.prompt.drafts.prompts.texts)
        await chat.pilot.press(*"draft", "up", "up")
        assert chat.prompt.text == "Moons of Mars"
        await chat.pilot.press("down", "down")
        assert chat.prompt.text == "draft"


async def test_earlier_prompts_are_searched() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await chat.pilot.press(*"draft", "ctrl+r")
        await chat.until(lambda: isinstance(chat.app.screen, PromptPicker) and "rye" in rows(chat))
        await chat.pilot.press(*"mars")
        await chat.until(lambda: "rye" not in rows(chat) and "Mars" in rows(chat))
        await chat.pilot.press("enter")
        await chat.until(lambda: chat.prompt.text == "Moons of Mars")
        assert chat.prompt.unsent == ("Moons of Mars", "draft")


async def test_enter_waits_for_what_is_typed_to_be_found() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await chat.pilot.press("ctrl+r")
        await chat.until(lambda: isinstance(chat.app.screen, PromptPicker) and "rye" in rows(chat))
        picker = chat.app.screen.query_one(FilterList)
        picker.typed = "mars"  # at once: nothing of it has been looked for yet
        picker.action_pick()
        await chat.until(lambda: chat.prompt.text == "Moons of Mars")
        await chat.pilot.press("ctrl+s")
        await chat.until(lambda: isinstance(chat.app.screen, ChatList) and "rye" in rows(chat))
        picker = chat.app.screen.query_one(FilterList)
        picker.typed = "mars"
        picker.action_pick()
        await chat.until(lambda: chat.screen.header.title == "Moons of Mars")


async def test_what_was_found_for_something_else_comes_too_late() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        await chat.pilot.press("ctrl+r")
        await chat.until(lambda: isinstance(chat.app.screen, PromptPicker) and "rye" in rows(chat))
        picker = chat.app.screen.query_one(FilterList)
        picker.typed = "mars"
        picker.action_pick()
        picker.replace([Item(draw=lambda _: Content("stale"), key="stale")], typed="mar")
        await chat.until(lambda: chat.prompt.text == "Moons of Mars")


# Finding words


async def test_words_are_found_in_the_open_chat() -> None:
    text = "\n\n".join(f"Line {number} {'kelp' if number % 20 == 0 else 'sand'}." for number in range(1, 61))
    async with chatting(words(text)) as chat:
        await talked(chat, "go on")
        await chat.pilot.press("ctrl+f", *"kelp")
        await chat.until_shown("Line 60 kelp")
        assert "3 matches" in str(chat.screen.query_one(".count").content)
        await chat.pilot.press("up")
        await chat.until_shown("Line 40 kelp")
        await chat.pilot.press("enter")
        await chat.until_shown("Line 60 kelp")
        await chat.pilot.press("escape")
        assert chat.app.focused is chat.prompt
        assert not chat.screen.query("FindBar")


@pytest.mark.parametrize(
    ("span_s", "said"),
    [(0, "now"), (59, "now"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3 * 86400, "3 d"), (30 * 86400, "4 wk")],
)
def test_ages_are_short(span_s: float, said: str) -> None:
    assert age(span_s) == said


async def test_the_list_says_what_is_open_elsewhere() -> None:
    async with chatting(*THREE) as chat:
        await with_three_chats(chat)
        with Store(Path.home() / "data" / "chats.db", now=Clock().wall) as other:
            found = await asyncio.wrap_future(other.chats())
            other.set_open_chat(found[2].id)
            await asyncio.wrap_future(other.chats())
            await opened_list(chat)
            await until_row(chat, "open elsewhere")


async def test_a_warm_chat_counts_down_in_the_list_until_it_is_cold() -> None:
    config = '[default]\nmodel = "sonnet"\nsystem = """' + "You answer about tides and nothing else. " * 150 + '"""\n'
    async with chatting(words("Out."), config=config) as chat:
        await talked(chat, "Bread with rye")
        await opened_list(chat)
        await until_row(chat, "●  5:00")
        chat.clock.now_s = 48
        await until_row(chat, "●  4:12")
        chat.clock.now_s = 301
        await chat.until(lambda: "●" not in rows(chat))
