"""The chat on view, chats in the background, and what waits until one is there. Real store and engine, no screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from bench import Bench, bench
from serving import words

from tui.chat.tools import PermissionRequest, PermissionRequested
from tui.chat.transcript import Draft, ToolUse
from tui.chat_screen.background import BackgroundChats
from tui.chat_screen.context import stored
from tui.chat_screen.controllers.sessions import SessionManager, SessionPorts
from tui.chat_screen.pipeline import Pipeline, QueueWhileRunning, Send, Submission, WaitUntilReady
from tui.chat_screen.session import ChatSession
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Event, Text
from tui.store import Position

pytestmark = pytest.mark.anyio


def ignored(*_: object) -> None: ...


@dataclass
class Screen:
    """What a SessionManager shows of a chat: its position, with what is typed."""

    typed: str = ""
    scroll: float | None = None
    shown: list[ChatSession] = field(default_factory=list)
    messages: list[tuple[int, Any]] = field(default_factory=list)
    replayed: list[ChatSession] = field(default_factory=list)
    is_ready: Callable[[], bool] = lambda: True

    def snapshot(self, session: ChatSession) -> Position:
        queue, asked = session.queue, session.in_question
        waiting = (asked,) if asked is not None else ()
        position = Position(
            chat_id=session.id, draft=Draft(text=self.typed), queue=(*waiting, *queue.drafts), scroll=self.scroll
        )
        return place_of(position, held=queue.held)

    async def painted(self) -> None: ...

    async def complete(self, session: ChatSession, _: Any, scroll: float | None) -> None:
        self.scroll = scroll

    def restore(self, position: Position, keeps_typed: bool) -> None:
        if not keeps_typed:
            self.typed = position.draft.text + ("" if self.is_ready() else self.typed)
        self.scroll = position.scroll


def place_of(position: Position, **changes: Any) -> Position:
    from msgspec.structs import replace as changed

    return changed(position, **changes)


class Chats:
    """A SessionManager on the bench, with a pipeline that sends at once."""

    def __init__(self, made: Bench) -> None:
        self.bench = made
        self.screen = screen = Screen()
        self.calls = made.calls
        self.context = msgspec.structs.replace(made.context, current=lambda: self.manager.current)
        self.background = BackgroundChats(self.context, self.go_on, made.calls.port("changed"))
        ports = SessionPorts(
            show=lambda session, _: screen.shown.append(session),
            painted=screen.painted,
            complete=screen.complete,
            snapshot=screen.snapshot,
            restore=screen.restore,
            show_message=lambda index, marked: screen.messages.append((index, marked)),
            take_choices=made.calls.port("take choices"),
            replay=screen.replayed.append,
        )
        self.manager = manager = SessionManager(self.context, ports, made.wake, self.background)
        screen.is_ready = lambda: manager.is_ready
        made.subscribers.append(self.background.take)
        self.pipeline = Pipeline(
            (
                WaitUntilReady(lambda: manager.is_ready, manager.when_ready, self.context.current),
                QueueWhileRunning(ignored),
                Send(ignored),
            )
        )

    @property
    def current(self) -> ChatSession:
        return self.manager.current

    def go_on(self, session: ChatSession) -> None:
        self.pipeline.submit(Submission(session, "next", next(iter(session.queue.drafts), None)))

    async def open_store(self) -> None:
        await self.manager.open_store()
        await self.manager.prepare()

    def send(self, text: str) -> ChatSession:
        """Send a prompt from the prompt area. Returns the chat that was on view."""
        self.pipeline.submit(Submission(self.current, "prompt", Draft(text=text)))
        return self.current

    async def answered(self, text: str) -> str:
        """Send a prompt and wait for its answer. Returns the id of the chat."""
        session = self.send(text)
        await self.bench.ended(session)
        return session.id

    async def opened(self, chat_id: str, *rest: Any) -> None:
        self.manager.open(chat_id, *rest)
        await self.bench.work.done()

    async def wrote(self, session: ChatSession, text: str) -> None:
        """Wait until that much of an answer has arrived."""
        await self.bench.until(lambda: text in str(session.pending_events))

    async def titles(self) -> list[tuple[str, int]]:
        return sorted((one.title, one.messages) for one in await stored(self.manager.store.chats()))


@asynccontextmanager
async def chats(*scenarios: Any, started: bool = True, **options: Any) -> AsyncIterator[Chats]:
    async with bench(*scenarios, records=False, **options) as made:
        one = Chats(made)
        if started:
            await one.open_store()
            one.manager.started()
        yield one
        await made.work.done()
        for session in (one.current, *one.background.sessions.values()):
            session.close()


def failing(gate: Gate) -> Answer:
    """Refused before the first word, once the gate is open."""
    error = {"type": "invalid_request_error", "message": "There is too much of it."}
    return Answer(gate, Event({"type": "error", "error": error}, last=True))


def halves(gate: Gate) -> Answer:
    return Answer(Text("It runs", gate, " out."))


# The start


async def test_a_prompt_waits_until_the_store_is_open_and_is_recorded_there() -> None:
    async with chats(words("one"), started=False) as one:
        session = one.send("first")
        assert (session.running, one.manager.has_waiting) == (False, True)
        await one.open_store()
        assert not session.running
        one.manager.started()
        assert session.running
        await one.bench.ended(session)
        assert await one.titles() == [("first", 2)]


async def test_what_waits_for_the_start_is_done_in_its_order() -> None:
    async with chats(started=False) as one:
        done: list[str] = []
        one.manager.when_ready(lambda: done.append("a"))
        one.manager.when_ready(lambda: done.append("b"))
        await one.open_store()
        one.manager.started()
        one.manager.when_ready(lambda: done.append("c"))
        assert done == ["a", "b", "c"]


async def test_nothing_of_the_position_is_saved_before_the_start() -> None:
    async with chats(started=False) as one:
        one.screen.typed = "hel"
        one.manager.save_position()
        await one.open_store()
        one.manager.save_position()
        assert await stored(one.manager.store.unsent()) == ()
        one.manager.started()
        (position,) = await stored(one.manager.store.unsent())
        assert position.draft.text == "hel"


# A program that ends at once


@pytest.mark.parametrize("is_open", [False, True])
async def test_what_was_typed_and_sent_before_the_start_outlives_the_program(is_open: bool) -> None:
    async with chats(started=False) as one:
        if is_open:
            await one.open_store()
        one.send("first")
        one.screen.typed = "sec"
        one.manager.end()
        (position,) = await stored(one.manager.store.unsent())
        assert (position.draft.text, [draft.text for draft in position.queue]) == ("sec", ["first"])


async def test_a_program_that_ends_with_nothing_typed_does_not_open_the_store() -> None:
    async with chats(started=False) as one:
        one.manager.end()
        assert not one.current.has_store


async def test_the_end_saves_what_was_typed_last() -> None:
    async with chats() as one:
        one.screen.typed = "hello"
        one.manager.end()
        (position,) = await stored(one.manager.store.unsent())
        assert (position.chat_id, position.draft.text) == (one.current.id, "hello")


# Another chat


async def test_a_new_chat_takes_along_what_is_being_written() -> None:
    async with chats(words("one")) as one:
        first = await one.answered("first")
        one.screen.typed = "draft"
        one.manager.start_new()
        assert (one.current.id != first, one.screen.typed, one.current.messages) == (True, "draft", ())
        assert (await one.bench.position(first)).is_empty


async def test_a_chat_that_is_opened_keeps_its_own_draft_and_so_does_the_one_that_is_left() -> None:
    async with chats(words("one"), words("two")) as one:
        first = await one.answered("first")
        one.manager.start_new()
        second = await one.answered("second")
        one.screen.typed = "of the second"
        await one.opened(first)
        assert (one.current.id, one.screen.typed, one.bench.texts(one.current)) == (first, "", ["first", "one"])
        one.screen.typed = "of the first"
        await one.opened(second)
        assert (one.current.id, one.screen.typed) == (second, "of the second")
        await one.opened(first)
        assert one.screen.typed == "of the first"


async def test_a_prompt_typed_right_after_picking_a_chat_goes_to_the_picked_chat() -> None:
    async with chats(words("one"), words("two"), words("three")) as one:
        first = await one.answered("first")
        one.manager.start_new()
        second = await one.answered("second")
        one.screen.typed = "draft"
        one.manager.open(first)
        assert one.screen.typed == ""  # what is typed from now on is for the picked chat
        one.send("third")
        one.screen.typed = "and mo"
        await one.bench.work.done()
        assert one.current.id == first
        assert one.screen.typed == "and mo"
        await one.bench.ended(one.current)
        assert one.bench.texts(one.current) == ["first", "one", "third", "three"]
        assert (await one.bench.position(second)).draft.text == "draft"


async def test_a_new_chat_asked_for_right_after_picking_one_comes_after_it() -> None:
    async with chats(words("one")) as one:
        first = await one.answered("first")
        one.manager.start_new()
        one.manager.open(first)
        one.manager.start_new()
        await one.bench.work.done()
        assert [session.id == first for session in one.screen.shown] == [False, True, False]
        assert not one.current.messages


async def test_of_two_chats_picked_at_once_the_last_one_is_shown() -> None:
    async with chats(words("one"), words("two")) as one:
        first = await one.answered("first")
        one.manager.start_new()
        second = await one.answered("second")
        one.manager.start_new()
        one.screen.typed = "draft"
        new = one.current.id
        one.manager.open(first)
        one.manager.open(second)
        await one.bench.work.done()
        assert (one.current.id, one.manager.is_ready, one.screen.typed) == (second, True, "")
        assert (await one.bench.position(new)).draft.text == "draft"


async def test_a_chat_that_cannot_be_opened_leaves_all_as_it_was() -> None:
    async with chats(words("one")) as one:
        first = await one.answered("first")
        one.screen.typed = "draft"
        one.manager.open(first, "no-such-message")
        one.screen.typed = "ed"
        await one.bench.work.done()
        assert (one.current.id, one.screen.typed, one.manager.is_ready) == (first, "drafted", True)
        assert len(one.bench.notices) == 1


async def test_picking_the_chat_on_view_keeps_what_is_typed_and_queued() -> None:
    async with chats(words("one")) as one:
        first = await one.answered("first")
        one.screen.typed = "draft"
        one.current.queue.put_first(Draft(text="queued"))
        await one.opened(first)
        assert (one.current.id, one.screen.typed) == (first, "draft")
        assert [draft.text for draft in one.current.queue.drafts] == ["queued"]


async def test_a_chat_is_opened_at_a_message() -> None:
    async with chats(words("one"), words("two")) as one:
        first = await one.answered("first")
        branch = await one.bench.branch(one.current)
        one.manager.start_new()
        await one.opened(first, branch[1].id, ("one",))
        assert one.screen.messages == [(1, ("one",))]


async def test_unsent_text_of_a_chat_that_has_not_begun_is_opened_as_it_stood() -> None:
    async with chats() as one:
        one.screen.typed = "not sent"
        new = one.current.id
        one.manager.save_position()
        await one.opened(new)
        assert (one.current.id, one.screen.typed) == (new, "not sent")


# In the background


async def test_a_chat_left_in_mid_answer_goes_on_and_is_unread_until_it_is_shown() -> None:
    gate = Gate()
    async with chats(halves(gate)) as one:
        left = one.send("tides")
        await one.wrote(left, "It runs")
        one.manager.start_new()
        assert (one.background.answering, left.is_on_view, left.running) == ({left.id}, False, True)
        gate.open()
        await one.bench.until(lambda: left.id in one.background.unread)
        assert one.background.elsewhere() == "✓ another chat answered"
        assert (one.background.next_waiting, one.background.answering) == (left.id, frozenset())
        await one.opened(left.id)
        assert one.bench.texts(one.current) == ["tides", "It runs out."]
        assert (one.background.elsewhere(), one.background.next_waiting) == ("", "")


async def test_a_chat_that_is_opened_again_in_mid_answer_is_the_same_session() -> None:
    gate = Gate()
    async with chats(halves(gate)) as one:
        left = one.send("tides")
        await one.wrote(left, "It runs")
        one.screen.typed = "draft"
        await one.opened(one.current.id)
        assert one.screen.typed == "draft"
        one.manager.start_new()
        one.screen.typed = "another"
        await one.opened(left.id)
        assert (one.current, one.screen.replayed, left.is_on_view) == (left, [left], True)
        assert (one.background.sessions, left.running) == ({}, True)
        gate.open()
        await one.bench.ended(left)
        assert one.bench.texts(left) == ["tides", "It runs out."]
        assert one.background.unread == set()


async def test_one_that_ends_while_it_is_opened_is_read_from_the_store() -> None:
    gate = Gate()
    async with chats(halves(gate)) as one:
        left = one.send("tides")
        await one.wrote(left, "It runs")
        one.manager.start_new()
        gate.open()
        await asyncio.gather(one.bench.until(lambda: not left.running), one.opened(left.id))
        await one.bench.ended(one.current)
        assert one.current.id == left.id
        assert one.bench.texts(one.current) == ["tides", "It runs out."]


async def test_the_queue_of_a_chat_goes_on_in_the_background() -> None:
    gate = Gate()
    async with chats(halves(gate), words("two")) as one:
        left = one.send("tides")
        one.send("and when?")
        await one.wrote(left, "It runs")
        one.manager.start_new()
        gate.open()
        await one.bench.until(lambda: left.id in one.background.unread)
        assert one.bench.texts(left) == ["tides", "It runs out.", "and when?", "two"]
        assert (await one.bench.position(left.id)).is_empty


async def test_a_prompt_that_comes_to_nothing_in_the_background_is_the_draft_of_its_chat() -> None:
    gate = Gate()
    async with chats(words("one"), failing(gate)) as one:
        await one.answered("tides")
        left = one.send("and when?")
        one.manager.start_new()
        gate.open()
        await one.bench.until(lambda: left.id in one.background.unread)
        assert (await one.bench.position(left.id)).draft.text == "and when?"
        assert one.bench.notices[-1].startswith('"tides": ')


async def test_if_something_is_typed_there_already_it_waits_in_the_queue() -> None:
    gate = Gate()
    async with chats(words("one"), failing(gate)) as one:
        await one.answered("tides")
        left = one.send("and when?")
        one.screen.typed = "draft"
        await one.opened("new-one")  # nothing is stored of it: a new chat
        gate.open()
        await one.bench.until(lambda: left.id in one.background.unread)
        position = await one.bench.position(left.id)
        assert (position.draft.text, [draft.text for draft in position.queue]) == ("draft", ["and when?"])


async def test_a_question_in_the_background_is_told_and_counted() -> None:
    gate = Gate()
    async with chats(halves(gate)) as one:
        left = one.send("tides")
        await one.wrote(left, "It runs")
        one.manager.start_new()
        question = PermissionRequest(
            call=ToolUse(id="1", name="run_command", input="{}"), title="Run a command", kind="command", detail="ls"
        )
        asking = PermissionRequested(question)
        left.pending_events = (*left.pending_events, asking)
        one.background.take(left, asking)
        assert '"tides"' in one.bench.notices[-1]
        assert "run a command" in one.bench.notices[-1].lower()
        assert (one.background.asking, one.background.next_waiting) == ({left.id}, left.id)
        assert one.background.elsewhere() == "? another chat needs permission"
        assert one.calls.names.count("changed") == 1


async def test_a_chat_that_is_given_up_stops_and_tells_nobody() -> None:
    async with chats(halves(Gate())) as one:
        left = one.send("tides")
        await one.wrote(left, "It runs")
        one.manager.start_new()
        one.background.give_up(left.id)
        assert (left.is_closed, one.background.answering) == (True, frozenset())
        await one.bench.until(lambda: not left.running)
        assert (one.background.unread, one.bench.notices) == (set(), [])


async def test_the_events_of_the_chat_on_view_are_not_for_the_background() -> None:
    async with chats(words("one")) as one:
        await one.answered("tides")
        assert (one.background.unread, one.bench.notices) == (set(), [])


async def test_the_tools_of_a_chat_are_kept_with_it() -> None:
    async with chats(words("one")) as one:
        first = await one.answered("tides")
        one.manager.use_tools("read")
        one.manager.start_new()
        await one.opened(first)
        assert one.current.access == "read"
