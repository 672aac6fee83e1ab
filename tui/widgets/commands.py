"""What fits the word that is being typed, listed above the prompt: slash commands, or files after an @."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.widgets import Static

from tui.actions import Action, key_name
from tui.render.safe import safe

ROWS = 8
"""At most so many are listed; typing narrows them down."""


Choice = TypeVar("Choice")


class ChoiceList(Static, Generic[Choice]):
    """A short list with one row chosen. It never has the focus: the prompt moves it."""

    DEFAULT_CSS = """
    ChoiceList {
        display: none;
        height: auto;
        padding: 0 2;
        color: $dim;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-open { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._choices: Sequence[Choice] = ()
        self._at = 0

    @property
    def is_open(self) -> bool:
        return bool(self._choices)

    @property
    def chosen(self) -> Choice:
        return self._choices[self._at]

    def offer(self, choices: Sequence[Choice]) -> None:
        """Lists these, the first one chosen; none of them closes the list."""
        if list(choices) == list(self._choices):
            return
        self._choices = choices
        self._at = 0
        self.set_class(bool(choices), "-open")
        self._draw()

    def move(self, step: int) -> None:
        self._at = (self._at + step) % len(self._choices)
        self._draw()

    def _draw(self) -> None:
        top = max(0, min(self._at - ROWS // 2, len(self._choices) - ROWS))
        rows = []
        for index, choice in enumerate(self._choices[top : top + ROWS], top):
            chosen = index == self._at
            row = Content.assemble(("› " if chosen else "  ", "$accent"), self.line(choice))
            rows.append(row.stylize("$foreground", 2) if chosen else row)
        self.update(Content("\n").join(rows))

    @abstractmethod
    def line(self, choice: Choice) -> str:
        """One of them, in words."""


class CommandList(ChoiceList[Action]):
    def line(self, choice: Action) -> str:
        word = f"/{choice.slash} {choice.argument}".rstrip().ljust(15)
        keys = "  ".join(key_name(key) for key in choice.keys)
        return f"{word}  {choice.line}  {keys}"


class FileList(ChoiceList[str]):
    """Files and folders, these with a slash at their end."""

    def line(self, choice: str) -> str:
        return safe(choice, keep_newlines=False)
