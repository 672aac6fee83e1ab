"""Completion lists above the prompt: slash commands, or files after an @."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from textual.content import Content
from textual.widgets import Static

from tui.actions import ALWAYS, Action, Availability, key_name, slash_matches
from tui.render.safe import safe

if TYPE_CHECKING:
    from tui.images.mentions import PartialMention

ROWS = 8
"""The most rows that are shown at a time."""
_WIDE = 72
"""Columns of the terminal from which a row has room for the argument of a command."""
_LONGEST_COMMAND = 40
"""A longer text is no command: it is not matched with them."""

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


class Commands(Protocol):
    """The list of commands, as far as `Completions` needs it."""

    @property
    def is_open(self) -> bool: ...
    @property
    def chosen(self) -> Action: ...
    def offer(self, choices: Sequence[Action]) -> None: ...
    def move(self, step: int) -> None: ...


class Files(Protocol):
    """The list of files, as far as `Completions` needs it."""

    @property
    def is_open(self) -> bool: ...
    @property
    def chosen(self) -> str: ...
    def offer(self, choices: Sequence[str]) -> None: ...
    def move(self, step: int) -> None: ...


class Completion(NamedTuple):
    """What the chosen row makes of the prompt."""

    text: str
    """The text to insert; "" where a file is attached."""
    start: int | None = None
    """The column, in the cursor's line, from which it replaces the text up to the cursor; None: the whole prompt."""
    file: Path | None = None
    """The file to attach."""


class MentionCompleter:
    """The mention before the cursor, and the files that continue it."""

    def __init__(self, files: Files, before_cursor: Callable[[], str]) -> None:
        """`before_cursor` returns the line up to the cursor."""
        self._files = files
        self._before_cursor = before_cursor

    @property
    def mention(self) -> PartialMention | None:
        """The path that ends at the cursor."""
        before = self._before_cursor()
        if "@" not in before:
            return None
        from tui.images.mentions import partial_mention  # not needed for the first paint

        return partial_mention(before)

    @property
    def _matching(self) -> PartialMention | None:
        """The mention, if the chosen file continues it: the list follows the text a moment later."""
        mention = self.mention if self._files.is_open else None
        matches = mention is not None and self._files.chosen.lower().startswith(mention.path.lower())
        return mention if matches else None

    @property
    def is_incomplete(self) -> bool:
        """True if the chosen file is longer than what is typed."""
        mention = self._matching
        return mention is not None and self._files.chosen != mention.path

    async def offer(self, typed: str) -> None:
        """List the files that continue a path."""
        from tui.images.attachable import path_completions

        self._files.offer(await asyncio.to_thread(path_completions, typed, Path.cwd()))

    def complete(self) -> Completion | None:
        """Return what the chosen file makes of the line; None if there is none."""
        mention = self._matching
        if mention is None:
            return None
        chosen = self._files.chosen
        if chosen.endswith("/"):
            return Completion(mention.completion(chosen), mention.start + 1)
        return Completion("", mention.start, Path(chosen))


class Completions:
    """Both lists, kept in line with the text of the prompt. At most one of them is open."""

    def __init__(
        self,
        commands: Commands,
        files: Files,
        *,
        before_cursor: Callable[[], str],
        run: Callable[[Callable[[], Coroutine[Any, Any, None]]], object],
        cancel: Callable[[], object],
    ) -> None:
        """`before_cursor` returns the line up to the cursor. `run` lists files in the background; `cancel` ends that."""
        self._commands = commands
        self._files = files
        self._run = run
        self._cancel = cancel
        self._mentions = MentionCompleter(files, before_cursor)

    @property
    def command(self) -> Action | None:
        """The chosen command, if commands are listed."""
        return self._commands.chosen if self._commands.is_open else None

    @property
    def is_incomplete(self) -> bool:
        """True if the chosen file is longer than the path that is typed."""
        return self._mentions.is_incomplete

    def update(self, text: str) -> None:
        """List what continues the word at the cursor."""
        self.update_commands(text)
        if mention := self._mentions.mention:
            self._run(partial(self._mentions.offer, mention.path))
        else:
            self._close_files()

    def update_commands(self, text: str) -> None:
        """List the commands that continue the text, if that is a slash and part of a word."""
        word = text[1:] if text.startswith("/") and len(text) < _LONGEST_COMMAND else " "
        self._commands.offer(slash_matches(word) if " " not in word and "\n" not in word else ())

    def move(self, step: int) -> bool:
        """Choose another row. False if no list is open."""
        choices: Commands | Files = self._files if self._files.is_open else self._commands
        if choices.is_open:
            choices.move(step)
            return True
        return False

    def close(self) -> bool:
        """Close the list that is open. False if none is."""
        if self._files.is_open:
            self._close_files()
            return True
        is_open = self._commands.is_open
        self._commands.offer(())
        return is_open

    def complete(self) -> Completion | None:
        """Return what the chosen row makes of the prompt; None if there is none."""
        if completion := self._mentions.complete():
            self._close_files()
            return completion
        action = self.command
        return Completion(f"/{action.slash} ") if action is not None else None

    def _close_files(self) -> None:
        self._cancel()  # a listing that is still running would open it again
        self._files.offer(())
