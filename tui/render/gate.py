"""The one way to the terminal while the screen is drawn: no control character of outside text gets past it.

The driver writes a `TerminalText` as it is. There are two kinds: cells, whose texts and links `drawn` has cleaned, and
sequences that the program makes without a word from outside. Of every other string `passed` leaves the printable characters,
unless it is one of the few sequences that Textual writes itself. So no widget, and no library, can get around it.
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.render.safe import CONTROLS

_CONTROL = re.compile(f"[{CONTROLS}]")
_LINK = re.compile(r"[!-~]*")
"""What may stand in the address of a link: it is ended by a control character, and ASCII is all that an address needs."""
_TEXTUALS = re.compile(
    r"(?:\x1b\[[0-9]+;[0-9]+H|"  # the cursor's position
    r"\x1b\[\?(?:7|25|100[0346]|101[56]|1049|2004|2026|2048)[hl]|"  # wrapping, cursor, mouse, screen, paste, frames
    r"\x1b\[\?20(?:26|48)\$p|"  # whether it knows frames, and tells its size
    r"\x1b\[(?:>[0-9]+|<)u|"  # keys
    r"\x1b\]22;[a-z-]*\x07|\x07)+"  # the shape of the pointer; the bell
)
"""What Textual writes beside the cells (`LinuxDriver`, `App`), never with a word from outside."""


class TerminalText(str):
    """What the terminal gets as it is. Only the modules that `tests/render/test_gate.py` lists may make one."""

    __slots__ = ()

    def __add__(self, more: str) -> TerminalText:
        return TerminalText(str.__add__(self, passed(more)))


def drawn(strip: Strip, console: Console) -> TerminalText:
    """Return the bytes of a line, or a part of one, as text for the terminal."""
    return TerminalText(cleaned(strip).render(console))


def cleaned(strip: Strip) -> Strip:
    """Return a strip of the same width without control characters, in texts and links; the same one where it has none."""
    for text, style, _ in strip:
        if not (text.isprintable() or _is_clean(text)) or (style is not None and style._link and not _is_fit(style)):
            return Strip([_cleaned(segment) for segment in strip], strip.cell_length)
    return strip


def passed(data: str) -> TerminalText:
    """Return what may be written of a string: its printable characters, or all of it if it is ours or Textual's."""
    if isinstance(data, TerminalText):
        return data
    return TerminalText(data if data.isprintable() or _TEXTUALS.fullmatch(data) else _CONTROL.sub("", data))


def _is_clean(text: str) -> bool:
    return isinstance(text, TerminalText) or _CONTROL.search(text) is None


def _is_fit(style: Style) -> bool:
    return _LINK.fullmatch(f"{style._link}{style._link_id}") is not None


def _cleaned(segment: Segment) -> Segment:
    text, style, control = segment
    if not _is_clean(text):
        text = _CONTROL.sub(lambda found: " " * cell_len(found[0]), text)
    if style is not None and style._link and not _is_fit(style):
        style = style.update_link(None)
    return Segment(text, style, control)
