"""The user's permission for a call: rules first, then a question, which blocks nothing else.

A question with a single rule (a compound command, a private file) is answered only by exactly that rule, not by one with
a wildcard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tui.chat.tools import (
    Access,
    PermissionDecided,
    PermissionDecision,
    PermissionRequest,
    PermissionRequested,
    ToolEvent,
)
from tui.tools.rules import covers, means

NOBODY = "this needs the user's permission, and nobody is there to give it"
"""Why a call is refused where no question can be asked."""


@dataclass(frozen=True)
class _Open:
    """An open question, on the loop that waits for the answer."""

    question: PermissionRequest
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[PermissionDecision]


class PermissionGate:
    """What one chat may do. `access` may change at any time, and applies from the next call on."""

    def __init__(self, rules: Iterable[str], access: Access, keep: Callable[[str], None], asks: bool = True) -> None:
        """`rules` are those of the configuration. `keep` writes another one there; it is called in a thread and must not
        fail. Without `asks`, every call that needs permission is refused.
        """
        self.access = access
        self._rules = list(rules)
        self._keep = keep
        self._asks = asks
        self._open: dict[str, _Open] = {}

    async def allows(self, question: PermissionRequest, tell: Callable[[ToolEvent], None]) -> PermissionDecision:
        """Return the answer to a question. Several may be open at once; cancelling withdraws the question."""
        if self._is_covered(question):
            return PermissionDecision(allowed=True)
        if not self._asks:
            return PermissionDecision(allowed=False, reason=NOBODY)
        loop = asyncio.get_running_loop()
        waiting = _Open(question, loop, loop.create_future())
        self._open[question.call.id] = waiting
        try:
            tell(PermissionRequested(question))
            verdict = await waiting.answer
        finally:
            self._open.pop(question.call.id, None)
        tell(PermissionDecided(question.call.id, verdict.allowed))
        if verdict.allowed and verdict.lasting != "once" and verdict.rule in question.rules:
            self.learn(verdict.rule)
            if verdict.lasting == "always":
                await asyncio.to_thread(self._keep, verdict.rule)
        return verdict

    def answer(self, call_id: str, verdict: PermissionDecision) -> None:
        """Answer an open question, from any thread. Does nothing if it is no longer open."""
        waiting = self._open.get(call_id)
        if waiting is not None:
            waiting.loop.call_soon_threadsafe(_settle, waiting.answer, verdict)

    def learn(self, rule: str) -> None:
        """Add a rule, from any thread. It may answer open questions."""
        self._rules.append(rule)
        for waiting in tuple(self._open.values()):
            if self._is_covered(waiting.question):
                waiting.loop.call_soon_threadsafe(_settle, waiting.answer, PermissionDecision(allowed=True))

    def _is_covered(self, question: PermissionRequest) -> bool:
        if not question.rules:
            return False
        exact, *wider = question.rules
        return any(means(rule, exact) or (wider and covers(rule, exact)) for rule in self._rules)


def _settle(answer: asyncio.Future[PermissionDecision], verdict: PermissionDecision) -> None:
    if not answer.done():
        answer.set_result(verdict)
