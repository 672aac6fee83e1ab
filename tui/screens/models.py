"""The model picker: the newest of each family first, then every other model that is known. Typing filters, Enter picks."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.chat.model import Model
from tui.widgets import figures
from tui.widgets.filter_list import FilterList, Item

_NARROW = 66
_MARKS = (("vision", "vis"), ("tools", "tool"), ("thinking", "think"))


def in_order(models: Sequence[Model]) -> tuple[tuple[Model, ...], tuple[Model, ...]]:
    """The newest living Opus, Sonnet and Haiku; then the others, those that still answer before the retired ones.

    `models` holds the newest of a family first.
    """
    heads: list[Model] = []
    for family in ("opus", "sonnet", "haiku"):
        heads.extend([model for model in models if model.family == family and model.lifecycle != "retired"][:1])
    rest = [model for model in models if model not in heads]
    return tuple(heads), tuple(sorted(rest, key=lambda model: model.lifecycle == "retired"))


def columns(model: Model, width: int, *, current: bool, successor: str) -> Content:
    """One row: mark, name, price, window, longest answer, abilities; or when it was retired and who answers instead."""
    retired = model.lifecycle == "retired"
    mark = ("● ", "$accent") if current else ("  ", "")
    name = (f"{_cut(model.name, 13):<14}", "$dim" if retired else "$foreground")
    if retired:
        since = f" {model.retires}" if model.retires else ""
        return Content.assemble(mark, name, (f"retired{since} → {successor}", "$dim"))
    price = model.price_for(1)
    cost = f"{figures.price(price.input)} / {figures.price(price.output)}" if price else "price unknown"
    limits = f"{cost:<14}{figures.tokens(model.context):>5}  {figures.tokens(model.max_output):>5}   "
    abilities = (model.vision, model.tools, any(kind != "disabled" for kind in model.thinking))
    marks = " ".join(
        (pair[width < _NARROW] if has else " " * len(pair[width < _NARROW]))
        for pair, has in zip(_MARKS, abilities, strict=True)
    )
    leaving = (f"  retires {model.retires}", "$warning") if model.lifecycle == "deprecated" and model.retires else ""
    return Content.assemble(mark, name, (limits, "$dim"), (marks, "$dim"), leaving)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _titles(width: int) -> Content:
    return Content.styled(
        f"  {'':<14}{'$ in / out':<14}{'window':>6} {'answer':>6}   per million tokens"[:width], "$dim"
    )


class ModelPicker(ModalScreen[Model | None]):
    """Gives the model that was picked, or None."""

    BINDINGS = [Binding("escape,ctrl+l,f2", "dismiss(None)", show=False)]

    def __init__(self, models: Sequence[Model], current: Model) -> None:
        super().__init__()
        self._models = {model.id: model for model in models}
        if current.id not in self._models:
            self._models = {current.id: current, **self._models}
        self._current = current

    def compose(self) -> ComposeResult:
        heads, rest = in_order(tuple(self._models.values()))
        more = Item(draw=lambda width: Content.styled("  ─ more ─", "$faint"))
        items = [*map(self._item, heads), *([more] if heads and rest else []), *map(self._item, rest)]
        with Vertical(classes="panel"):
            yield Static("Model for the next turn", classes="panel--title")
            yield Static("type to filter", classes="panel--aside")
            yield Static(_titles(200), classes="panel--head")
            yield FilterList(
                items, at=self._current.id, empty=lambda typed: f'  no model with "{typed}" in its name or ID'
            )
            yield Static("⏎ use it from the next turn on   esc keep", classes="panel--foot")

    def _item(self, model: Model) -> Item:
        follower = self._models.get(model.successor)
        successor = follower.name if follower else model.successor or "another model"
        return Item(
            draw=lambda width: columns(model, width, current=model.id == self._current.id, successor=successor),
            words=f"{model.name} {model.id} {model.family} {model.lifecycle}",
            key=model.id,
        )

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        said = f"{event.typed}▏ {figures.plural(event.count, 'model')}" if event.typed else "type to filter"
        self.query_one(".panel--aside", Static).update(Content(said))

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(self._models[event.key])
