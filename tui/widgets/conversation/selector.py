"""Text selection: which characters of a row are selected, how they are highlighted, and what is copied.

Textual keeps a selection as two offsets in the widget. Ours name a row by its turn and its row within the turn, because rows
counted from the start of the transcript move whenever an estimate further up is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import RowPosition, Viewport
from tui.widgets.graphemes import ceil, floor

_ROW_BITS = 32


class Selector:
    """Reads and makes selections of the text in a viewport."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport

    def text(self, selection: Selection) -> str:
        """Return what a selection copies: the source text, without what wrapping, padding and frames have added."""
        text: list[str] = []
        cells: list[str] = []
        for position, line in self._lines(selection):
            if line.end is not None and line.end < line.start:
                continue  # the head of a block of code
            span = span_in(line, position, selection)
            if cells and not (line.cells and line.cells[0].goes_on):
                text.append(_joined(cells))
                cells = []
            if text and not cells:
                text.append(line.joiner if line.soft else "\n")
            if line.cells:
                cells = cells or [""] * len(line.cells)
                _add_cells(cells, line, *(span or (0, 0)))
            elif span is not None:
                text.append(_copied(line, *span))
        text.append(_joined(cells))
        return "\n".join(row.rstrip() for row in "".join(text).split("\n"))

    def highlight(self, line: Line, position: RowPosition, selection: Selection, style: Style) -> Line:
        """Return a line with its selected characters in `style`."""
        span = span_in(line, position, selection)
        return line if span is None else line._replace(strip=highlighted(line.strip, *span, style))

    def around(self, turn: Turn, position: RowPosition, x: int, *, rows: bool) -> Selection | None:
        """Return a selection of the word at character `x` of a row; with `rows`, of all rows of its paragraph."""
        line = turn.line(position.row)
        first = last = position.row
        start, end = word_at(line, x - line.indent)
        if rows:
            while first > 0 and turn.line(first).soft:
                first -= 1
            while last + 1 < turn.height and turn.line(last + 1).soft:
                last += 1
            start, end = 0, len(turn.line(last).strip.text)
        if (first, start) >= (last, end):
            return None
        return selection_of(RowPosition(position.turn, first), start, RowPosition(position.turn, last), end)

    def offset_at(self, line: Line, position: RowPosition, cell: int) -> Offset:
        """Return the offset in a selection of a cell, counted from where the text of its row begins.

        Cells before the text, and images, have offsets below -1, which Textual reads as the end of the row.
        """
        if cell < 0 or line.is_image:
            return Offset(min(cell, -1) - 1, row_number(position))
        return Offset(character_at(line.strip.text, cell), row_number(position))

    def _lines(self, selection: Selection) -> Iterator[tuple[RowPosition, Line]]:
        viewport = self._viewport
        first = position_of(selection.start.y) if selection.start else RowPosition(0, 0)
        end = RowPosition(len(viewport.turns) - 1, 1 << (_ROW_BITS - 1))
        last = position_of(selection.end.y) if selection.end else end
        for index in range(first.turn, min(last.turn, len(viewport.turns) - 1) + 1):
            row = first.row if index == first.turn else 0
            stop = last.row if index == last.turn else 1 << (_ROW_BITS - 1)
            height = viewport.measure(index, row, stop)
            for y in range(row, min(stop, height - 1) + 1):
                yield RowPosition(index, y), viewport.turns[index].line(y)


def row_number(position: RowPosition) -> int:
    """Return a position as the one number that a selection's offset has room for. Numbers sort like positions."""
    return position.turn << _ROW_BITS | position.row


def position_of(number: int) -> RowPosition:
    """Return the position that `row_number` gave this number for."""
    return RowPosition(number >> _ROW_BITS, number & ((1 << _ROW_BITS) - 1))


def selection_of(first: RowPosition, start: int, last: RowPosition, end: int) -> Selection:
    """Return a selection from character `start` of one row to before character `end` of another."""
    return Selection(Offset(start, row_number(first)), Offset(end, row_number(last)))


def moved(selection: Selection, turns: int) -> Selection:
    """Return the selection of the same text after so many turns were added before it."""
    below = Offset(0, row_number(RowPosition(turns, 0)))
    start, end = selection.start, selection.end
    return Selection(None if start is None else start + below, None if end is None else end + below)


def span_in(line: Line, position: RowPosition, selection: Selection) -> tuple[int, int] | None:
    """Return the selected characters of a row as start and end, without decoration; None if there are none."""
    span = selection.get_span(row_number(position))
    if span is None:
        return None
    text_end = len(line.strip.text) if line.end is None else line.end
    start, end = max(line.start, span[0]), text_end if span[1] == -1 else min(span[1], text_end)
    if start >= end:
        return None
    text = line.strip.text
    return floor(text, start), ceil(text, end)


def highlighted(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """Return a strip with the characters from `start` to `end` in another style."""
    segments: list[Segment] = []
    at = 0
    for text, own, _ in strip:
        first, last = min(max(0, start - at), len(text)), min(max(0, end - at), len(text))
        pieces = ((text[:first], own), (text[first:last], own + style if own else style), (text[last:], own))
        segments += [Segment(piece, shown) for piece, shown in pieces if piece]
        at += len(text)
    return Strip(segments, strip.cell_length)


def word_at(line: Line, x: int) -> tuple[int, int]:
    """Return start and end of the word around character `x` of a row; twice `x` if there is none."""
    text = line.strip.text[: line.end]
    if x < line.start or x >= len(text) or text[x].isspace():
        return x, x
    start, end = x, x
    while start > line.start and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def character_at(text: str, cell: int) -> int:
    """Return the first character of a text that begins at or after a cell."""
    cells = 0
    for at, character in enumerate(text):
        if cells >= cell:
            return at
        cells += get_character_cell_size(character)
    return len(text)


def _copied(line: Line, start: int, end: int) -> str:
    """Return the source of these characters of a row."""
    shown, copied = line.strip.text, list[str]()
    for swap in line.swaps:
        if swap.end > start and swap.start < end:
            copied += [shown[start : swap.start], swap.text if swap.start >= start else ""]
            start = swap.end
    return "".join((*copied, shown[start:end]))


def _add_cells(cells: list[str], line: Line, start: int, end: int) -> None:
    """Add the selected pieces of a table's cells in a row."""
    for at, cell in enumerate(line.cells):
        if piece := _copied(line, max(cell.start, start), min(cell.end, end)):
            cells[at] += (cell.joiner if cells[at] else "") + piece


def _joined(cells: list[str]) -> str:
    """Return a table's row, from its first selected cell to its last."""
    chosen = [at for at, cell in enumerate(cells) if cell]
    return " | ".join(cells[chosen[0] : chosen[-1] + 1]) if chosen else ""
