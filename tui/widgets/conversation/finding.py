"""Finding words in a transcript: every match in view is highlighted, and the reader is taken from one to the next.

Folded lines are looked into as well: the one with the match that the reader is taken to opens, and folds again when the
search goes on. Only turns with a match are laid out, and of these only those on the way to the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.style import Style

from tui.widgets.conversation.parts import Line, Opening, Part, Prose
from tui.widgets.conversation.reading import ReadingView
from tui.widgets.conversation.selecting import highlighted
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import Place

_ALL = 1 << 30
"""More rows than any turn has."""


class Match(NamedTuple):
    """A row with a match. It stays the same while folds before it open and close."""

    turn: int
    part: int
    row: int
    """Within the part."""


class FindingView(ReadingView):
    """A transcript that can be searched. A match may not go over a row's end."""

    _wanted: re.Pattern[str] | None = None
    _found: Match | None = None
    """Where the reader was taken to."""
    _unfolded: tuple[Turn, Opening, bool] | None = None
    """What was opened for that, and whether some of it was open before."""

    def find(self, words: str) -> int:
        """Highlights these words, in whatever case, and goes to the last match; how often they occur. "" ends it."""
        self._look_for([words] if words.strip() else [])
        if self._wanted is None:
            return 0
        count = sum(_count(turn.readable, words, self._wanted) for turn in self.view.turns)
        if count:
            self.find_next(-1)
        return count

    def find_next(self, step: int) -> None:
        """To the next match down, or up with -1; past the last one, on from the other end."""
        if (match := self._next_match(step)) is not None:
            self._go_to(match)

    def find_in_turn(self, index: int, words: Sequence[str]) -> bool:
        """Highlights all of these words, and goes to the row of a turn with most of them. False if none is there."""
        self._look_for(words)
        is_long = self.view.turns[index].is_long
        if not (matches := self._matches_of_long(index, 1, None) if is_long else list(self._matches(index))):
            return False
        self._go_to(max(matches, key=self._count_words)[0])
        return True

    def _count_words(self, match: tuple[Match, str]) -> int:
        assert self._wanted is not None, "it was found"
        return len({found.lower() for found in self._wanted.findall(match[1])})

    @property
    def is_finding(self) -> bool:
        """Whether matches are highlighted."""
        return self._wanted is not None

    def _look_for(self, words: Sequence[str]) -> None:
        """Sets what is highlighted from now on. Where the search is over, what it opened stays open: it is being read."""
        if words:
            self._fold_again()
        self._found = self._unfolded = None
        self._wanted = re.compile("|".join(re.escape(one) for one in words), re.IGNORECASE) if words else None
        self.refresh(self.size.region)

    def _next_match(self, step: int) -> Match | None:
        """The nearest one in that direction: in the turn of the last one, in those after it, and in it once more."""
        turns, at = self.view.turns, self._found
        first = at.turn if at is not None else 0 if step > 0 else len(turns) - 1
        for distance in range(len(turns) + 1):
            after = at if distance == 0 else None
            if match := self._nearest((first + step * distance) % len(turns), step, after):
                return match
        return None

    def _nearest(self, index: int, step: int, after: Match | None) -> Match | None:
        """The first match of a turn in that direction, or the first after another."""
        found = self._matches_of_long(index, step, after) if self.view.turns[index].is_long else self._matches(index)
        matches = [one for one, _ in found if after is None or (one > after if step > 0 else one < after)]
        return matches[0 if step > 0 else -1] if matches else None

    def _matches_of_long(self, index: int, step: int, after: Match | None) -> list[tuple[Match, str]]:
        """The matches of the nearest page that has any: laying out all of a long text would take minutes."""
        turn = self.view.turns[index]
        assert self._wanted is not None, "it is looked for"
        self.view.exact(index, 0, 0)
        for number in range(1, len(turn.parts))[::step]:
            part = turn.parts[number]
            if not isinstance(part, Prose) or (after is not None and (number - after.part) * step < 0):
                continue
            start = after.row if after is not None and number == after.part else 0 if step > 0 else part.height
            for first, last in part.pages_with(self._wanted, start, step):
                rows = self._rows(part, first, last)
                matches = [(Match(index, number, row), text) for row, text in rows]
                if any(after is None or (one > after if step > 0 else one < after) for one, _ in matches):
                    return matches
        return []

    def _matches(self, index: int) -> Iterator[tuple[Match, str]]:
        """The rows of a turn with a match, in folded lines as well, and what they say."""
        turn = self.view.turns[index]
        if self._wanted is None or not self._wanted.search(turn.readable):
            return
        self.view.exact(index, 0, _ALL)
        for number, part in enumerate(turn.parts[1:], 1):
            was_open = part.open if isinstance(part, Opening) and part.hides else None
            if isinstance(part, Opening) and was_open is not None:
                part.show(True, whole=True)
            rows = self._rows(part)
            if isinstance(part, Opening) and was_open is not None:
                part.show(was_open)
            yield from ((Match(index, number, row), text) for row, text in rows)

    def _rows(self, part: Part, first: int = 0, last: int = _ALL) -> list[tuple[int, str]]:
        while part.settle(first, min(last, part.height)):
            pass
        assert self._wanted is not None, "it is looked for"
        texts = ((row, part.line(row).strip.text) for row in range(first, min(last, part.height)))
        return [(row, text) for row, text in texts if self._wanted.search(text)]

    def _go_to(self, match: Match) -> None:
        turn = self.view.turns[match.turn]
        part = turn.parts[match.part]
        if self._unfolded is not None and self._unfolded[1] is not part:
            self._fold_again()
        if isinstance(part, Opening) and match.row >= part.height:
            self._unfolded = turn, part, part.open
            part.show(True, whole=True)
            turn.changed()
        row = turn.tops()[match.part] + match.row
        self.view.exact(match.turn, *((row, row + self.view.rows) if turn.is_long else (0, _ALL)))
        self._found, self.marked = match, match.turn
        row = self.view.heights.top(match.turn) + turn.tops()[match.part] + match.row
        self.scroll_rows(row - self.view.top - self.view.rows // 3)

    def _fold_again(self) -> None:
        """Closes what was opened for the match before."""
        if self._unfolded is None:
            return
        (turn, fold, was_open), self._unfolded = self._unfolded, None
        if turn in self.view.turns:
            fold.show(was_open)
            turn.changed()
            self.view.changed(self.view.turns.index(turn))

    def decorated(self, line: Line, turn: Turn, place: Place) -> Line:
        line = super().decorated(line, turn, place)
        if self._wanted is None or self.palette is None:
            return line
        index, row = turn.at(place.row)
        if index == 0:  # who speaks
            return line
        strip = line.strip
        style = self.palette.style("accent") + Style(reverse=True, bold=Match(place.turn, index, row) == self._found)
        for match in self._wanted.finditer(strip.text):
            strip = highlighted(strip, match.start(), match.end(), style)
        return line._replace(strip=strip) if strip is not line.strip else line


def _count(text: str, words: str, wanted: re.Pattern[str]) -> int:
    """How often words occur, in whatever case. For ASCII in a twentieth of the time that the expression takes."""
    return text.lower().count(words.lower()) if text.isascii() and words.isascii() else len(wanted.findall(text))
