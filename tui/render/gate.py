"""The only way to the terminal while the screen is drawn. Control characters in outside text do not pass.

The driver writes a `TerminalText` unchanged. There are two kinds: cells, whose texts and links were cleaned by `drawn`,
and sequences that prx creates without any outside text. Of every other string, `passed` keeps the printable characters
only, except for the few sequences that Textual writes itself. No widget and no library can bypass it.
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
"""Characters of a link's address. A control character would end it, and ASCII is sufficient."""
_TEXTUALS = re.compile(
    r"(?:\x1b\[[0-9]+;[0-9]+H|"  # cursor position
    r"\x1b\[\?(?:7|25|100[0346]|101[56]|1049|2004|2026|2048)[hl]|"  # wrapping, cursor, mouse, screen, paste, frames
    r"\x1b\[\?20(?:26|48)\$p|"  # queries for synchronised output and size
    r"\x1b\[(?:>[0-9]+|<)u|"  # keyboard protocol
    r"\x1b\]22;[a-z-]*\x07|\x07)+"  # pointer shape; bell
)
"""What Textual writes besides cells (`LinuxDriver`, `App`). None of it contains outside text."""


class TerminalText(str):
    """Text that is written to the terminal unchanged. Only the modules listed in `tests/render/test_gate.py` may create
    one.
    """

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
