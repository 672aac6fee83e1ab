"""The viewport: which rows of which turns are in view, and how they stay in place while other heights change.

Turns outside the view have estimated heights. Whatever comes into view is measured first. The top of the view is stored as
a row of its turn: a corrected estimate above it changes row numbers, and never what is on the screen. No widget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tui.widgets.conversation.backlog import SLICE_CHARS
from tui.widgets.conversation.heights import Heights
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import Part
from tui.widgets.conversation.turn import Turn

_ALL_ROWS = 1 << 30
_PARTS, _PIECES, _ROWS = 1_000, 10_000, 1_000
"""Upper bounds for the parts of a turn, the pieces of a part and the rows of a piece, in a scroll position."""


class RowPosition(NamedTuple):
    """A row of a turn."""

    turn: int
    row: int


class Anchor(NamedTuple):
    """A position that survives a change of width: a fraction of a part of a turn."""

    turn: int
    part: int
    row: int
    fraction: float


class Viewport:
    """A window of `rows` rows over a list of turns."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.heights = Heights()
        self.rows = 0
        """The number of rows in view."""
        self.following = True
        """True while the view stays at the end."""
        self.is_end = False
        """True while the turns are only the last ones of the chat, and those before them are still to come."""
        self.built_turns = 0
        """The number of turns that were laid out so far. Tests check that it stays small."""
        self._width = 0
        self._palette: Palette | None = None
        self._top = RowPosition(0, 0)
        self._anchor: Anchor | None = None
        self._owed = 0
        """The rows that the reader wanted to scroll up beyond the turns that are there."""

    @property
    def top(self) -> int:
        """The first row in view, counted from the start of the transcript."""
        return self.heights.top(self._top.turn) + self._top.row if self.turns else 0

    @property
    def width(self) -> int:
        """The width of the rows in cells; 0 before the first layout."""
        return self._width

    @property
    def total(self) -> int:
        """The height of the transcript in rows, in part an estimate."""
        return self.heights.total

    @property
    def below(self) -> int:
        """The number of rows below the view."""
        return max(0, self.total - self.top - self.rows)

    @property
    def in_view(self) -> range:
        """The indices of the turns in view."""
        if not self.turns:
            return range(0)
        last = self.heights.at(min(self.top + self.rows, self.total) - 1)[0]
        return range(self._top.turn, max(last, self._top.turn) + 1)

    def at(self, y: int) -> tuple[Turn, RowPosition] | None:
        """Return the turn and the position in row `y` of the view, or None below the transcript."""
        row = self.top + y
        if not self.turns or row >= self.total:
            return None
        position = RowPosition(*self.heights.at(row))
        return self.turns[position.turn], position

    # Content

    def replace(self, turns: list[Turn], *, is_end: bool = False) -> None:
        """Show other turns, from their end. `is_end`: those before them will come later."""
        self.turns, self.heights = turns, Heights()
        for turn in turns:
            self.heights.append(turn.estimated_height(self._width))
        self.following, self._top, self._anchor = True, RowPosition(0, 0), None
        self.is_end, self._owed = is_end, 0
        self.update()

    def complete(self, earlier: list[Turn], heights: Iterable[int], replaced: int) -> None:
        """Add the earlier turns, with their estimated heights, in the place of the first `replaced` ones.

        What is in view stays there, unless the reader wanted to scroll further up than there were turns.
        """
        from_end = self.total - self.top
        kept = range(replaced, len(self.turns))
        heights = (*heights, *(self.heights.height(index) for index in kept))
        self.turns, self.heights = [*earlier, *self.turns[replaced:]], Heights()
        for height in heights:
            self.heights.append(height)
        self._anchor, self.is_end, owed, self._owed = None, False, self._owed, 0
        if self.turns and self._width and not (self.following and not owed):
            end = RowPosition(len(self.turns) - 1, self.heights.height(len(self.turns) - 1))
            self._top, self.following = self._rows_above(end, from_end), False
            self.update()
            if owed >= self.top:
                self.scroll_to_start()
            else:
                self.scroll(-owed)
        else:
            self.update()

    def owe(self, rows: int) -> None:
        """Note that the reader wants to scroll up so many rows more once the earlier turns are there."""
        if self.is_end:
            self._owed += rows

    def append(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.heights.append(turn.estimated_height(self._width))
        self._lay_out(len(self.turns) - 1)

    def pop(self) -> None:
        self.turns.pop()
        self.heights.pop()
        self._top = min(self._top, RowPosition(max(0, len(self.turns) - 1), 0))

    def resize(self, width: int, rows: int, palette: Palette) -> None:
        """Apply another width, height or palette. The text at the top stays there, also when the old size comes back."""
        if (width, palette) == (self._width, self._palette):
            self.rows = rows
            self.update()
            return
        anchor = self._anchor or self.anchor()
        self._width, self.rows, self._palette = width, rows, palette
        self.heights = Heights()
        for turn in self.turns:
            self.heights.append(turn.estimated_height(width))
        self.restore(anchor)

    def changed(self, index: int) -> None:
        """Note that the height of a turn may have changed."""
        self.heights.set(index, self._lay_out(index).height)

    def update(self) -> None:
        """Measure every row in view, and keep the view within the transcript: at its end while it follows."""
        if not self.turns or not self._width:
            return
        if not self.following:
            self._measure_down()
        if self.following or self.below == 0:
            end = RowPosition(len(self.turns) - 1, self._lay_out(len(self.turns) - 1).height)
            self._top = self._rows_above(end, self.rows)
        self._normalise()

    # Anchors

    def anchor(self) -> Anchor | None:
        """Return the top of the view as an anchor."""
        if not self.turns or not self._width:
            return None
        self._lay_out(self._top.turn)
        turn = self.turns[self._top.turn]
        part, row = turn.at(self._top.row)
        return Anchor(self._top.turn, part, row, max(0, row) / max(1, turn.parts[part].height))

    def restore(self, anchor: Anchor | None) -> None:
        """Scroll back to an anchor, after a change of widths or folds."""
        if anchor is not None and self.turns:
            turn = self._lay_out(anchor.turn)
            part = turn.parts[min(anchor.part, len(turn.parts) - 1)]
            row = round(anchor.fraction * part.height) if anchor.row >= 0 else anchor.row
            self._top = RowPosition(anchor.turn, max(0, turn.top_of(part) + min(row, part.height)))
        self.update()
        self._anchor = anchor

    @contextmanager
    def reshaping(self, turn: Turn) -> Iterator[None]:
        """Keep the reader's position while parts of a turn are opened or folded."""
        anchor = self.anchor()
        yield
        turn.changed()
        self.changed(self.turns.index(turn))
        self.restore(anchor)

    # Scrolling

    def scroll(self, rows: int) -> None:
        """Scroll down by measured rows; up if `rows` is negative."""
        self._anchor, self._owed = None, 0 if rows > 0 else self._owed
        if abs(rows) > 3 * max(1, self.rows):
            self._top = RowPosition(*self.heights.at(self.top + rows))
        elif rows < 0:
            self._top = self._rows_above(self._top, -rows)
        else:
            self._top = RowPosition(self._top.turn, self._top.row + rows)
        self.following = False
        self.update()
        self.following = self.below == 0

    def scroll_to_start(self) -> None:
        self._anchor, self._top, self.following = None, RowPosition(0, 0), False
        self.owe(_ALL_ROWS)
        self.update()
        self.following = self.below == 0

    def scroll_to_end(self) -> None:
        """Show the end, and follow it."""
        self._anchor, self.following, self._owed = None, True, 0
        self.update()

    @property
    def position(self) -> float:
        """The top of the view as one number. It stays valid whatever is measured above it or added below it.

        The whole part is the turn. The digits after the point: three for the part, four for its piece, three for the row.
        """
        anchor = self.anchor()
        if anchor is None:
            return 0.0
        piece, row = self.turns[anchor.turn].parts[anchor.part].piece_at(anchor.row)
        return anchor.turn + (anchor.part * _PIECES + piece + (min(row, _ROWS - 2) + 1.5) / _ROWS) / (_PARTS * _PIECES)

    def scroll_to_position(self, at: float) -> None:
        """Scroll to a `position`, or to the nearest one that exists."""
        if self.turns:
            index = max(0, min(int(at), len(self.turns) - 1))
            turn = self._lay_out(index)
            place = (at - int(at)) * _PARTS * _PIECES
            part, piece = divmod(int(place), _PIECES)
            part = min(part, len(turn.parts) - 1)
            row = turn.parts[part].row_of(piece, int((place - int(place)) * _ROWS) - 1)
            turn.changed()
            self.heights.set(index, turn.height)
            self._anchor, self.following = None, False
            self._top = RowPosition(index, max(0, turn.tops()[part] + row))
            self.update()
            self.following = self.below == 0

    def last_turn_in_view(self) -> int:
        """Return the index of the last turn that starts in view, else of the one that fills the view."""
        last = self.heights.at(min(self.top + self.rows, self.total) - 1)[0]
        return last if self.heights.top(last) >= self.top or last == self._top.turn else self._top.turn

    def show_turn(self, index: int, *, at_end: bool = False) -> None:
        """Scroll a turn into view: all of it if it fits, else its start (or its end)."""
        self._lay_out(index)
        if at_end:
            self._rows_above(RowPosition(index, self.heights.height(index)), self.rows)
        else:
            self.measure(index, 0, self.rows)
        first, height = self.heights.top(index), self.heights.height(index) - 1
        last = first + height
        if height > self.rows:
            self.scroll((last - self.rows if at_end else first) - self.top)
        elif first < self.top:
            self.scroll(first - self.top)
        elif last > self.top + self.rows:
            self.scroll(last - self.top - self.rows)

    # Long texts

    def unparsed(self) -> tuple[int, Part] | None:
        """Return a part in view that is too long to be parsed at once, with the index of its turn."""
        for index in self.in_view:
            for part in self.turns[index].parts:
                if part.is_half_read:
                    return index, part
        return None

    def parse_more(self, clock: Callable[[], float], budget_s: float) -> bool:
        """Parse more of a long text in view, for about `budget_s`. False if there is none."""
        if (found := self.unparsed()) is None:
            return False
        index, part = found
        end = clock() + budget_s
        while part.is_half_read and clock() < end:
            part.read(SLICE_CHARS)
        self.turns[index].changed()
        self.changed(index)
        self.update()
        return True

    # Measuring

    def measure(self, index: int, first: int, last: int) -> int:
        """Measure rows of a turn, and return its height."""
        turn = self._lay_out(index)
        while turn.measure(first, min(last, turn.height)):
            pass
        self.heights.set(index, turn.height)
        return turn.height

    def _lay_out(self, index: int) -> Turn:
        """Return a turn, built for the current width."""
        turn = self.turns[index]
        if self._palette is not None and self._width:
            self.built_turns += not turn.parts
            turn.fit(self._width, self._palette)
            self.heights.set(index, turn.height)
        return turn

    def _measure_down(self) -> None:
        """Measure from the top of the view to its end."""
        index, row = self._top
        left = self.rows
        while left > 0 and index < len(self.turns):
            height = self.measure(index, row, row + left)
            left -= max(0, height - row)
            row = max(0, row - height)
            index += 1

    def _rows_above(self, position: RowPosition, rows: int) -> RowPosition:
        """Return the position `rows` rows above another. The rows between are measured, and keep their distance to it."""
        index, row = position
        while rows > 0:
            if row == 0:
                if index == 0:
                    break
                index -= 1
                row = self._lay_out(index).height
                continue
            step = min(rows, row)
            turn = self._lay_out(index)
            while True:
                before = turn.height
                moved = turn.measure(max(0, row - step), row - 1)
                row += turn.height - before
                if not moved:
                    break
            self.heights.set(index, turn.height)
            step = min(rows, row)
            row -= step
            rows -= step
        return RowPosition(index, row)

    def _normalise(self) -> None:
        """Store the top as a row of the turn that it is in, and keep it before the end."""
        top = min(self.top, max(0, self.total - self.rows))
        self._top = RowPosition(*self.heights.at(max(0, top)))


class FollowState(NamedTuple):
    """Whether the view follows the end, the rows below it, and how many of these came since it stopped following."""

    following: bool
    lines_below: int
    new_lines: int


class FollowTracker:
    """Reports changes of how far the end of the transcript is below the view."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._total_when_left = 0
        """The height of the transcript when the view stopped following its end."""
        self._reported = (True, 0)

    def scrolled(self) -> None:
        """Note that the reader has scrolled: if that left the end, lines are new from here on."""
        if self._reported[0]:
            self._total_when_left = self._viewport.total

    def take_change(self, *, follow_only: bool = False) -> FollowState | None:
        """Return the state if it changed since the last call; with `follow_only`, only if following has changed."""
        viewport = self._viewport
        state = (viewport.following, viewport.below)
        if state == self._reported or (follow_only and state[0] == self._reported[0]):
            return None
        self._reported = state
        new_lines = 0 if viewport.following else max(0, viewport.total - self._total_when_left)
        return FollowState(*state, new_lines)
