"""The palette: every action by what it does. Typing filters, Enter does it."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.actions import ACTIONS, Action, key_name, keys_of
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelHead


def line_of(action: Action, keys: tuple[str, ...], width: int) -> Content:
    """What it does on the left; its slash command and its keys on the right."""
    shown = "  ".join([*([f"/{action.slash}"] if action.slash else []), *(key_name(key) for key in keys)])
    room = max(1, width - len(shown) - 3)
    said = action.line if len(action.line) <= room else action.line[: room - 1] + "…"
    return Content.assemble((f"{said:<{room}}", "$foreground"), (f"  {shown} ", "$dim"))


class Palette(Modal[str]):
    """Gives the name of the action, or ""."""

    BINDINGS = [Binding("escape,ctrl+p", "dismiss('')", show=False)]

    def __init__(self, remapped: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._remapped = remapped

    def compose(self) -> ComposeResult:
        # Those without a command move or edit in the prompt, which nobody does from here: they are shown for their keys.
        actions = sorted(ACTIONS, key=lambda action: not action.slash)
        items = [self._item(action) for action in actions if action.name != "palette"]
        with Vertical(classes="panel"):
            yield PanelHead("Actions", "type to filter")
            yield FilterList(items, empty=lambda typed: f'no action with "{typed}"')
            yield Static("⏎ do it   esc close", classes="panel--foot")

    def _item(self, action: Action) -> Item:
        keys = keys_of(action, self._remapped)
        return Item(
            draw=lambda width: line_of(action, keys, width),
            words=f"{action.line} {action.group} /{action.slash}",
            key=action.name,
            lead=action.slash,
        )

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        self.query_one(PanelHead).say(f"{event.typed}▏" if event.typed else "type to filter")

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)
