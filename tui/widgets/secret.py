"""A field for a secret: it shows a dot for each character, and gives none of them to the clipboard."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class SecretInput(Input):
    DEFAULT_CSS = """
    SecretInput, SecretInput:focus {
        height: 3;
        border: round $accent;
        background: $panel;
        background-tint: $foreground 0%;
        color: $foreground;
        & .input--cursor { color: $input-cursor-foreground; background: $input-cursor-background; }
        & .input--placeholder { color: $dim; }
    }
    """

    def __init__(self, placeholder: str) -> None:
        super().__init__(password=True, placeholder=placeholder, compact=False)
        self.cursor_blink = False  # a blinking cursor writes to the terminal twice a second

    def action_copy(self) -> None:
        """Nothing: the clipboard is reached through the terminal."""

    def action_cut(self) -> None:
        self.delete_selection()

    def _on_paste(self, event: events.Paste) -> None:
        # What was copied from a narrow page may come in several lines.
        event.stop()
        event.prevent_default()
        self.replace("".join(event.text.split()), *self.selection)
