"""Edited prompts, regenerated answers, siblings and forks, with the real store."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.transcript import Draft
from tui.chat_screen.context import stored
from tui.chat_screen.controllers.branches import BranchController, BranchPorts
from tui.chat_screen.pipeline import Submission
from tui.chat_screen.session import ChatSession, Origin
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text
from tui.store import NewChat

pytestmark = pytest.mark.anyio


class Branches:
    """A BranchController whose submissions are sent at once, and whose chats are opened from the store."""

    def __init__(self, made: Bench) -> None:
        self.bench = made
        self.opened: list[tuple[str, str | None, str]] = []
        ports = BranchPorts(
            transcript=made.pane,
            prompt=made.prompt,
            read_branch=made.branch,
            open_chat=self.open_chat,
            submit=self.submit,
            save=made.calls.port("save"),
            show_hints=made.calls.port("show hints"),
        )
        self.controller = BranchController(made.context, ports)
        made.subscribers.append(self.controller.take)

    def submit(self, submission: Submission) -> None:
        self.controller.branch_from_edit(submission, lambda one: one.session.start(one.draft))

    async def open_chat(self, chat_id: str, *, head: str | None = None, at: str = "", words: Any = ()) -> None:
        self.opened.append((chat_id, head, at))
        session = self.bench.session()
        branch = await stored(self.bench.store.branch(chat_id, head))
        session.record_in(self.bench.store, NewChat(id=chat_id), branch.head)
        session.turns.resume(await stored(self.bench.store.transcript(chat_id, branch.head)), "none")
        self.bench.current = session

    async def do(self, how: Any, message: int) -> None:
        self.controller.branch(how, message)
        await self.bench.work.done()

    async def send(self, text: str) -> ChatSession:
        """Send a prompt from the prompt area, and wait for its answer and what follows."""
        session = self.bench.current
        self.submit(Submission(session, "prompt", Draft(text=text)))
        await self.bench.ended(session)
        return session


async def test_an_edit_shows_the_prompt_and_begins_a_branch_when_it_is_sent() -> None:
    async with bench(words("one"), words("two"), words("other")) as one:
        branches = Branches(one)
        await one.say("first", "second")
        one.prompt.full_text = "draft"
        await branches.do("edit", 3)  # on the answer: its prompt
        assert (one.prompt.full_text, one.prompt.stash) == ("second", "draft")
        (hint,) = branches.controller.hints()
        assert hint.is_alone
        await branches.send("second, edited")
        assert one.texts() == ["first", "one", "second, edited", "other"]
        assert list(one.pane.siblings) == ["", "", "2/2", ""]
        assert one.pane.notes[0].startswith("a branch")
        assert (one.current.editing, branches.controller.hints()) == (None, ())


async def test_leaving_an_edit_brings_the_draft_back() -> None:
    async with bench(words("one")) as one:
        branches = Branches(one)
        await one.say("first")
        assert not branches.controller.leave_edit()
        one.prompt.full_text = "draft"
        await branches.do("edit", 0)
        assert branches.controller.leave_edit()
        assert (one.prompt.full_text, one.current.editing) == ("draft", None)


async def test_a_command_ends_the_edit() -> None:
    async with bench(words("one"), words("two")) as one:
        branches = Branches(one)
        await one.say("first")
        await branches.do("edit", 0)
        branches.controller.drop_edit()
        await branches.send("second")
        assert one.texts() == ["first", "one", "second", "two"]


async def test_an_answer_is_regenerated_for_the_same_prompt() -> None:
    async with bench(words("one"), words("other")) as one:
        branches = Branches(one)
        await one.say("first")
        await branches.do("regenerate", 1)
        await one.ended()
        assert one.texts() == ["first", "other"]
        assert list(one.pane.siblings) == ["", "2/2"]
        assert len(one.pane.notes) == 1


async def test_a_branch_that_comes_to_nothing_leads_back_to_the_old_one() -> None:
    async with bench(words("one"), Error(400)) as one:
        branches = Branches(one)
        await one.say("first")
        before = await one.branch()
        await branches.do("edit", 0)
        one.prompt.full_text = "edited"  # as it comes back
        await branches.send("edited")
        assert branches.opened == [(one.current.id, before.head, "")]
        assert one.texts() == ["first", "one"]
        assert one.current.editing is not None
        assert one.current.editing.prompt == 0


async def test_in_the_background_the_store_goes_back_and_nothing_is_shown() -> None:
    async with bench(words("one"), Error(400)) as one:
        branches = Branches(one)
        await one.say("first")
        session, before = one.current, await one.branch()
        session.editing = Origin(before, 0)
        branches.submit(Submission(session, "prompt", Draft(text="edited")))
        session.is_on_view = False
        one.current = one.recorded()
        await one.ended(session)
        assert branches.opened == []
        assert (await stored(one.store.branch(session.id))).head == before.head


async def test_siblings_are_stepped_through_and_end_on_both_sides() -> None:
    async with bench(words("one"), words("other")) as one:
        branches = Branches(one)
        await one.say("first")
        await branches.do("older", 1)
        assert branches.opened == []  # there is no other branch
        await branches.do("regenerate", 1)
        await one.ended()
        await branches.do("newer", 1)
        assert branches.opened == []
        await branches.do("older", 1)
        assert one.texts() == ["first", "one"]
        branches.controller.step_last(1)
        await one.work.done()
        assert one.texts() == ["first", "other"]
        assert len(one.notices) == 4


async def test_a_fork_is_a_chat_of_its_own() -> None:
    async with bench(words("one"), words("two")) as one:
        branches = Branches(one)
        await one.say("first", "second")
        chat_id = one.current.id
        await branches.do("fork", 0)
        assert one.current.id != chat_id
        assert one.texts() == ["first"]
        assert sorted(chat.title for chat in await stored(one.store.chats())) == ["first", "first (fork)"]


async def test_nothing_branches_while_an_answer_runs_or_before_anything_was_sent() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        branches = Branches(one)
        await branches.do("edit", 0)
        assert branches.controller.disabled_reason("edit")
        one.current.start(Draft(text="tides"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        await branches.do("regenerate", 1)
        assert (one.current.editing, len(one.notices), branches.opened) == (None, 2, [])


async def test_another_chat_that_is_shown_meanwhile_is_left_alone() -> None:
    async with bench(words("one")) as one:
        branches = Branches(one)
        await one.say("first")
        for how in ("edit", "regenerate", "fork", "older"):
            session, other = one.current, one.recorded()
            branches.controller.branch(how, 0)  # type: ignore[arg-type]
            one.current = other
            await one.work.done()
            assert (session.editing, other.editing, other.running, branches.opened) == (None, None, False, [])
            one.current = session
