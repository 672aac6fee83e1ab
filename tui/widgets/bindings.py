"""Key bindings made from the table of actions, for the place where their keys are heard."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.actions import ACTIONS, BY_NAME, Place


def bindings_over(*names: str) -> list[BindingType]:
    """Bindings of the screen's actions for a widget that has the same keys for something else. They are remapped alike."""
    return [Binding(",".join(BY_NAME[name].keys), f"screen.{name}", show=False, id=name) for name in names]


def closing(name: str) -> BindingType:
    """The keys of an action, where they close again what it has opened."""
    return Binding(",".join(BY_NAME[name].keys), "dismiss(None)", show=False, id=name)


def quitting() -> BindingType:
    """The keys to quit, for a dialog: what is bound for the whole app is not heard there."""
    return Binding(",".join(BY_NAME["quit"].keys), "quit", show=False, id="quit")


def bindings_of(place: Place) -> list[BindingType]:
    """The bindings of one place. Their IDs are the names of the actions, which is what `App.set_keymap` remaps by.

    An action without a key of its own gets one that no terminal sends, so that it can still be given another.
    """
    return [
        Binding(",".join(action.keys) or f"no_key_{action.name}", action.name, action.line, show=False, id=action.name)
        for action in ACTIONS
        if action.place == place
    ]
