"""A widget for charts and tables that are drawn as lines of text for a width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

Draw = Callable[[int], Sequence[Content]]
"""Returns the lines of a chart for a width in cells."""


class Chart(Widget):
    """A chart, as high as its lines, which are drawn once for each width."""

    DEFAULT_CSS = """
    Chart { height: auto; }
    """

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self._draw = draw
        self._lines: tuple[int, Sequence[Content]] = (0, ())

    def show(self, draw: Draw) -> None:
        """Show another chart."""
        self._draw, self._lines = draw, (0, ())
        self.refresh(layout=True)

    def lines(self, width: int) -> Sequence[Content]:
        """Return the lines for a width in cells."""
        if self._lines[0] != width:
            self._lines = (width, self._draw(width))
        return self._lines[1]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        width, base = self.content_size.width, self.rich_style
        lines = self.lines(width)
        segments = lines[y].render_segments(self.visual_style) if y < len(lines) else [Segment("", base)]
        return Strip(segments).adjust_cell_length(width, base)
