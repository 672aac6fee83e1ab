"""Selecting text in the conversation: which characters of a row are selected, how they look, and what is copied.

Textual keeps a selection as two offsets in the widget. Ours name a row by its turn and its row there, because rows counted
from the beginning move whenever an estimate further up meets the truth.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.viewport import Place, Viewport
from tui.widgets.graphemes import ceil, floor

_ROW_BITS = 32


def row_number(place: Place) -> int:
    """A place as the one number that a selection's offset has room for; in the order of the places."""
    return place.turn << _ROW_BITS | place.row


def place_of(number: int) -> Place:
    return Place(number >> _ROW_BITS, number & ((1 << _ROW_BITS) - 1))


def span_in(line: Line, place: Place, selection: Selection) -> tuple[int, int] | None:
    """The selected characters of a row, without what is mere decoration. None if there are none."""
    span = selection.get_span(row_number(place))
    if span is None:
        return None
    text_end = len(line.strip.text) if line.end is None else line.end
    start, end = max(line.start, span[0]), text_end if span[1] == -1 else min(span[1], text_end)
    if start >= end:
        return None
    text = line.strip.text
    return floor(text, start), ceil(text, end)


def highlighted(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """A strip with the characters from `start` to `end` in another style."""
    segments: list[Segment] = []
    at = 0
    for text, own, _ in strip:
        first, last = min(max(0, start - at), len(text)), min(max(0, end - at), len(text))
        pieces = ((text[:first], own), (text[first:last], own + style if own else style), (text[last:], own))
        segments += [Segment(piece, shown) for piece, shown in pieces if piece]
        at += len(text)
    return Strip(segments, strip.cell_length)


def selected_text(viewport: Viewport, selection: Selection) -> str:
    """What a selection copies: the text as it was, without what wrapping, padding and frames have made of it."""
    text: list[str] = []
    cells: list[str] = []
    for place, line in _lines(viewport, selection):
        if line.end is not None and line.end < line.start:
            continue  # the head of a block of code
        span = span_in(line, place, selection)
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


def _copied(line: Line, start: int, end: int) -> str:
    """What these characters of a row stand for."""
    shown, copied = line.strip.text, list[str]()
    for swap in line.swaps:
        if swap.end > start and swap.start < end:
            copied += [shown[start : swap.start], swap.text if swap.start >= start else ""]
            start = swap.end
    return "".join((*copied, shown[start:end]))


def _add_cells(cells: list[str], line: Line, start: int, end: int) -> None:
    """Add the pieces of a table's cells that are selected in a row."""
    for at, cell in enumerate(line.cells):
        if piece := line.strip.text[max(cell.start, start) : min(cell.end, end)]:
            cells[at] += (cell.joiner if cells[at] else "") + piece


def _joined(cells: list[str]) -> str:
    """A table's row, from the first cell of which something is selected to the last."""
    chosen = [at for at, cell in enumerate(cells) if cell]
    return " | ".join(cells[chosen[0] : chosen[-1] + 1]) if chosen else ""


def _lines(viewport: Viewport, selection: Selection) -> Iterator[tuple[Place, Line]]:
    first = place_of(selection.start.y) if selection.start else Place(0, 0)
    last = place_of(selection.end.y) if selection.end else Place(len(viewport.turns) - 1, 1 << (_ROW_BITS - 1))
    for index in range(first.turn, min(last.turn, len(viewport.turns) - 1) + 1):
        row = first.row if index == first.turn else 0
        stop = last.row if index == last.turn else 1 << (_ROW_BITS - 1)
        height = viewport.exact(index, row, stop)
        for y in range(row, min(stop, height - 1) + 1):
            yield Place(index, y), viewport.turns[index].line(y)


def word_at(line: Line, x: int) -> tuple[int, int]:
    """The word around a character of a row, as the characters it goes from and to."""
    text = line.strip.text[: line.end]
    if x < line.start or x >= len(text) or text[x].isspace():
        return x, x
    start, end = x, x
    while start > line.start and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def selection_of(first: Place, start: int, last: Place, end: int) -> Selection:
    """A selection from a character of one row to before a character of another."""
    return Selection(Offset(start, row_number(first)), Offset(end, row_number(last)))
