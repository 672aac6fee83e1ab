"""Asks where to put chats that could not be stored, before prx ends."""

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
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.graphemes import GraphemeInput
from tui.widgets.panel import PanelHead


class Elsewhere(NamedTuple):
    """Where the chats go."""

    file: Path | None = None
    """It holds them already. None: the temporary folder, or stdout."""
    prints: bool = False


class UnsavedScreen(Modal[Elsewhere | None]):
    """Gives the answer; None to stay."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("ctrl+p", "print", show=False, priority=True),
    ]

    def __init__(self, count: int, file: str, save: Callable[[Path], Awaitable[None]]) -> None:
        """`count`: of chats. `file`: the name to begin with. `save` writes them to a new file; raises TuiError."""
        super().__init__()
        self._count = count
        self._file = file
        self._save = save

    def compose(self) -> ComposeResult:
        were, them = ("was", "it") if self._count == 1 else ("were", "them")
        with Vertical(classes="panel -small"):
            yield PanelHead("Chats not saved")
            yield Static(
                Content(
                    f"{plural(self._count, 'chat')} {were} not written to the database. Save {them} to a file before you "
                    "quit; prx import reads it."
                ),
                classes="panel--text",
            )
            line = GraphemeInput(self._file, compact=True, select_on_focus=False)
            line.cursor_blink = False
            yield line
            problem = Static(id="problem")
            problem.display = False
            yield problem
            yield Static("⏎ save and quit   ^P print and quit   esc cancel", classes="panel--foot")
            yield Static("^Q quit, and save to the temporary folder", classes="panel--more")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            file = _absolute(event.value.strip())
            await self._save(file)
        except RuntimeError:  # there is no such home
            self._say(f"There is no home folder for {event.value.strip()}.")
        except TuiError as error:
            self._say(error.sentences)
        else:
            self.dismiss(Elsewhere(file))

    def action_print(self) -> None:
        self.dismiss(Elsewhere(prints=True))

    async def action_quit(self) -> None:
        self.dismiss(Elsewhere())

    def _say(self, text: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(Content(safe(text)))
        problem.display = True


def _absolute(name: str) -> Path:
    return Path(name).expanduser().absolute()
