"""Wrap styled text into rows: at spaces, between ideographs, and within words only if one is wider than a row. Wrapping
may stop anywhere and continue later from its `Carry`, with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec
from rich.cells import cell_len, get_character_cell_size

from tui.render.safe import EMOJI_MARKS, compiled

S = TypeVar("S")
Part = tuple[str, S]

_WIDE = (
    "\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f"
    "\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
_BEGINS = "「『（［｛〈《【〔“‘"
"""Never last in a row."""
_ENDS = "、。，．！？：；」』）］｝〉》】〕”’…ー々"
"""Never first in a row."""
_CLUSTER = f"[{_BEGINS}]*(?![{_BEGINS}])[{_WIDE}][\u0300-\u036f]*[{_ENDS}]*"
"""Characters that stay together where a row may end between any two ideographs."""
_TOKEN = f"[ ]+|\\n|(?:{_CLUSTER})+|[^ \\n{_WIDE}{_BEGINS}]+[{_ENDS}]*|[{_BEGINS}]+"
_ASCII_TOKEN = re.compile(r" +|\n|[^ \n]+")
_MARKS = re.compile(f"[{EMOJI_MARKS}]")
_CROWD = 8
"""Maximum number of characters in a cell. The rest is cut off, so that marks without width cannot pile up."""


def cells_of(text: str) -> int:
    """Return the width of a neutral text in cells.

    A character after a joiner counts, unlike in `cell_len`, and marks of emoji do not, since they are not drawn.
    """
    if text.isascii():
        return len(text)
    return sum(map(cells_of_character, text)) if _MARKS.search(text) else cell_len(text)


def cells_of_character(character: str) -> int:
    """Return the width of one character of a neutral text."""
    return 0 if _MARKS.match(character) else get_character_cell_size(character)


class Wrapped(msgspec.Struct, Generic[S], frozen=True):
    """One wrapped row."""

    parts: tuple[tuple[str, S], ...]
    cells: int
    soft: bool
    """True if it continues the row above."""
    joiner: str
    """The text between the row above and this one, if it continues that."""


class Carry(msgspec.Struct, Generic[S], frozen=True):
    """Where wrapping stopped: the last row, still open."""

    parts: tuple[tuple[str, S], ...] = ()
    cells: int = 0
    gap: str = ""
    soft: bool = False
    joiner: str = ""
    first: bool = True


class Wrapper(Generic[S]):
    """Wraps the text that it is fed. `rows` holds the finished rows."""

    def __init__(self, width: int, hang: int = 0, carry: Carry[S] | None = None) -> None:
        """All rows but the first are narrower by `hang`."""
        carry = carry or Carry()
        self.width = max(1, width)
        self.rest = max(1, width - hang)
        self.room = self.width if carry.first else self.rest
        self.rows: list[Wrapped[S]] = []
        self._row: list[tuple[str, S]] = list(carry.parts)
        self._cells = carry.cells
        self._chars = sum(len(text) for text, _ in carry.parts)
        self._gap = carry.gap
        self._gap_style: S | None = carry.parts[-1][1] if carry.parts else None
        self._soft, self._joiner, self._first = carry.soft, carry.joiner, carry.first

    def feed(self, runs: Iterable[tuple[str, S]]) -> None:
        word: list[tuple[str, S]] = []
        width = 0
        for text, style in runs:
            plain = text.isascii()
            for token in (_ASCII_TOKEN if plain else compiled(_TOKEN)).findall(text):
                if token[0] == " " or token == "\n":
                    if word:
                        self._place(word, width)
                        word, width = [], 0
                    if token == "\n":
                        self._end(soft=False, joiner="")
                    elif self._row:
                        self._gap += token
                        self._gap_style = style
                elif plain:
                    word.append((token, style))
                    width += len(token)
                elif compiled(_CLUSTER).match(token):  # ideographs are separated from their neighbours
                    if word:
                        self._place(word, width)
                        word, width = [], 0
                    self._place_wide(token, style)
                else:
                    word.append((token, style))
                    width += cells_of(token)
        if word:
            self._place(word, width)

    def flush(self) -> list[Wrapped[S]]:
        """Return all rows, with the open one ended; at least one."""
        if self._row or (self._first and not self.rows):
            self._end(soft=False, joiner="")
        return self.rows

    def carry(self) -> Carry[S]:
        return Carry(tuple(self._row), self._cells, self._gap, self._soft, self._joiner, self._first)

    def indent(self, text: str, style: S) -> None:
        """Add `text` before the first word, unchanged."""
        self._add(text, style, len(text))

    def _place(self, word: list[tuple[str, S]], width: int) -> None:
        gap = len(self._gap)
        crowded = self._chars > self.room * _CROWD
        if self._row and (self._cells + gap + width > self.room or crowded):
            if width > self.rest and (not gap or self._cells + gap < self.room // 2):
                pass  # a word that is too wide for every row begins here, so that the row is not left mostly empty
            else:
                self._end(soft=True, joiner=self._gap)
                gap = 0
        if gap:
            self._add(self._gap, self._gap_style if self._gap_style is not None else word[0][1], gap)
            self._gap = ""
        if self._cells + width <= self.room:
            for text, style in word:
                self._add(text, style, cells_of(text))
        else:
            self._split(word)

    def _place_wide(self, text: str, style: S) -> None:
        piece, cells, gap = "", 0, len(self._gap)
        for cluster in compiled(_CLUSTER).findall(text):
            size = cells_of(cluster)
            if self._cells + gap + cells + size > self.room or size > self.room:
                self._add(piece, style, cells)
                piece, cells, gap = "", 0, 0
                self._place([(cluster, style)], size)
                continue
            if gap:
                self._place([(cluster, style)], size)
                gap = 0
                continue
            piece += cluster
            cells += size
        self._add(piece, style, cells)

    def _split(self, word: list[tuple[str, S]]) -> None:
        for text, style in word:
            if text.isascii():
                while text:
                    if self._cells >= self.room:
                        self._end(soft=True, joiner="")
                    piece = text[: self.room - self._cells]
                    self._add(piece, style, len(piece))
                    text = text[len(piece) :]
                continue
            start, cells = 0, 0
            for at, char in enumerate(text):
                size = cells_of_character(char)
                if self._cells + cells + size > self.room and self._cells + cells:
                    self._add(text[start:at], style, cells)
                    self._end(soft=True, joiner="")
                    start, cells = at, 0
                cells += size
            self._add(text[start:], style, cells)

    def _add(self, text: str, style: S, cells: int) -> None:
        if not text:
            return
        row = self._row
        if row and row[-1][1] is style:
            row[-1] = (row[-1][0] + text, style)
        else:
            row.append((text, style))
        self._cells += cells
        self._chars += len(text)

    def _end(self, soft: bool, joiner: str) -> None:
        self.rows.append(Wrapped(tuple(self._row), self._cells, self._soft, self._joiner))
        self._row, self._cells, self._chars, self._gap = [], 0, 0, ""
        self._soft, self._joiner, self._first, self.room = soft, joiner, False, self.rest
