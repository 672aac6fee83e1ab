"""One line of text, asked for: the new title of a chat."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.graphemes import GraphemeInput
from tui.widgets.panel import PanelHead


class Naming(Modal[str]):
    """Gives the text, or "" if there is none."""

    BINDINGS = [Binding("escape", "dismiss('')", show=False)]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._texts = (title, text)

    def compose(self) -> ComposeResult:
        title, text = self._texts
        with Vertical(classes="panel -small"):
            yield PanelHead(title)
            line = GraphemeInput(safe(text, keep_newlines=False, keeps_marks=True), compact=True, select_on_focus=False)
            line.cursor_blink = False
            yield line
            yield Static("⏎ keep it   esc leave it as it was", classes="panel--foot")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
