"""Search within a transcript: every match in view is highlighted, and the view goes from one match to the next.

Folded lines are searched as well. The one with the current match opens, and folds again when the search moves on. Only turns
with a match are laid out, and of these only those on the way to the next match. A match does not span rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.style import Style

from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import Collapsible, Line, MarkdownText, Part
from tui.widgets.conversation.selector import highlighted
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import RowPosition, Viewport

_ALL = 1 << 30
"""More rows than any turn has."""


class Match(NamedTuple):
    """A row with a match. It stays the same while folds before it open and close."""

    turn: int
    part: int
    row: int
    """The row within the part."""


class Finder:
    """One search. `turn` is where it has gone; scrolling happens in the viewport."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._wanted: re.Pattern[str] | None = None
        self._found: Match | None = None
        """The current match."""
        self._unfolded: tuple[Turn, Collapsible, bool] | None = None
        """What was opened for it, and whether some of that was open before."""

    @property
    def is_active(self) -> bool:
        """True while matches are highlighted."""
        return self._wanted is not None

    @property
    def turn(self) -> int | None:
        """The index of the turn with the current match."""
        return self._found.turn if self._found is not None else None

    def search(self, words: Sequence[str]) -> None:
        """Highlight all of these words, ignoring case. Without words the search ends, and what it opened stays open."""
        if words:
            self._fold_again()
        self._found = self._unfolded = None
        self._wanted = re.compile("|".join(re.escape(one) for one in words), re.IGNORECASE) if words else None

    def find(self, text: str) -> int:
        """Search for a text, and go to its last match. Return the number of matches."""
        self.search([text] if text.strip() else [])
        if self._wanted is None:
            return 0
        count = sum(_count(turn.readable, text, self._wanted) for turn in self._viewport.turns)
        if count:
            self.go(-1)
        return count

    def go(self, step: int) -> bool:
        """Go to the next match down, or up with -1; after the last one, go on from the other end. False without one."""
        if (match := self._next_match(step)) is None:
            return False
        self._go_to(match)
        return True

    def go_in_turn(self, index: int) -> bool:
        """Go to the row of a turn with most of the words. False if none is in it."""
        is_long = self._viewport.turns[index].is_long
        if not (matches := self._matches_of_long(index, 1, None) if is_long else list(self._matches(index))):
            return False
        self._go_to(max(matches, key=self._count_words)[0])
        return True

    def highlight(self, line: Line, turn: Turn, position: RowPosition, palette: Palette) -> Line:
        """Return a line with its matches highlighted, the current one in bold. Speaker lines are left out."""
        if self._wanted is None:
            return line
        index, row = turn.at(position.row)
        if index == 0:
            return line
        strip = line.strip
        style = palette.style("accent") + Style(reverse=True, bold=Match(position.turn, index, row) == self._found)
        for match in self._wanted.finditer(strip.text):
            strip = highlighted(strip, match.start(), match.end(), style)
        return line._replace(strip=strip) if strip is not line.strip else line

    # Matches

    def _count_words(self, match: tuple[Match, str]) -> int:
        assert self._wanted is not None, "there is a match"
        return len({found.lower() for found in self._wanted.findall(match[1])})

    def _next_match(self, step: int) -> Match | None:
        """Return the nearest match in that direction: in the current turn, in those after it, and in it once more."""
        turns, at = self._viewport.turns, self._found
        first = at.turn if at is not None else 0 if step > 0 else len(turns) - 1
        for distance in range(len(turns) + 1):
            after = at if distance == 0 else None
            if match := self._nearest((first + step * distance) % len(turns), step, after):
                return match
        return None

    def _nearest(self, index: int, step: int, after: Match | None) -> Match | None:
        """Return the first match of a turn in that direction, or the first one after another."""
        is_long = self._viewport.turns[index].is_long
        found = self._matches_of_long(index, step, after) if is_long else self._matches(index)
        matches = [one for one, _ in found if after is None or (one > after if step > 0 else one < after)]
        return matches[0 if step > 0 else -1] if matches else None

    def _matches_of_long(self, index: int, step: int, after: Match | None) -> list[tuple[Match, str]]:
        """Return the matches of the nearest page that has any: to lay out all of a long text would take minutes."""
        turn = self._viewport.turns[index]
        assert self._wanted is not None, "a search is on"
        self._viewport.measure(index, 0, 0)
        for number in range(1, len(turn.parts))[::step]:
            part = turn.parts[number]
            if not isinstance(part, MarkdownText) or (after is not None and (number - after.part) * step < 0):
                continue
            start = after.row if after is not None and number == after.part else 0 if step > 0 else part.height
            for first, last in part.pages_with(self._wanted, start, step):
                rows = self._rows(part, first, last)
                matches = [(Match(index, number, row), text) for row, text in rows]
                if any(after is None or (one > after if step > 0 else one < after) for one, _ in matches):
                    return matches
        return []

    def _matches(self, index: int) -> Iterator[tuple[Match, str]]:
        """Yield the rows of a turn with a match, in folded lines as well, and their text."""
        turn = self._viewport.turns[index]
        if self._wanted is None or not self._wanted.search(turn.readable):
            return
        self._viewport.measure(index, 0, _ALL)
        for number, part in enumerate(turn.parts[1:], 1):
            was_open = part.open if isinstance(part, Collapsible) and part.hides else None
            if isinstance(part, Collapsible) and was_open is not None:
                part.show(True, whole=True)
            rows = self._rows(part)
            if isinstance(part, Collapsible) and was_open is not None:
                part.show(was_open)
            yield from ((Match(index, number, row), text) for row, text in rows)

    def _rows(self, part: Part, first: int = 0, last: int = _ALL) -> list[tuple[int, str]]:
        while part.measure(first, min(last, part.height)):
            pass
        assert self._wanted is not None, "a search is on"
        texts = ((row, part.line(row).strip.text) for row in range(first, min(last, part.height)))
        return [(row, text) for row, text in texts if self._wanted.search(text)]

    def _go_to(self, match: Match) -> None:
        viewport = self._viewport
        turn = viewport.turns[match.turn]
        part = turn.parts[match.part]
        if self._unfolded is not None and self._unfolded[1] is not part:
            self._fold_again()
        if isinstance(part, Collapsible) and match.row >= part.height:
            self._unfolded = turn, part, part.open
            part.show(True, whole=True)
            turn.changed()
        row = turn.tops()[match.part] + match.row
        viewport.measure(match.turn, *((row, row + viewport.rows) if turn.is_long else (0, _ALL)))
        self._found = match
        row = viewport.heights.top(match.turn) + turn.tops()[match.part] + match.row
        viewport.scroll(row - viewport.top - viewport.rows // 3)

    def _fold_again(self) -> None:
        """Fold what was opened for the match before."""
        if self._unfolded is None:
            return
        (turn, fold, was_open), self._unfolded = self._unfolded, None
        if turn in self._viewport.turns:
            fold.show(was_open)
            turn.changed()
            self._viewport.changed(self._viewport.turns.index(turn))


def _count(text: str, words: str, wanted: re.Pattern[str]) -> int:
    """Return how often words occur, ignoring case. For ASCII this takes a twentieth of the pattern's time."""
    return text.lower().count(words.lower()) if text.isascii() and words.isascii() else len(wanted.findall(text))
