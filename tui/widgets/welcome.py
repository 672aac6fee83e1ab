"""What an empty chat shows: tips, or, if there are no credentials, the options to get some.

The prompt keeps the focus and passes on keys: while it is empty, digits and arrows choose an option.
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
"""From this width on the detail of a row is beside it; below it is under it."""


class Row(NamedTuple):
    """A tip, or an option."""

    text: str
    detail: str
    option: str = ""
    """The name of the option; "" for a tip."""
    is_open: bool = True
    """False for an option that is not available now."""


_TIPS = (
    Row("Type a question and press ⏎", "^J for a new line"),
    Row("Switch the model at any time", "^L or /model"),
    Row("See all keys and commands", "F1 or /"),
)


class Welcome(Widget):
    """Tips or options, in the place of the conversation."""

    DEFAULT_CSS = """
    Welcome {
        height: 1fr;
        padding: 0 1 1 1;
        color: $dim;
        content-align: left bottom;
    }
    """

    class Chosen(Message):
        """An option was chosen."""

        def __init__(self, option: str) -> None:
            super().__init__()
            self.option = option

    headline: reactive[str] = reactive("")
    rows: reactive[tuple[Row, ...]] = reactive(())
    remark: reactive[str] = reactive("")
    """Text below the rows."""
    chosen: reactive[int] = reactive(0)
    """The row of the cursor, if there are options."""

    def show_tips(self, model_name: str, remark: str = "") -> None:
        """Show what to do in an empty chat."""
        self.headline, self.rows, self.remark = f"Talk to {model_name}", _TIPS, safe(remark)

    def show_sign_in_options(self, message: str, options: Sequence[Row], remark: str) -> None:
        """Show why nothing can be sent, and the options. The last one, which always works, is under the cursor."""
        self.headline, self.rows, self.remark = safe(message), tuple(options), safe(remark)
        self.chosen = len(options) - 1

    @property
    def has_options(self) -> bool:
        """True if options are shown."""
        return self.display and any(row.option for row in self.rows)

    def take_key(self, key: str) -> bool:
        """Choose a row, or move the cursor. False if the key does neither."""
        if not self.has_options:
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
        """Choose the option under the cursor."""
        self.post_message(self.Chosen(self.rows[self.chosen].option))

    def on_click(self, event: events.Click) -> None:
        if not self.has_options:
            return
        lines = list(self._lines())
        at = event.y - self.gutter.top - (self.content_size.height - len(lines))
        if 0 <= at < len(lines) and (row := lines[at][0]) is not None:
            self.chosen = row
            self.pick()

    def render(self) -> Content:
        return Content("\n").join(line for _, line in self._lines())

    def _lines(self) -> Iterator[tuple[int | None, Content]]:
        """Yield every line with the row that it belongs to. Lines are wrapped here, so that a click finds its row."""
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
        sign = f"{'›' if number == self.chosen else ' '}{number + 1}  " if row.option else ""
        wide = width >= _TWO_COLUMNS
        column = (30 if row.option else 40) if wide else max(2, len(sign))
        text = f"{row.text:<{column - len(sign)}}" if wide else row.text
        first = Content.assemble((sign, "$accent"), (text, "$foreground" if row.option and row.is_open else "$dim"))
        details = textwrap.wrap(row.detail, width - column)
        detail_style = "$dim" if row.option else "$accent"
        if wide and details:
            first = Content.assemble(first, (details.pop(0), detail_style))
        yield first
        for text in details:
            yield Content.assemble(" " * column, (text, detail_style))
