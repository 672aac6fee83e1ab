"""What an empty chat shows: three things to try, or, without credentials, the ways to set them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

TRY = (
    ("ask", "Write a question and press ⏎", "^J starts a new line"),
    ("switch", "Change the model, also in mid-chat", "^L or /model"),
    ("look", "See every key and command", "F1 or /"),
)


class Welcome(Static):
    DEFAULT_CSS = """
    Welcome {
        height: 1fr;
        padding: 0 1 1 1;
        color: $dim;
        content-align: left bottom;
    }
    """

    class DemoWanted(Message):
        """The line that offers the demo was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._offers_demo = False

    def show_ideas(self, model_name: str) -> None:
        """An empty chat, ready to be used."""
        self._offers_demo = False
        lines = [Content.assemble((f"Talk to {model_name}", "$foreground")), Content("")]
        lines += [Content.assemble((f"{line:<38}", "$dim"), (keys, "$accent")) for _, line, keys in TRY]
        self.update(Content("\n").join(lines))

    def show_ways_in(self, message: str, ways: Sequence[tuple[str, str]]) -> None:
        """No credentials: the message, the ways to set them, and the demo, which works at once."""
        self._offers_demo = True
        lines = [Content.assemble((message, "bold $foreground")), Content("")]
        for number, (way, detail) in enumerate(ways, 1):
            lines.append(Content.assemble((f" {number}  ", "$accent"), (f"{way:<29}", "$foreground"), (detail, "$dim")))
        demo = Content.assemble(
            (" ⏎  ", "$accent"), (f"{'Try the demo now':<29}", "$foreground"), "scripted answers, no key, no network"
        )
        self.update(Content("\n").join([*lines, Content(""), demo]))

    def on_click(self, event: events.Click) -> None:
        if self._offers_demo:
            self.post_message(self.DemoWanted())
