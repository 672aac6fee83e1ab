"""Formulas over several lines, between `$$` and `$$`, `\\[` and `\\]`, `\\(` and `\\)`, `\\begin{…}` and
`\\end{…}`.

Nothing between these is Markdown. But `$$` may also be a price or a shell variable, and `\\[` a bracket. The lines
after an opening delimiter are therefore held until it is certain; what never closes, or does not look like a formula, is
read as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

MOST_LINES = 100
MOST_CHARS = 6000
"""A longer text is not a formula: an open formula is drawn again with every part of text that arrives."""

_MARK = re.compile(r"(?<![\\$])\$\$(?!\$)|(?<!\\)\\[\[(]|^\\begin\{([A-Za-z]+\*?)\}")
_CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_SIGN = re.compile(r"[\\_^{}=]")
_CERTAIN_SIGN = re.compile(r"\\[A-Za-z]|\^|_\{")
_NOT_IN_IT = re.compile(r"#{1,6} |```|~~~")
"""No line of a formula begins with these."""

_Position = Literal["alone", "first", "last", "inside"]
Verdict = Literal["more", "closed", "none", "none before"]
"""The effect of a line on an open formula. "none before": there was no formula, and this line may open one."""


class Formula(msgspec.Struct, frozen=True):
    """A formula without its closing delimiter."""

    closer: str
    position: _Position
    """The position of its opening delimiter in the line."""
    from_end: int
    """How many characters before the end of that line it begins."""
    lines: tuple[str, ...]
    """Its lines, from the opening delimiter on."""
    raw: tuple[str, ...] = ()
    """The lines after the first, with the marks of quotes and lists around them."""
    rest: str = ""
    """The text after its closing delimiter."""
    chars: int = 0
    """Number of characters of the lines after the first."""
    indent: int = 0
    """Columns before the first line, which the other lines have as well."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def may_end_the_text(self) -> bool:
        """True if it also counts as a formula in an answer that ends here."""
        return self.position == "alone" and all(line.strip() for line in self.lines)

    def verdict(self, line: str) -> Verdict:
        if not line.strip():
            return "more" if self.position == "alone" else "none"
        if len(self.raw) >= MOST_LINES or self.chars + len(line) > MOST_CHARS or _NOT_IN_IT.match(line.lstrip()):
            return "none"
        at = line.find(self.closer)
        if at < 0:
            return "more"
        if self.position == "alone":
            return "closed"
        inside = "\n".join((*self.lines, line[:at]))[2:]
        if self.position == "last":
            is_one = not line[:at].strip() or _CERTAIN_SIGN.search(inside)
        else:
            is_one = _SIGN.search(inside)
        return "closed" if is_one else "none before"

    def with_line(self, line: str, raw: str) -> Formula:
        return Formula(
            self.closer,
            self.position,
            self.from_end,
            (*self.lines, self._own(line)),
            (*self.raw, raw),
            chars=self.chars + len(line) + 1,
            indent=self.indent,
        )

    def _own(self, line: str) -> str:
        return line[min(self.indent, len(line) - len(line.lstrip(" "))) :]

    def closed_by(self, line: str) -> Formula:
        """Return the complete formula, with the line that contains its closing delimiter."""
        line = self._own(line)
        end = line.find(self.closer) + len(self.closer)
        rest = line[end:].rstrip()
        return replace(self, lines=(*self.lines, line[:end] + "\n" * (not rest)), rest=rest)


def opened_in(line: str, indent: int = 0) -> Formula | None:
    """Return the formula that a line of a paragraph opens without closing it. The line is indented by `indent` columns."""
    if "$$" not in line and "\\" not in line:
        return None
    bare = _CODE.sub(lambda found: " " * len(found[0]), line)
    for found in _unclosed(bare):
        opener, behind = found[0], bare[found.end() :].strip()
        closer = _CLOSERS.get(opener) or f"\\end{{{found[1]}}}"
        is_first = not bare[: found.start()].strip()
        if is_first and (found[1] or not behind):
            position: _Position = "alone"
        elif is_first or behind:
            position = "first" if is_first else "inside"
            if not is_first and not _SIGN.search(behind):
                return None
        else:
            position = "last"
        return Formula(closer, position, len(line) - found.start(), (line[found.start() :],), indent=indent)
    return None


def _unclosed(line: str) -> Iterator[re.Match[str]]:
    """Yield the opening delimiter without a closing one, if there is one."""
    at = 0
    while found := _MARK.search(line, at):
        closer = _CLOSERS.get(found[0]) or f"\\end{{{found[1]}}}"
        end = line.find(closer, found.end())
        if end < 0:
            yield found
            return
        at = end + len(closer)
