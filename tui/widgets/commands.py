"""Completion lists above the prompt: slash commands, or files after an @."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.widgets import Static

from tui.actions import ALWAYS, Action, Availability, key_name
from tui.render.safe import safe

ROWS = 8
"""The most rows that are shown at a time."""
_WIDE = 72
"""Columns of the terminal from which a row has room for the argument of a command."""

Choice = TypeVar("Choice")


class ChoiceList(Static, Generic[Choice]):
    """A short list with one highlighted row. It never has the focus: the prompt moves the highlight."""

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
        """List these choices and highlight the first one. No choices close the list."""
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
            rows.append(row.stylize("$foreground", 2) if chosen and self.is_available(choice) else row)
        self.update(Content("\n").join(rows))

    @abstractmethod
    def line(self, choice: Choice) -> Content:
        """Format one choice."""

    def is_available(self, choice: Choice) -> bool:
        """True if Enter can do something with the choice, so that it is shown bright when highlighted."""
        return True


class CommandList(ChoiceList[Action]):
    """The slash commands that match. One that is not available now is dimmed, with the reason in place of its keys."""

    def __init__(self, availability: Availability = ALWAYS) -> None:
        super().__init__()
        self._availability = availability

    def line(self, choice: Action) -> Content:
        commands = [self._command(one) for one in self._choices]
        command = self._command(choice).ljust(max(map(len, commands)))
        if reason := self._availability.disabled_reason(choice.name):
            return Content.assemble(f"{command}  {choice.label}", ("  " + reason, "italic"))
        keys = "  ".join(map(key_name, choice.keys))
        return Content.assemble((command, "$foreground"), f"  {choice.label}  {keys}")

    def is_available(self, choice: Action) -> bool:
        return not self._availability.disabled_reason(choice.name)

    def _command(self, choice: Action) -> str:
        is_wide = self.app.size.width >= _WIDE  # not the own width: there is none before the list is open
        return f"/{choice.slash} {choice.argument}".rstrip() if is_wide else f"/{choice.slash}"

    def on_resize(self) -> None:
        if self.is_open:
            self._draw()


class FileList(ChoiceList[str]):
    """Files and folders; a folder ends with a slash."""

    def line(self, choice: str) -> Content:
        return Content(safe(choice, keep_newlines=False))
