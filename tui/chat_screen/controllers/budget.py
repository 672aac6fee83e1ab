"""The budget guard: a prompt that would pass a limit is not sent before the user agrees, and never lost meanwhile.

It is a step of the pipeline, so whatever sends something comes through here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec.structs import replace

from tui.chat.budget import (
    Budget,
    Consent,
    ExceededLimit,
    OverBudget,
    Spent,
    check,
    estimated_turn_usd,
    next_request_error,
)
from tui.chat.forecast import NO_DRAFT, Estimate
from tui.chat.spending import ledger_of, local_day
from tui.chat.transcript import Draft, Message, Transcript
from tui.chat_screen.context import ChatContext, stored
from tui.chat_screen.pipeline import Proceed, Submission
from tui.chat_screen.session import ChatSession
from tui.errors import TuiError


class BudgetPorts(msgspec.Struct, frozen=True):
    coming: Callable[[Draft, Transcript], Estimate]
    """Estimates what sending a draft after a transcript takes."""
    ask: Callable[[tuple[ExceededLimit, ...]], Awaitable[bool | None]]
    """Asks the user whether these limits may be passed."""
    give_back: Callable[[Draft], None]
    """Puts a prompt back into the prompt area, or first into the queue."""
    show_queue: Callable[[], None]
    save: Callable[[], None]
    """Saves how the chat stands."""


class BudgetGuard:
    def __init__(self, context: ChatContext, ports: BudgetPorts, budget: Budget) -> None:
        self._context = context
        self._ports = ports
        self._budget = budget
        self._consent = Consent()

    def __call__(self, submission: Submission, proceed: Proceed) -> None:
        """Go on at once without a budget; else once the request is known to be within it, or agreed to."""
        session = submission.session
        if not self._budget.is_set:
            proceed(submission)
        elif submission.kind == "next" and not session.is_on_view:
            session.queue.hold()  # nobody can be asked: the queue waits until the chat is opened
        elif submission.kind == "next":
            if submission.draft is not None and not session.queue.held:
                self._context.run(self._check_next, submission, proceed, group="budget")
        else:
            session.in_question = submission.draft if submission.kind == "prompt" else None
            self._ports.save()
            self._context.run(self._ask_first, submission, proceed, group="budget")

    async def _check_next(self, submission: Submission, proceed: Proceed) -> None:
        """The queue asks nothing by itself: the user may be typing. It waits to be sent by hand."""
        session = submission.session
        passed = await self._passed(session, submission.draft or NO_DRAFT, session.transcript)
        if self._context.current() is not session or session.running:
            return
        if not passed:
            proceed(submission)
            return
        session.queue.hold()
        self._ports.show_queue()
        limit = f"{passed[0].scope}'s {'soft ' if passed[0].level == 'soft' else ''}limit"
        key = self._context.key_of("send")
        self._context.notify(f"The next prompt would exceed the {limit} · {key} asks first", lasting=True)

    async def _ask_first(self, submission: Submission, proceed: Proceed) -> None:
        session = submission.session
        try:
            passed = await self._passed(session, submission.draft or NO_DRAFT, _base(submission))
            agreed = not passed or await self._ports.ask(passed)
        finally:
            given_up, session.in_question = session.in_question, None
        if self._context.current() is not session:  # the chat was left, and its prompt waits there
            return
        if agreed:
            self._consent = self._consent.with_approval(passed, chat=session.id, day=_today(session))
            proceed(submission)
            return
        if given_up is not None:
            self._ports.give_back(given_up)
        session.queue.hold()
        self._ports.show_queue()
        self._context.notify("Not sent")

    async def _passed(self, session: ChatSession, draft: Draft, after: Transcript) -> tuple[ExceededLimit, ...]:
        """Return the limits that sending this now would pass, and the user has not agreed to."""
        turns, chat, day = session.turns, session.id, _today(session)
        budget, model = self._consent.effective(self._budget, chat=chat, day=day), self._context.provider.model
        # The length of its answers is taken from the whole chat, also where a branch leaves nothing of it.
        next_usd = estimated_turn_usd(self._ports.coming(draft, after), turns.transcript, model)
        spent = await _spent(session)

        def object_to(answers: Sequence[Message]) -> OverBudget | None:
            # On the engine's thread, before each further request of a turn that uses tools.
            agreed = self._consent.effective(self._budget, chat=chat, day=day)
            return next_request_error(agreed, spent, turns.transcript, answers, model, turns.now())

        turns.check_request = object_to
        return check(budget, spent, next_usd)


def _base(submission: Submission) -> Transcript:
    """Return what the submission would be sent after."""
    session, kind, _, origin = submission
    if kind == "prompt":
        return session.base
    if kind == "regenerate" and origin is not None:
        return replace(session.transcript, messages=session.transcript.messages[: origin.prompt + 1])
    return session.transcript


async def _spent(session: ChatSession) -> Spent:
    try:
        return await stored(session.store.spent(session.id))
    except TuiError:
        # The chats cannot be read, which a notice says. What is open is known all the same.
        usd = ledger_of(session.transcript, session.turns.discarded).total.bill.cost_usd
        return Spent(chat_usd=usd, day_usd=usd)


def _today(session: ChatSession) -> str:
    return local_day(session.turns.now())
