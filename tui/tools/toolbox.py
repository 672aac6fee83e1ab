"""Run calls: find the tool, plan the call, ask for permission, carry it out, and limit the size of the result.

Every error is a result as well, because each call must be answered before the conversation can continue. Only a
cancellation is passed on; the session answers the calls that it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from tui.chat.tools import REFUSED, ToolEvent, ToolOutput
from tui.chat.transcript import Document, Image, Text, Tool, ToolResult, ToolUse
from tui.errors import TuiError
from tui.tools.permission import PermissionGate
from tui.tools.tool import Content, Failed, Plan, ToolKind

MAX_CHARS = 100_000
"""Characters of text in one result, about 30,000 tokens. A tool's own limit is lower."""


class Toolbox:
    """The tools of one chat."""

    def __init__(
        self, kinds: Sequence[ToolKind], gate: PermissionGate, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Of two tools with the same name the first is used. `clock` is monotonic, in seconds."""
        self._own: dict[str, ToolKind] = {}
        for kind in kinds:
            self._own.setdefault(kind.definition.name, kind)
        self._kinds = self._own
        self._clock = clock
        self.gate = gate

    def extend(self, kinds: Sequence[ToolKind]) -> None:
        """Add tools behind the built-in ones, replacing those that were added before."""
        self._kinds = {**self._own, **{kind.definition.name: kind for kind in kinds}, **self._own}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools to offer to Claude, with the gate's current access."""
        return tuple(kind.definition for kind in self._kinds.values() if self._is_offered(kind))

    async def run(self, call: ToolUse, tell: Callable[[ToolEvent], None]) -> ToolResult:
        """Return the result of a call, whatever happens. Raises only CancelledError."""
        timer = _Timer(self._clock)
        is_error = True
        try:
            content = await self._answer(call, tell, timer)
            is_error = False
        except Failed as failed:
            content = failed.text
        except TuiError as error:
            content = error.sentences
        except Exception as error:  # noqa: BLE001 - a call without an answer would end the conversation
            content = (
                f"The tool failed ({type(error).__name__}: {error}). This is a bug in prx, not a mistake in the call."
            )
        blocks = (Text(content),) if isinstance(content, str) else content
        return ToolResult(call.id, _limited(blocks), is_error, timer.elapsed_s)

    async def _answer(self, call: ToolUse, tell: Callable[[ToolEvent], None], timer: _Timer) -> Content:
        plan = await self._kind(call.name).plan(call)
        if plan.question is not None:
            await self._ask(plan, tell, timer)
        return await plan.act(lambda text: tell(ToolOutput(call.id, text)))

    async def _ask(self, plan: Plan, tell: Callable[[ToolEvent], None], timer: _Timer) -> None:
        """Ask the user. Raises Failed if the answer is no."""
        assert plan.question is not None
        with timer.stopped():
            verdict = await self.gate.allows(plan.question, tell)
        if not verdict.allowed:
            reason = verdict.reason.strip().rstrip(".")
            raise Failed(f"{REFUSED}{': ' if reason else ''}{reason}. Nothing was done.")

    def _kind(self, name: str) -> ToolKind:
        kind = self._kinds.get(name)
        if kind is None:
            raise Failed(f"There is no tool {name}. The tools are: {', '.join(self._kinds)}.")
        if not self._is_offered(kind):
            raise Failed(
                f"The user has switched {'tools' if self.gate.access == 'none' else name} off. Continue without it."
            )
        return kind

    def _is_offered(self, kind: ToolKind) -> bool:
        return self.gate.access == "ask" or (self.gate.access == "read" and kind.is_reading)


class _Timer:
    """Measures how long a call ran, without the time that it waited for the user."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self._began

    @contextmanager
    def stopped(self) -> Iterator[None]:
        at = self._clock()
        try:
            yield
        finally:
            self._began += self._clock() - at


def _limited(blocks: tuple[Text | Image | Document, ...]) -> tuple[Text | Image | Document, ...]:
    """Return the blocks without empty texts, which the API rejects, and with long texts shortened."""
    room = MAX_CHARS
    kept: list[Text | Image | Document] = []
    for block in blocks:
        if isinstance(block, Text):
            if not block.text or room <= 0:
                continue
            block, room = replace(block, text=shortened(block.text, room)), room - len(block.text)
        kept.append(block)
    return tuple(kept) or (Text("(nothing)"),)


def shortened(text: str, limit: int) -> str:
    """Return the text; of a longer one the beginning and the end, with a note about what is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    rest = len(text) - 2 * half
    return f"{text[:half]}\n\n[… {rest:,} {'character' if rest == 1 else 'characters'} left out …]\n\n{text[-half:]}"
