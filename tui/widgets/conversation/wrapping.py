"""Wraps plain text, which is shown without Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tui.render.wrap import cells_of_character


class Span(NamedTuple):
    """One row of a text: the characters from `start` to `end`. `soft`: it continues the row above, with `joiner` between."""

    start: int
    end: int
    soft: bool
    joiner: str


def wrapped(text: str, width: int) -> tuple[Span, ...]:
    """Return the rows of a text, broken at spaces, or within a word that is too long."""
    rows: list[Span] = []
    start = 0
    for line in text.split("\n"):
        breaks = _ascii_breaks if line.isascii() else _breaks
        soft, joiner, at = False, "", 0
        for end, after in breaks(line, max(1, width)):
            rows.append(Span(start + at, start + end, soft, joiner))
            soft, joiner, at = True, line[end:after], after
        rows.append(Span(start + at, start + len(line), soft, joiner))
        start += len(line) + 1
    return tuple(rows)


def _ascii_breaks(line: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield where rows end and the next ones start, in a line whose characters are all one cell wide."""
    at, length = 0, len(line)
    while length - at > width:
        space = line.rfind(" ", at + 1, at + width + 1)
        end = space if space > 0 else at + width
        after = end + 1 if space > 0 else end
        yield end, after
        at = after


def _breaks(line: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield the same for any line, character by character."""
    at, cells, space, cells_after_space = 0, 0, -1, 0
    for index, character in enumerate(line):
        size = cells_of_character(character)
        if cells + size > width and index > at:
            if character == " ":
                yield index, index + 1
                at, cells, space, cells_after_space = index + 1, 0, -1, 0
                continue
            if space > at:
                yield space, space + 1
                at, cells = space + 1, cells_after_space
            else:
                yield index, index
                at, cells = index, 0
            space, cells_after_space = -1, 0
        cells += size
        cells_after_space += size
        if character == " ":
            space, cells_after_space = index, 0
