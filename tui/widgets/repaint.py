"""Writes only changes to the terminal, and lets the terminal move lines that have scrolled.

Textual repaints every line of a view that has scrolled, some 8 KB a frame: slow over SSH. `Repaint` stores what each
part of each line shows and writes the difference. Where a block of lines has moved it lets the terminal delete or insert
lines, as a VT102 can, and writes the few new ones. The result on the screen is the same.
"""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui.render.gate import TerminalText, cleaned, drawn
from tui.widgets.compositor import Line, Part, PartsUpdate

_LEAST_GAIN = 4  # lines; moving fewer costs more bytes than it saves


class Repaint:
    """What the terminal shows, as far as it is known. Call `forget` after something else may have drawn on it."""

    def __init__(self) -> None:
        self._shown: dict[int, Line] = {}
        self._width = 0

    def forget(self) -> None:
        """Assume nothing about what the terminal shows."""
        self._shown.clear()

    def lines(self, height: int) -> list[list[Strip]]:
        """Return the cells of the first lines, or an empty list if some of them are unknown."""
        lines = [self._shown.get(y, {}) for y in range(height)]
        if not all(self._covers(line) for line in lines):
            return []
        return [[line[x][1] for x in sorted(line)] for line in lines]

    def of(self, update: CompositorUpdate) -> CompositorUpdate:
        """Return an equal update in fewer bytes. It counts as shown when its bytes are read."""
        if isinstance(update, PartsUpdate | LayoutUpdate):
            return _Difference(self, update)
        self.forget()
        return update

    def whole(self, update: LayoutUpdate, console: Console) -> TerminalText:
        """Return all bytes of a full repaint, and store its lines; no bytes if the terminal shows all of it already."""
        x, y, width, _ = update.region
        rows = [[cleaned(strip) for strip in row] for row in update.strips]
        update.strips = list(rows)  # they may be iterators
        if x == 0 and y == 0:
            if width == self._width and self._shows(rows):
                return TerminalText("")
            self.forget()
            self._width = width
        for number, row in enumerate(rows, y):
            column = x
            for strip in row:
                _put(self._shown.setdefault(number, {}), column, (column + strip.cell_length, strip))
                column += strip.cell_length
        return TerminalText(update.render_segments(console))

    def _shows(self, rows: list[list[Strip]]) -> bool:
        """True if these are the lines that the terminal shows, and no image covers some of them."""
        if len(rows) != len(self._shown) or any(_is_pinned(strip) for row in rows for strip in row):
            return False
        return self.lines(len(rows)) == rows

    def partial(self, update: PartsUpdate, console: Console) -> TerminalText:
        """Return the bytes that change what is shown to what the update shows."""
        wanted = dict(update.lines)
        written = [self._moved(wanted)]
        for y, line in wanted.items():
            shown = self._shown.setdefault(y, {})
            for x, part in line.items():
                was = shown.get(x)
                if was != part:
                    start, strip = _changed(was[1] if was and was[0] == part[0] else None, part[1])
                    _put(shown, x, part)
                    written.append(_at(x + start, y) + drawn(strip, console))
        return TerminalText("".join(written))

    def _moved(self, wanted: dict[int, Line]) -> str:
        """Move a block of lines in the terminal if that saves bytes. Add lines that were moved wrongly to `wanted`."""
        run = _longest_run(wanted)
        if len(run) < _LEAST_GAIN or not all(self._covers(self._shown.get(y, {})) for y in run):
            return ""
        if any(_is_pinned(strip) for y in run for _, strip in self._shown[y].values()):
            return ""
        by = self._shift(wanted, run)
        if by == 0:
            return ""
        before = {y: self._shown[y] for y in run}
        meant = {y: _laid_over(before[y], wanted[y]) for y in run}  # whole lines move, so whole lines have to be right
        if not all(self._covers(line) for line in meant.values()):
            return ""
        wanted |= meant
        for y in run:
            self._shown[y] = dict(before.get(y + by, {}))
        top, bottom = run[0], run[-1]
        # Delete or insert lines at the top of a scroll region that ends with the block; then reset the region to the screen.
        return f"\x1b[{top + 1};{bottom + 1}r\x1b[{top + 1};1H\x1b[{abs(by)}{'M' if by > 0 else 'L'}\x1b[r"

    def _shift(self, wanted: dict[int, Line], run: range) -> int:
        """Return how many lines further down the terminal already shows most of the block; 0 if moving saves nothing.

        A line that has moved is the same object. One that stands in several places, as a blank one may, says nothing.
        """
        places: dict[int, list[int]] = {}
        for y in run:
            places.setdefault(id(_widest(self._shown[y])), []).append(y)
        votes: Counter[int] = Counter()
        for y in run:
            places_before = places.get(id(_widest(wanted[y])), ())
            if len(places_before) == 1:
                votes[places_before[0] - y] += 1
        if not votes:
            return 0
        by, count = votes.most_common(1)[0]
        return by if count >= votes[0] + _LEAST_GAIN else 0

    def _covers(self, line: Line) -> bool:
        """True if the line is known from its first column to its last."""
        column = 0
        for x in sorted(line):
            if x != column:
                return False
            column = line[x][0]
        return column == self._width > 0


class _Difference(CompositorUpdate):
    """An update that becomes a difference when its bytes are read."""

    def __init__(self, repaint: Repaint, update: PartsUpdate | LayoutUpdate) -> None:
        self._repaint = repaint
        self._update = update

    def render_segments(self, console: Console) -> TerminalText:
        if isinstance(self._update, LayoutUpdate):
            return self._repaint.whole(self._update, console)
        return self._repaint.partial(self._update, console)


def _longest_run(wanted: dict[int, Line]) -> range:
    """Return the longest block of adjacent lines to be painted."""
    best = run = range(0)
    for y in sorted(wanted):
        run = range(run.start, y + 1) if run.stop == y and len(run) else range(y, y + 1)
        if len(run) > len(best):
            best = run
    return best


def _widest(line: Line) -> Strip:
    """Return a line's widest part, which identifies it."""
    return max(line.values(), key=lambda part: part[1].cell_length)[1]


def _changed(was: Strip | None, now: Strip) -> tuple[int, Strip]:
    """Return column and cells from the first segment that differs to the last one, e.g. the clock of a status line."""
    if was is None or was.cell_length != now.cell_length or _is_pinned(was) or _is_pinned(now):
        return 0, now
    before, after = list(was), list(now)
    most = min(len(before), len(after))
    first = next((at for at in range(most) if before[at] != after[at]), most)
    last = next((at for at in range(most - first) if before[-1 - at] != after[-1 - at]), most - first)
    start = sum(segment.cell_length for segment in after[:first])
    return start, Strip(after[first : len(after) - last])


def _is_pinned(strip: Strip) -> bool:
    """True if an image that is not made of cells covers these."""
    return any(segment.control for segment in strip)


def _laid_over(below: Line, above: Line) -> Line:
    line = dict(below)
    for x, part in above.items():
        _put(line, x, part)
    return line


def _put(line: Line, x: int, part: Part) -> None:
    _cut(line, x, part[0])
    line[x] = part


def _cut(line: Line, x: int, end: int) -> None:
    """Drop all that overlaps these columns."""
    for other in [other for other, (other_end, _) in line.items() if other < end and other_end > x]:
        del line[other]


def _at(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"
