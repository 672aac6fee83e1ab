"""The system prompt of a chat, to be read and edited, and what an edit costs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from tui.screens.modal import Modal
from tui.widgets.graphemes import GraphemeArea
from tui.widgets.panel import PanelHead


class SystemPrompt(Modal[str | None]):
    """Gives the edited text, or None if it is to stay as it was."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False, priority=True),
        Binding("ctrl+s", "keep", show=False, priority=True),
    ]

    def __init__(self, text: str, cost: str) -> None:
        super().__init__()
        self._texts = (text, cost)

    def compose(self) -> ComposeResult:
        text, cost = self._texts
        with Vertical(classes="panel -tall"):
            yield PanelHead("System prompt of this chat")
            area = GraphemeArea(
                text, soft_wrap=True, highlight_cursor_line=False, placeholder="Nothing is said beforehand."
            )
            area.cursor_blink = False
            yield area
            yield Static(cost, classes="panel--foot")
            yield Static("^S keep it   esc leave it as it was", classes="panel--foot -ways")

    async def action_quit(self) -> None:
        """Not over an edit, which is kept nowhere else."""
        if self.query_one(TextArea).text.strip() == self._texts[0].strip():
            await super().action_quit()
        else:
            self.query_one(".-ways", Static).update("Before you quit: ^S keep it   esc leave it as it was")

    def action_keep(self) -> None:
        self.dismiss(self.query_one(TextArea).text.strip())
