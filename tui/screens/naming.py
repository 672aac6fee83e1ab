"""A dialog that asks for one line of text, e.g. the new title of a chat."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.panel import PanelFoot, PanelHead
from tui.widgets.text_field import TextField


class Naming(Modal[str]):
    """Returns the text, or "" if it was cancelled."""

    BINDINGS = [Binding("escape", "dismiss('')", show=False)]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._texts = (title, text)

    def compose(self) -> ComposeResult:
        title, text = self._texts
        with Vertical(classes="panel -small"):
            yield PanelHead(title)
            yield TextField(safe(text, keep_newlines=False, keeps_marks=True))
            yield PanelFoot(("⏎", "save"), ("esc", "cancel"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
