"""Run the tool calls of one answer concurrently, and give every call a result.

The API rejects a conversation in which a call has no result. A call that was stopped, that crashed, or whose arguments are
incomplete gets an error as its result.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Collection, Sequence

import msgspec
from msgspec.structs import replace

from tui.chat.tools import Toolbox, ToolEnded, ToolEvent, ToolStarted
from tui.chat.transcript import Block, Message, Text, ToolResult, ToolUse
from tui.inputs.bounded import decode_input

STOPPED = "Stopped by the user."
INTERRUPTED = "Interrupted: the program ended before this call had a result. It may have been carried out in part."
ANSWER_INTERRUPTED = "Not carried out: the answer was interrupted."
TRUNCATED = (
    "Not carried out: the answer reached its limit of output tokens inside this call. Call again with less text."
)
ENDED = "Stopped before it returned a result."
NO_TOOLS = "Not carried out: there are no tools in this conversation."
_USABLE_ID = re.compile(r"[a-zA-Z0-9_-]+")  # what the API accepts; other servers use other characters


class ToolCalls:
    """The calls of one answer. `clock` is monotonic, in seconds."""

    def __init__(self, answer: Message, toolbox: Toolbox | None, clock: Callable[[], float]) -> None:
        self._calls = answer.calls
        self._cut = truncated_call(answer)
        self._toolbox = toolbox
        self._clock = clock
        self._began: dict[str, float] = {}
        self._ended: dict[str, ToolResult] = {}
        self._held: list[ToolEvent] = []
        self._changed = asyncio.Event()
        self._is_left = False

    async def run(self) -> AsyncGenerator[ToolEvent, None]:
        """Run all calls and yield their events until each has a result. When the generator is closed early, running calls
        are cancelled without waiting for them.
        """
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._answer(call)) for call in self._calls]
        try:
            while self._held or len(self._ended) < len(self._calls):
                self._changed.clear()
                for event in self._take():
                    yield event
                if len(self._ended) < len(self._calls):
                    await self._changed.wait()
        finally:
            self._is_left = True
            for task in tasks:
                task.cancel()

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The results so far, in the order of the calls."""
        return tuple(self._ended[call.id] for call in self._calls if call.id in self._ended)

    def close(self, words: str) -> tuple[ToolEvent, ...]:
        """Give calls without a result an error with this text, and return the events that were not delivered yet."""
        for call in self._calls:
            if call.id in self._began:
                self._end(call, _error(call, words))
            else:
                self._ended.setdefault(call.id, _error(call, words))
        return self._take()

    async def _answer(self, call: ToolUse) -> None:
        self._began[call.id] = self._clock()
        self._emit(ToolStarted(call))
        self._end(call, await self._result(call))

    async def _result(self, call: ToolUse) -> ToolResult:
        if call is self._cut:
            return _error(call, TRUNCATED)
        if problem := _problem(call):
            return _error(call, problem)
        if self._toolbox is None:
            return _error(call, NO_TOOLS)
        try:
            return await self._toolbox.run(call, self._emit)
        except asyncio.CancelledError:
            if self._is_left:
                raise
            return _error(call, ENDED)
        except Exception as error:  # noqa: BLE001  (Claude reads about the crash; the turn and other calls go on)
            return _error(call, f"The tool crashed: {type(error).__name__}: {error}")

    def _end(self, call: ToolUse, result: ToolResult) -> None:
        if call.id in self._ended:
            return
        elapsed_s = result.elapsed_s or self._clock() - self._began[call.id]
        self._ended[call.id] = replace(result, tool_use_id=call.id, elapsed_s=elapsed_s)
        self._emit(ToolEnded(self._ended[call.id]))

    def _emit(self, event: ToolEvent) -> None:
        self._held.append(event)
        self._changed.set()

    def _take(self) -> tuple[ToolEvent, ...]:
        taken, self._held = tuple(self._held), []
        return taken


def truncated_call(answer: Message) -> ToolUse | None:
    """Return the call that the answer was truncated in, or None. Its arguments are incomplete."""
    last = answer.blocks[-1] if answer.blocks else None
    return last if answer.stop_reason == "max_tokens" and isinstance(last, ToolUse) else None


def with_unique_ids(answer: Message, earlier: Sequence[Message]) -> Message:
    """Return the answer with a unique, valid id for each call. Some servers repeat ids or omit them, which the API
    rejects.
    """
    if not answer.calls:
        return answer
    taken = {call.id for message in earlier for call in message.calls}
    blocks: list[Block] = []
    for block in answer.blocks:
        if isinstance(block, ToolUse):
            block = replace(block, id=_own_id(block.id, taken))
            taken.add(block.id)
        blocks.append(block)
    return replace(answer, blocks=tuple(blocks))


def _own_id(id: str, taken: Collection[str]) -> str:
    if _USABLE_ID.fullmatch(id) and id not in taken:
        return id
    stem = "_".join(_USABLE_ID.findall(id)) or "call"
    number = 1
    while (own := f"{stem}_{number}") in taken:
        number += 1
    return own


def _problem(call: ToolUse) -> str:
    """Return why the arguments cannot be decoded, or "" if they can."""
    try:
        decode_input(call.input, dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        return f"Not carried out: the arguments are not a complete JSON object: {error}."
    return ""


def _error(call: ToolUse, words: str) -> ToolResult:
    return ToolResult(tool_use_id=call.id, content=(Text(words),), is_error=True)
