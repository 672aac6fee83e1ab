"""Asks for the new title of a chat."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.text_field import TextField


class RenameDialog(Modal[str]):
    """Returns the new title, or "" if it was cancelled."""

    BINDINGS = [Binding("escape", "dismiss('')", show=False)]

    def __init__(self, title: str) -> None:
        """`title` is the current one, to be edited."""
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -small"):
            yield PanelHead("Rename chat")
            yield TextField(safe(self._title, keep_newlines=False, keeps_marks=True))
            yield PanelFoot(("⏎", "save"), ("esc", "cancel"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
