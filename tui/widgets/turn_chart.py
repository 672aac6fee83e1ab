"""A stacked chart of the turns of a chat: tokens read, written, uncached and output."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.chat.ledger import Usage
from tui.render import figures
from tui.widgets.cache_bar import OUTPUT, READ, UNCACHED, WRITTEN, shares

_AXIS = 7
"""The width of the scale on the left, in cells."""
_WIDEST, _GAP = 6, 1
_KINDS = (READ, WRITTEN, UNCACHED, OUTPUT)

Turn = tuple[int, Usage]


def draw_turns(turns: Sequence[Turn], width: int, height: int) -> list[Content]:
    """Return the lines of the chart, `height` of them for the stacks. The latest turns, if not all fit."""
    room = max(1, width - _AXIS)
    shown = turns[-(room // (1 + _GAP)) :]
    most = max((_size(usage) for _, usage in shown), default=0)
    if not most:
        return []
    wide = max(1, min(_WIDEST, room // len(shown) - _GAP))
    stacks = [_stack(usage, most, height) for _, usage in shown]
    lines = [_legend(shown, len(turns))]
    for row in range(height - 1, -1, -1):
        scale = figures.tokens(most) if row == height - 1 else ""
        parts: list[tuple[str, str]] = [(f"{scale:>{_AXIS - 2}} ", "$dim"), ("│", "$faint")]
        for stack in stacks:
            sign, colour = stack[row] if row < len(stack) else (" ", "")
            parts += [(sign * wide, colour), (" " * _GAP, "")]
        lines.append(Content.assemble(*parts))
    return [*lines, _numbers([number for number, _ in shown], wide)]


def _size(usage: Usage) -> int:
    return usage.total_input + usage.output_tokens


def _stack(usage: Usage, most: int, height: int) -> list[tuple[str, str]]:
    """Return the cells of a stack, from the bottom up."""
    amounts = (
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.input_tokens,
        usage.output_tokens,
    )
    cells = max(1, round(height * _size(usage) / most)) if _size(usage) else 0
    counts = shares(amounts, cells)
    return [kind for kind, count in zip(_KINDS, counts, strict=True) for _ in range(count)]


def _legend(shown: Sequence[Turn], count: int) -> Content:
    is_all = len(shown) == count
    title = figures.plural(count, "turn") if is_all else f"turns {shown[0][0]}–{shown[-1][0]}"
    names = ("read", "written", "uncached", "output")
    parts: list[tuple[str, str]] = [(title, "bold")]
    for (sign, colour), name in zip(_KINDS, names, strict=True):
        parts += [("   ", ""), (sign, colour), (f" {name}", "$dim")]
    return Content.assemble(*parts)


def _numbers(numbers: Sequence[int], wide: int) -> Content:
    """Return the line of turn numbers, each below its stack; not all of them if stacks are narrow."""
    step = wide + _GAP
    every = max(1, -(-(len(str(numbers[-1])) + 1) // step))
    cells = [" "] * (step * len(numbers) + 4)
    for at, number in enumerate(numbers):
        if at % every == 0:
            name = str(number).center(wide) if len(str(number)) <= wide else str(number)
            cells[at * step : at * step + len(name)] = name
    return Content.assemble((f"{'0':>{_AXIS - 2}} ", "$dim"), ("╰", "$faint"), ("".join(cells).rstrip(), "$dim"))
