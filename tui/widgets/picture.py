"""A picture in half blocks: two dots of colour in each cell, which every terminal can draw."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

Dots = Sequence[Sequence[tuple[int, int, int]]]


class Picture(Widget):
    """Shows rows of dots, an even number of them."""

    DEFAULT_CSS = """
    Picture { width: 100%; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._dots: Dots = ()

    def show(self, dots: Dots) -> None:
        self._dots = dots
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._dots) // 2

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if 2 * y + 1 >= len(self._dots):
            return Strip.blank(width, base)
        cells = zip(self._dots[2 * y], self._dots[2 * y + 1], strict=True)
        line = Strip([Segment("▀", Style(color=_colour(upper), bgcolor=_colour(lower))) for upper, lower in cells])
        return line.adjust_cell_length(width, base)


def _colour(dot: tuple[int, int, int]) -> Color:
    return Color.from_rgb(*dot)
