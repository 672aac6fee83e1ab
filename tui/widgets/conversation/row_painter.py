"""Rows as they are written to the screen: a line of a turn with its margins, and what a selection needs to know of it."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Size
from textual.strip import Strip

from tui.widgets.conversation.cursor import code_at
from tui.widgets.conversation.live import CARET
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import RowPosition

MEASURE = 100
"""The widest column of text, in cells: longer lines are hard to read."""
MARGIN = 1
"""The least number of cells on either side of the column; the scrollbar is in the right one."""
BAR = "▎"
COPY_HINT = " u copy"
_KEPT = 512


class RowPainter:
    """Draws rows for one size and palette, and keeps those drawn last."""

    def __init__(self) -> None:
        self.size = Size()
        self.palette: Palette | None = None
        self.base = Style.null()
        """The colours of the page."""
        self.column = 1
        """The width of the text, in cells."""
        self.left = MARGIN
        """The cells before the text."""
        self._drawn: LRUCache[tuple[int, int], tuple[Strip, bool, Strip]] = LRUCache(_KEPT)
        """By turn and row: the text, whether it was marked, and the row made of them."""

    def resize(self, size: Size, palette: Palette, base: Style) -> None:
        """Apply another size or other colours."""
        self.size, self.palette, self.base = size, palette, base
        self.column = max(1, min(MEASURE, size.width - 2 * MARGIN))
        self.left = max(0, (size.width - self.column) // 2)
        self._drawn.clear()

    def blank(self) -> Strip:
        """Return a row without text."""
        return Strip.blank(self.size.width, self.base)

    def paint(self, line: Line, turn: Turn, position: RowPosition, *, marked: bool) -> Strip:
        """Return a row of the screen. `marked`: with the bar of the reader's cursor."""
        kept = self._drawn.get((turn.serial, position.row))
        if kept is not None and kept[0] is line.strip and kept[1] == marked:
            return kept[2]
        drawn = self._draw(line, marked)
        self._drawn.discard((turn.serial, position.row))  # Textual's cache would keep the value that it has
        self._drawn[turn.serial, position.row] = (line.strip, marked, drawn)
        return drawn

    def _draw(self, line: Line, marked: bool) -> Strip:
        left, base = self.left + line.indent, self.base
        if marked and self.palette is not None:
            bar = Segment(BAR, base + self.palette.style("accent"))
            segments = [Segment(" " * (self.left - 1), base), bar, Segment(" " * line.indent, base)]
        else:
            segments = [Segment(" " * left, base)]
        if line.is_image:
            segments += [Segment(text, style or base) for text, style, _ in line.strip]
        else:
            segments += [Segment(text, base + style if style else base) for text, style, _ in line.strip]
        if (rest := self.size.width - left - line.strip.cell_length) > 0:
            segments.append(Segment(" " * rest, base))
        row = Strip([segment for segment in segments if segment.text], left + line.strip.cell_length + max(0, rest))
        return row.crop(0, self.size.width)

    # Additions to a line

    def with_caret(self, line: Line) -> Line:
        """Return a line with the caret of a running answer at its end, if there is room."""
        if self.palette is None or line.strip.cell_length + line.indent >= self.column:
            return line
        caret = Segment(CARET, self.palette.style("accent"))
        return line._replace(strip=Strip([*line.strip, caret]), end=len(line.strip.text))

    def with_copy_hint(self, line: Line, turn: Turn, position: RowPosition) -> Line:
        """Return a line, if it is the first row of a code block, with the key that copies it. It needs room for that."""
        if not line.start or line.start < line.strip.cell_length or code_at(turn, position.row) is None:
            return line  # the head of a code block has no text of its own
        room = self.column - len(COPY_HINT)
        strip = line.strip.adjust_cell_length(max(room, line.strip.cell_length))
        if self.palette is None or strip.text[room:].strip():
            return line
        fill = next((segment.style for segment in reversed(list(strip)) if segment.style), Style.null())
        hint = Segment(COPY_HINT, fill + self.palette.style("dim"))
        return line._replace(strip=Strip([*strip.crop(0, room), hint]), end=len(line.strip.text.rstrip()))

    def is_copy_hint(self, x: int) -> bool:
        """True if column `x` of the screen is within the copy hint of a row that has one."""
        return x >= self.left + self.column - len(COPY_HINT)


def filtered(row: Strip, change: LineFilter, background: Color) -> Strip:
    """Return a row in other colours. What draws an image over it stays, which Textual's filters drop."""
    if not any(segment.control for segment in row):
        return row.apply_filter(change, background)
    changed = change.apply(list(row), background)
    return Strip([own if own.control else new for own, new in zip(row, changed, strict=True)], row.cell_length)
