"""The detail of a permission request as rows of text: all of it, with hidden characters made visible. No widget.

A diff may be long, and so may its lines: rows are laid out when they come into view.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from textual.content import Content

from tui.chat.tools import PermissionRequest
from tui.render.confusables import Confusable, confusables
from tui.render.safe import hides, revealed
from tui.widgets.conversation.captions import pretty
from tui.widgets.conversation.wrapping import wrapped

INDENT = 2
HANG = 2
"""Additional indent of a row that continues the one above."""
_HEAD_OF_DIFF = 2
_PIECE = 2_000
"""Characters of a long line that are laid out at a time."""
_AT_ONCE = 40_000
"""Characters that are checked at a time, or up to twice as many. That takes a millisecond."""
_MOST_NAMED = 2
_LONGEST_WORD = 24


class Spot(NamedTuple):
    """A row of a detail: its line, the piece of that line, and the row of that piece, each counted from 0."""

    line: int
    piece: int
    row: int


START = Spot(0, 0, 0)


class Detail:
    """The rows of a detail at one width. Only rows in view are laid out."""

    def __init__(self, question: PermissionRequest) -> None:
        self._question = question
        self._text = pretty(question.detail) if question.kind == "call" else question.detail
        self._checked = 0
        self.hides = False
        """True if the text checked so far has hidden characters, which are shown as signs."""
        self.confusables = confusables(_names_in(question))
        """Lookalike letters in names."""
        self.lines = self._text.removesuffix("\n").split("\n")
        self._width = 0
        self._rows: dict[tuple[int, int], list[tuple[int, str]]] = {}
        """Indent and text of the rows of each piece that is laid out."""

    def check_more(self) -> bool:
        """Check more of the text for hidden characters. True if there is more to check."""
        text, start = self._text, self._checked
        end = text.find("\n", start + _AT_ONCE, start + 2 * _AT_ONCE) + 1 or start + 2 * _AT_ONCE
        self.hides = hides(text[start:end].replace("\r\n", "\n"))
        self._checked = end
        return not self.hides and end < len(text)

    def fit(self, width: int) -> bool:
        """Lay out for another width. False if it is the same."""
        if width == self._width:
            return False
        self._width = width
        self._rows.clear()
        return True

    # Positions

    @property
    def last(self) -> Spot:
        """The last row."""
        line = len(self.lines) - 1
        piece = self._pieces(line) - 1
        return Spot(line, piece, len(self._laid_out(line, piece)) - 1)

    def spots(self, first: Spot, most: int) -> list[Spot]:
        """Return up to `most` rows, starting with `first`."""
        return list(islice(self._down(first), most))

    def moved(self, spot: Spot, rows: int) -> Spot:
        """Return the row so many rows below, or above if negative; at most the last or the first one."""
        ways = self._down(spot) if rows > 0 else self._up(spot)
        *_, found = islice(ways, abs(rows) + 1)
        return found

    def _down(self, spot: Spot) -> Iterator[Spot]:
        line, piece, row = spot
        while line < len(self.lines):
            yield from (Spot(line, piece, number) for number in range(row, len(self._laid_out(line, piece))))
            line, piece = (line, piece + 1) if piece + 1 < self._pieces(line) else (line + 1, 0)
            row = 0

    def _up(self, spot: Spot) -> Iterator[Spot]:
        line, piece, row = spot
        while True:
            yield from (Spot(line, piece, number) for number in range(row, -1, -1))
            if (line, piece) == (0, 0):
                return
            line, piece = (line, piece - 1) if piece else (line - 1, self._pieces(line - 1) - 1)
            row = len(self._laid_out(line, piece)) - 1

    def _pieces(self, line: int) -> int:
        return max(1, -(-len(self.lines[line]) // _PIECE))

    # Text

    def _laid_out(self, line: int, piece: int) -> list[tuple[int, str]]:
        rows = self._rows.get((line, piece))
        if rows is None:
            text = self.lines[line][piece * _PIECE : (piece + 1) * _PIECE]
            text = revealed(text.removesuffix("\r")) + "␍" * text.endswith("\r")
            spans = wrapped(text, max(1, self._width - INDENT - HANG))
            rows = [(INDENT + HANG * (piece > 0 or span.soft), text[span.start : span.end]) for span in spans]
            self._rows[line, piece] = rows
        return rows

    def row(self, spot: Spot) -> Content:
        """Return a row."""
        indent, text = self._laid_out(spot.line, spot.piece)[spot.row]
        return Content.assemble(" " * indent, self._styled(spot.line, text))

    def _styled(self, line: int, text: str) -> Content:
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
    """Return a URL with its host highlighted, since that is who gets the request."""
    at = text.find(host) if host else -1
    content = Content.styled(text, "$dim")
    return content.stylize("bold $foreground", at, at + len(host)) if at >= 0 else content


def _names_in(question: PermissionRequest) -> str:
    """Return the names in a request: programs, files, hosts. The content of a file may be in any script."""
    match question.kind:
        case "command" | "path":
            return question.detail
        case "url":
            return _spelled(urlsplit(question.detail).hostname or "")
        case "diff":
            return "\n".join(question.detail.split("\n", _HEAD_OF_DIFF)[:_HEAD_OF_DIFF])
    return ""


def _spelled(host: str) -> str:
    """Return a host as it is read, e.g. раypal.com for xn--ypal-43d9g.com."""
    try:
        return host.encode().decode("idna")
    except UnicodeError:
        return host


def warnings_about(detail: Detail) -> list[str]:
    """Return warnings about text that may mislead."""
    words = []
    if detail.hides:
        words.append("! invisible characters: ⟨U+…⟩")
    if found := detail.confusables:
        named = "; ".join(map(_describe, found[:_MOST_NAMED]))
        more = f"; {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        words.append(f"! lookalike letters: {named}{more}")
    return words


def _describe(found: Confusable) -> str:
    word = found.word if len(found.word) <= _LONGEST_WORD else f"{found.word[:_LONGEST_WORD]}…"
    where = f" in {revealed(word)}" if word else ""
    return f"{' '.join(dict.fromkeys(found.letters))}{where} ({found.kind})"


def folder_line(question: PermissionRequest) -> str:
    """Format the folder of a request, e.g. "in ~/src"; "" if it is in the detail or there is none."""
    if not question.folder or question.kind in ("url", "path"):
        return ""
    folder, home = question.folder, str(Path.home())
    if folder == home or folder.startswith(home.rstrip("/") + "/"):
        folder = "~" + folder[len(home.rstrip("/")) :]
    return f"in {revealed(folder)}"


def describe_rule(question: PermissionRequest, number: int) -> str:
    """Describe what a rule of a request allows."""
    if number == 0 and question.kind in ("command", "url"):
        return "exactly this command" if question.kind == "command" else "exactly this page"
    return revealed(question.rules[number])


def rule_warning(question: PermissionRequest, number: int) -> str:
    """Return the warning about a rule that allows more than it seems; "" if there is none."""
    return revealed(question.remarks[number]) if number < len(question.remarks) else ""
