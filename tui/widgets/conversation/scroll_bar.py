"""The transcript's scroll bar. Its cells have few looks, so a line of it is made once and used again."""

from __future__ import annotations

from rich.segment import Segment
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip


class TranscriptScrollBar(ScrollBar):
    def __init__(self, *, thickness: int) -> None:
        self._strips: dict[Segment, Strip] = {}
        super().__init__(vertical=True, name="vertical", thickness=thickness)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def direct_lines(self, first: int, count: int) -> list[Strip] | None:
        """Return lines as the compositor shows them; None if a style changes how they look."""
        bar = self.render()
        if self.opacity < 1 or not isinstance(bar, ScrollBarRender):
            return None
        style = self.app.console.get_style(bar.style)
        if style.color is None or style.bgcolor is None:
            return None
        cells = bar.render_bar(
            self.size.height,
            bar.virtual_size,
            bar.window_size,
            bar.position,
            bar.thickness,
            back_color=style.bgcolor,
            bar_color=style.color,
        )
        strips: list[Strip] = []
        before: Segment | None = None
        for cell in cells.segments[first : first + count]:
            strips.append(strips[-1] if cell is before else self._strip(cell))
            before = cell
        return strips

    def _strip(self, cell: Segment) -> Strip:
        strip = self._strips.get(cell)
        if strip is None:
            style = self.visual_style.rich_style
            strip = self._strips[cell] = Strip([Segment(cell.text, style + cell.style)], self.thickness)
        for change in self.get_line_filters():
            strip = strip.apply_filter(change, self.background_colors[1])
        return strip
