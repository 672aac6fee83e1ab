"""Detect tool calls that make no progress: of tools that were not offered, or that fail repeatedly in the same way. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from tui.chat.transcript import Message, Text, ToolResult, ToolUse
from tui.inputs.limits import MIB, REPLY_BYTES

MAX_REPEATS = 3
"""How many such answers end the turn. Source: product.md, section 10."""

_Failed = tuple[str, str, str]
"""A failed call: tool name, arguments, and the text of its result."""


class ToolLoopGuard:
    """Watches the answers of one turn and decides when to end it."""

    def __init__(self) -> None:
        self._unoffered = 0
        """Consecutive answers that call only tools that were not offered."""
        self._failed: Counter[_Failed] = Counter()
        """How many answers each failed call was part of, since the last new call that succeeded."""
        self._succeeded: set[tuple[str, str]] = set()
        self._chars = 0

    def check(self, answer: Message, results: Message, offered: Collection[str]) -> str:
        """Return why the turn ends after the results of this answer's calls, or "" to continue. `offered` holds
        tool names.
        """
        self._chars += len(answer.text) + sum(len(call.input) for call in answer.calls)
        if self._chars > REPLY_BYTES:
            return f"The turn was stopped: its answers have more than {REPLY_BYTES // MIB} MB in total."
        pairs = _paired(answer, results)
        done = {(call.name, call.input) for call, result in pairs if not result.is_error}
        is_fine = bool(done) or any(call.name in offered for call in answer.calls)
        self._unoffered = 0 if is_fine else self._unoffered + 1
        if self._unoffered == MAX_REPEATS:
            what = "tools that were not offered" if offered else "tools although none were offered"
            return f"The turn was stopped: the server called {what} {MAX_REPEATS} times."
        if done - self._succeeded:
            self._failed.clear()
        self._succeeded |= done
        failed = {(call.name, call.input, _text(result)) for call, result in pairs if result.is_error}
        self._failed.update(failed)
        stuck = next((call for call in failed if self._failed[call] >= MAX_REPEATS), None)
        if stuck is None:
            return ""
        return f"The turn was stopped: the same call of {stuck[0] or 'a tool'} failed {MAX_REPEATS} times the same way."


def _paired(answer: Message, results: Message) -> list[tuple[ToolUse, ToolResult]]:
    by_id = {block.tool_use_id: block for block in results.blocks if isinstance(block, ToolResult)}
    return [(call, by_id[call.id]) for call in answer.calls if call.id in by_id]


def _text(result: ToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, Text))
