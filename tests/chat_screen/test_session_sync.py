"""Two prx with the same chat open: what is said in the one is shown in the other, and what both say is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chatting import Chat, chatting, words

from tui.chat.transcript import Image, Message
from tui.chat.transcript import Text as TextBlock
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.store import NewChat, Recorder, Store

pytestmark = pytest.mark.anyio


class Other:
    """Another prx on the same file, with the chat of the screen open as it stands now."""

    def __init__(self, store: Store, chat: Chat) -> None:
        self.store = store
        self.recorder = Recorder(store, NewChat(id=chat.screen.session.id), chat.screen.session.recorder.head)
        store.set_open_chat(chat.screen.session.id)

    def ask(self, text: str) -> None:
        self.recorder.record(Message(role="user", blocks=(TextBlock(text),)))

    def answer(self, text: str) -> None:
        self.recorder.record(Message(role="assistant", blocks=(TextBlock(text),), model="claude-sonnet-5-5"))


@contextmanager
def another(chat: Chat) -> Iterator[Other]:
    with Store(Path.home() / "data" / "chats.db", now=chat.clock.wall) as store:
        yield Other(store, chat)


def said(chat: Chat) -> list[str]:
    return [message.text for message in chat.screen.session.transcript.messages]


async def until_told(chat: Chat, other: Other) -> None:
    """Waits until all that the other has queued is on disk and this one has looked at it."""
    await asyncio.wrap_future(other.store.days())
    head = chat.screen.session.recorder.head
    await chat.until(lambda: chat.screen.session.recorder.head != head, "what was said elsewhere was never taken up")


async def begun(chat: Chat) -> None:
    await chat.send("Which way does the tide run?")
    await chat.until_idle()


async def test_what_is_said_elsewhere_is_shown_here_and_gone_on_with() -> None:
    async with chatting(words("Out."), words("At noon.")) as chat:
        await begun(chat)
        with another(chat) as other:
            other.ask("And at night?")
            other.answer("In, most of the time.")
            await chat.until_shown("In, most of the time.")
            await chat.until_shown("sent from another prx")
            assert said(chat) == ["Which way does the tide run?", "Out.", "And at night?", "In, most of the time."]
            await chat.send("And when does it turn?")
            await chat.until_idle()
        assert [one["role"] for one in (await chat.request(2)).json["messages"]] == ["user", "assistant"] * 2 + ["user"]
        tree = await asyncio.wrap_future(chat.screen.store.tree(chat.screen.session.id))
        assert [node.message.text for node in tree.path()] == said(chat)
        assert len(tree.nodes) == 6


async def test_what_is_attached_elsewhere_is_sent_along_from_here() -> None:
    async with chatting(words("Out."), words("Kelp.")) as chat:
        await begun(chat)
        picture = Image("image/png", "aGk=", "shore.png", 3, 4)
        with another(chat) as other:
            other.recorder.record(Message(role="user", blocks=(TextBlock("See"), picture)))
            other.answer("A shore.")
            await chat.until_shown("A shore.")
        assert chat.screen.session.transcript.messages[2].blocks[1] == picture


async def test_a_turn_is_taken_up_when_it_has_ended_and_not_before() -> None:
    async with chatting(words("Out."), words("At noon.")) as chat:
        await begun(chat)
        with another(chat) as other:
            other.ask("And at night?")
            await chat.until(lambda: "Another prx sent a prompt" in chat.hint)
            assert said(chat) == ["Which way does the tide run?", "Out."]
            other.recorder.partial(Message(role="assistant", blocks=(TextBlock("In,"),), state="streaming"))
            other.answer("In, most of the time.")
            await chat.until_shown("In, most of the time.")


async def test_the_header_says_while_an_answer_arrives_elsewhere() -> None:
    async with chatting(words("Out.")) as chat:
        await begun(chat)
        with another(chat) as other:
            other.ask("And at night?")
            other.recorder.partial(Message(role="assistant", blocks=(TextBlock("In,"),), state="streaming"))
            await chat.until(lambda: chat.screen.header.mark == "answering elsewhere")
            other.answer("In, most of the time.")
            await chat.until_shown("In, most of the time.")
            await chat.until(lambda: chat.screen.header.mark == "open elsewhere too")


async def test_a_running_answer_is_not_disturbed_and_the_other_branch_is_told_of_afterwards() -> None:
    gate = Gate()
    async with chatting(words("Out."), Answer(Text("At noon,", gate, " I think."))) as chat:
        await begun(chat)
        with another(chat) as other:
            await chat.send("When does it turn?")
            await chat.until_shown("At noon,")
            other.ask("And at night?")
            other.answer("In, most of the time.")
            await asyncio.wrap_future(other.store.days())
            await chat.until(lambda: chat.screen.session.sync.is_due)
            assert "At noon," in chat.shown
            assert "another prx" not in chat.shown
            gate.open()
            await chat.until_idle()
            await chat.until_shown("At noon, I think.")
            await chat.until_shown("another prx added a branch")
            await chat.until_shown("1/2")
            await chat.pilot.press("alt+right")
            await chat.until_shown("In, most of the time.")
        tree = await asyncio.wrap_future(chat.screen.store.tree(chat.screen.session.id))
        assert len(tree.nodes) == 6


async def test_own_branches_are_not_taken_for_those_of_others() -> None:
    async with chatting(words("Out."), words("Out, I think.")) as chat:
        await begun(chat)
        with another(chat) as other:
            chat.screen.conversation.focus()
            await chat.pilot.press("g")
            await chat.until_shown("Out, I think.")
            await chat.until_idle()
            other.store.rename(chat.screen.session.id, "Tides")
            await chat.until(lambda: chat.screen.header.title == "Tides")
            chat.screen.conversation.catch_up()
            assert "added a branch" not in chat.shown


async def test_own_branches_of_what_was_said_before_are_not_taken_for_those_of_others() -> None:
    async with chatting(words("Out.")) as chat:
        await begun(chat)
    async with chatting(words("Out, I think."), words("In."), start="last") as chat:
        chat.screen.conversation.focus()
        await chat.pilot.press("g")
        await chat.until_shown("Out, I think.")
        await chat.until_idle()
        with another(chat) as other:
            other.ask("And at night?")
            other.answer("In, most of the time.")
            await chat.until_shown("sent from another prx")
            chat.screen.conversation.catch_up()
            assert "added a branch" not in chat.shown
            chat.screen.conversation.focus()
            await chat.pilot.press("g")
            await chat.until_idle()
            await chat.until(lambda: said(chat)[-1:] == ["In."])
            other.store.rename(chat.screen.session.id, "Tides")
            await chat.until(lambda: chat.screen.header.title == "Tides")
            chat.screen.conversation.catch_up()
            assert "added a branch" not in chat.shown


async def test_the_header_says_while_another_prx_has_the_chat_open() -> None:
    async with chatting(words("Out.")) as chat:
        await begun(chat)
        with another(chat):
            await chat.until(lambda: chat.screen.header.mark == "open elsewhere too")
        await chat.until(lambda: chat.screen.header.mark == "")


async def test_a_chat_that_is_deleted_elsewhere_says_so_and_stays() -> None:
    async with chatting(words("Out."), words("At noon.")) as chat:
        await begun(chat)
        with another(chat) as other:
            other.store.delete(chat.screen.session.id)
            await chat.until(lambda: "Deleted in another prx" in chat.hint)
        await chat.send("When does it turn?")
        await chat.until_shown("this prompt restored the deleted chat")
        await chat.until_shown("At noon.")
        assert [one.id for one in await asyncio.wrap_future(chat.screen.store.chats())] == [chat.screen.session.id]


async def test_a_chat_that_is_no_longer_deleted_elsewhere_says_so() -> None:
    async with chatting(words("Out.")) as chat:
        await begun(chat)
        with another(chat) as other:
            other.store.delete(chat.screen.session.id)
            await chat.until(lambda: "Deleted in another prx" in chat.hint)
            other.store.restore(chat.screen.session.id)
            await chat.until(lambda: "Deleted in another prx" not in chat.hint)


async def test_a_chat_that_was_deleted_here_and_gone_on_with_elsewhere_says_that_it_is_back() -> None:
    async with chatting(words("Out.")) as chat:
        await begun(chat)
        with another(chat) as other:
            await chat.screen.perform("delete_chat")
            await asyncio.wrap_future(chat.screen.store.days())
            other.ask("And at night?")
            await chat.until(lambda: "was restored" in chat.hint)
            assert "Which way does the tide run?" in chat.hint


async def test_an_edit_that_is_under_way_goes_on() -> None:
    async with chatting(words("Out."), words("Out, at noon.")) as chat:
        await begun(chat)
        with another(chat) as other:
            chat.screen.conversation.focus()
            await chat.pilot.press("e")
            await chat.until(lambda: chat.screen.session.editing is not None)
            other.ask("And at night?")
            other.answer("In, most of the time.")
            await until_told(chat, other)
            assert chat.prompt.full_text == "Which way does the tide run?"
            await chat.send("Which way does the tide run at noon?")
            await chat.until_shown("Out, at noon.")
            assert said(chat) == ["Which way does the tide run at noon?", "Out, at noon."]
