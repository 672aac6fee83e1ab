"""The user's leave: rules first, then a question that waits for its answer without holding anything up.

A question with one rule only (a compound command, a private file) is allowed by that very rule, and by none with a wildcard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tui.chat.tools import Access, PermissionDecision, Question, ToolAllowed, ToolAsking, ToolEvent
from tui.tools.rules import covers, means

NOBODY = "this needs the user's leave, and nobody is there to give it"
"""Why a call is refused where no question can be asked."""


@dataclass(frozen=True)
class _Open:
    """A question that waits, on the loop that waits for it."""

    question: Question
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[PermissionDecision]


class Gate:
    """What one chat may do. `access` may change at any time, and counts from the next call on."""

    def __init__(self, rules: Iterable[str], access: Access, keep: Callable[[str], None], asks: bool = True) -> None:
        """`rules` are those of the configuration; `keep` writes another one there, is called in a thread and must not
        fail; without `asks` whatever would ask is refused.
        """
        self.access = access
        self._rules = list(rules)
        self._keep = keep
        self._asks = asks
        self._open: dict[str, _Open] = {}

    async def allows(self, question: Question, tell: Callable[[ToolEvent], None]) -> PermissionDecision:
        """The answer to a question. Several may wait at once; a cancellation withdraws the question."""
        if self._is_covered(question):
            return PermissionDecision(allowed=True)
        if not self._asks:
            return PermissionDecision(allowed=False, reason=NOBODY)
        loop = asyncio.get_running_loop()
        waiting = _Open(question, loop, loop.create_future())
        self._open[question.call.id] = waiting
        try:
            tell(ToolAsking(question))
            verdict = await waiting.answer
        finally:
            self._open.pop(question.call.id, None)
        tell(ToolAllowed(question.call.id, verdict.allowed))
        if verdict.allowed and verdict.lasting != "once" and verdict.rule in question.rules:
            self.learn(verdict.rule)
            if verdict.lasting == "always":
                await asyncio.to_thread(self._keep, verdict.rule)
        return verdict

    def answer(self, call_id: str, verdict: PermissionDecision) -> None:
        """Answers an open question, from any thread. One that is not open any more is left alone."""
        waiting = self._open.get(call_id)
        if waiting is not None:
            waiting.loop.call_soon_threadsafe(_settle, waiting.answer, verdict)

    def learn(self, rule: str) -> None:
        """Adds a rule, from any thread. It may answer questions that wait."""
        self._rules.append(rule)
        for waiting in tuple(self._open.values()):
            if self._is_covered(waiting.question):
                waiting.loop.call_soon_threadsafe(_settle, waiting.answer, PermissionDecision(allowed=True))

    def _is_covered(self, question: Question) -> bool:
        if not question.rules:
            return False
        exact, *wider = question.rules
        return any(means(rule, exact) or (wider and covers(rule, exact)) for rule in self._rules)


def _settle(answer: asyncio.Future[PermissionDecision], verdict: PermissionDecision) -> None:
    if not answer.done():
        answer.set_result(verdict)
