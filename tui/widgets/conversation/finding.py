"""Finding words in a transcript: every match in view is highlighted, and the reader is taken from one to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.style import Style

from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.reading import ReadingView
from tui.widgets.conversation.selecting import highlighted
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import Place


class FindingView(ReadingView):
    """A transcript that can be searched. Folded lines are not looked into, and a match may not go over a row's end."""

    _wanted: re.Pattern[str] | None = None
    _found_at: Place | None = None
    """The row of the match that the reader was taken to."""

    def find(self, words: str) -> int:
        """Highlights these words, in whatever case, and goes to the last match; how often they occur. "" ends it."""
        self._wanted = re.compile(re.escape(words), re.IGNORECASE) if words.strip() else None
        self._found_at = None
        self.refresh(self.size.region)
        if self._wanted is None:
            return 0
        count = sum(len(self._wanted.findall(turn.source)) for turn in self.view.turns)
        if count:
            self.find_next(-1)
        return count

    def find_next(self, step: int) -> None:
        """To the next match down, or up with -1; past the last one, on from the other end."""
        at = self._found_at
        places = list(self._places())
        if not places:
            return
        if step > 0:
            place = next((one for one in places if at is not None and one > at), places[0])
        else:
            place = next((one for one in reversed(places) if at is None or one < at), places[-1])
        self._found_at = place
        self.marked = place.turn
        self.scroll_rows(self.view.heights.top(place.turn) + place.row - self.view.top - self.view.rows // 3)
        self.refresh(self.size.region)

    def _places(self) -> Iterator[Place]:
        """The rows with a match, of turns that have one at all: only these are laid out."""
        if self._wanted is None:
            return
        for index, turn in enumerate(self.view.turns):
            if self._wanted.search(turn.source):
                height = self.view.exact(index, 0, 1_000_000)
                rows = [row for row in range(height - 1) if self._wanted.search(turn.line(row).strip.text)]
                yield from (Place(index, row) for row in rows or [0])

    def decorated(self, line: Line, turn: Turn, place: Place) -> Line:
        line = super().decorated(line, turn, place)
        if self._wanted is None or self.palette is None:
            return line
        strip = line.strip
        style = self.palette.style("accent") + Style(reverse=True, bold=place == self._found_at)
        for match in self._wanted.finditer(strip.text):
            strip = highlighted(strip, match.start(), match.end(), style)
        return line._replace(strip=strip) if strip is not line.strip else line
