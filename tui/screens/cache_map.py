"""The cache map: the last request as a bar, the chat's turns as a chart, and what each of them cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.chat.budget import Spent
from tui.chat.cache import CacheMap
from tui.chat.exchange import Exchange
from tui.chat.forecast import Estimate
from tui.chat.ledger import Bill, Usage
from tui.chat.spending import Total, ledger_of
from tui.chat.transcript import Message, Transcript
from tui.chat.warmth import Warmth
from tui.errors import TuiError
from tui.render import figures
from tui.screens.modal import Modal
from tui.services.ports import Provider
from tui.widgets.bindings import closing
from tui.widgets.cache_bar import draw_map
from tui.widgets.drawn import Drawn
from tui.widgets.ledger_table import draw_ledger, draw_life, savings
from tui.widgets.panel import PanelHead
from tui.widgets.spend_chart import SpentDay, draw_days
from tui.widgets.turn_chart import draw_turns
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Day

_DAYS = 7
_LEAST_USD = 0.0005
"""Less does not show in a sum."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a chat stands when its map is opened."""

    exchange: Exchange
    transcript: Transcript
    written_off: tuple[Message, ...]
    warmth: Warmth
    coming: Estimate
    """The next request, with nothing written yet."""
    now: float
    days: Future[tuple[Day, ...]] | None
    """What all chats cost, by day; None where nothing is stored."""
    spent: Future[Spent] | None
    """What this chat has cost with all its branches."""


def warmth_line(standing: Standing, *, short: bool = False) -> Content:
    """Until when the cache keeps this chat, or what sending costs now that it does not."""
    warmth, coming = standing.warmth, standing.coming
    until = time.strftime("%H:%M:%S", time.localtime(warmth.until))
    if warmth.is_warm(standing.now):
        span = "an hour" if warmth.lifetime == "1h" else "5 min"
        why = span if short else f"{span} from the start of the last request"
        return Content.assemble(("warm", "$success"), f" until {until} ", (f"({why})", "$dim"))
    written = coming.usage.cache_creation_input_tokens
    cost = f", about {figures.money(coming.bill.cost_usd)}" if coming.bill else ""
    since = f" since {until}" if warmth.tokens else ""
    next_ = f"next send writes {figures.tokens(written)} tokens{cost}" if written else f"too short to be kept{cost}"
    return Content.assemble((f"cold{since}", "$warning"), f" · {next_}")


class CacheScreen(Modal[None]):
    BINDINGS = [
        Binding("escape,q", "dismiss(None)", show=False),
        closing("cache_map"),
        *(Binding(key, f"scroll('{way}')", show=False) for key, way in (("up", "up"), ("down", "down"))),
        *(
            Binding(key, f"scroll('{way}')", show=False)
            for key, way in (("pageup", "page_up"), ("pagedown", "page_down"))
        ),
        *(Binding(key, f"scroll('{way}')", show=False) for key, way in (("home", "home"), ("end", "end"))),
    ]

    def __init__(self, provider: Provider, standing: Standing) -> None:
        super().__init__()
        self._provider = provider
        self._standing = standing
        self._ledger = ledger_of(standing.transcript, standing.written_off)
        self._map = CacheMap()
        self._beside_usd = 0.0
        """What the chat has cost more than the turns that are shown, or less."""

    def compose(self) -> ComposeResult:
        answer = self._standing.exchange.answer
        name = self._provider.name_of(answer.model) if answer is not None else ""
        with Vertical(classes="panel -map"):
            yield PanelHead("The prompt cache, last request", name)
            with VerticalScroll(can_focus=False):
                yield Drawn(self._draw_map)
                yield Drawn(self._draw_outcome)
                yield Drawn(self._draw_turns)
                yield Drawn(self._draw_ledger)
                yield Drawn(lambda width: []).add_class("-last")
            yield Static("↑↓ scroll   esc close", classes="panel--foot")

    async def on_mount(self) -> None:
        # A long request takes a while to be read: not on the screen's own thread.
        self._map = await asyncio.to_thread(self._provider.cache_map, self._standing.exchange)
        figures_ = list(self.query(Drawn))
        figures_[0].show(self._draw_map)
        if self._standing.days is not None:
            self.run_worker(later(self._show_days, figures_[-1], self._standing.days))
        if self._standing.spent is not None:
            self.run_worker(later(self._show_spent, figures_[-2], self._standing.spent))

    async def _show_spent(self, drawn: Drawn, coming: Future[Spent]) -> None:
        try:
            spent = await asyncio.wrap_future(coming)
        except TuiError:  # as with the days
            return
        self._beside_usd = spent.chat_usd - self._ledger.total.bill.cost_usd
        drawn.show(self._draw_ledger)

    async def _show_days(self, drawn: Drawn, coming: Future[tuple[Day, ...]]) -> None:
        try:
            days = await asyncio.wrap_future(coming)
        except TuiError:  # what is wrong with the disk is said above the prompt
            return
        spent, life = _by_day(days), _life(days)
        since = days[0].day if days else ""
        drawn.show(lambda width: [*draw_days(spent, width), Content(""), *draw_life(life, since, width)])

    def _draw_map(self, width: int) -> Sequence[Content]:
        return draw_map(self._map, width) if self._map.segments else [Content("")] * 7

    def _draw_outcome(self, width: int) -> Sequence[Content]:
        """Warm or cold on the left, the savings on the right where there is room."""
        right = savings(self._ledger.total)
        for left in (warmth_line(self._standing), warmth_line(self._standing, short=True)):
            gap = width - left.cell_length - right.cell_length
            if gap >= 2:
                return [Content.assemble(left, " " * gap, right)]
        return [left, right]

    def _draw_ledger(self, width: int) -> Sequence[Content]:
        """The turns of this branch, and what the chat has cost beside it, or another one before it."""
        beside = figures.money(abs(self._beside_usd))
        notes = []
        if self._beside_usd >= _LEAST_USD:
            notes = [f"its other branches have cost {beside} more"]
        elif self._beside_usd <= -_LEAST_USD:
            notes = [f"{beside} of it was spent before the fork"]
        return [
            *draw_ledger(self._ledger, self._provider.name_of, width),
            *(Content.styled(one, "$dim") for one in notes),
        ]

    def _draw_turns(self, width: int) -> Sequence[Content]:
        turns = [(number, total.usage) for number, total in self._ledger.by_turn()]
        return draw_turns(turns, width, 8 if self.app.size.height >= 34 else 4)

    def action_scroll(self, way: str) -> None:
        getattr(self.query_one(VerticalScroll), f"scroll_{way}")(animate=False)


def _life(days: Sequence[Day]) -> Total:
    """All that was ever used."""
    usage, bill = Usage(), Bill()
    for day in days:
        bill += Bill(cost_usd=day.cost_usd, saved_usd=day.saved_usd)
        usage += Usage(
            input_tokens=day.input_tokens - day.cache_read_tokens - day.cache_write_tokens,
            cache_read_input_tokens=day.cache_read_tokens,
            cache_creation_input_tokens=day.cache_write_tokens,
            write_1h=day.cache_write_1h_tokens,
            output_tokens=day.output_tokens,
            thinking_tokens=day.thinking_tokens,
            searches=day.searches,
        )
    return Total(
        answers=sum(day.requests for day in days),
        usage=usage,
        bill=bill,
        unpriced=sum(day.unpriced for day in days),
        estimated=sum(day.is_estimate for day in days),
    )


def _by_day(days: Sequence[Day]) -> list[SpentDay]:
    """Cost and saving of the latest days, of all models together."""
    sums: dict[str, SpentDay] = {}
    for one in days:
        _, cost, saved, is_estimate = sums.get(one.day, SpentDay(one.day, 0.0, 0.0))
        sums[one.day] = SpentDay(one.day, cost + one.cost_usd, saved + one.saved_usd, is_estimate or one.is_estimate)
    return [sums[day] for day in sorted(sums)][-_DAYS:]
