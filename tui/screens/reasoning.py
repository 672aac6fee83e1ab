"""The picker of thinking and effort: what the next turn's model takes, its default, and what it refuses and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.chat.reasoning import WORDS, Kind, Option
from tui.screens.modal import Modal
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelHead

Meaning = Callable[[Option], tuple[str, str]]
"""What taking an option means, in two lines."""


class ReasoningPicker(Modal[Option | None]):
    """Gives the option that was picked, or None."""

    BINDINGS = [Binding("escape,f8,alt+t", "dismiss(None)", show=False)]

    def __init__(self, model_name: str, options: Sequence[Option], meaning: Meaning, *, at: Kind) -> None:
        """`at`: of which kind the cursor begins on the one in use."""
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
            yield FilterList(items, at=at, empty=lambda typed: f'nothing with "{typed}" to choose')
            yield Static(id="meaning", classes="panel--foot")
            yield Static("⏎ use it from the next turn on   esc keep", classes="panel--foot")

    def on_mount(self) -> None:
        self.watch(self.query_one(FilterList), "chosen", self._explain)

    def _item(self, key: str, option: Option) -> Item:
        return Item(
            draw=lambda width: row(option, width),
            words=f"{option.kind} {option.value} {shown(option)}",
            key="" if option.refused else key,
        )

    def _explain(self) -> None:
        option = self._options.get(self.query_one(FilterList).picked)
        self.query_one("#meaning", Static).update(Content("\n".join(self._meaning(option)) if option else ""))

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        self.query_one(PanelHead).say(f"{event.typed}▏" if event.typed else self._model_name)
        self._explain()

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(self._options[event.key])


def _heading(text: str) -> Item:
    return Item(draw=lambda width: Content.styled(text, "$faint"))


def shown(option: Option) -> str:
    return WORDS.get(option.value, option.value)


def row(option: Option, width: int) -> Content:
    """One option: whether it is in use, its name, and whether it is the default or why it is refused."""
    mark = ("● ", "$accent") if option.is_used else ("  ", "")
    name = (f"{shown(option):<16}", "$dim" if option.refused else "$foreground")
    said = option.refused or ("default" if option.is_default else "")
    room = max(1, width - 18)
    return Content.assemble(mark, name, (said if len(said) <= room else said[: room - 1] + "…", "$dim"))
