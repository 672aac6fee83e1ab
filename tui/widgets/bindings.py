"""Key bindings made from the table of actions, for the scope in which their keys work."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.actions import ACTIONS, BY_NAME, Scope


def bindings_over(*names: str) -> list[BindingType]:
    """Return bindings of screen actions for a widget that uses the same keys for something else. `[keys]` remaps both."""
    return [Binding(",".join(BY_NAME[name].keys), f"screen.do('{name}')", show=False, id=name) for name in names]


def closing(name: str) -> BindingType:
    """Return the binding by which the keys of an action close the dialog that it opened."""
    return Binding(",".join(BY_NAME[name].keys), "dismiss(None)", show=False, id=name)


def quitting() -> BindingType:
    """Return the binding to quit for a dialog, where the bindings of the app do not work."""
    return Binding(",".join(BY_NAME["quit"].keys), "quit", show=False, id="quit")


def bindings_of(scope: Scope) -> list[BindingType]:
    """Return the bindings of one scope. Their IDs are the names of the actions, by which `App.set_keymap` remaps them.

    An action without a default key gets one that no terminal sends, so that `[keys]` can give it another.
    """
    return [
        Binding(
            ",".join(action.keys) or f"no_key_{action.name}",
            f"do('{action.name}')" if scope == "chat" else action.name,
            action.label,
            show=False,
            id=action.name,
        )
        for action in ACTIONS
        if action.scope == scope
    ]
