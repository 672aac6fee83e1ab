"""Splits what a terminal sends into keys, pasted text and replies. Pure: text in, pieces out; the caller has the clock.

Pasted text must never be read as keys: an Enter or a Ctrl+G in it would act. Most terminals put it between two marks.
Without marks it is recognised by its size: nobody types `BURST_CHARS` characters between two reads.

An incomplete sequence is held back, because ESC is a key of its own and also the start of longer sequences. If nothing
follows for `wait_s`, the caller calls `expire`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Literal, NamedTuple

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

from tui.inputs.limits import PASTE_CHARS, REPLY_CHARS
from tui.widgets.sequences import (
    BROKEN,
    INTRODUCERS,
    LATE_BEGUN,
    LATE_WHOLE,
    SEQUENCE,
    STRING,
    STRING_END,
    STRING_ENDS,
    UNFINISHED,
    is_report,
    is_two_character_key,
    known,
)

START, END = "\x1b[200~", "\x1b[201~"
BURST_CHARS = 100
"""So many characters in one read are a paste without marks: more than a slow line collects while a user types."""

ESC_S = 0.05
"""How long the rest of a sequence may follow an ESC, over a slow line."""
BURST_S = 0.1
"""A pause that ends a paste without marks."""
STRING_S = 1.0
"""How long to wait for the end of a string from the terminal."""
PASTE_S = 5.0
"""How long to wait for the end of a paste: without a limit no key would work again."""

_ESC = re.compile(f"[\x1b{''.join(INTRODUCERS)}]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters that text does not contain."""
_LINE_END = re.compile("[\r\n]")

Kind = Literal["keys", "paste", "reply"]


class Piece(NamedTuple):
    """A part of what the terminal sent."""

    text: str
    kind: Kind = "keys"


class KeyStream:
    """Takes what was read, yields pieces."""

    def __init__(self) -> None:
        self.is_cut = False
        """True after a paste longer than PASTE_CHARS, until the caller resets it."""
        self._held = ""
        self._late: str | None = None
        """What followed an ESC that was read as the Esc key, while it may be the rest of a reply."""
        self._string: str | None = None
        """The string from the terminal so far, up to REPLY_CHARS."""
        self._pasting = False
        self._burst = False
        self._pasted: list[str] = []
        self._room = PASTE_CHARS
        self._after_paste = False
        """True until a single key comes: the late rest of a paste is text."""

    @property
    def wait_s(self) -> float | None:
        """Seconds without input after which `expire` is due; None if nothing is held back."""
        if self._pasting:
            return PASTE_S
        if self._string is not None or len(self._late or "") > 2:
            return STRING_S
        if self._held or self._late:
            return ESC_S
        return BURST_S if self._burst else None

    def feed(self, text: str) -> Iterator[Piece]:
        """Yield the complete pieces. A paste is one piece, however many reads it takes."""
        if self._late is not None:
            text = yield from self._rest_of_reply(self._late + text)
        text, self._held = self._held + text, ""
        while text:
            if self._pasting:
                text = yield from self._paste(text)
            elif self._string is not None:
                text = yield from self._continue_string(text)
            else:
                text = yield from self._ground(text)

    def expire(self) -> Iterator[Piece]:
        """Yield what was held back, after nothing has followed."""
        held, self._held = self._held, ""
        if self._pasting:
            self._keep(held)
            yield from self._end_paste()
            return
        late, self._late, self._string = self._late, None, None
        yield from self._end_burst()
        if late:
            yield Piece(late)
        elif held == "\x1b":
            self._late = ""
            yield Piece(held)
        elif len(held) == 2 or held in ANSI_SEQUENCES_KEYS:
            yield Piece(held)

    # Sequences and plain text

    def _ground(self, text: str) -> Generator[Piece, None, str]:
        """Yield the first piece of the text, and return the rest."""
        if plain := (text[: found.start()] if (found := _ESC.search(text)) else text):
            yield from self._plain(plain)
            return text[len(plain) :]
        if text[0] in INTRODUCERS:
            return INTRODUCERS[text[0]] + text[1:]
        if UNFINISHED.match(text):
            self._held = text if len(text) <= REPLY_CHARS else "\x1b[?"  # too long for any key, and so is its rest
            return ""
        if text.startswith(START):
            yield from self._end_burst()
            self._pasting = True
            return text[len(START) :]
        if sequence := SEQUENCE.match(text):
            yield from self._sequence(sequence[0])
            return text[sequence.end() :]
        if STRING.match(text):
            self._string = text[:2]
            return text[2:]
        if broken := BROKEN.match(text):
            return text[broken.end() :]
        length = 2 if is_two_character_key(text[:2]) else 1
        yield from self._key(text[:length])
        return text[length:]

    def _sequence(self, sequence: str) -> Iterator[Piece]:
        key = known(sequence)
        if not key:
            yield Piece(sequence, "reply")
        elif is_report(key):
            yield Piece(key)
        else:
            yield from self._key(key)

    def _key(self, key: str) -> Iterator[Piece]:
        yield from self._end_burst()
        self._after_paste = False
        yield Piece(key)

    def _plain(self, text: str) -> Iterator[Piece]:
        if self._burst or (self._after_paste and len(text) > 1) or _is_burst(text):
            self._burst = True
            self._keep(text)
        else:
            self._after_paste = False
            yield Piece(text)

    # Strings from the terminal

    def _continue_string(self, text: str) -> Generator[Piece, None, str]:
        so_far = self._string or ""
        found = STRING_END.search(text)
        body = text[: found.start()] if found else text.removesuffix("\x1b")
        self._string = so_far + body[: REPLY_CHARS - len(so_far)]
        if found is None:
            self._held = text[len(body) :]
            return ""
        whole, self._string = self._string, None
        if found[0] not in STRING_ENDS:
            return text[found.start() :]
        yield Piece(whole + found[0], "reply")
        return text[found.end() :]

    def _rest_of_reply(self, text: str) -> Generator[Piece, None, str]:
        """Drop the rest of a reply whose ESC was read as a key; return what is not part of it."""
        self._late = None
        if whole := re.match(LATE_WHOLE, text):
            yield Piece(f"\x1b{whole[0]}", "reply")
            return text[whole.end() :]
        if len(text) <= REPLY_CHARS and re.fullmatch(LATE_BEGUN, text):
            self._late = text
            return ""
        return text

    # Pastes

    def _paste(self, text: str) -> Generator[Piece, None, str]:
        before, found, text = text.partition(END)
        if found:
            self._keep(before)
            yield from self._end_paste()
            self._after_paste = False
            return text
        size = next((n for n in range(min(len(END) - 1, len(before)), 0, -1) if END.startswith(before[-n:])), 0)
        self._keep(before[: len(before) - size])
        self._held = before[len(before) - size :]
        return ""

    def _end_paste(self) -> Iterator[Piece]:
        self._pasting, self._after_paste = False, True
        yield Piece(self._taken(), "paste")

    def _end_burst(self) -> Iterator[Piece]:
        if not self._burst:
            return
        self._burst, self._after_paste = False, True
        text = self._taken()
        size = _size_of_text(text)
        if size:
            yield Piece(text[:size], "paste")
        if size < len(text):
            yield Piece(text[size:])

    def _keep(self, text: str) -> None:
        self.is_cut = self.is_cut or len(text) > self._room
        text = text[: self._room]
        self._room -= len(text)
        if text:
            self._pasted.append(text)

    def _taken(self) -> str:
        text, self._pasted, self._room = "".join(self._pasted), [], PASTE_CHARS
        return text


def _is_burst(text: str) -> bool:
    """True if more text came at once than anybody types. Many control characters are a key that repeats."""
    return len(text) >= BURST_CHARS and 2 * len(_CONTROL.sub("", text).replace("\r", "")) >= len(text)


def _size_of_text(burst: str) -> int:
    """Return how much of a burst is text. A short end after a control character is keys, and so is Enter after one line."""
    size = len(burst)
    control = _CONTROL.search(burst)
    if control and size - control.start() < BURST_CHARS:
        size = control.start()
    line_end = _LINE_END.search(burst)
    return size - 1 if line_end and line_end.start() == size - 1 and burst[size - 1] == "\r" else size
