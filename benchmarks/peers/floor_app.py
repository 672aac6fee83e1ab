"""The least that an app with Textual can be: a line of text and a prompt."""

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class Floor(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("ready")
        yield Input()


if __name__ == "__main__":
    Floor().run()
