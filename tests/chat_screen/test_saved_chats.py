"""What is said, typed and queued is there again at the next start. Against the simulator, with the store on disk."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from chatting import Chat, Clock, chatting, words
from textual.widgets import Static

from tui.chat.transcript import Draft
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Scenario, Text
from tui.store import Store

pytestmark = pytest.mark.anyio

FILE = Path("data") / "chats.db"


async def until_ready(chat: Chat) -> None:
    await chat.until(lambda: chat.screen.parts.sessions.is_started)


async def stored(chat: Chat) -> None:
    """Waits until all that was noted so far is written."""
    await asyncio.wrap_future(chat.screen.store.chats())


@asynccontextmanager
async def killed(*scenarios: Scenario) -> AsyncIterator[Chat]:
    """The app, of which afterwards only that is left which a kill would leave: its files as they were, itself in them."""
    home = Path.home()
    async with chatting(*scenarios) as chat:
        yield chat
        await stored(chat)
        shutil.copytree(home / "data", home / "crashed")
    shutil.rmtree(home / "data")
    (home / "crashed").rename(home / "data")
    with closing(sqlite3.connect(home / FILE)) as db, db:
        db.execute("UPDATE instances SET pid = 999999999")


@contextmanager
def busy_disk() -> Iterator[None]:
    """Another program writes to the file of chats for as long as this lasts: whoever opens it waits."""
    with closing(sqlite3.connect(Path.home() / FILE, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


async def test_a_plain_start_begins_a_new_chat_and_the_last_one_can_be_continued() -> None:
    async with chatting(words("It runs **out**.")) as chat:
        await chat.send("Which way does the tide run?")
        await chat.until_idle()
    async with chatting() as chat:
        await until_ready(chat)
        assert not chat.screen.session.transcript.messages
    async with chatting(words("At noon."), start="last") as chat:
        await chat.until_shown("It runs out.")
        assert chat.screen.header.title == "Which way does the tide run?"
        await chat.send("And when does it turn?")
        await chat.until_idle()
        sent = (await chat.request()).json["messages"]
        assert [message["role"] for message in sent] == ["user", "assistant", "user"]


async def test_a_prompt_typed_before_the_chat_is_there_goes_into_that_chat() -> None:
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
    async with chatting(words("two"), start="last", prompt="second") as chat:
        await chat.until_shown("two")
        assert "first" in chat.shown


async def test_a_new_chat_wanted_before_the_chat_is_there_begins_after_what_was_typed_into_that_one() -> None:
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
    with ExitStack() as busy:
        busy.enter_context(busy_disk())
        async with chatting(words("two"), words("three"), start="last", early=True) as chat:
            await chat.send("second")
            await chat.pilot.press("ctrl+n", *"thi")
            assert not chat.screen.parts.sessions.is_started
            busy.close()
            await until_ready(chat)
            await chat.until(lambda: not chat.screen.parts.background.answering)
            assert chat.screen.header.title == ""
            await chat.pilot.press(*"rd", "enter")
            await chat.until_shown("three")
            await chat.until_idle()
            assert "one" not in chat.shown
            chats = await asyncio.wrap_future(chat.screen.store.chats())
            assert sorted((one.title, one.messages) for one in chats) == [("first", 4), ("third", 2)]


async def test_what_is_typed_before_the_store_is_open_outlives_a_signal() -> None:
    async with chatting():
        pass
    with ExitStack() as busy:
        busy.enter_context(busy_disk())
        async with chatting(early=True) as chat:
            await chat.pilot.press(*"draft")
            assert not chat.screen.parts.sessions.is_started
            chat.app.exit()
            await chat.until(lambda: chat.screen.session.has_store)
            busy.close()
    async with chatting() as chat:
        assert chat.prompt.full_text == "draft"


async def test_after_a_crash_it_opens_where_it_was_with_the_draft_and_the_queue() -> None:
    async with killed(Answer(Text("It runs out.", Gate()))) as chat:
        await chat.send("Which way does the tide run?")
        await chat.until_shown("It runs out.")
        await chat.send("And when?")
        await chat.pilot.press(*"and mo")
    async with chatting() as chat:
        await chat.until_shown("It runs out.")
        await chat.until_shown("interrupted")
        assert chat.queued == ["And when?"]
        assert chat.prompt.full_text == "and mo"
        assert "/continue" in chat.hint


async def test_after_a_crash_every_answer_that_arrived_is_kept_as_interrupted() -> None:
    async with killed(Answer(Text("It runs out.", Gate())), Answer(Text("At noon.", Gate()))) as chat:
        await chat.send("Which way?")
        await chat.until_shown("It runs out.")
        await chat.pilot.press("ctrl+n")
        await chat.send("And when?")
        await chat.until_shown("At noon.")
    async with chatting() as chat:
        await chat.until_shown("At noon.")
        chats = await asyncio.wrap_future(chat.screen.store.chats())
        branches = [await asyncio.wrap_future(chat.screen.store.branch(one.id)) for one in chats]
        assert {branch[-1].message.text: branch[-1].state for branch in branches} == {
            "At noon.": "interrupted",
            "It runs out.": "interrupted",
        }


async def test_a_cut_answer_is_continued_by_a_prompt() -> None:
    async with chatting(Answer(Text("It runs", Gate())), words(" out.")) as chat:
        await chat.send("Which way?")
        await chat.until_shown("It runs")
        await chat.pilot.press("escape")
        await chat.until_idle()
        await chat.send("/continue")
        await chat.until_shown("out.")
        assert [message["role"] for message in (await chat.request(2)).json["messages"]] == [
            "user",
            "assistant",
            "user",
        ]


async def test_a_draft_of_a_chat_that_never_began_comes_back_before_what_is_typed_now() -> None:
    async with chatting() as chat:
        await until_ready(chat)
        chat.prompt.put("half a thou")
        await chat.pilot.pause()
        await stored(chat)
    with ExitStack() as busy:
        busy.enter_context(busy_disk())
        async with chatting(early=True) as chat:
            chat.prompt.put("ght")
            assert not chat.screen.parts.sessions.is_started
            busy.close()
            await until_ready(chat)
            assert chat.prompt.full_text == "half a thought"


async def test_the_prompt_is_on_disk_before_anything_is_sent() -> None:
    async with chatting(Answer(Text("x", Gate()))) as chat:
        await chat.send("Which way?")
        await chat.until_shown("x")
        await stored(chat)
        with Store(Path.home() / FILE, now=Clock().wall) as other:
            assert [one.title for one in other.chats().result()] == ["Which way?"]
            assert other.chats().result()[0].is_open_elsewhere


async def test_a_prompt_that_failed_is_unsent_text_again_also_after_a_start() -> None:
    async with chatting(Error(401)) as chat:
        await chat.send("Which way?")
        await chat.until_idle()
        assert chat.prompt.full_text == "Which way?"
    async with chatting() as chat:
        await until_ready(chat)
        assert chat.prompt.full_text == "Which way?"


async def test_a_new_chat_asks_nothing_and_takes_the_draft_along() -> None:
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.pilot.press(*"draft", "ctrl+n")
        assert not chat.screen.session.transcript.messages
        assert chat.prompt.full_text == "draft"
    async with chatting(start="last") as chat:
        await chat.until_shown("one")
        assert chat.prompt.full_text == ""


async def test_where_the_reader_was_is_shown_again() -> None:
    lines = "\n\n".join(f"Line {number}." for number in range(60))
    async with killed(words(lines)) as chat:
        await chat.send("go on")
        await chat.until_idle()
        await chat.pilot.press("pageup", "pageup")
        shown = chat.shown
    async with chatting() as chat:
        await chat.until(lambda: chat.shown == shown)
        assert not chat.screen.conversation.following


LINES = "\n\n".join(f"Line {number}." for number in range(60))


async def test_where_the_reader_was_is_shown_again_after_quitting() -> None:
    async with chatting(words(LINES)) as chat:
        await chat.send("go on")
        await chat.until_idle()
        await chat.pilot.press("pageup", "pageup")
        shown = chat.shown
    async with chatting(start="last") as chat:
        await chat.until(lambda: chat.shown == shown)
        await chat.pilot.press("pageup")
        await chat.until(lambda: chat.shown != shown)
        shown = chat.shown
    async with chatting(start="last") as chat:
        await chat.until(lambda: chat.shown == shown)
        await chat.pilot.press("ctrl+end")
    async with chatting(start="last") as chat:
        await chat.until_shown("Line 59.")


async def test_where_the_reader_was_is_shown_again_when_another_chat_was_open() -> None:
    async with chatting(words(LINES), words(LINES.replace("Line", "Row"))) as chat:
        await until_ready(chat)
        await chat.send("one")
        await chat.until_idle()
        one = chat.screen.session.id
        await chat.pilot.press("pageup", "pageup")
        first = chat.shown
        await chat.pilot.press("ctrl+n")
        await chat.send("two")
        await chat.until_idle()
        two = chat.screen.session.id
        await chat.pilot.press("pageup")
        second = chat.shown
        assert "Row" in second
        for chat_id, shown in ((one, first), (two, second), (one, first)):
            await chat.screen.parts.sessions.open_chat(chat_id)
            await chat.until(lambda: chat.shown == shown)  # noqa: B023 - it is waited for at once


async def edited(chat: Chat) -> None:
    """Two turns, of which the first prompt is in the box to be edited."""
    await until_ready(chat)
    await chat.send("first")
    await chat.until_idle()
    await chat.send("second")
    await chat.until_idle()
    chat.screen.conversation.focus()
    await chat.pilot.press("k", "k", "k", "e")
    await chat.until(lambda: chat.prompt.text == "first")
    await chat.pilot.press(*" again")


async def sent_as_edit(chat: Chat) -> None:
    """The edit is there again, and becomes a branch."""
    await chat.until(lambda: chat.prompt.text == "first again")
    assert "Editing" in chat.hint
    await chat.pilot.press("enter")
    await chat.until_shown("three")
    await chat.until_idle()
    assert [one["role"] for one in (await chat.request()).json["messages"]] == ["user"]
    await chat.until_shown("2/2")


async def test_an_edit_survives_a_crash_as_an_edit() -> None:
    async with killed(words("one"), words("two")) as chat:
        await edited(chat)
    async with chatting(words("three")) as chat:
        await sent_as_edit(chat)


async def test_an_edit_survives_quitting_as_an_edit() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await edited(chat)
    async with chatting(words("three"), start="last") as chat:
        await sent_as_edit(chat)


async def test_an_edit_is_one_still_when_another_chat_was_open_meanwhile() -> None:
    async with chatting(words("one"), words("two"), words("three")) as chat:
        await edited(chat)
        left = chat.screen.session.id
        chat.screen.parts.sessions.open("another")
        await chat.until(lambda: chat.screen.parts.sessions.is_ready)
        assert chat.prompt.text == ""
        await chat.screen.parts.sessions.open_chat(left)
        await chat.until(lambda: chat.prompt.text == "first again")
        await chat.pilot.press("enter")
        await chat.until_shown("three")
        assert [one["role"] for one in (await chat.request(3)).json["messages"]] == ["user"]


async def test_an_edit_that_was_given_up_is_none_after_a_crash() -> None:
    async with killed(words("one"), words("two")) as chat:
        await chat.pilot.press(*"draft")
        await until_ready(chat)
        await chat.send("first")
        await chat.until_idle()
        await chat.pilot.press(*"draft")
        chat.screen.conversation.focus()
        await chat.pilot.press("k", "e")
        await chat.until(lambda: chat.prompt.text == "first")
        await chat.pilot.press("escape")
    async with chatting(words("three")) as chat:
        await chat.until(lambda: chat.prompt.text == "draft")
        assert "Editing" not in chat.hint


async def test_the_demo_leaves_nothing_among_the_chats() -> None:
    async with chatting(demo=True) as chat:
        await chat.send("thanks")  # which has a short answer
        await chat.until_idle()
        assert chat.screen.session.transcript.messages
    with Store(Path.home() / FILE, now=Clock().wall) as store:
        assert store.chats().result() == ()


async def test_a_chat_that_is_open_elsewhere_is_shown_as_such() -> None:
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
    with Store(Path.home() / FILE, now=Clock().wall) as other:
        other.set_open_chat(other.chats().result()[0].id)
        other.chats().result()
        async with chatting(start="last") as chat:
            await chat.until(lambda: "another prx" in chat.hint)


async def test_what_is_wrong_with_the_file_is_said() -> None:
    file = Path.home() / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    async with chatting(words("one")) as chat:
        await chat.until(lambda: chat.screen.query("#trouble"))
        assert "It was renamed" in str(chat.screen.query_one("#trouble", Static).content)
        await chat.send("first")
        await chat.until_shown("one")


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_all_of_what_is_wrong_is_in_sight(size: tuple[int, int]) -> None:
    file = Path.home() / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    async with chatting(words("one"), size=size) as chat:
        await chat.until(lambda: chat.screen.query("#trouble"))
        board = chat.screen.query_one("#trouble", Static)
        await chat.until(lambda: board.region.height > 1)
        await chat.pilot.pause()
        shown = "".join(board.render_line(y).text.strip() for y in range(board.size.height))
        assert shown.endswith("may repair it.")
        assert board.region.bottom <= size[1] - 4


async def test_a_file_of_a_newer_prx_is_left_alone_and_that_is_said() -> None:
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
    with closing(sqlite3.connect(Path.home() / FILE)) as db:
        db.execute("PRAGMA user_version = 99")
    before = (Path.home() / FILE).read_bytes()
    async with chatting(words("two")) as chat:
        await chat.until(lambda: chat.screen.query("#trouble"))
        assert "newer prx" in str(chat.screen.query_one("#trouble", Static).content)
        await chat.send("second")
        await chat.until_shown("two")
    assert (Path.home() / FILE).read_bytes() == before


async def test_an_unknown_chat_is_named() -> None:
    async with chatting(resume="nosuch") as chat:
        await until_ready(chat)
        assert 'no chat "nosuch"' in chat.hint


async def test_the_queue_of_another_chat_stays_there() -> None:
    async with chatting(Answer(Text("x", Gate()))) as chat:
        await chat.send("first")
        await chat.until_shown("x")
        await chat.send("second")
        await chat.pilot.press("ctrl+n")
        assert chat.queued == []
    async with chatting(start="last") as chat:
        await chat.until(lambda: chat.queued == ["second"])
        assert chat.screen.session.queue.held
        assert chat.screen.session.queue.drafts == (Draft(text="second"),)
