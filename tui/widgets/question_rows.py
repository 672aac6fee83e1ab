"""What a question says will happen, as rows of text: all of it, with nothing in it that could hide. No widget.

A diff may be long: its lines are wrapped when they are reached.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from textual.content import Content

from tui.chat.tools import Question
from tui.render.safe import hides, revealed
from tui.widgets.conversation.captions import pretty
from tui.widgets.conversation.wrapping import wrapped

INDENT = 2
HANG = 2
"""Further cells before a row that continues the one above."""
_HEAD_OF_DIFF = 2


class Detail:
    """The rows of a question's detail at one width."""

    def __init__(self, question: Question) -> None:
        text = pretty(question.detail) if question.kind == "call" else question.detail
        self._question = question
        self.hides = hides(text.replace("\r\n", "\n"))
        """Whether there are characters in it that are shown by signs."""
        self.lines = text.removesuffix("\n").split("\n")
        self._width = 0
        self._rows: list[tuple[int, int, str]] = []
        """Line, indent and text of those that were reached."""
        self._reached = 0

    def fit(self, width: int) -> None:
        if width != self._width:
            self._width, self._rows, self._reached = width, [], 0

    def reach(self, row: int) -> int:
        """Wraps as many lines as it takes to know that row. Returns how many rows are known: if fewer, there are no more."""
        while len(self._rows) <= row and self._reached < len(self.lines):
            line = self.lines[self._reached]
            text = revealed(line.removesuffix("\r")) + "␍" * line.endswith("\r")
            room = max(1, self._width - INDENT - HANG)
            if len(text) <= room and text.isascii():
                self._rows.append((self._reached, INDENT, text))
            else:
                for span in wrapped(text, room):
                    self._rows.append((self._reached, INDENT + HANG * span.soft, text[span.start : span.end]))
            self._reached += 1
        return len(self._rows)

    @property
    def height(self) -> int:
        """All of its rows, which takes a while for a long one."""
        return self.reach(1 << 30)

    def line_at(self, row: int) -> int:
        """The number of the line that a row belongs to, from 1."""
        return self._rows[row][0] + 1 if row < len(self._rows) else len(self.lines)

    def row(self, row: int) -> Content:
        line, indent, text = self._rows[row]
        return Content.assemble(" " * indent, self._dressed(line, text))

    def _dressed(self, line: int, text: str) -> Content:
        match self._question.kind:
            case "diff":
                return Content.styled(text, _style_in_diff(line, self.lines[line]))
            case "url" if line == 0:
                return _with_host(text, urlsplit(self.lines[0]).netloc)
        return Content.styled(text, "$foreground")


def _style_in_diff(number: int, line: str) -> str:
    if number < _HEAD_OF_DIFF:
        return "$foreground bold" if line.startswith("+++") else "$dim"
    return {"+": "$success", "-": "$error", "@": "$accent"}.get(line[:1], "$dim")


def _with_host(text: str, host: str) -> Content:
    """A URL whose host stands out: that is who is asked."""
    at = text.find(host) if host else -1
    content = Content.styled(text, "$dim")
    return content.stylize("bold $foreground", at, at + len(host)) if at >= 0 else content


def place_of(question: Question) -> str:
    """Where it happens, in a few words."""
    if not question.folder or question.kind in ("url", "path"):
        return ""
    folder, home = question.folder, str(Path.home())
    if folder == home or folder.startswith(home.rstrip("/") + "/"):
        folder = "~" + folder[len(home.rstrip("/")) :]
    return f"in {revealed(folder)}"


def rule_words(question: Question, number: int) -> str:
    """What one of its rules allows."""
    if number == 0 and question.kind in ("command", "url"):
        return "exactly this command" if question.kind == "command" else "exactly this page"
    return revealed(question.rules[number])
