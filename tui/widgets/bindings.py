"""Key bindings made from the table of actions, for the place where their keys are heard."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.actions import ACTIONS, Place


def bindings_of(place: Place) -> list[BindingType]:
    """The bindings of one place. Their IDs are the names of the actions, which is what `App.set_keymap` remaps by.

    An action without a key of its own gets one that no terminal sends, so that it can still be given another.
    """
    return [
        Binding(",".join(action.keys) or f"no_key_{action.name}", action.name, action.line, show=False, id=action.name)
        for action in ACTIONS
        if action.place == place
    ]
