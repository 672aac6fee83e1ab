"""The first line: which chat this is, and which model the next turn will use."""

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
"""Cells that the title has before anything else gives way to it."""


class Header(Widget):
    """Title left, model right. The model is the one thing here that can be clicked, so it has the accent."""

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
    """Said beside the title whatever the chat: that this is the demo."""
    model_name: reactive[str] = reactive("")
    settings: reactive[str] = reactive("")
    """Said before the model: what of thinking and effort is not as it does by itself."""

    elsewhere: reactive[str] = reactive("")
    """What there is to see in a chat that is not on the screen."""
    _elsewhere_at = 0
    """Where that was drawn."""

    class ModelClicked(Message):
        """The user wants another model."""

    class ElsewhereClicked(Message):
        """The user wants to see that chat."""

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.x >= self.content_size.width - len(self._model):
            self.post_message(self.ModelClicked())
        elif self._elsewhere_at <= offset.x < self._elsewhere_at + len(self.elsewhere):
            self.post_message(self.ElsewhereClicked())

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
        elsewhere = Strip(
            [Segment(self.elsewhere, base + self.get_component_rich_style("header--model", partial=True))]
        )
        said = [strip for strip in (mark, elsewhere) if strip.cell_length]
        room = width - settings.cell_length - model.cell_length - _beside(said)
        if room < _TITLE and self.elsewhere and self.mark:  # what is new goes before what is known
            said = [elsewhere]
            room = width - settings.cell_length - model.cell_length - _beside(said)
        room = max(0, room)
        if title.cell_length > room:
            title = Strip([Segment(safe(name), base + title_style)])
            title = Strip.join([title.crop(0, max(0, room - 1)), Strip([Segment("…", base)])])
        left = Strip.join([title, *(part for strip in said for part in (Strip.blank(3, base), strip))])
        self._elsewhere_at = left.cell_length - elsewhere.cell_length
        right = Strip.join([settings, model])
        return Strip.join([left.adjust_cell_length(max(0, width - right.cell_length), base), right]).crop(0, width)


def _beside(said: Sequence[Strip]) -> int:
    """The cells that are taken by what stands beside the title, and by the gaps."""
    return (sum(strip.cell_length + 3 for strip in said) or 1) + 1
