"""What an empty chat shows: three things to try, or, without credentials, the ways to set them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

_TWO_COLUMNS = 70
"""From this width on, what belongs to a row stands beside it; below, under it."""


class Row(NamedTuple):
    sign: str
    text: str
    detail: str


_IDEAS = (
    Row("", "Write a question and press ⏎", "^J starts a new line"),
    Row("", "Change the model, also in mid-chat", "^L or /model"),
    Row("", "See every key and command", "F1 or /"),
)


class Welcome(Widget):
    DEFAULT_CSS = """
    Welcome {
        height: 1fr;
        padding: 0 1 1 1;
        color: $dim;
        content-align: left bottom;
    }
    """

    class DemoWanted(Message):
        """The demo was offered, and clicked."""

    headline: reactive[str] = reactive("")
    rows: reactive[tuple[Row, ...]] = reactive(())
    offers_demo: reactive[bool] = reactive(False)

    def show_ideas(self, model_name: str) -> None:
        """An empty chat, ready to be used."""
        self.headline, self.rows, self.offers_demo = f"Talk to {model_name}", _IDEAS, False

    def show_ways_in(self, message: str, ways: Sequence[tuple[str, str]]) -> None:
        """No credentials: the message, the ways to set them, and the demo, which works at once."""
        rows = [Row(f" {number}  ", way, detail) for number, (way, detail) in enumerate(ways, 1)]
        demo = Row(" ⏎  ", "Try the demo now", "scripted answers, no key, no network")
        self.headline, self.rows, self.offers_demo = message, (*rows, Row("", "", ""), demo), True

    def render(self) -> Content:
        wide = self.content_size.width >= _TWO_COLUMNS
        lines = [Content.styled(self.headline, "bold $foreground"), Content("")]
        for row in self.rows:
            if not row.text:
                lines.append(Content(""))
                continue
            text = f"{row.text:<{40 - len(row.sign)}}" if wide else row.text
            first = Content.assemble((row.sign, "$accent"), (text, "$foreground" if row.sign else "$dim"))
            detail = Content.styled(row.detail, "$dim" if row.sign else "$accent")
            lines += [first + detail] if wide else [first, Content(" " * max(2, len(row.sign))) + detail]
        return Content("\n").join(lines)

    def on_click(self) -> None:
        if self.offers_demo:
            self.post_message(self.DemoWanted())
