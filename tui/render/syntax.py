"""How the lines of Markdown begin: the signs that make a line a heading, an item, a fence, a table's row."""

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
"""What a line may begin with before one can say what it is; not drawn until it goes on."""
SIGNED = re.compile(
    "[•‣⁃◦·–—‐-―\u2100-\u2bff\u3004-\u3007\u3012\u3013\u3020\U0001f000-\U0001fbff]"
    "|\\d\ufe0f?\u20e3|\\\\?\\[[ xX✓✗]\\\\?\\](?=[ \\t])"
)
"""How a line begins that stands for itself without being a list's item: a check mark, a bullet, an arrow, an emoji."""
BULLETS = "•◦▪"


def heading(line: str) -> tuple[int, str]:
    """The level and the text of a heading's line."""
    text = line.lstrip("#")
    level = len(line) - len(text)
    unmarked = text.rstrip("#")
    if not unmarked or unmarked[-1] in " \t":
        text = unmarked
    return level, text.strip(" \t")


def split_cells(line: str) -> tuple[str, ...]:
    """The cells of a table's line."""
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _PIPE.split(line))


def whole_cells(line: str) -> str:
    """What there is of a table's line up to its last bar: a cell that grows would widen its column with every letter."""
    bars = [found.end() for found in _PIPE.finditer(line)]
    return line[: bars[-1]] if bars else ""


def align(dashes: str) -> Align:
    if dashes.endswith(":"):
        return "center" if dashes.startswith(":") else "right"
    return "left"


def expand_indent(line: str) -> str:
    """`line` with the tabs it begins with as spaces, to stops of four."""
    bare = line.lstrip(" \t")
    return line[: len(line) - len(bare)].expandtabs(4) + bare
