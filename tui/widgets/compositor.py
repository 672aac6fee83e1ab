"""Composes only the lines of the screen that changed, each from the widget on top.

For each frame Textual's compositor renders all lines of all widgets that a change may overlap, and cuts and filters them.
`LineCompositor` asks for the lines that changed, and for nothing below them. A widget with a method `direct_lines` gives
its lines as they are to be shown, past caches and filters that would not change them:

    def direct_lines(self, first: int, count: int) -> list[Strip] | None

It returns lines of the widget, filtered, and as wide as its content; None if its styles change how they look just now. A
widget with a method `text_offset` says itself where in its text a cell is, for selections:

    def text_offset(self, x: int, y: int) -> Offset | None
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import textual.screen
from rich.console import Console
from textual._compositor import Compositor, CompositorUpdate
from textual._styles_cache import StylesCache
from textual.errors import NoWidget
from textual.geometry import Offset, Region
from textual.strip import Strip
from textual.widget import Widget

from tui.render.gate import drawn

Part = tuple[int, Strip]
"""A part of a line: its end column, and its cells."""
Line = dict[int, Part]
"""The parts of a line by start column."""


class PartsUpdate(CompositorUpdate):
    """The parts of lines that have to be shown, by line."""

    def __init__(self, lines: dict[int, Line]) -> None:
        self.lines = lines

    def render_segments(self, console: Console) -> str:
        return "".join(
            f"\x1b[{y + 1};{x + 1}H{drawn(strip, console)}"
            for y, line in self.lines.items()
            for x, (_, strip) in line.items()
        )


class LineCompositor(Compositor):
    def render_partial_update(self) -> PartsUpdate | None:  # type: ignore[override]
        dirty, self._dirty_regions = self._dirty_regions, set()
        lines: dict[int, Line] = {}
        for widget, region, shown, rows, parts in self._sources(dirty):
            strips = _lines_of(widget, region, shown, rows)
            for y, strip in zip(rows, strips, strict=False):
                for x, end in parts[y]:
                    lines.setdefault(y, {})[x] = (end, strip.crop(x - shown.x, end - shown.x))
        return PartsUpdate(lines) if lines else None

    def _sources(
        self, dirty: set[Region]
    ) -> Iterator[tuple[Widget, Region, Region, range, dict[int, list[tuple[int, int]]]]]:
        """Yield the widgets on top where the screen has changed, each with adjacent lines.

        With a widget come its region, what is shown of that, the lines, and the start and end columns of the parts of each.
        """
        sources: dict[Widget, tuple[Region, Region, dict[int, list[tuple[int, int]]]]] = {}
        height = self.size.height
        for y, left, right in self._regions_to_spans(dirty):
            if not 0 <= y < height:
                continue
            for x, end in pairwise(self.cuts[y]):
                if x >= right or end <= left:
                    continue
                for widget, shown, region in self.layers_visible[y]:
                    if shown.x <= x and end <= shown.right:
                        columns = sources.setdefault(widget, (region, shown, {}))[2].setdefault(y, [])
                        if (x, end) not in columns:
                            columns.append((x, end))
                        break
        for widget, (region, shown, parts) in sources.items():
            for rows in _runs(sorted(parts)):
                yield widget, region, shown, rows, parts

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        try:
            widget, region = self.get_widget_at(x, y)
        except NoWidget:
            return None, None
        if (text_offset := getattr(widget, "text_offset", None)) is not None:
            return widget, text_offset(x - region.x, y - region.y)
        return super().get_widget_and_offset_at(x, y)


def _lines_of(widget: Widget, region: Region, shown: Region, rows: range) -> list[Strip]:
    direct_lines = getattr(widget, "direct_lines", None)
    if direct_lines is not None and shown.x == region.x:
        strips: list[Strip] | None = direct_lines(rows.start - region.y, len(rows))
        if strips is not None:
            return strips
    return widget.render_lines(Region(shown.x - region.x, rows.start - region.y, shown.width, len(rows)))


def _runs(rows: list[int]) -> Iterator[range]:
    """Yield sorted numbers as ranges of adjacent ones."""
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or rows[at] != rows[at - 1] + 1:
            yield range(rows[start], rows[at - 1] + 1)
            start = at


textual.screen.Compositor = LineCompositor  # type: ignore[attr-defined]  # Textual has no setting for it

# Textual 8.2 caches a method that should be a class method: the keys contain the widget's own cache, so that the lines
# of the last 1,024 closed widgets stay in memory.
StylesCache.get_inner_outer = classmethod(lru_cache(1024)(StylesCache.get_inner_outer.__wrapped__))  # type: ignore[method-assign, assignment, arg-type]
