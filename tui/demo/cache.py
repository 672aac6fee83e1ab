"""The prompt cache as documented by Anthropic: prefixes are stored at breakpoints and found by looking back, for a
limited time.

A request's plan contains what it reads, and what it writes once its answer begins. Nothing here reads a clock: the time
is an argument of every call, in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.chat.model import Model
from tui.demo.breakpoints import Breakpoint
from tui.demo.prompt import Item, Level, digest
from tui.demo.rules import effort, thinking_type

LOOK_BACK = 20
"""How many positions a breakpoint looks back for an earlier entry, including its own. A run of tool calls is one position,
and so is a run of their results.
"""
TTL_S = {"5m": 300.0, "1h": 3600.0}


@dataclass
class _Entry:
    ttl: str
    expires_at: float


@dataclass(frozen=True)
class Plan:
    """What a request reads from the cache and writes to it."""

    input_tokens: int
    read_tokens: int
    write_5m_tokens: int
    write_1h_tokens: int
    renewed: tuple[bytes, ...]
    written: tuple[tuple[bytes, str], ...]

    def usage(self) -> dict[str, Any]:
        """Return the counts under the API's names."""
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.write_5m_tokens + self.write_1h_tokens,
            "cache_read_input_tokens": self.read_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.write_5m_tokens,
                "ephemeral_1h_input_tokens": self.write_1h_tokens,
            },
        }


class PromptCache:
    """The cache entries of one organization."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}

    def plan(self, prefixes: Prefixes, breakpoints: Sequence[Breakpoint], min_tokens: int, now: float) -> Plan:
        """Return what a request reads, and what `commit` will write for it."""
        read = max((self._found(prefixes, breakpoint, now) for breakpoint in breakpoints), default=-1)
        written = [
            breakpoint
            for breakpoint in breakpoints
            if breakpoint.position > read and prefixes.tokens_up_to(breakpoint.position) >= min_tokens
        ]
        last = max([read, *(breakpoint.position for breakpoint in written)])
        last_hour = max([read, *(breakpoint.position for breakpoint in written if breakpoint.ttl == "1h")])
        kept = [breakpoint.position for breakpoint in breakpoints if breakpoint.position <= read]
        return Plan(
            input_tokens=prefixes.tokens - prefixes.tokens_up_to(last),
            read_tokens=prefixes.tokens_up_to(read),
            write_1h_tokens=prefixes.tokens_up_to(last_hour) - prefixes.tokens_up_to(read),
            write_5m_tokens=prefixes.tokens_up_to(last) - prefixes.tokens_up_to(last_hour),
            renewed=tuple(prefixes.key(position) for position in {read, *kept} if position >= 0),
            written=tuple((prefixes.key(breakpoint.position), breakpoint.ttl) for breakpoint in written),
        )

    def commit(self, plan: Plan, now: float) -> None:
        """Store what the plan writes, and renew what it read. Called when the answer begins."""
        for key in plan.renewed:
            entry = self._entries.get(key)
            if entry is not None:
                entry.expires_at = now + TTL_S[entry.ttl]
        for key, ttl in plan.written:
            self._entries[key] = _Entry(ttl, now + TTL_S[ttl])

    def _found(self, prefixes: Prefixes, breakpoint: Breakpoint, now: float) -> int:
        """Return the position of the longest entry that this breakpoint finds, or -1."""
        for position in range(breakpoint.position, -1, -1):
            if prefixes.distance(position, breakpoint.position) >= LOOK_BACK:
                break
            entry = self._entries.get(prefixes.key(position))
            if entry is not None and entry.expires_at > now:
                return position
        return -1


class Prefixes:
    """All prefixes of a request, with their cache keys and tokens.

    A key also contains the settings whose change invalidates the cache of its level: the model for everything, speed and
    citations from the system prompt on, tool choice, images, thinking and effort from the messages on.
    """

    def __init__(self, body: dict[str, Any], items: Sequence[Item], model: Model) -> None:
        settings = _settings(body, items, model)
        self._keys: list[bytes] = []
        self._sums = [0]
        self._places: list[int] = []
        prefix_digest = b""
        for before, item in zip((None, *items), items, strict=False):
            continues = before is not None and before.kind == item.kind and item.kind in ("tool_use", "tool_result")
            self._places.append(self._places[-1] + (not continues) if self._places else 0)
            prefix_digest = digest((prefix_digest, item.data))
            self._keys.append(digest((prefix_digest, settings[item.level])))
            self._sums.append(self._sums[-1] + item.tokens)

    @property
    def tokens(self) -> int:
        """Tokens of the whole prompt."""
        return self._sums[-1]

    def tokens_up_to(self, position: int) -> int:
        """Return the tokens of the prefix that ends with this position; 0 for -1."""
        return self._sums[position + 1]

    def distance(self, earlier: int, later: int) -> int:
        """Return how far one item is behind another, in positions of the look-back."""
        return self._places[later] - self._places[earlier]

    def key(self, position: int) -> bytes:
        """Return the cache key of the prefix that ends with this position."""
        return self._keys[position]


def _settings(body: dict[str, Any], items: Sequence[Item], model: Model) -> dict[Level, bytes]:
    has_images = any(item.kind == "image" or b'"type":"image"' in item.data for item in items)
    has_citations = any(item.kind == "document" and b'"citations":{"enabled":true}' in item.data for item in items)
    thinking = (thinking_type(body, model), (body.get("thinking") or {}).get("budget_tokens"))
    tools = (model.id,)
    system = (*tools, body.get("speed") or "standard", has_citations)
    messages = (*system, body.get("tool_choice"), has_images, thinking, effort(body, model))
    return {"tools": repr(tools).encode(), "system": repr(system).encode(), "messages": repr(messages).encode()}
