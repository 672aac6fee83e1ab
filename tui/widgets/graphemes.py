"""Text fields in which the cursor moves over, and deletes, whole graphemes: what a reader takes for one character.

A grapheme is a family of emoji, a flag, a letter with its marks, a conjunct of an Indic script. Most keys end in a new
selection and deletions in `delete`, so both are widened here to whole graphemes.
"""

from __future__ import annotations

import unicodedata

from textual import events
from textual.binding import Binding
from textual.document._document import EditResult, Location
from textual.document._document import Selection as AreaSelection
from textual.widgets import Input, TextArea
from textual.widgets.input import Selection

_JOINER = "\u200d"
_VIRAMA = 9
"""The combining class of the signs that join two consonants."""


def before(text: str, at: int) -> int:
    """Return the start of the grapheme that ends at `at` or spans it."""
    if at <= 1 or text[at - 2 : at].isascii():
        return max(0, at - 1)
    from wcwidth import grapheme_boundary_before  # tables that the first paint does not need

    at = grapheme_boundary_before(text, at)
    while _is_conjunct(text, at):  # Unicode's rule leaves out Sinhala, where the joiner makes the ligature
        at = grapheme_boundary_before(text, at)
    return at


def floor(text: str, at: int) -> int:
    """Return the start of the grapheme that spans `at`, else `at`."""
    return at if not 0 < at < len(text) or text[at - 1 : at + 1].isascii() else before(text, at + 1)


def ceil(text: str, at: int) -> int:
    """Return the end of the grapheme that spans `at`, else `at`."""
    while floor(text, at) != at:
        at += 1
    return at


def _is_conjunct(text: str, at: int) -> bool:
    return (
        at >= 2
        and text[at - 1] == _JOINER
        and unicodedata.combining(text[at - 2]) == _VIRAMA
        and text[at : at + 1].isalpha()
    )


class GraphemeArea(TextArea):
    """A text area whose cursor and deletions respect graphemes."""

    def _validate_selection(self, selection: AreaSelection) -> AreaSelection:
        start, end = super()._validate_selection(selection)
        is_back = end < self.selection.end
        return AreaSelection(self._whole(start, is_back=is_back), self._whole(end, is_back=is_back))

    def delete(self, start: Location, end: Location, *, maintain_selection_offset: bool = True) -> EditResult:
        start, end = sorted((start, end))
        start, end = self._whole(start, is_back=True), self._whole(end, is_back=False)
        return super().delete(start, end, maintain_selection_offset=maintain_selection_offset)

    def _whole(self, location: Location, *, is_back: bool) -> Location:
        row, column = min(location, self.document.end)  # the last line is cut up to the start of a next one
        line = self.document.get_line(row)
        return row, (floor if is_back else ceil)(line, column)


_EDITS = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding) and binding.action != "copy"
    for key in binding.key.split(",")
}
"""The actions of a field's keys, except Ctrl+C, which the app may need."""


class GraphemeInput(Input):
    """A field of one line whose cursor and deletions respect graphemes."""

    async def _on_key(self, event: events.Key) -> None:
        # Bindings run once the event has risen to the app. By then a character that came right behind would be there.
        if action := _EDITS.get(event.key):
            event.stop()
            event.prevent_default()
            await self.run_action(action)

    def validate_selection(self, selection: Selection) -> Selection:
        start, end = super().validate_selection(selection)
        whole = floor if end < self.selection.end else ceil
        return Selection(whole(self.value, start), whole(self.value, end))

    def delete(self, start: int, end: int) -> None:
        start, end = sorted((max(0, start), end))
        super().delete(floor(self.value, start), ceil(self.value, end))
