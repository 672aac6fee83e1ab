"""The presets of the configuration, one of which a new chat begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelHead

NONE = "-"


class PresetPicker(Modal[str | None]):
    """Gives the name of a preset, "-" for none, or None."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, presets: Mapping[str, str], current: str) -> None:
        """`presets` says of each what it sets."""
        super().__init__()
        self._presets = presets
        self._current = current or NONE

    def compose(self) -> ComposeResult:
        said = "as the configuration says" if self._presets else "none yet: write [presets.NAME] in config.toml"
        rows = {**self._presets, NONE: said}
        items = [Item(draw=_row(name, said), words=f"{name} {said}", key=name) for name, said in rows.items()]
        with Vertical(classes="panel"):
            yield PanelHead("A new chat with a preset", "type to filter")
            yield FilterList(items, at=self._current, empty=lambda typed: f'no preset with "{typed}"')
            yield Static("⏎ begin   esc close", classes="panel--foot")

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)


def _row(name: str, said: str) -> Callable[[int], Content]:
    def draw(width: int) -> Content:
        shown = "no preset" if name == NONE else safe(name, keep_newlines=False)
        text = " ".join(safe(said).split())
        room = max(1, width - 18)
        return Content.assemble(
            (f"{shown[:16]:<18}", "$foreground"), (text if len(text) <= room else text[: room - 1] + "…", "$dim")
        )

    return draw
