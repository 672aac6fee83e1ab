"""Positions of a prompt as the cache counts them when it looks back from a breakpoint for an earlier entry.

A run of consecutive tool calls is one position, and so is a run of their results; every other block is one of its own.
Source: Anthropic, prompt caching.
"""

from __future__ import annotations

from collections.abc import Iterable

LOOK_BACK = 20
"""How many positions a breakpoint looks back, including its own."""
_RUNS = ("tool_use", "tool_result")


def positions(kinds: Iterable[str]) -> list[int]:
    """Return the position of each block, from 0, given the types of all blocks in order."""
    numbers: list[int] = []
    before = ""
    for kind in kinds:
        numbers.append((numbers[-1] + (kind != before or kind not in _RUNS)) if numbers else 0)
        before = kind
    return numbers
