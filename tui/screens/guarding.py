"""The budget, kept: a prompt that would pass a limit is not sent before the user has agreed, and never lost meanwhile.

Whatever sends something comes through here: a prompt, the queue, another answer, the rest of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tui.chat.budget import Budget, Consent, OverBudget, Passed, Spent, check, objection, turn_usd
from tui.chat.forecast import NO_DRAFT
from tui.chat.spending import ledger_of, local_day
from tui.chat.transcript import Draft, Message, Transcript
from tui.errors import TuiError
from tui.render import figures
from tui.screens.away import Origin
from tui.screens.costs import CostScreen
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.screens.dialogs import Question
    from tui.screens.talk import Talk
    from tui.store import Place


class GuardingScreen(CostScreen):
    _in_question: Draft | None = None
    """A prompt that has left the box and may not be sent yet."""

    def __init__(self, *arguments: Any, budget: Budget = Budget(), **options: Any) -> None:  # noqa: B008  (a frozen value)
        self._budget = budget
        self._consent = Consent()
        super().__init__(*arguments, **options)

    # All that sends

    def submit(self, draft: Draft) -> None:
        if (
            self.talk.running or not self.is_ready
        ):  # it is queued, or waits for the store: its turn to be asked for comes
            super().submit(draft)
        elif self._in_question is not None:
            self.talk.outbox.add(draft)
            self.show_queue()
        else:
            self._guard(partial(super().submit, draft), draft, self.sent_after, in_question=draft)

    def release_queue(self) -> None:
        first = next(iter(self.talk.outbox.drafts), NO_DRAFT)
        self._guard(super().release_queue, first, self.talk.session.transcript)

    def answer_prompt(self) -> None:
        self._guard(super().answer_prompt, NO_DRAFT, self.talk.session.transcript)

    def answer_again(self, origin: Origin) -> None:
        transcript = self.talk.session.transcript
        after = replace(transcript, messages=transcript.messages[: origin.prompt + 1])
        self._guard(partial(super().answer_again, origin), NO_DRAFT, after)

    def go_on(self) -> None:
        outbox = self.talk.outbox
        if self._budget.is_set and outbox.drafts and not outbox.held:
            self.run_worker(later(self._go_on, super().go_on, outbox.drafts[0]), group="budget")
        else:
            super().go_on()

    async def _go_on(self, go: Callable[[], None], first: Draft) -> None:
        """The queue asks nothing by itself: somebody may be typing. It waits to be sent by hand."""
        talk = self.talk
        passed = await self._passed(first, talk.session.transcript)
        if self.talk is not talk or talk.running:
            return
        if passed:
            talk.outbox.hold()
            self.show_queue()
            limit = f"{passed[0].scope}'s {'soft ' if passed[0].level == 'soft' else ''}limit"
            self.prompt.say(f"the next prompt would pass the {limit} · {self.key_of('send')} asks", lasting=True)
        else:
            go()

    def go_on_away(self, talk: Talk) -> None:
        """Of a chat that is not on the screen nobody can be asked: with a budget, its queue waits until it is opened."""
        if self._budget.is_set:
            talk.outbox.hold()
        else:
            super().go_on_away(talk)

    # Asking

    def _guard(
        self, go: Callable[[], None], draft: Draft, after: Transcript, *, in_question: Draft | None = None
    ) -> None:
        """Does it at once where there is no budget; else once it is known to be within it, or agreed to."""
        if not self._budget.is_set:
            go()
            return
        self._in_question = in_question
        self.save_place()
        self.run_worker(later(self._ask_first, go, draft, after), group="budget")

    async def _ask_first(self, go: Callable[[], None], draft: Draft, after: Transcript) -> None:
        talk = self.talk
        try:
            passed = await self._passed(draft, after)
            agreed = not passed or await self.app.push_screen_wait(question(passed))
        finally:
            given_up, self._in_question = self._in_question, None
        if self.talk is not talk:  # the chat was left, and its prompt waits there
            return
        if agreed:
            self._consent = self._consent.given(passed, chat=self.chat_id, day=self._today)
            go()
            return
        if given_up is not None:
            self._give_back(given_up)
        talk.outbox.hold()
        self.show_queue()
        self.prompt.say("not sent")

    async def _passed(self, draft: Draft, after: Transcript) -> tuple[Passed, ...]:
        """The limits that sending this now would pass, and the user has not agreed to."""
        session, chat, day = self.talk.session, self.chat_id, self._today
        budget = self._consent.applied(self._budget, chat=chat, day=day)
        # How long its answers are is seen in the whole chat, also where a branch leaves nothing of it.
        next_usd = turn_usd(self.coming(draft, after), session.transcript, self.provider.model)
        spent, model = await self._spent(), self.provider.model

        def in_the_way(answers: Sequence[Message]) -> OverBudget | None:
            # On the engine's thread, before each further request of a turn that uses tools.
            agreed = self._consent.applied(self._budget, chat=chat, day=day)
            return objection(agreed, spent, session.transcript, answers, model, session.now())

        session.objection = in_the_way
        return check(budget, spent, next_usd)

    async def _spent(self) -> Spent:
        try:
            return await self.answer(self.store.spent(self.chat_id))
        except TuiError:
            # Chats that cannot be read; that is said above the prompt. What is open is known all the same.
            session = self.talk.session
            usd = ledger_of(session.transcript, session.written_off).total.bill.cost_usd
            return Spent(chat_usd=usd, day_usd=usd)

    @property
    def _today(self) -> str:
        return local_day(self.talk.session.now())

    def _leave(self, *, draft_stays: bool) -> None:
        super()._leave(draft_stays=draft_stays)
        self._in_question = None

    def _place(self) -> Place:
        """What is in question is neither in the box nor in the queue, and must outlive a crash like them."""
        place = super()._place()
        return place if self._in_question is None else replace(place, queue=(self._in_question, *place.queue))


def question(passed: tuple[Passed, ...]) -> Question:
    """What is asked before these limits are passed. A hard one takes a key that nobody types by accident."""
    from tui.screens.dialogs import Question  # not needed for the first paint

    text = "\n".join(map(str, passed))
    hard = [one for one in passed if one.level == "hard"]
    whose = " and ".join(_whose(one) for one in hard or passed)
    if not hard:
        return Question(f"Pass the soft limit of {whose}?", text, yes="send", no="don't send")
    raised = " and ".join(figures.money(one.raised_usd) for one in hard)
    return Question(
        f"Past the limit of {whose}", text, key="ctrl+r", yes=f"raise it to {raised}, send", no="don't send"
    )


def _whose(passed: Passed) -> str:
    return "this chat" if passed.scope == "chat" else "today"
