"""The search line of the open chat. The conversation searches and shows the matches."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.widgets.graphemes import GraphemeInput


class FindBar(Horizontal):
    """A field for the words to find, and the number of matches."""

    DEFAULT_CSS = """
    FindBar {
        height: 1;
        padding: 0 1;
        color: $dim;
        & > Static { width: auto; }
        & > Input { width: 1fr; }
        & > Input, & > Input:focus { background: $background; background-tint: $foreground 0%; color: $foreground; }
    }
    """
    BINDINGS = [
        Binding("enter,down,ctrl+f", "step(1)", show=False, priority=True),
        Binding("shift+enter,up", "step(-1)", show=False, priority=True),
        Binding("escape", "close", show=False, priority=True),
    ]

    @dataclass
    class Typed(Message):
        """The words have changed."""

        words: str

    @dataclass
    class Stepped(Message):
        """The user wants the next match (1) or the previous one (-1)."""

        step: int

    class Closed(Message):
        """The user has closed the search."""

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        yield Static("find  ")
        line = GraphemeInput(self._words, compact=True)
        line.cursor_blink = False
        yield line
        yield Static("", classes="count")

    def on_mount(self) -> None:
        self.screen.set_focus(self.query_one(Input))  # at once: keys that follow are for it

    def show_count(self, count: int) -> None:
        """Show the number of matches."""
        has_words = bool(self.query_one(Input).value.strip())
        text = f"  {count:,} {'match' if count == 1 else 'matches'} · ↑↓ · esc" if has_words else "  ↑↓ · esc"
        self.query_one(".count", Static).update(Content(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    def action_step(self, step: int) -> None:
        self.post_message(self.Stepped(step))

    def action_close(self) -> None:
        self.post_message(self.Closed())
