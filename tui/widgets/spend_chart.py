"""A bar chart of the cost of all chats by day: what was paid, and what the cache saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content

from tui.render import figures
from tui.widgets.cache_bar import shares

_PAID, _SAVED = ("▓", "$warning"), ("░", "$success")
_SIDES = 11 + 20
"""Cells for the date on the left and the figures on the right."""


class SpentDay(NamedTuple):
    """The cost of a day, and what the cache saved, in US dollars."""

    day: str
    cost_usd: float
    saved_usd: float
    is_estimate: bool = False
    """True if an answer was interrupted, so that the cost is an estimate."""


def draw_days(days: Sequence[SpentDay], width: int) -> list[Content]:
    """Return a heading and a bar for each day; nothing if nothing was spent."""
    most = max((one.cost_usd + max(0.0, one.saved_usd) for one in days), default=0.0)
    if not most:
        return []
    room = max(4, width - _SIDES)
    head = Content.assemble(
        ("all chats by day", "bold"), "   ", _PAID, (" paid", "$dim"), "   ", _SAVED, (" saved by the cache", "$dim")
    )
    return [head, *(_row(day, most, room) for day in days)]


def _row(spent: SpentDay, most: float, room: int) -> Content:
    day, cost, saved, is_estimate = spent
    kept = max(0.0, saved)
    cells = max(1, round(room * (cost + kept) / most)) if cost + kept else 0
    paid, left = shares((cost, kept), cells)
    shown = figures.about(figures.money(cost)) if is_estimate else figures.money(cost)
    figures_ = f"{shown:>8}  {figures.money(saved):>8}"
    return Content.assemble(
        (f"{day} ", "$dim"),
        (_PAID[0] * paid, _PAID[1]),
        (_SAVED[0] * left, _SAVED[1]),
        " " * (room - paid - left),
        figures_,
    )
