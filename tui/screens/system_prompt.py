"""The editor for the system prompt of a chat. It shows what an edit costs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from tui.screens.modal import Modal
from tui.widgets.graphemes import GraphemeArea
from tui.widgets.panel import PanelFoot, PanelHead

_KEYS = (("^S", "save"), ("esc", "cancel"))


class SystemPromptEditor(Modal[str | None]):
    """Returns the edited text, or None if it was cancelled."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False, priority=True),
        Binding("ctrl+s", "save", show=False, priority=True),
    ]

    def __init__(self, text: str, cost: str) -> None:
        super().__init__()
        self._texts = (text, cost)

    def compose(self) -> ComposeResult:
        text, cost = self._texts
        with Vertical(classes="panel -tall"):
            yield PanelHead("System prompt")
            area = GraphemeArea(text, soft_wrap=True, highlight_cursor_line=False, placeholder="No system prompt")
            area.cursor_blink = False
            yield area
            yield Static(cost, classes="panel--note")
            yield PanelFoot(*_KEYS)

    async def action_quit(self) -> None:
        """Quit unless there is an unsaved edit, which would be lost."""
        if self.query_one(TextArea).text.strip() == self._texts[0].strip():
            await super().action_quit()
        else:
            self.query_one(PanelHead).set_note("unsaved changes", warns=True)
            self.query_one(PanelFoot).set_hints(("^S", "save"), ("esc", "discard"))

    def action_save(self) -> None:
        self.dismiss(self.query_one(TextArea).text.strip())
