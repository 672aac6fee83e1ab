"""The preset picker: starts a new chat from a preset of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead

NONE = "-"


class PresetPicker(Modal[str | None]):
    """Returns the name of a preset, "-" for no preset, or None if it was cancelled."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, presets: Mapping[str, str], current: str) -> None:
        """`presets` describes what each of them sets, by name."""
        super().__init__()
        self._presets = presets
        self._current = current or NONE

    def compose(self) -> ComposeResult:
        default = "the defaults of config.toml" if self._presets else "add [presets.NAME] to config.toml"
        rows = {**self._presets, NONE: default}
        items = [Item(draw=_row(name, text), words=f"{name} {text}", key=name) for name, text in rows.items()]
        with Vertical(classes="panel"):
            yield PanelHead("New chat from a preset", "type to filter")
            yield FilterList(items, at=self._current, empty=lambda typed: f'No preset matches "{typed}"')
            yield PanelFoot(("⏎", "start"), ("esc", "cancel"))

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)


def _row(name: str, description: str) -> Callable[[int], Content]:
    def draw(width: int) -> Content:
        shown = "no preset" if name == NONE else safe(name, keep_newlines=False)
        text = " ".join(safe(description).split())
        room = max(1, width - 18)
        return Content.assemble(
            (f"{shown[:16]:<18}", "$foreground"), (text if len(text) <= room else text[: room - 1] + "…", "$dim")
        )

    return draw
