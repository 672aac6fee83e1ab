"""The line syntax of Markdown: what makes a line a heading, a list item, a fence or a table row."""

from __future__ import annotations

import re

from tui.render.pieces import Align

HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^\n]*)$")
RULE = re.compile(r"(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
MARKER = re.compile(r"([-*+]|(\d{1,9})([.)]))(?=[ \t]|$)")
TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_PIPE = re.compile(r"(?<!\\)\|")
HTML = re.compile(r"<[A-Za-z/!?]")
HELD = re.compile(r"[-=*_+#>|:~` ]+|\d{1,9}[.)]?|(?:[-*+] +)?\[[ xX]?\]?")
"""Beginnings of a line that do not decide yet what it is. Not drawn until it continues."""
SIGNED = re.compile(
    "[•‣⁃◦·–—‐-―\u2100-\u2bff\u3004-\u3007\u3012\u3013\u3020\U0001f000-\U0001fbff]"
    "|\\d\ufe0f?\u20e3|\\\\?\\[[ xX✓✗]\\\\?\\](?=[ \\t])"
)
"""Beginnings of a line that stands on its own without being a list item: a check mark, a bullet, an arrow, an emoji."""
BULLETS = "•◦▪"


def heading(line: str) -> tuple[int, str]:
    """Return the level and the text of a heading."""
    text = line.lstrip("#")
    level = len(line) - len(text)
    unmarked = text.rstrip("#")
    if not unmarked or unmarked[-1] in " \t":
        text = unmarked
    return level, text.strip(" \t")


def split_cells(line: str) -> tuple[str, ...]:
    """Return the cells of a table row."""
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _PIPE.split(line))


def whole_cells(line: str) -> str:
    """Return a table row up to its last bar: a growing cell would widen its column with every letter."""
    bars = [found.end() for found in _PIPE.finditer(line)]
    return line[: bars[-1]] if bars else ""


def align(dashes: str) -> Align:
    if dashes.endswith(":"):
        return "center" if dashes.startswith(":") else "right"
    return "left"


def expand_indent(line: str) -> str:
    """Return `line` with leading tabs expanded to stops of four."""
    bare = line.lstrip(" \t")
    return line[: len(line) - len(bare)].expandtabs(4) + bare
