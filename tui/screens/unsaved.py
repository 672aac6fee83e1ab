"""Asks where to save chats that could not be written to the database, before prx quits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.errors import TuiError
from tui.render.figures import plural
from tui.screens.modal import Modal, described
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.text_field import TextField


class SaveTarget(NamedTuple):
    """Where to save the chats."""

    file: Path | None = None
    """The file that they were saved to. None: the temporary folder, or stdout."""
    prints: bool = False


class UnsavedScreen(Modal[SaveTarget | None]):
    """Returns where the chats go, or None to cancel."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("ctrl+p", "print", show=False, priority=True),
    ]

    def __init__(self, count: int, file: str, save: Callable[[Path], Awaitable[None]]) -> None:
        """`count` is the number of chats, `file` the suggested name. `save` writes them to a new file; raises TuiError."""
        super().__init__()
        self._count = count
        self._file = file
        self._save = save

    def compose(self) -> ComposeResult:
        them = "it" if self._count == 1 else "them"
        with Vertical(classes="panel -small"):
            yield PanelHead("Chats not saved")
            yield Static(
                Content(
                    f"{plural(self._count, 'chat')} could not be written to the database. Save {them} to a file before "
                    "you quit. prx import reads it."
                ),
                classes="panel--text",
            )
            yield TextField(self._file)
            problem = Static(id="problem")
            problem.display = False
            yield problem
            yield PanelFoot(("⏎", "save and quit"), ("^P", "print and quit"), ("esc", "cancel"))
            yield PanelFoot(("^Q", "save to the temporary folder and quit")).add_class("-more")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            file = _absolute(event.value.strip())
            await self._save(file)
        except RuntimeError:  # unknown home folder
            self._show_problem(TuiError(f"No home folder for {event.value.strip()}."))
        except TuiError as error:
            self._show_problem(error)
        else:
            self.dismiss(SaveTarget(file))

    def action_print(self) -> None:
        self.dismiss(SaveTarget(prints=True))

    async def action_quit(self) -> None:
        self.dismiss(SaveTarget())

    def _show_problem(self, error: TuiError) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(described(error))
        problem.display = True


def _absolute(name: str) -> Path:
    return Path(name).expanduser().absolute()
