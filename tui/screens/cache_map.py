"""The cache map: the last request as a bar, the turns of the chat as a chart, and the cost of each turn."""

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

from tui.chat.budget import Spent
from tui.chat.cache import CacheMap
from tui.chat.cache_state import CacheState
from tui.chat.exchange import Exchange
from tui.chat.forecast import Estimate
from tui.chat.ledger import Bill, Usage
from tui.chat.spending import Total, ledger_of
from tui.chat.transcript import Message, Transcript
from tui.errors import TuiError
from tui.render import figures
from tui.screens.modal import Modal
from tui.services.ports import Provider
from tui.widgets.bindings import closing
from tui.widgets.cache_bar import draw_map
from tui.widgets.chart import Chart
from tui.widgets.ledger_table import draw_ledger, draw_lifetime, savings
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.spend_chart import SpentDay, draw_days
from tui.widgets.turn_chart import draw_turns
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import DayUsage

_DAYS = 7
_LEAST_USD = 0.0005
"""A smaller difference is not shown."""


class CacheMapState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a chat when its cache map is opened."""

    exchange: Exchange
    transcript: Transcript
    discarded: tuple[Message, ...]
    warmth: CacheState
    coming: Estimate
    """The next request, with an empty prompt."""
    now: float
    days: Future[tuple[DayUsage, ...]] | None
    """The cost of all chats, by day; None where nothing is stored."""
    spent: Future[Spent] | None
    """The cost of this chat with all its branches."""


def warmth_line(state: CacheMapState, *, short: bool = False) -> Content:
    """Format until when the cache holds this chat; or, if it is cold, what the next request writes and costs."""
    warmth, coming = state.warmth, state.coming
    until = time.strftime("%H:%M:%S", time.localtime(warmth.until))
    if warmth.is_warm(state.now):
        span = "an hour" if warmth.lifetime == "1h" else "5 min"
        why = span if short else f"{span} from the start of the last request"
        return Content.assemble(("warm", "$success"), f" until {until} ", (f"({why})", "$dim"))
    written = coming.usage.cache_creation_input_tokens
    cost = f", about {figures.money(coming.bill.cost_usd)}" if coming.bill else ""
    since = f" since {until}" if warmth.tokens else ""
    next_ = f"next request writes {figures.tokens(written)} tokens{cost}" if written else f"too short to cache{cost}"
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

    def __init__(self, provider: Provider, state: CacheMapState) -> None:
        super().__init__()
        self._provider = provider
        self._cache_state = state
        self._ledger = ledger_of(state.transcript, state.discarded)
        self._map = CacheMap()
        self._beside_usd = 0.0
        """US dollars that the chat has cost beyond the turns that are shown; negative if it has cost less."""

    def compose(self) -> ComposeResult:
        answer = self._cache_state.exchange.answer
        name = self._provider.name_of(answer.model) if answer is not None else ""
        with Vertical(classes="panel -map"):
            yield PanelHead("Prompt cache, last request", name)
            with VerticalScroll(can_focus=False):
                yield Chart(self._draw_map)
                yield Chart(self._draw_outcome)
                yield Chart(self._draw_turns)
                yield Chart(self._draw_ledger)
                yield Chart(lambda width: []).add_class("-last")
            yield PanelFoot(("↑↓", "scroll"), ("esc", "close"))

    async def on_mount(self) -> None:
        # Decoding a long request takes a while, so it runs in a thread.
        self._map = await asyncio.to_thread(self._provider.cache_map, self._cache_state.exchange)
        figures_ = list(self.query(Chart))
        figures_[0].show(self._draw_map)
        if self._cache_state.days is not None:
            self.run_worker(later(self._show_days, figures_[-1], self._cache_state.days))
        if self._cache_state.spent is not None:
            self.run_worker(later(self._show_spent, figures_[-2], self._cache_state.spent))

    async def _show_spent(self, drawn: Chart, coming: Future[Spent]) -> None:
        try:
            spent = await asyncio.wrap_future(coming)
        except TuiError:  # as for the days
            return
        self._beside_usd = spent.chat_usd - self._ledger.total.bill.cost_usd
        drawn.show(self._draw_ledger)

    async def _show_days(self, drawn: Chart, coming: Future[tuple[DayUsage, ...]]) -> None:
        try:
            days = await asyncio.wrap_future(coming)
        except TuiError:  # the chat screen shows what is wrong with the disk
            return
        spent, life = _by_day(days), _life(days)
        since = days[0].day if days else ""
        drawn.show(lambda width: [*draw_days(spent, width), Content(""), *draw_lifetime(life, since, width)])

    def _draw_map(self, width: int) -> Sequence[Content]:
        return draw_map(self._map, width) if self._map.segments else [Content("")] * 7

    def _draw_outcome(self, width: int) -> Sequence[Content]:
        """Draw warm or cold on the left and the savings on the right, or below where there is no room."""
        right = savings(self._ledger.total)
        for left in (warmth_line(self._cache_state), warmth_line(self._cache_state, short=True)):
            gap = width - left.cell_length - right.cell_length
            if gap >= 2:
                return [Content.assemble(left, " " * gap, right)]
        return [left, right]

    def _draw_ledger(self, width: int) -> Sequence[Content]:
        """Draw the turns of this branch, with a note on what other branches, or the chat before the fork, cost."""
        beside = figures.money(abs(self._beside_usd))
        notes = []
        if self._beside_usd >= _LEAST_USD:
            notes = [f"plus {beside} in other branches"]
        elif self._beside_usd <= -_LEAST_USD:
            notes = [f"of which {beside} before the fork"]
        return [
            *draw_ledger(self._ledger, self._provider.name_of, width),
            *(Content.styled(one, "$dim") for one in notes),
        ]

    def _draw_turns(self, width: int) -> Sequence[Content]:
        turns = [(number, total.usage) for number, total in self._ledger.by_turn()]
        return draw_turns(turns, width, 8 if self.app.size.height >= 34 else 4)

    def action_scroll(self, way: str) -> None:
        getattr(self.query_one(VerticalScroll), f"scroll_{way}")(animate=False)


def _life(days: Sequence[DayUsage]) -> Total:
    """Sum up the usage and the cost of all days."""
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


def _by_day(days: Sequence[DayUsage]) -> list[SpentDay]:
    """Return cost and savings of the last `_DAYS` days with all models together, the oldest first."""
    sums: dict[str, SpentDay] = {}
    for one in days:
        _, cost, saved, is_estimate = sums.get(one.day, SpentDay(one.day, 0.0, 0.0))
        sums[one.day] = SpentDay(one.day, cost + one.cost_usd, saved + one.saved_usd, is_estimate or one.is_estimate)
    return [sums[day] for day in sorted(sums)][-_DAYS:]
