"""Search the prompts of all chats: typing finds those that hold all words, Enter inserts one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tui.errors import TuiError
from tui.render import figures
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Store


class PromptPicker(Modal[str]):
    """Returns the prompt that was picked, or "" if it was cancelled."""

    BINDINGS = [Binding("escape", "dismiss('')", show=False), Binding("ctrl+r", "older", show=False)]

    def __init__(self, store: Store, typed: str = "") -> None:
        super().__init__()
        self._store = store
        self._typed = typed

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("Earlier prompts", "type to search")
            yield FilterList((), empty=self._nothing, searches=True)
            yield PanelFoot(("⏎", "insert"), ("esc", "cancel"))

    async def on_mount(self) -> None:
        rows = self.query_one(FilterList)
        rows.typed = rows.typed or self._typed  # maybe somebody typed faster
        await self._show(rows.typed)

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        self.run_worker(later(self._show, event.typed), group="search", exclusive=True)

    async def _show(self, typed: str) -> None:
        try:
            prompts = await asyncio.wrap_future(self._store.prompts(typed))
        except TuiError:
            prompts = ()
        items = [Item(draw=_drawn(prompt), key=prompt) for prompt in prompts]
        self.query_one(FilterList).replace(items, typed=typed)
        count = figures.plural(len(items), "prompt")
        self.query_one(PanelHead).set_note(f"{typed}▏ {count}" if typed else f"type to search · {count}")

    def _nothing(self, typed: str) -> str:
        return f'No prompt matches "{typed}"' if typed else "No prompts yet"

    def action_older(self) -> None:
        """Move to the next older prompt, as Ctrl+R does in a shell."""
        self.query_one(FilterList).action_move(1)

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)


def _drawn(prompt: str) -> Callable[[int], Content]:
    text = " ".join(safe(prompt[:500]).split())

    def draw(width: int) -> Content:
        shown = text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
        return Content.styled(shown, "$foreground")

    return draw
