"""What the program may write to a terminal, written down, and hostile text that is not of it.

`offences` reads all bytes of a terminal session. Whatever is neither text nor a sequence of the grammar is one, and so is
each planted sequence that came through whole, even where the program may write others of its kind.
"""

from __future__ import annotations

import base64
import re

MARK = "PLANTED"
_CLIPBOARD = base64.b64encode(MARK.encode()).decode()

PLANTED = (
    f"\x1b]52;c;{_CLIPBOARD}\x07",  # the clipboard
    f"\x1b]0;{MARK}\x1b\\",  # the title
    f"\x1b]8;;http://{MARK}\x1b\\",  # a link
    "\x1b[5;53;8m",  # colours
    "\x1b[777;777H",  # the cursor
    "\x1b[?1049h",  # another screen
    "\x1bc",  # reset
    "\x1bP0;1q#7\x1b\\",  # a picture
    f"\x9d52;c;{_CLIPBOARD}\x9c",  # the same with C1
    "\x9b777;777H",
    "\x08\x7f\x0e\x0b\x0c\x85",
    "\r",
    "\u202e\u2066\u200f\u2028\u2029\ufeff",
)
HOSTILE = MARK + "".join(PLANTED) + MARK
"""One line of text with all of it."""
LONE = "\x1b]52;c;"
"""Where there is little room."""

_CONTROLS = "\x00-\x1f\x7f-\x9f\u061c\u200e-\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
TEXT = f"[^{_CONTROLS}]+|\r*\n|\t"
"""Printed text; a pty puts a carriage return before a line feed."""
SCREEN = "|".join(
    (
        r"\x1b\[(?:[0-9]{1,3}(?:;[0-9]{1,3})*)?m",  # colours and looks
        r"\x1b\[[0-9]{1,3};[0-9]{1,3}H",  # the cursor's position
        r"\x1b\[(?:[0-9]+;[0-9]+)?r|\x1b\[[0-9]+[LM]",  # lines that are moved
        r"\x1b\[\?(?:7|25|100[0346]|101[56]|1049|2004|2026|2048)[hl]",  # modes
        r"\x1b\[\?20(?:26|48)\$p|\x1b\[>[0-9]+u|\x1b\[<u",  # questions, and the keyboard's protocol
        r"\x1b\]8;id=[0-9-]+;[!-~]+\x1b\\|\x1b\]8;;\x1b\\",  # links
        r"\x1b\]52;c;[A-Za-z0-9+/]*=*\x07",  # the clipboard, when the user copies
        r"\x1b\]22;[a-z-]*\x07",  # the pointer's shape
        r"\x1b_G[A-Za-z0-9=,]*;[A-Za-z0-9+/]*=*\x1b\\|\x1b_Ga=d,d=I,i=[0-9]+,q=2\x1b\\",  # pictures by Kitty's protocol
        r'\x1b7\x1b\[[0-9]+D(?:\x1b\[[0-9]+A)?\x1bP0;1q"1;1;[0-9;#!$?@-~-]*\x1b\\\x1b8',  # pictures as Sixel
        r"\x1b\[16t|\x1b\[c",  # questions about pictures
    )
)
QUESTIONS = r"\x1b\[\?u|\x1b\[>0q|\x1b\[16t|\x1b\[c"
"""What `prx doctor` asks the terminal."""


def offences(output: bytes | str, *sequences: str) -> list[str]:
    """What a terminal was told that is neither text nor one of the sequences, with a little of what stands around it."""
    text = output.decode("utf-8", "surrogateescape") if isinstance(output, bytes) else output
    allowed = re.compile("|".join((TEXT, *sequences)))
    found, at = [], 0
    while at < len(text):
        token = allowed.match(text, at)
        if token is None:
            found.append(ascii(text[max(0, at - 40) : at + 40]))
        at = token.end() if token else at + 1
    return found + [ascii(sequence) for sequence in PLANTED if len(sequence) > 1 and sequence in _without_modes(text)]


def _without_modes(text: str) -> str:
    """The alternate screen is entered first, by ourselves."""
    return text.replace("\x1b[?1049h", "", 1)
