"""The model picker: the newest model of each family first, then all other known models."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.chat.forecast import ModelSwitch
from tui.chat.model import Model
from tui.chat.reasoning import Reasoning, describe_adjustments
from tui.render import figures
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.bindings import closing
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead

_NARROW = 68
_MARKS = (("vision", "vis"), ("tools", "tool"), ("thinking", "think"))
_NAMES = ("context", "output"), ("ctx", "out")


def in_order(models: Sequence[Model]) -> tuple[tuple[Model, ...], tuple[Model, ...]]:
    """Split models into the newest available Opus, Sonnet and Haiku, and all others with the retired ones last.

    `models` holds the newest of a family first.
    """
    heads: list[Model] = []
    for family in ("opus", "sonnet", "haiku"):
        heads.extend([model for model in models if model.family == family and model.lifecycle != "retired"][:1])
    rest = [model for model in models if model not in heads]
    return tuple(heads), tuple(sorted(rest, key=lambda model: model.lifecycle == "retired"))


def columns(model: Model, width: int, *, current: bool, successor: str, switch: ModelSwitch | None = None) -> Content:
    """Format one row: mark, name, price, limits and abilities; or the date of retirement and the successor.

    With a `switch`, the cost of the chat's next turn takes the place of some limits and the abilities.
    """
    retired = model.lifecycle == "retired"
    mark = ("● ", "$accent") if current else ("  ", "")
    name = (_name(model.name, width), "$dim" if retired else "$foreground")
    if retired:
        since = f" {model.retires}" if model.retires else ""
        return Content.assemble(mark, name, (safe(f"retired{since} → {successor}", keep_newlines=False), "$dim"))
    price = model.price_for(1)
    cost = f"{figures.price(price.input):>5} / {figures.price(price.output)}" if price else "    unknown"
    if switch is not None:
        limits = _priced(cost, figures.tokens(model.context), width)
        return Content.assemble(mark, name, (limits, "$dim"), next_turn(switch))
    limits = _limits(cost, figures.tokens(model.context), figures.tokens(model.max_output), width)
    abilities = (model.vision, model.tools, any(kind != "disabled" for kind in model.thinking))
    marks = " ".join(
        f"{words[width < _NARROW] if has else '':<{len(words[width < _NARROW])}}"
        for words, has in zip(_MARKS, abilities, strict=True)
    )
    if model.lifecycle == "deprecated":
        marks = f"{'ends' if width < _NARROW else 'retires'} {model.retires}" if model.retires else "deprecated"
        return Content.assemble(mark, name, (limits, "$dim"), (safe(marks, keep_newlines=False), "$warning"))
    return Content.assemble(mark, name, (limits, "$dim"), (marks, "$dim"))


def next_turn(switch: ModelSwitch) -> Content:
    """Format the cost of the chat's next turn with a model."""
    if switch.unavailable:
        return Content.styled("not possible", "$warning")
    coming = switch.next_turn
    cost = figures.money(coming.bill.cost_usd if coming.bill else None)
    return Content.assemble(
        (f"{'stay' if switch.is_current else 'switch':<7}", "$dim"),
        f"{cost:>7}  ",
        ("warm", "$success") if coming.warm else ("cold", "$dim"),
    )


def particulars(switch: ModelSwitch) -> str:
    """Format what a priced row has no room for: context used, limits, abilities, retirement date."""
    model = switch.model
    thinks = any(kind != "disabled" for kind in model.thinking)
    has = [name for (name, _), able in zip(_MARKS, (model.vision, model.tools, thinks), strict=True) if able]
    window = f"ctx {figures.tokens(model.context)}, {figures.percent(switch.next_turn.filled)} full"
    facts = [window, f"out {figures.tokens(model.max_output)}", " ".join(has)]
    if model.lifecycle == "deprecated" and model.retires:
        facts.insert(0, safe(f"retires {model.retires}", keep_newlines=False))
    return " · ".join(fact for fact in facts if fact)


def meaning(switch: ModelSwitch) -> str:
    """Format in one line what a switch drops from the context, when it pays off, or why it is not possible."""
    if switch.unavailable:
        return switch.unavailable
    facts = [f"drops {', '.join(switch.unsupported)}"] if switch.unsupported else []
    if switch.later_usd is not None:
        facts.append(f"then about {figures.money(switch.later_usd)} per turn")
    if not switch.is_current:
        turns = switch.break_even_turns
        facts.append("never pays off" if turns is None else f"pays off after {figures.plural(turns, 'turn')}")
    return " · ".join(facts)


def priced_titles(width: int) -> Content:
    """Format the column titles of priced rows."""
    return Content.styled(f"  {_name('', width)}{_priced('$/M in / out', 'context', width)}next turn", "$dim")


def titles(width: int) -> Content:
    """Format the column titles."""
    limits = _limits("$/M in / out", *_NAMES[width < _NARROW], width)
    return Content.styled(f"  {_name('', width)}{limits}".rstrip(), "$dim")


def _name(name: str, width: int) -> str:
    room = 12 if width < _NARROW else 14 + max(0, min(4, width - _NARROW - 2))
    name = safe(name, keep_newlines=False)
    return f"{name if len(name) < room else name[: room - 2] + '…':<{room}}"


def _limits(cost: str, context: str, output: str, width: int) -> str:
    return f"{cost:<13}{context:>4} {output:>4}  " if width < _NARROW else f"{cost:<14}{context:>7}  {output:>6}   "


def _priced(cost: str, context: str, width: int) -> str:
    return f"{cost:<13} " if width < _NARROW else f"{cost:<14}{context:>7}   "


class ModelPicker(Modal[Model | None]):
    """Returns the model that was picked, or None."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False), closing("models")]

    def __init__(
        self,
        models: Sequence[Model],
        current: Model,
        switches: Sequence[ModelSwitch] = (),
        chosen: Reasoning = Reasoning(),  # noqa: B008  (a frozen value)
    ) -> None:
        """`switches` holds the cost of the open chat with each model; empty before its first answer. `chosen` are the
        settings of thinking and effort that a model would be given."""
        super().__init__()
        self._chosen = chosen
        self._switches = {switch.model.id: switch for switch in switches}
        self._models = {model.id: model for model in models}
        if current.id not in self._models:
            self._models = {current.id: current, **self._models}
        self._current = current

    def compose(self) -> ComposeResult:
        heads, rest = in_order(tuple(self._models.values()))
        head = Item(draw=priced_titles if self._switches else titles)
        more = Item(draw=lambda width: Content.styled("  Other models", "$dim"))
        items = [head, *map(self._item, heads), *([more] if heads and rest else []), *map(self._item, rest)]
        with Vertical(classes="panel"):
            yield PanelHead("Model for the next turn", "type to filter")
            yield FilterList(items, at=self._current.id, empty=lambda typed: f'No model matches "{typed}"')
            if self._switches:
                yield Static(id="meaning", classes="panel--note")
            yield PanelFoot(("⏎", "switch"), ("esc", "cancel"))

    def on_mount(self) -> None:
        if self._switches:
            self.watch(self.query_one(FilterList), "chosen", self._explain)

    def _explain(self) -> None:
        """Show below the list what a switch to the model under the cursor means for this chat."""
        switch = self._switches.get(self.query_one(FilterList).picked)
        text = ""
        if switch is not None:  # a setting that it does not support matters more than its limits
            text = f"{describe_adjustments(switch.model, self._chosen) or particulars(switch)}\n{meaning(switch)}"
        self.query_one("#meaning", Static).update(Content(text))

    def _item(self, model: Model) -> Item:
        follower = self._models.get(model.successor)
        successor = follower.name if follower else model.successor or "another model"
        return Item(
            draw=lambda width: columns(
                model,
                width,
                current=model.id == self._current.id,
                successor=successor,
                switch=self._switches.get(model.id),
            ),
            words=f"{model.name} {model.id} {model.family} {model.lifecycle}",
            key=model.id,
        )

    def on_filter_list_filtered(self, event: FilterList.Filtered) -> None:
        note = f"{event.typed}▏ {figures.plural(event.count, 'model')}" if event.typed else "type to filter"
        self.query_one(PanelHead).set_note(note)
        if self._switches:
            self._explain()

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(self._models[event.key])
