"""Make outside text safe to draw. Nothing in it can move the cursor, hide or reverse text, or change its width.

Every character is checked on its own, and joiners by the character before them, so that a text may be cleaned in parts as
it arrives. Meaningful characters are replaced by a visible sign (`␛` for an escape); invisible ones are dropped.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

TAB_STOP = 4

_DROPPED = (
    "\r"  # the line feed beside it ends the line
    "\u00ad"  # soft hyphen: terminals disagree on its width
    "\u034f\u061c\u180b-\u180f\u200b\u200e-\u200f"  # direction marks and other characters without width
    "\u202a-\u202e\u2060-\u206f"  # bidirectional embeddings, overrides and isolates; invisible operators
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers: blank, and two cells wide or none
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb"  # variation selectors change a glyph's width afterwards
    "\U0001d173-\U0001d17a"  # invisible musical symbols
    "\U0001f3fb-\U0001f3ff"  # skin tones: no cells in new terminals, two in others
    "\U000e0000-\U000e0fff"  # tags: invisible text
)
CONTROLS = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1
    "\u061c\u200e-\u200f\u202a-\u202e\u2066-\u206f"  # direction
    "\u2028-\u2029\ufeff\ufff9-\ufffb"  # separators, byte order mark, annotations
    "\ud800-\udfff"  # surrogates
)
"""Characters, as in a regular expression's class, that control a terminal, reverse text or are not characters at all."""
_SHOWN = "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
_JOINERS = "\u200c\u200d"
UNSAFE = re.compile(f"[{_DROPPED}{_SHOWN}{_JOINERS}]")
"""A character that must not be drawn as it is."""
_UNSAFE_SHOWN = re.compile(f"[{_SHOWN}]")
_DROP = re.compile(f"[{_DROPPED}]+|(?P<joiner>[{_JOINERS}])")
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
EMOJI_MARKS = "\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"
"""Joiner, variation selectors and skin tones, as in a regular expression's class. They modify the emoji before them."""
_MOST_MARKS = 3
MARKED_EMOJI = (
    f"[{_EMOJI}][{EMOJI_MARKS}]{{1,{_MOST_MARKS}}}(?:(?<=\u200d)[{_EMOJI}][{EMOJI_MARKS}]{{0,{_MOST_MARKS}}})*"
)
"""An emoji with its modifiers, and the emoji joined to it."""
_MARKS = re.compile(f"[{EMOJI_MARKS}]")
MARKS_OF_EMOJI = f"(?<=[{_EMOJI}])[{EMOJI_MARKS}]{{1,{_MOST_MARKS}}}"
_DROP_BUT_MARKS = f"(?P<marks>{MARKS_OF_EMOJI})|{_DROP.pattern}"
_JOINING_SCRIPT = (
    "["
    "\u0620-\u08ff\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f\U00010f30-\U00010f6f\U0001e900-\U0001e95f"  # Arabic etc.
    "\u0900-\u0dff\ua800-\ua82f\ua880-\ua8ff\U00011000-\U00011fff"  # India and Sri Lanka
    "\u1000-\u109f\u1780-\u18af\u1900-\u1cff\ua980-\ua9ff\uaa00-\uaa7f\uaae0-\uaaff\uabc0-\uabff"  # Burma to Mongolia
    "]"
)
"""Characters of the scripts in which a joiner after a letter or vowel sign changes the spelling."""
OTHERS = "\u17b4\u17b5\U00013430-\U0001345f\U0001bca0-\U0001bca3"
"""Characters without a glyph that are allowed in safe text."""
_UNSEEN = f"[{_DROPPED}{_SHOWN}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000{_JOINERS}{OTHERS}]"
"""What a reader would not see, or would take for a space."""
_PART_OF_EMOJI = f"(?<=[\u2190-\u2bff\U0001f000-\U0001faff])[{EMOJI_MARKS}]+"
"""Part of the emoji before it."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, compiled on first use. With so many ranges that takes milliseconds, and the start can do without."""
    return re.compile(pattern)


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return " " if code in (0x2028, 0x2029) else "\ufffd"


def neutral(text: str, before: str = "", *, keeps_marks: bool = False) -> str:
    """Return `text` without unsafe characters; tabs and line feeds stay.

    `before` is the character before it in a text that arrives in parts: neutral(a) + neutral(b, a[-1:]) == neutral(a +
    b). With `keeps_marks` the modifiers of emoji stay, for text that `copying.unmarked` draws without and copies with
    them; `before` is then the last CONTEXT characters.
    """
    if UNSAFE.search(text) is None:
        return text
    if before and (text[0] in _JOINERS or (keeps_marks and _MARKS.match(text))):
        return neutral(before + text, keeps_marks=keeps_marks)[len(neutral(before, keeps_marks=keeps_marks)) :]
    dropped = compiled(_DROP_BUT_MARKS) if keeps_marks else _DROP
    return _UNSAFE_SHOWN.sub(_sign, dropped.sub(_joiner_kept, text))


CONTEXT = _MOST_MARKS + 1
"""Number of characters before a part that affect its beginning."""


def _joiner_kept(found: re.Match[str]) -> str:
    """Keep a joiner where the script of the character before it needs one. Emoji are not joined: terminals disagree."""
    at = found.start()
    if found.lastgroup == "marks":
        return found[0]
    if found["joiner"] is None or not at:
        return ""
    last = found.string[at - 1]
    needed = unicodedata.category(last)[0] in "LM" and compiled(_JOINING_SCRIPT).match(last)
    return found[0] if needed else ""


def without_emoji_marks(text: str) -> str:
    """Return a text without the marks of emoji that `keeps_marks` keeps. Joiners that a script needs stay."""
    return text if text.isascii() else compiled(MARKS_OF_EMOJI).sub("", text)


def safe(text: str, *, keep_newlines: bool = True, keeps_marks: bool = False) -> str:
    """Return `text` for drawing in any widget: unsafe characters removed, tabs expanded, and on request on one line.

    The zero width joiner is removed, because the widgets' measure ignores the letter after it. With `keeps_marks` joiners
    and the modifiers of emoji stay, for text that is copied or edited.
    """
    text = neutral(text, keeps_marks=keeps_marks)
    if not keeps_marks:
        text = text.replace("\u200d", "")
    if "\t" in text:
        text = text.expandtabs(TAB_STOP)
    return text if keep_newlines else text.replace("\n", " ")


def hides(text: str) -> bool:
    """True if a text contains characters that a reader would not recognise."""
    unseen = compiled(_UNSEEN)
    return unseen.search(text) is not None and unseen.search(compiled(_PART_OF_EMOJI).sub("", text)) is not None


def revealed(text: str) -> str:
    """Return `text` safe to draw, with a visible sign for each invisible character, for text that the user has to
    approve.
    """
    if compiled(_UNSEEN).search(text) is not None:
        text = compiled(_UNSEEN).sub(_named, compiled(_PART_OF_EMOJI).sub("", text))
    return text.expandtabs(TAB_STOP) if "\t" in text else text


def _named(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"
