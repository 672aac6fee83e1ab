"""Long texts in the prompt, shown as one short token each and put back in full when the prompt is sent."""

from __future__ import annotations

import re
from typing import Any

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import TextArea

from tui.render.figures import plural, size
from tui.widgets.graphemes import GraphemeArea

LONG = 10_000
"""Characters above which a pasted text becomes a token: a text area draws a long line in time proportional to its length."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def cleaned(text: str) -> str:
    """Return a text with plain line ends and without control characters, which a terminal would obey."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class Pastes:
    """The long texts that tokens stand for."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def fold(self, text: str) -> str:
        """Return the text itself, or a token such as "[text 1: 1.0 MB, 1 line]" if it is long."""
        if len(text) <= LONG:
            return text
        lines = plural(text.removesuffix("\n").count("\n") + 1, "line")
        token = f"[text {len(self._texts) + 1}: {size(len(text.encode('utf-8', 'replace')))}, {lines}]"
        self._texts[token] = text
        return token

    def unfold(self, text: str) -> str:
        """Return the text with every token replaced by the text that it stands for."""
        if not self._texts:
            return text
        pattern = "|".join(re.escape(token) for token in self._texts)
        return re.sub(pattern, lambda found: self._texts[found[0]], text)

    def token_around(self, line: str, column: int, *, forward: bool) -> tuple[int, int] | None:
        """Return start and end of the token that deleting one character at the column would break, or None."""
        for token in self._texts:
            start = line.find(token)
            while start >= 0:
                end = start + len(token)
                if (start <= column < end) if forward else (start < column <= end):
                    return start, end
                start = line.find(token, end)
        return None


class PasteArea(GraphemeArea):
    """A text area that shows long texts as tokens, which are deleted as a whole."""

    def __init__(self, **options: Any) -> None:
        self._has_colours = False
        super().__init__(**options)
        self.disable_messages(TextArea.SelectionChanged)  # nobody listens, and each key would send three
        self._pastes = Pastes()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._has_colours = False

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render lines. Textual works the colours out again for each; here that waits until the styles change."""
        if self._has_colours:
            return ScrollView.render_lines(self, crop)
        self._has_colours = True
        return super().render_lines(crop)

    @property
    def full_text(self) -> str:
        """The text with every token replaced by the text that it stands for."""
        return self._pastes.unfold(self.text)

    def put(self, text: str) -> None:
        """Show a text to be edited, with the cursor at its end."""
        self.load_text(self._pastes.fold(cleaned(text)))
        self.move_cursor(self.document.end)

    def paste(self, text: str) -> None:
        """Replace the selection by a text."""
        self.replace(self._pastes.fold(cleaned(text)), *self.selection)

    def action_delete_left(self) -> None:
        if not self._delete_token(forward=False):
            super().action_delete_left()

    def action_delete_right(self) -> None:
        if not self._delete_token(forward=True):
            super().action_delete_right()

    def _delete_token(self, *, forward: bool) -> bool:
        """Delete a token as a whole, since half of one would stand for nothing."""
        start, end = self.selection
        row, column = end
        if start != end:
            return False
        span = self._pastes.token_around(self.document.get_line(row), column, forward=forward)
        if span is None:
            return False
        self.delete((row, span[0]), (row, span[1]))
        return True
