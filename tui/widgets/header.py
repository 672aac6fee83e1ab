"""The header line: the title of the chat, and the model of the next turn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.render.safe import safe, without_emoji_marks
from tui.render.wrap import cells_of

_TITLE = 16
"""Cells that the title keeps before anything else is shortened."""


class Header(Widget):
    """Title on the left, model on the right. What can be clicked has the accent colour."""

    DEFAULT_CSS = """
    Header {
        height: 1;
        color: $dim;
        & .header--title { color: $foreground; }
        & .header--mark { color: $warning; }
        & .header--model { color: $accent; }
    }
    """
    COMPONENT_CLASSES = {"header--title", "header--mark", "header--model"}

    title: reactive[str] = reactive("")
    mark: reactive[str] = reactive("")
    """A mark beside the title of every chat, e.g. that this is the demo."""
    model_name: reactive[str] = reactive("")
    settings: reactive[str] = reactive("")
    """The settings of the next request that differ from the model's defaults, shown before the model."""

    background: reactive[str] = reactive("")
    """News of chats in the background, e.g. that one has an answer."""
    _background_at = 0
    """The column in which they are drawn."""

    class ModelClicked(Message):
        """The model was clicked."""

    class BackgroundClicked(Message):
        """The news of a chat in the background were clicked."""

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.x >= self.content_size.width - len(self._model):
            self.post_message(self.ModelClicked())
        elif self._background_at <= offset.x < self._background_at + len(self.background):
            self.post_message(self.BackgroundClicked())

    @property
    def _model(self) -> str:
        return f"{self.model_name} ▾" if self.model_name else ""

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        base = self.rich_style
        model = Strip([Segment(self._model, base + self.get_component_rich_style("header--model", partial=True))])
        settings = Strip([Segment(f"  {self.settings} · " if self.settings else "", base)])
        mark = Strip([Segment(self.mark, base + self.get_component_rich_style("header--mark", partial=True))])
        title_style = self.get_component_rich_style("header--title", partial=True) if self.title else base
        # With the joiners that a script needs; `cell_len` would count nothing for the letter behind one.
        name = without_emoji_marks(safe(self.title, keep_newlines=False, keeps_marks=True)) or "New chat"
        title = Strip([Segment(name, base + title_style)], cells_of(name))
        background = Strip(
            [Segment(self.background, base + self.get_component_rich_style("header--model", partial=True))]
        )
        notices = [strip for strip in (mark, background) if strip.cell_length]
        room = width - settings.cell_length - model.cell_length - _cells_of(notices)
        if room < _TITLE and self.background and self.mark:  # news are more important than the mark
            notices = [background]
            room = width - settings.cell_length - model.cell_length - _cells_of(notices)
        room = max(0, room)
        if title.cell_length > room:
            title = Strip([Segment(safe(name), base + title_style)])
            title = Strip.join([title.crop(0, max(0, room - 1)), Strip([Segment("…", base)])])
        left = Strip.join([title, *(part for strip in notices for part in (Strip.blank(3, base), strip))])
        self._background_at = left.cell_length - background.cell_length
        right = Strip.join([settings, model])
        return Strip.join([left.adjust_cell_length(max(0, width - right.cell_length), base), right]).crop(0, width)


def _cells_of(notices: Sequence[Strip]) -> int:
    """Return the cells that the notices beside the title take, with their gaps."""
    return (sum(strip.cell_length + 3 for strip in notices) or 1) + 1
