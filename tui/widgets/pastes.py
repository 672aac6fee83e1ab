"""Long texts in the prompt, shown as one short token each and put back in full when the prompt is sent."""

from __future__ import annotations

import re

from tui.render.figures import plural, size

LONG = 10_000
"""Characters above which a pasted text becomes a token: a text area draws a long line in time proportional to its length."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def cleaned(text: str) -> str:
    """The text with plain line ends and without control characters, which a terminal would obey instead of showing."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class Pastes:
    """The long texts that the prompt's tokens stand for."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def fold(self, text: str) -> str:
        """The text itself, or a token such as "[text 1: 1.0 MB, 1 line]" where it is long."""
        if len(text) <= LONG:
            return text
        lines = plural(text.removesuffix("\n").count("\n") + 1, "line")
        token = f"[text {len(self._texts) + 1}: {size(len(text.encode('utf-8', 'replace')))}, {lines}]"
        self._texts[token] = text
        return token

    def unfold(self, text: str) -> str:
        """The text with every token replaced by what it stands for."""
        if not self._texts:
            return text
        pattern = "|".join(re.escape(token) for token in self._texts)
        return re.sub(pattern, lambda found: self._texts[found[0]], text)

    def token_around(self, line: str, column: int, *, forward: bool) -> tuple[int, int] | None:
        """Start and end of the token that deleting one character at the column would break, or None."""
        for token in self._texts:
            start = line.find(token)
            while start >= 0:
                end = start + len(token)
                if (start <= column < end) if forward else (start < column <= end):
                    return start, end
                start = line.find(token, end)
        return None
