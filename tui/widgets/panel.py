"""The head of a dialog: what it is, and on the right a word that changes, such as what was typed to filter."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.render.safe import safe


class PanelHead(Horizontal):
    DEFAULT_CSS = """
    PanelHead {
        height: 1;
        margin-bottom: 1;
        & > .title { width: 1fr; text-style: bold; }
        & > .aside { width: auto; color: $dim; }
    }
    """

    def __init__(self, title: str, aside: str = "") -> None:
        super().__init__()
        self._texts = (_line(title), _line(aside))

    def compose(self) -> ComposeResult:
        title, aside = self._texts
        yield Static(Content(title), classes="title")
        yield Static(Content(aside), classes="aside")

    def name_it(self, title: str) -> None:
        self.query_one(".title", Static).update(Content(_line(title)))

    def say(self, aside: str) -> None:
        self.query_one(".aside", Static).update(Content(_line(aside)))


def _line(text: str) -> str:
    """What was typed, titles and names stand in it."""
    return safe(text, keep_newlines=False)
