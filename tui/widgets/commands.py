"""The slash commands that fit what is being typed, listed above the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from tui.actions import Action, key_name

ROWS = 8
"""At most so many are listed; typing narrows them down."""


class CommandList(Static):
    """A short list with one row chosen. It never has the focus: the prompt moves it."""

    DEFAULT_CSS = """
    CommandList {
        display: none;
        height: auto;
        padding: 0 2;
        color: $dim;
        &.-open { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._actions: Sequence[Action] = ()
        self._at = 0

    @property
    def is_open(self) -> bool:
        return bool(self._actions)

    @property
    def chosen(self) -> Action:
        return self._actions[self._at]

    def offer(self, actions: Sequence[Action]) -> None:
        """Lists these, the first one chosen; none of them closes the list."""
        if list(actions) == list(self._actions):
            return
        self._actions = actions
        self._at = 0
        self.set_class(bool(actions), "-open")
        self._draw()

    def move(self, step: int) -> None:
        self._at = (self._at + step) % len(self._actions)
        self._draw()

    def _draw(self) -> None:
        top = max(0, min(self._at - ROWS // 2, len(self._actions) - ROWS))
        rows = []
        for index, action in enumerate(self._actions[top : top + ROWS], top):
            word = f"/{action.slash} {action.argument}".ljust(16)
            keys = "  ".join(key_name(key) for key in action.keys)
            chosen = index == self._at
            row = Content.assemble(("› " if chosen else "  ", "$accent"), f"{word}{action.line}  {keys}")
            rows.append(row.stylize("$foreground", 2) if chosen else row)
        self.update(Content("\n").join(rows))
