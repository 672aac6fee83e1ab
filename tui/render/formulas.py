"""Formulas that go over several lines: between `$$` and `$$`, `\\[` and `\\]`, `\\(` and `\\)`, `\\begin{…}` and `\\end{…}`.

Nothing between the two is Markdown. But `$$` may also be a price or a shell's number, and `\\[` a bracket. So the lines
after an opening mark are held until it is certain: what never closes, or holds nothing of a formula, is read as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

MOST_LINES = 100
MOST_CHARS = 6000
"""A longer one is no formula: an open one is drawn again with every piece of text that arrives."""

_MARK = re.compile(r"(?<![\\$])\$\$(?!\$)|(?<!\\)\\[\[(]|^\\begin\{([A-Za-z]+\*?)\}")
_CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_SIGN = re.compile(r"[\\_^{}=]")
_CERTAIN_SIGN = re.compile(r"\\[A-Za-z]|\^|_\{")
_NOT_IN_IT = re.compile(r"#{1,6} |```|~~~")
"""How no line of a formula begins: then its opening mark was none."""

_Position = Literal["alone", "first", "last", "inside"]
Verdict = Literal["more", "closed", "none", "none before"]
"""What a line makes of an open formula. "none before": this line is Markdown too, and may open one."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula whose closing mark has not come yet."""

    closer: str
    position: _Position
    """Where its opening mark stands in its line."""
    from_end: int
    """So many characters before the end of that line it begins."""
    lines: tuple[str, ...]
    """What stands in it, from its opening mark on."""
    raw: tuple[str, ...] = ()
    """The lines after the first, with the marks of the quotes and lists around them."""
    rest: str = ""
    """What follows its closing mark."""
    chars: int = 0
    """How long the lines after the first are."""
    indent: int = 0
    """Columns before the first line, which the others have, too."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def may_end_the_text(self) -> bool:
        """True if what an answer that was cut short leaves of it is a formula, too."""
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
        """The whole one, with the line that holds its closing mark."""
        line = self._own(line)
        end = line.find(self.closer) + len(self.closer)
        rest = line[end:].rstrip()
        return replace(self, lines=(*self.lines, line[:end] + "\n" * (not rest)), rest=rest)


def opened_in(line: str, indent: int = 0) -> Formula | None:
    """The formula that a line of a paragraph opens and does not close; `indent` columns stand before the line."""
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
    """The opening mark without a closing one, if there is one."""
    at = 0
    while found := _MARK.search(line, at):
        closer = _CLOSERS.get(found[0]) or f"\\end{{{found[1]}}}"
        end = line.find(closer, found.end())
        if end < 0:
            yield found
            return
        at = end + len(closer)
