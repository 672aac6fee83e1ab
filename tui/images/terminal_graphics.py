"""How a terminal can show images: what to ask it, and what its answers, the environment and the settings mean.

Half blocks always work. Kitty's protocol is used only where its placeholders are known to work, in kitty and Ghostty, since
no answer tells. Other terminals with good graphics report Sixel. A multiplexer answers for itself, so inside one only what
it draws by itself is used, which is Sixel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Way = Literal["kitty", "sixel", "blocks"]
Choice = Literal["auto", "kitty", "sixel", "blocks", "none"]

_IS_KITTY, _YES = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", "\x1b_Gi=31;OK\x1b\\"
_CELL_SIZE, _ATTRIBUTES = "\x1b[16t", "\x1b[c"
LAST_ANSWER = re.compile("\x1b\\[\\?([0-9;]*)c")
"""Every terminal answers this request, so it marks the end of its answers."""
ANSWER = re.compile("\x1b_G[^\x1b]*\x1b\\\\|\x1b\\[6;[0-9]+;[0-9]+t|" + LAST_ANSWER.pattern)
_CELL = re.compile("\x1b\\[6;([0-9]{1,3});([0-9]{1,3})t")
_USUAL_CELL = (8, 16)
"""In pixels. If the cells are larger, the image is only smaller."""
_LARGEST = 200
"""The largest side of a cell in pixels; larger values would need unlimited memory."""
_SIXEL = "4"


@dataclass(frozen=True)
class Canvas:
    """What images are drawn with."""

    way: Way = "blocks"
    cell: tuple[int, int] = _USUAL_CELL
    """Width and height in pixels."""


def questions(choice: Choice, env: Mapping[str, str]) -> str:
    """Return what to ask the terminal before the first image is drawn, or "" if the answer would change nothing."""
    if choice == "blocks" or choice == "none" or env.get("TERM", "dumb") in ("dumb", "linux"):
        return ""
    return _IS_KITTY * _may_be_kitty(env) + _CELL_SIZE + _ATTRIBUTES


def canvas(choice: Choice, answers: str) -> Canvas:
    """Return what the answers mean."""
    size, last = _CELL.search(answers), LAST_ANSWER.search(answers)
    cell = (
        (int(size[2]), int(size[1])) if size and 0 < int(size[1]) <= _LARGEST and 0 < int(size[2]) <= _LARGEST else None
    )
    if choice == "kitty" or choice == "sixel":
        return Canvas(choice, cell or _USUAL_CELL)
    if _YES in answers:
        return Canvas("kitty", cell or _USUAL_CELL)
    if cell and last and _SIXEL in last[1].split(";")[1:]:
        return Canvas("sixel", cell)
    return Canvas("blocks", cell or _USUAL_CELL)


def _may_be_kitty(env: Mapping[str, str]) -> bool:
    """True if this looks like a terminal that supports placeholders. Others might print the question."""
    if env.get("TMUX") or env.get("STY"):
        return False
    is_kitty = bool(env.get("KITTY_WINDOW_ID")) or env.get("TERM") in ("xterm-kitty", "xterm-ghostty")
    return is_kitty or env.get("TERM_PROGRAM", "").lower() == "ghostty"
