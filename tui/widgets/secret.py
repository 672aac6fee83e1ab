"""Fields for signing in: one for a secret, with dots and without copying, and one for an ID, which is shown."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from tui.widgets.graphemes import GraphemeInput


class SecretInput(GraphemeInput):
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


class IdInput(SecretInput):
    """The same field for what is no secret: it can be read, and copied."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder)
        self.password = False

    def action_copy(self) -> None:
        Input.action_copy(self)

    def action_cut(self) -> None:
        Input.action_cut(self)
