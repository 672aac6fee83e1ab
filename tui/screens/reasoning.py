"""The picker for thinking and effort: the options of the current model, and why some are not available."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.chat.reasoning import Kind, Option
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead

Meaning = Callable[[Option], tuple[str, str]]
"""Describes an option in two lines."""


class ReasoningPicker(Modal[Option | None]):
    """Returns the option that was picked, or None."""

    BINDINGS = [Binding("escape,f8,alt+t", "dismiss(None)", show=False)]

    def __init__(self, model_name: str, options: Sequence[Option], meaning: Meaning, *, at: Kind) -> None:
        """The cursor starts on the option of the kind `at` that is in use."""
        super().__init__()
        self._model_name = model_name
        self._options = {f"{option.kind} {option.value}": option for option in options}
        self._meaning = meaning
        self._at = at

    def compose(self) -> ComposeResult:
        items: list[Item] = []
        for kind in ("thinking", "effort"):
            items.append(_heading(kind))
            items += [self._item(key, one) for key, one in self._options.items() if one.kind == kind]
        at = next((key for key, one in self._options.items() if one.kind == self._at and one.is_used), "")
        with Vertical(classes="panel"):
            yield PanelHead("Thinking and effort", self._model_name)
            yield FilterList(items, at=at, empty=lambda typed: f'No option matches "{typed}"')
            yield Static(id="meaning", classes="panel--note")
            yield PanelFoot(("⏎", "set"), ("esc", "cancel"))

    def on_mount(self) -> None:
        self.watch(self.query_one(FilterList), "chosen", self._explain)

    def _item(self, key: str, option: Option) -> Item:
        return Item(
            draw=lambda width: row(option, width),
            words=f"{option.kind} {option.value} {option.value}",
            key="" if option.refused else key,
        )

    def _explain(self) -> None:
        option = self._options.get(self.query_one(FilterList).picked)
        self.query_one("#meaning", Static).update(Content("\n".join(self._meaning(option)) if option else ""))

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        self.query_one(PanelHead).set_note(f"{event.typed}▏" if event.typed else self._model_name)
        self._explain()

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(self._options[event.key])


def _heading(text: str) -> Item:
    return Item(draw=lambda width: Content.styled(text.capitalize(), "bold"))


def row(option: Option, width: int) -> Content:
    """Format one option: a mark if it is in use, its name, and "default" or why it is not available."""
    mark = ("● ", "$accent") if option.is_used else ("  ", "")
    name = (f"{option.value:<16}", "$dim" if option.refused else "$foreground")
    note = option.refused or ("default" if option.is_default else "")
    room = max(1, width - 18)
    return Content.assemble(mark, name, (note if len(note) <= room else note[: room - 1] + "…", "$dim"))
