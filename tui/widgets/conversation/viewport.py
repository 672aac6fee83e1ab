"""Which rows of which turns are in view, and how they stay in place while heights above and below them become known.

Turns that nobody has looked at count by estimate. Whatever comes into view is made exact first; the row at the top of the
view is remembered as a row of its turn, so that a corrected estimate above it moves numbers, never the picture. No widget.
"""

from __future__ import annotations

from typing import NamedTuple

from tui.widgets.conversation.heights import Heights
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.turn import Turn

_PARTS, _PIECES, _ROWS = 1_000, 10_000, 1_000
"""More parts than a turn has, pieces than a part, and rows than a piece that anybody reads."""


class Place(NamedTuple):
    """A row of a turn."""

    turn: int
    row: int


class Mark(NamedTuple):
    """A place that survives a new width: so far into a part of a turn."""

    turn: int
    part: int
    row: int
    share: float


class Viewport:
    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.heights = Heights()
        self.rows = 0
        """How many rows are in view."""
        self.following = True
        """Whether it stays at the end."""
        self.measured = 0
        """Turns that have been built so far, for tests and the curious."""
        self._width = 0
        self._palette: Palette | None = None
        self._top = Place(0, 0)
        self._mark: Mark | None = None

    @property
    def top(self) -> int:
        """The row at the top of the view, counted from the beginning."""
        return self.heights.top(self._top.turn) + self._top.row if self.turns else 0

    @property
    def total(self) -> int:
        return self.heights.total

    @property
    def below(self) -> int:
        """Rows under the view."""
        return max(0, self.total - self.top - self.rows)

    @property
    def in_view(self) -> range:
        """The numbers of the turns that are in view."""
        if not self.turns:
            return range(0)
        last = self.heights.at(min(self.top + self.rows, self.total) - 1)[0]
        return range(self._top.turn, max(last, self._top.turn) + 1)

    # What there is

    def replace(self, turns: list[Turn]) -> None:
        self.turns, self.heights = turns, Heights()
        for turn in turns:
            self.heights.append(turn.estimated_height(self._width))
        self.following, self._top, self._mark = True, Place(0, 0), None
        self.settle()

    def append(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.heights.append(turn.estimated_height(self._width))
        self._fit(len(self.turns) - 1)

    def pop(self) -> None:
        self.turns.pop()
        self.heights.pop()
        self._top = min(self._top, Place(max(0, len(self.turns) - 1), 0))

    def resize(self, width: int, rows: int, palette: Palette) -> None:
        """Another width, height or look. What was at the top stays there, also after the way back."""
        same = (width, palette) == (self._width, self._palette)
        if same:
            self.rows = rows
            self.settle()
            return
        mark = self._mark or self.mark()
        self._width, self.rows, self._palette = width, rows, palette
        self.heights = Heights()
        for turn in self.turns:
            self.heights.append(turn.estimated_height(width))
        self.return_to(mark)

    def mark(self) -> Mark | None:
        """Where the reader is."""
        if not self.turns or not self._width:
            return None
        self._fit(self._top.turn)
        turn = self.turns[self._top.turn]
        part, row = turn.at(self._top.row)
        return Mark(self._top.turn, part, row, max(0, row) / max(1, turn.parts[part].height))

    def return_to(self, mark: Mark | None) -> None:
        """Goes back to a mark, after widths or folds have changed."""
        if mark is not None and self.turns:
            turn = self._fit(mark.turn)
            part = turn.parts[min(mark.part, len(turn.parts) - 1)]
            row = round(mark.share * part.height) if mark.row >= 0 else mark.row
            self._top = Place(mark.turn, max(0, turn.top_of(part) + min(row, part.height)))
        self.settle()
        self._mark = mark

    # Moving

    def move(self, rows: int) -> None:
        """Goes down, or up with a negative number: over rows as they are, not as they were estimated."""
        self._mark = None
        if abs(rows) > 3 * max(1, self.rows):
            self._top = Place(*self.heights.at(self.top + rows))
        elif rows < 0:
            self._top = self._above(self._top, -rows)
        else:
            self._top = Place(self._top.turn, self._top.row + rows)
        self.following = False
        self.settle()
        self.following = self.below == 0

    def to_start(self) -> None:
        self._mark, self._top, self.following = None, Place(0, 0), False
        self.settle()
        self.following = self.below == 0

    def share(self) -> float:
        """Where the view begins, in one number that holds whatever becomes exact above it or is noted below it.

        Digits after the point: three for the part of the turn, four for the piece of that part, three for the row.
        """
        mark = self.mark()
        if mark is None:
            return 0.0
        piece, row = self.turns[mark.turn].parts[mark.part].place_of(mark.row)
        return mark.turn + (mark.part * _PIECES + piece + (min(row, _ROWS - 2) + 1.5) / _ROWS) / (_PARTS * _PIECES)

    def to_share(self, at: float) -> None:
        if self.turns:
            index = max(0, min(int(at), len(self.turns) - 1))
            turn = self._fit(index)
            place = (at - int(at)) * _PARTS * _PIECES
            part, piece = divmod(int(place), _PIECES)
            part = min(part, len(turn.parts) - 1)
            row = turn.parts[part].row_of(piece, int((place - int(place)) * _ROWS) - 1)
            turn.changed()
            self.heights.set(index, turn.height)
            self._mark, self.following = None, False
            self._top = Place(index, max(0, turn.tops()[part] + row))
            self.settle()
            self.following = self.below == 0

    def to_end(self) -> None:
        self._mark, self.following = None, True
        self.settle()

    def turn_at_end(self) -> int:
        """The last turn that begins in view, or else the one that fills it."""
        last = self.heights.at(min(self.top + self.rows, self.total) - 1)[0]
        return last if self.heights.top(last) >= self.top or last == self._top.turn else self._top.turn

    def show_turn(self, index: int, *, at_end: bool = False) -> None:
        """Brings a turn into view: all of it where it fits, else its beginning (or its end)."""
        self._fit(index)
        if at_end:
            self._above(Place(index, self.heights.height(index)), self.rows)
        else:
            self.exact(index, 0, self.rows)
        first, height = self.heights.top(index), self.heights.height(index) - 1
        last = first + height
        if height > self.rows:
            self.move((last - self.rows if at_end else first) - self.top)
        elif first < self.top:
            self.move(first - self.top)
        elif last > self.top + self.rows:
            self.move(last - self.top - self.rows)

    def settle(self) -> None:
        """Makes every row in view exact, and lets the view neither leave the end nor run past it."""
        if not self.turns or not self._width:
            return
        if not self.following:
            self._walk_down()
        if self.following or self.below == 0:
            end = Place(len(self.turns) - 1, self._fit(len(self.turns) - 1).height)
            self._top = self._above(end, self.rows)
        self._normalise()

    def changed(self, index: int) -> None:
        """A turn's height may be another."""
        self.heights.set(index, self._fit(index).height)

    # Making exact

    def _fit(self, index: int) -> Turn:
        """A turn with parts, at the width in use."""
        turn = self.turns[index]
        if self._palette is not None and self._width:
            self.measured += not turn.parts
            turn.fit(self._width, self._palette)
            self.heights.set(index, turn.height)
        return turn

    def exact(self, index: int, first: int, last: int) -> int:
        """Makes rows of a turn exact, and returns its height."""
        turn = self._fit(index)
        while turn.settle(first, min(last, turn.height)):
            pass
        self.heights.set(index, turn.height)
        return turn.height

    def _walk_down(self) -> None:
        """From the top of the view to its end."""
        index, row = self._top
        left = self.rows
        while left > 0 and index < len(self.turns):
            height = self.exact(index, row, row + left)
            left -= max(0, height - row)
            row = max(0, row - height)
            index += 1

    def _above(self, place: Place, rows: int) -> Place:
        """The place so many rows above another. Rows on the way become exact, and keep their distance to it."""
        index, row = place
        while rows > 0:
            if row == 0:
                if index == 0:
                    break
                index -= 1
                row = self._fit(index).height
                continue
            step = min(rows, row)
            turn = self._fit(index)
            while True:
                before = turn.height
                moved = turn.settle(max(0, row - step), row - 1)
                row += turn.height - before
                if not moved:
                    break
            self.heights.set(index, turn.height)
            step = min(rows, row)
            row -= step
            rows -= step
        return Place(index, row)

    def _normalise(self) -> None:
        """Names the top by the turn that it lies in, and does not let it pass the end."""
        top = min(self.top, max(0, self.total - self.rows))
        self._top = Place(*self.heights.at(max(0, top)))
