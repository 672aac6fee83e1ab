"""The cache breakpoints of a request, explicit and automatic, and the rules for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.demo.checks import refuse
from tui.demo.errors import Refused
from tui.demo.prompt import Item

MAX_BREAKPOINTS = 4


@dataclass(frozen=True)
class Breakpoint:
    """Requests that the prefix up to and including this position is cached."""

    position: int
    ttl: str


def breakpoints_of(body: dict[str, Any], items: Sequence[Item]) -> tuple[Breakpoint, ...]:
    """Return the breakpoints in the order of the prefix. Raises Refused if they break a rule."""
    _check_nested(body)
    marked = [Breakpoint(position, item.marker) for position, item in enumerate(items) if item.marker]
    automatic = _automatic(body, items, len(marked))
    if automatic is not None and automatic not in marked:
        marked.append(automatic)
    if len(marked) > MAX_BREAKPOINTS:
        raise Refused(f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(marked)}.")
    short_lived = False
    for breakpoint in marked:
        if breakpoint.ttl == "1h" and short_lived:
            raise refuse(
                f"{items[breakpoint.position].path}.cache_control.ttl",
                "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are"
                " processed in the following order: `tools`, `system`, `messages`.",
            )
        short_lived = short_lived or breakpoint.ttl == "5m"
    return tuple(marked)


def _automatic(body: dict[str, Any], items: Sequence[Item], explicit_count: int) -> Breakpoint | None:
    control = body.get("cache_control")
    if not control:
        return None
    ttl = control.get("ttl", "5m")
    position = next((at for at in reversed(range(len(items))) if items[at].can_be_marked), None)
    if position is None:
        return None
    if items[position].marker not in ("", ttl):
        raise refuse("cache_control", "the last block has a cache_control with another ttl")
    if explicit_count >= MAX_BREAKPOINTS and not items[position].marker:
        raise Refused(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {explicit_count + 1}."
        )
    return Breakpoint(position, ttl)


def _check_nested(body: dict[str, Any]) -> None:
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(message["content"] if isinstance(message["content"], list) else ()):
            inner = block.get("content") if block["type"] == "tool_result" else None
            for at, nested in enumerate(inner if isinstance(inner, list) else ()):
                if nested.get("cache_control"):
                    path = f"messages.{number}.content.{index}.content.{at}.cache_control"
                    raise refuse(path, "cache_control is only allowed on the block that holds this one")
