"""What is done right after a long chat was opened, while only its end is there, waits for the rest. The loop does not."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from chatting import LIMIT_S, Chat, chatting, words

from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Draft, Message, Text
from tui.demo.scenarios import Scenario
from tui.store import NewChat, Position, Store

pytestmark = pytest.mark.anyio

FILE = Path("data") / "chats.db"
TURNS = 60
"""More than the end of a chat has."""


def message(role: str, text: str, number: int) -> Message:
    return Message(
        role="user" if role == "user" else "assistant",
        blocks=(Text(text),),
        at=1_000.0 + number,
        model="" if role == "user" else "claude-sonnet-5-5",
        usage=Usage() if role == "user" else Usage(input_tokens=10, output_tokens=5),
        bill=None if role == "user" else Bill(cost_usd=0.25),
    )


def stored(chat_id: str = "long", turns: int = TURNS, name: str = "Question") -> None:
    """Store a chat of so many turns. The last answer has a sibling."""
    with Store(Path.home() / FILE) as store:
        parent = None
        chat = NewChat(id=chat_id, title=f"About {name}")
        for number in range(turns):
            store.append(chat, f"{chat_id}-q{number}", parent, message("user", f"{name} {number}?", 2 * number))
            parent = f"{chat_id}-q{number}"
            if number == turns - 1:
                store.append(chat, f"{chat_id}-other", parent, message("assistant", "Another answer.", 2 * number))
            answer = message("assistant", f"Reply {number} of {name}.", 2 * number + 1)
            store.append(chat, f"{chat_id}-a{number}", parent, answer)
            parent = f"{chat_id}-a{number}"


class Opening:
    """A chat that is shown from its end, the rest of which is read when the test says so."""

    def __init__(self, chat: Chat, rest: threading.Event) -> None:
        self.chat = chat
        self._rest = rest

    async def press(self, *keys: str) -> None:
        await self.chat.pilot.press(*keys)

    async def complete(self) -> None:
        """Let the rest come, and wait until it is there."""
        self._rest.set()
        await self.chat.until(lambda: self.chat.screen.parts.sessions.is_ready)
        await self.chat.pilot.pause()


@asynccontextmanager
async def opening(*scenarios: Scenario, **options: Any) -> AsyncIterator[Opening]:
    stored()
    rest = threading.Event()
    async with chatting(*scenarios, start="last", rest=rest, early=True, **options) as chat:
        try:
            await chat.until_shown(f"Reply {TURNS - 1} of")
            assert not chat.screen.session.is_whole
            yield Opening(chat, rest)
        finally:
            rest.set()


async def test_the_end_is_there_before_the_rest_was_read() -> None:
    async with opening() as it:
        messages = it.chat.screen.session.messages
        assert len(messages) < 60
        assert it.chat.screen.header.title == "About Question"
        assert it.chat.screen.widgets.status.chat is None  # the costs of the whole chat are not known yet
        await it.complete()
        assert len(it.chat.screen.session.messages) == 2 * TURNS
        figures = it.chat.screen.widgets.status.chat
        assert figures is not None
        assert figures.bill == Bill(cost_usd=0.25 * TURNS)


async def test_a_prompt_that_is_sent_at_once_is_sent_with_all_messages() -> None:
    async with opening(words("At noon.")) as it:
        await it.chat.send("When?")
        assert not it.chat.screen.session.running
        await it.complete()
        await it.chat.until_shown("At noon.")
        sent = (await it.chat.request()).json["messages"]
        assert len(sent) == 2 * TURNS + 1
        assert "Question 0?" in str(sent[0])


async def test_what_is_typed_meanwhile_stays_in_the_prompt() -> None:
    async with opening() as it:
        await it.press(*"And")
        await it.complete()
        await it.press(*" when")
        assert it.chat.prompt.text == "And when"


async def test_a_search_that_is_asked_for_at_once_finds_the_first_message() -> None:
    async with opening() as it:
        await it.chat.screen.perform("find", "Reply 0 of")
        assert not it.chat.screen.query("FindBar")
        await it.complete()
        await it.chat.until_shown("Reply 0 of")


async def test_pages_up_beyond_the_end_are_scrolled_once_there_is_something() -> None:
    async with opening() as it:
        for _ in range(20):
            await it.press("pageup")
        assert it.chat.screen.conversation.viewport.top == 0
        at_end = it.chat.shown
        await it.complete()
        assert it.chat.shown != at_end
        assert not it.chat.screen.conversation.following
        it.chat.screen.conversation.action_scroll_home()
        assert "Question 0?" in it.chat.shown


async def test_another_answer_and_an_edit_are_found_in_the_whole_branch() -> None:
    async with opening() as it:
        await it.chat.screen.perform("older_answer")
        await it.complete()
        await it.chat.until_shown("Another answer.")
    async with opening() as it:
        it.chat.screen.conversation.focus()
        await it.press("up", "e")
        assert it.chat.screen.session.editing is None
        await it.complete()
        await it.chat.until(lambda: it.chat.screen.session.editing is not None)
        editing = it.chat.screen.session.editing
        assert editing is not None
        assert editing.branch[editing.prompt].message.text == it.chat.prompt.text
        assert it.chat.prompt.text.startswith("Question 5")


async def test_a_label_of_a_branch_is_there_from_the_first_frame() -> None:
    async with opening() as it:
        assert "‹ 2/2 ›" in it.chat.shown
        await it.complete()
        assert "‹ 2/2 ›" in it.chat.shown


async def test_a_new_chat_begins_after_it() -> None:
    async with opening() as it:
        await it.press("ctrl+n", *"hello")
        await it.complete()
        await it.chat.until(lambda: it.chat.screen.header.title == "")
        assert it.chat.prompt.text == "hello"


async def test_it_is_scrolled_to_where_it_was_left_unless_the_reader_has_scrolled() -> None:
    stored()
    with Store(Path.home() / FILE) as store:
        store.save_position(Position(chat_id="long", draft=Draft(text="And"), scroll=0.5))
    async with opening() as it:
        assert it.chat.prompt.text == "And"
        await it.complete()
        await it.chat.until_shown("Question 0?")
    async with opening() as it:
        await it.press("pageup")
        before = it.chat.shown
        await it.complete()
        assert it.chat.shown == before


async def test_a_program_that_ends_meanwhile_forgets_neither_the_draft_nor_the_place() -> None:
    stored()
    with Store(Path.home() / FILE) as store:
        store.save_position(Position(chat_id="long", draft=Draft(text="And"), scroll=0.5))
    async with opening() as it:
        await it.press(*" when")
    with Store(Path.home() / FILE) as store:
        left = store.position("long").result(LIMIT_S)
        assert (left.draft.text, left.scroll) == ("And when", 0.5)


async def test_what_another_prx_adds_meanwhile_is_added_after_it() -> None:
    async with opening() as it:
        with Store(Path.home() / FILE) as other:
            chat, head = NewChat(id="long"), f"long-a{TURNS - 1}"
            other.append(chat, "new-q", head, message("user", "Anything new?", 900))
            other.append(chat, "new-a", "new-q", message("assistant", "A new answer.", 901))
        await it.complete()
        await it.chat.until_shown("A new answer.")
        assert len(it.chat.screen.session.messages) == 2 * TURNS + 2


async def test_a_chat_that_is_gone_meanwhile_gives_way_to_a_new_one() -> None:
    async with opening(words("Hello.")) as it:
        with closing(sqlite3.connect(Path.home() / FILE)) as db, db:
            db.execute("DELETE FROM chats")
        await it.chat.send("Hi")
        await it.complete()
        await it.chat.until_shown("Hello.")
        assert it.chat.screen.header.title == "Hi"
        assert len((await it.chat.request()).json["messages"]) == 1


async def test_without_any_chat_the_welcome_is_there() -> None:
    async with chatting(start="last") as chat:
        await chat.until(lambda: not chat.screen.has_class("-begun"))
        assert chat.screen.welcome.display


@pytest.mark.parametrize("turns", [5, TURNS])
async def test_a_chat_from_the_list_is_opened_in_the_same_way(turns: int) -> None:
    stored("listed", turns, "Listed")
    async with chatting(words("Hello.")) as chat:
        await chat.send("Hi")
        await chat.until_idle()
        await chat.pilot.press("ctrl+s")
        await chat.until(lambda: chat.app.screen is not chat.screen)
        await chat.pilot.press(*"About", "enter")
        await chat.until_shown(f"Reply {turns - 1} of")
        await chat.until(lambda: chat.screen.parts.sessions.is_ready)
        assert len(chat.screen.session.messages) == 2 * turns
        chat.screen.conversation.action_scroll_home()
        assert "Listed 0?" in chat.shown
