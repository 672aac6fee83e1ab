"""The command palette: every action by its label. Typing filters, Enter runs."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tui.actions import ACTIONS, ALWAYS, Action, Availability, key_name, keys_of
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead

_KEYS = (("⏎", "run"), ("esc", "close"))


def palette_row(action: Action, keys: tuple[str, ...], width: int, reason: str = "") -> Content:
    """Format one row: the label on the left, the slash command and the keys on the right.

    An action with a `reason` not to run now is dimmed, and the reason takes the place of command and keys.
    """
    ways = [*([f"/{action.slash}"] if action.slash else []), *map(key_name, keys)]
    right = reason or "  ".join(ways)
    room = max(1, width - cell_len(right) - 3)
    label = action.label if cell_len(action.label) <= room else set_cell_size(action.label, room - 1) + "…"
    return Content.assemble(
        (set_cell_size(label, room), "$dim" if reason else "$foreground"),
        (f"  {right} ", "$dim italic" if reason else "$dim"),
    )


class Palette(Modal[str]):
    """Returns the name of the chosen action, or "" if the palette was closed."""

    BINDINGS = [Binding("escape,ctrl+p", "dismiss('')", show=False)]

    def __init__(self, remapped: Mapping[str, tuple[str, ...]], availability: Availability = ALWAYS) -> None:
        """`remapped` holds the keys that the user chose in `[keys]`, by the name of the action."""
        super().__init__()
        self._remapped = remapped
        self._availability = availability

    def compose(self) -> ComposeResult:
        # Actions without a slash command move or edit in the prompt, which nobody does from here: they come last.
        actions = sorted(ACTIONS, key=lambda action: not action.slash)
        items = [self._item(action) for action in actions if action.name != "palette"]
        with Vertical(classes="panel"):
            yield PanelHead("Commands", "type to filter")
            yield FilterList(items, empty=lambda typed: f'No command matches "{typed}"')
            yield PanelFoot(*_KEYS)

    def on_mount(self) -> None:
        self.watch(self.query_one(FilterList), "chosen", self._show_keys, init=False)

    def _item(self, action: Action) -> Item:
        keys = keys_of(action, self._remapped)
        return Item(
            draw=lambda width: palette_row(action, keys, width, self._availability.disabled_reason(action.name)),
            words=f"{action.label} {action.group} /{action.slash} {action.keywords}",
            key=action.name,
            lead=action.slash,
        )

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        self.query_one(PanelHead).set_note(f"{event.typed}▏" if event.typed else "type to filter")
        self._show_keys()

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        if reason := self._availability.disabled_reason(event.key):
            self.query_one(PanelFoot).set_notice(Content.assemble(("Not available", "$warning"), f" · {reason}"))
        else:
            self.dismiss(event.key)

    def _show_keys(self) -> None:
        self.query_one(PanelFoot).set_hints(*_KEYS)
