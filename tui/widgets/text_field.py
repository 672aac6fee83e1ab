"""Fields of one line for dialogs: text, a secret that is shown as dots, and an ID."""

from __future__ import annotations

from textual import events

from tui.widgets.graphemes import GraphemeInput


class TextField(GraphemeInput):
    """A field of one line with a border, like everything in a dialog that takes input."""

    DEFAULT_CSS = """
    TextField, TextField:focus {
        height: 3;
        border: round $accent;
        background: $panel;
        background-tint: $foreground 0%;
        color: $foreground;
        & .input--cursor { color: $input-cursor-foreground; background: $input-cursor-background; }
        & .input--placeholder { color: $dim; }
    }
    """
    joins_lines = False
    """True if line breaks are removed from pasted text, as for a key that was copied from a narrow page."""

    def __init__(self, value: str = "", *, placeholder: str = "", password: bool = False) -> None:
        super().__init__(value, placeholder=placeholder, password=password, select_on_focus=False)
        self.cursor_blink = False  # a blinking cursor writes to the terminal twice a second

    def _on_paste(self, event: events.Paste) -> None:
        if self.joins_lines:
            event.stop()
            event.prevent_default()
            self.replace("".join(event.text.split()), *self.selection)


class IdField(TextField):
    """A field for an ID."""

    joins_lines = True


class SecretField(TextField):
    """A field that shows dots, and whose text does not reach the clipboard."""

    joins_lines = True

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, password=True)

    def action_copy(self) -> None:
        """Do nothing: the clipboard is reached through the terminal."""

    def action_cut(self) -> None:
        self.delete_selection()
