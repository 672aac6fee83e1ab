"""A few words over the foot of a conversation that was scrolled up: how much there is below, and the way back.

They lie over the text, so that scrolling away moves nothing.
"""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.widgets.figures import plural


class EndLine(Static):
    DEFAULT_CSS = """
    EndLine {
        display: none;
        width: auto;
        height: 1;
        padding: 0 1;
        background: $panel;
        &.-away { display: block; }
    }
    """

    class Clicked(Message):
        """The reader wants to be at the end again."""

    def show(self, *, following: bool, new_lines: int, lines_below: int, key: str) -> None:
        """`key` is what also leads to the end, as people write it."""
        self.set_class(not following, "-away")
        count = plural(new_lines, "new line") if new_lines else plural(lines_below, "line")
        self.update(Content.assemble((f"↓ {count}", "$accent"), (f" · {key}", "$dim")))

    def on_click(self) -> None:
        self.post_message(self.Clicked())
