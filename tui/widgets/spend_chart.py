"""What all chats cost by day, as bars: what was paid, and what the cache saved."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.widgets import figures
from tui.widgets.cache_bar import shares

_PAID, _SAVED = ("▓", "$warning"), ("░", "$success")
_SIDES = 11 + 20
"""Cells for the date on the left and the figures on the right."""

Spent = tuple[str, float, float]
"""A day, what it cost and what the cache saved on it, in US dollars."""


def draw_days(days: Sequence[Spent], width: int) -> list[Content]:
    """A bar for each day; nothing where nothing was spent."""
    most = max((cost + max(0.0, saved) for _, cost, saved in days), default=0.0)
    if not most:
        return []
    room = max(4, width - _SIDES)
    head = Content.assemble(
        ("all chats by day", "bold"), "   ", _PAID, (" paid", "$dim"), "   ", _SAVED, (" saved by the cache", "$dim")
    )
    return [head, *(_row(day, most, room) for day in days)]


def _row(spent: Spent, most: float, room: int) -> Content:
    day, cost, saved = spent
    kept = max(0.0, saved)
    cells = max(1, round(room * (cost + kept) / most)) if cost + kept else 0
    paid, left = shares((cost, kept), cells)
    figures_ = f"{figures.money(cost):>8}  {figures.money(saved):>8}"
    return Content.assemble(
        (f"{day} ", "$dim"),
        (_PAID[0] * paid, _PAID[1]),
        (_SAVED[0] * left, _SAVED[1]),
        " " * (room - paid - left),
        figures_,
    )
