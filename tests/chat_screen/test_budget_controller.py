"""The budget guard: what would pass a limit is not sent before the user agrees, and never lost meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.budget import Budget
from tui.chat.forecast import estimate
from tui.chat.transcript import Draft, Transcript
from tui.chat_screen.controllers.budget import BudgetGuard, BudgetPorts
from tui.chat_screen.pipeline import Submission
from tui.chat_screen.session import ChatSession

pytestmark = pytest.mark.anyio

NOTHING_LEFT = Budget(chat_soft=0.000001)
PLENTY = Budget(chat_soft=1_000.0, day_hard=1_000.0)


class Guard:
    """A guard on the bench. `answers` are what the user says, one after the other."""

    def __init__(self, made: Bench, budget: Budget, answers: Sequence[bool | None] = ()) -> None:
        self.bench = made
        self.passed: list[Submission] = []
        self.asked: list[Any] = []
        self.answers = list(answers)
        ports = BudgetPorts(
            coming=self._coming,
            ask=self._ask,
            give_back=made.prompt.restore_draft,
            show_queue=made.calls.port("show queue"),
            save=made.calls.port("save"),
        )
        self.guard = BudgetGuard(made.context, ports, budget)

    def _coming(self, draft: Draft, after: Transcript) -> Any:
        return estimate(after, draft, self.bench.provider.model, self.bench.clock.wall())

    async def _ask(self, passed: Any) -> bool | None:
        assert not self.passed, "it asks before it goes on"
        self.asked.append(passed)
        return self.answers.pop(0)

    async def submit(self, kind: Any = "prompt", text: str = "hello", session: ChatSession | None = None) -> None:
        self.begin(kind, text, session)
        await self.bench.work.done()

    def begin(self, kind: Any = "prompt", text: str = "hello", session: ChatSession | None = None) -> None:
        draft = Draft(text=text) if text else None
        self.guard(Submission(session or self.bench.current, kind, draft), self.passed.append)


async def test_without_a_budget_everything_passes_at_once() -> None:
    async with bench() as one:
        guard = Guard(one, Budget())
        for kind in ("prompt", "release", "next", "answer", "regenerate"):
            guard.begin(kind)
        assert (len(guard.passed), one.calls) == (5, [])


async def test_within_the_budget_nothing_is_asked() -> None:
    async with bench() as one:
        guard = Guard(one, PLENTY)
        guard.begin()
        assert guard.passed == []
        assert one.current.in_question == Draft(text="hello")
        assert one.calls.names == ["save"]  # it outlives a crash meanwhile
        await one.work.done()
        assert (len(guard.passed), guard.asked, one.current.in_question) == (1, [], None)


async def test_what_the_user_agrees_to_is_sent_and_not_asked_again() -> None:
    async with bench() as one:
        guard = Guard(one, NOTHING_LEFT, [True])
        await guard.submit()
        assert (len(guard.passed), len(guard.asked)) == (1, 1)
        await guard.submit()
        assert (len(guard.passed), len(guard.asked)) == (2, 1)


@pytest.mark.parametrize("answer", [False, None])
async def test_what_the_user_declines_comes_back(answer: bool | None) -> None:
    async with bench() as one:
        guard = Guard(one, NOTHING_LEFT, [answer])
        await guard.submit()
        assert (guard.passed, one.prompt.full_text, one.current.in_question) == ([], "hello", None)
        assert len(one.notices) == 1


async def test_what_was_queued_meanwhile_is_held_when_it_is_declined() -> None:
    async with bench() as one:
        guard = Guard(one, NOTHING_LEFT, [False])
        guard.begin()
        one.current.queue.add(Draft(text="next"))
        await one.work.done()
        assert one.current.queue.held


async def test_the_queue_asks_nothing_by_itself_and_waits() -> None:
    async with bench() as one:
        guard = Guard(one, NOTHING_LEFT)
        one.current.queue.add(Draft(text="queued"))
        await guard.submit("next", "queued")
        assert (guard.passed, guard.asked, one.current.queue.held) == ([], [], True)
        assert (one.calls.names, len(one.notices)) == (["show queue"], 1)


async def test_the_queue_goes_on_within_the_budget() -> None:
    async with bench() as one:
        guard = Guard(one, PLENTY)
        one.current.queue.add(Draft(text="queued"))
        await guard.submit("next", "queued")
        assert (len(guard.passed), one.current.queue.held) == (1, False)
        one.current.queue.hold()
        await guard.submit("next", "queued")
        assert len(guard.passed) == 1


async def test_in_the_background_nobody_can_be_asked_and_the_queue_is_held() -> None:
    async with bench() as one:
        guard, other = Guard(one, PLENTY), one.recorded()
        other.is_on_view = False
        other.queue.add(Draft(text="queued"))
        await guard.submit("next", "queued", other)
        assert (guard.passed, other.queue.held) == ([], True)


async def test_a_chat_that_is_left_while_it_is_asked_is_not_sent_to() -> None:
    async with bench() as one:
        guard = Guard(one, NOTHING_LEFT, [True])
        left = one.current
        guard.begin()
        one.current = one.recorded()
        await one.work.done()
        assert (guard.passed, left.in_question, one.prompt.full_text) == ([], None, "")


async def test_further_requests_of_a_turn_are_within_what_was_agreed_to() -> None:
    async with bench(words("one")) as one:
        guard = Guard(one, NOTHING_LEFT, [True])
        await guard.submit()
        check = one.current.turns.check_request
        assert check is not None
        await one.say("first")
        assert check(one.current.transcript.messages[1:]) is None


async def test_another_chat_has_a_consent_of_its_own() -> None:
    async with bench() as one:
        guard = Guard(one, NOTHING_LEFT, [True])
        await guard.submit()
        guard.passed.clear()
        guard.answers = [False]
        one.current = one.recorded()
        await guard.submit(text="other")
        assert (guard.passed, len(guard.asked), one.prompt.full_text) == ([], 2, "other")
