"""What an empty chat shows: three things to try, or, where nothing can be sent yet, what can be done about it.

The prompt keeps the focus, and lends its keys: digits and arrows pressed while it is empty choose among the ways.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.render.safe import safe

_TWO_COLUMNS = 70
"""From this width on, what belongs to a row stands beside it; below, under it."""


class Row(NamedTuple):
    text: str
    detail: str
    way: str = ""
    """What is chosen with it; "" where it is only to be read."""
    is_open: bool = True


_IDEAS = (
    Row("Write a question and press ⏎", "^J starts a new line"),
    Row("Change the model, also in mid-chat", "^L or /model"),
    Row("See every key and command", "F1 or /"),
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

    class Chosen(Message):
        """One of the ways was chosen."""

        def __init__(self, way: str) -> None:
            super().__init__()
            self.way = way

    headline: reactive[str] = reactive("")
    rows: reactive[tuple[Row, ...]] = reactive(())
    remark: reactive[str] = reactive("")
    """Stands below the rows."""
    chosen: reactive[int] = reactive(0)
    """The row of the cursor, where there are ways to choose from."""

    def show_ideas(self, model_name: str, remark: str = "") -> None:
        """An empty chat, ready to be used."""
        self.headline, self.rows, self.remark = f"Talk to {model_name}", _IDEAS, safe(remark)

    def show_sign_in_options(self, message: str, ways: Sequence[Row], remark: str) -> None:
        """Nothing can be sent: why, and the ways to choose from. The last one, which always works, is under the cursor."""
        self.headline, self.rows, self.remark = safe(message), tuple(ways), safe(remark)
        self.chosen = len(ways) - 1

    @property
    def offers_ways(self) -> bool:
        """Whether there is something to choose, in sight."""
        return self.display and any(row.way for row in self.rows)

    def take_key(self, key: str) -> bool:
        """Chooses a row, if the key is one that does."""
        if not self.offers_ways:
            return False
        if key.isdecimal() and 1 <= int(key) <= len(self.rows):
            self.chosen = int(key) - 1
            self.pick()
        elif key in ("up", "down"):
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(self.rows)
        else:
            return False
        return True

    def pick(self) -> None:
        """Goes the way under the cursor."""
        self.post_message(self.Chosen(self.rows[self.chosen].way))

    def on_click(self, event: events.Click) -> None:
        if not self.offers_ways:
            return
        lines = list(self._lines())
        at = event.y - self.gutter.top - (self.content_size.height - len(lines))
        if 0 <= at < len(lines) and (row := lines[at][0]) is not None:
            self.chosen = row
            self.pick()

    def render(self) -> Content:
        return Content("\n").join(line for _, line in self._lines())

    def _lines(self) -> Iterator[tuple[int | None, Content]]:
        """Every line, and the row that it belongs to. Nothing is left to be wrapped, so that a click finds its row."""
        width = max(20, self.content_size.width)
        for text in textwrap.wrap(self.headline, width):
            yield None, Content.styled(text, "bold $foreground")
        yield None, Content("")
        for number, row in enumerate(self.rows):
            for line in self._row_lines(number, row, width):
                yield number, line
        if self.remark:
            yield None, Content("")
            for paragraph in self.remark.splitlines():
                for text in textwrap.wrap(paragraph, width):
                    yield None, Content.styled(text, "$dim")

    def _row_lines(self, number: int, row: Row, width: int) -> Iterator[Content]:
        sign = f"{'›' if number == self.chosen else ' '}{number + 1}  " if row.way else ""
        wide = width >= _TWO_COLUMNS
        column = (30 if row.way else 40) if wide else max(2, len(sign))
        text = f"{row.text:<{column - len(sign)}}" if wide else row.text
        first = Content.assemble((sign, "$accent"), (text, "$foreground" if row.way and row.is_open else "$dim"))
        details = textwrap.wrap(row.detail, width - column)
        detail_style = "$dim" if row.way else "$accent"
        if wide and details:
            first = Content.assemble(first, (details.pop(0), detail_style))
        yield first
        for text in details:
            yield Content.assemble(" " * column, (text, detail_style))
