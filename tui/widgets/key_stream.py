"""What a terminal sends, parted into pasted text and keys. Pure: text in, pieces out; the clock is the caller's.

Pasted text comes between two marks and must never be taken for keys, whatever escape sequences it holds: an Enter or a
Ctrl+G in it would act. A sequence that is not complete is held back, because a bare ESC is a key of its own while the
beginning of a longer one is not; once nothing more follows, the caller says so and gets it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

START, END = "\x1b[200~", "\x1b[201~"
_UNFINISHED = re.compile("\x1b(?:[O\\[][\x20-?]{0,30}|_[\x20-~]{0,60}\x1b?)?$")


class Piece(NamedTuple):
    text: str
    pasted: bool


class KeyStream:
    def __init__(self) -> None:
        self._held = ""
        self._pasting: list[str] | None = None

    @property
    def waits(self) -> bool:
        """Whether something is held back that may be a key by itself."""
        return bool(self._held) and self._pasting is None

    def feed(self, text: str) -> Iterator[Piece]:
        """The pieces that are complete. A paste is one piece, however many reads it took."""
        text, self._held = self._held + text, ""
        while text:
            mark = START if self._pasting is None else END
            before, found, text = text.partition(mark)
            if not found:
                before = self._hold_back(before)
            if self._pasting is None:
                if before:
                    yield Piece(before, pasted=False)
                self._pasting = [] if found else None
            else:
                self._pasting.append(before)
                if found:
                    yield Piece("".join(self._pasting), pasted=True)
                    self._pasting = None

    def expire(self) -> Iterator[Piece]:
        """What was held back, now that nothing has followed it. In the middle of a paste, nothing."""
        if self.waits:
            held, self._held = self._held, ""
            yield Piece(held, pasted=False)

    def _hold_back(self, text: str) -> str:
        """The text without what may be the beginning of a sequence."""
        unfinished = _UNFINISHED.search(text)
        if unfinished is None:
            return text
        self._held = unfinished[0]
        return text[: unfinished.start()]
