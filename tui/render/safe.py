"""Outside text made safe to draw: nothing in it can move the cursor, hide, turn around or widen what is on the screen.

Every character is judged by itself, joiners by the character before them, so a text may be made safe piece by piece as it
arrives. What carried meaning leaves a visible sign (`␛` for an escape); what is only invisible is dropped.
"""

from __future__ import annotations

import re
import unicodedata

TAB_STOP = 4

_DROPPED = (
    "\r"  # the line feed beside it ends the line
    "\u00ad"  # soft hyphen: terminals disagree on its width
    "\u034f\u061c\u180b-\u180f\u200b\u200e-\u200f"  # marks of direction and other fillers without width
    "\u202a-\u202e\u2060-\u206f"  # bidi embeddings, overrides and isolates; invisible operators
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers: blank, and two cells or none
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb"  # variation selectors change a glyph's width after the fact
    "\U0001d173-\U0001d17a"  # invisible musical marks
    "\U0001f3fb-\U0001f3ff"  # skin tones: no cells in new terminals, two in others
    "\U000e0000-\U000e0fff"  # tags: text nobody sees
)
CONTROLS = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1
    "\u061c\u200e-\u200f\u202a-\u202e\u2066-\u206f"  # direction
    "\u2028-\u2029\ufeff\ufff9-\ufffb"  # separators, byte order mark, annotations
    "\ud800-\udfff"  # halves of a pair
)
"""The characters, as in a set of a regular expression, that command a terminal, turn text around or stand for none."""
_SHOWN = "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
_JOINERS = "\u200c\u200d"
UNSAFE = re.compile(f"[{_DROPPED}{_SHOWN}{_JOINERS}]")
"""A character that may not be drawn as it is."""
_UNSAFE_SHOWN = re.compile(f"[{_SHOWN}]")
_DROP = re.compile(f"[{_DROPPED}]+|(?P<joiner>[{_JOINERS}])")
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
EMOJI_MARKS = "\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"
"""Joiner, variation selectors and skin tones, as in a set of a regular expression: they belong to the emoji before them."""
_MOST_MARKS = 3
MARKED_EMOJI = re.compile(
    f"[{_EMOJI}][{EMOJI_MARKS}]{{1,{_MOST_MARKS}}}(?:(?<=\u200d)[{_EMOJI}][{EMOJI_MARKS}]{{0,{_MOST_MARKS}}})*"
)
"""An emoji with its marks, and those that are joined to it."""
_MARKS = re.compile(f"[{EMOJI_MARKS}]")
MARKS_OF_EMOJI = re.compile(f"(?<=[{_EMOJI}])[{EMOJI_MARKS}]{{1,{_MOST_MARKS}}}")
_DROP_BUT_MARKS = re.compile(f"(?P<marks>{MARKS_OF_EMOJI.pattern})|{_DROP.pattern}")
_JOINING_SCRIPT = re.compile(
    "["
    "\u0620-\u08ff\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f\U00010f30-\U00010f6f\U0001e900-\U0001e95f"  # Arabic etc.
    "\u0900-\u0dff\ua800-\ua82f\ua880-\ua8ff\U00011000-\U00011fff"  # India and Sri Lanka
    "\u1000-\u109f\u1780-\u18af\u1900-\u1cff\ua980-\ua9ff\uaa00-\uaa7f\uaae0-\uaaff\uabc0-\uabff"  # Burma to Mongolia
    "]"
)
"""Characters of the scripts in which a joiner after a letter or vowel sign changes how the word is written."""
OTHERS = "\u17b4\u17b5\U00013430-\U0001345f\U0001bca0-\U0001bca3"
"""Signs without a glyph that safe text may keep."""
_UNSEEN = re.compile(f"[{_DROPPED}{_SHOWN}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000{_JOINERS}{OTHERS}]")
"""What a reader would not see, or take for a blank."""
_PART_OF_EMOJI = re.compile(f"(?<=[\u2190-\u2bff\U0001f000-\U0001faff])[{EMOJI_MARKS}]+")
"""That belongs to the sign before it."""


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return " " if code in (0x2028, 0x2029) else "\ufffd"


def neutral(text: str, before: str = "", *, keeps_marks: bool = False) -> str:
    """Return `text` without unsafe characters, its tabs and line feeds kept.

    `before` is the character before it in a text that arrives in pieces: neutral(a) + neutral(b, a[-1:]) == neutral(a + b).
    With `keeps_marks` the marks of emoji stay, for text that `copying.unmarked` draws without them and copies with them;
    `before` is then the last CONTEXT characters.
    """
    if UNSAFE.search(text) is None:
        return text
    if before and (text[0] in _JOINERS or (keeps_marks and _MARKS.match(text))):
        return neutral(before + text, keeps_marks=keeps_marks)[len(neutral(before, keeps_marks=keeps_marks)) :]
    dropped = _DROP_BUT_MARKS if keeps_marks else _DROP
    return _UNSAFE_SHOWN.sub(_sign, dropped.sub(_joiner_kept, text))


CONTEXT = _MOST_MARKS + 1
"""So many characters before a piece decide about what it begins with."""


def _joiner_kept(found: re.Match[str]) -> str:
    """A joiner stays where the script of the character before it needs one. Emoji are not joined: terminals disagree."""
    at = found.start()
    if found.lastgroup == "marks":
        return found[0]
    if found["joiner"] is None or not at:
        return ""
    last = found.string[at - 1]
    needed = unicodedata.category(last)[0] in "LM" and _JOINING_SCRIPT.match(last)
    return found[0] if needed else ""


def without_emoji_marks(text: str) -> str:
    """Return a text without the marks of emoji that `keeps_marks` keeps. Joiners that a script needs stay."""
    return MARKS_OF_EMOJI.sub("", text)


def safe(text: str, *, keep_newlines: bool = True, keeps_marks: bool = False) -> str:
    """Return `text` fit to be drawn by any widget: neutral, tabs as spaces up to the next stop, on request on one line.

    The zero width joiner goes, since the widgets' measure counts nothing for the letter that follows it. With `keeps_marks`
    joiners and the marks of emoji stay, for what is copied or edited.
    """
    text = neutral(text, keeps_marks=keeps_marks)
    if not keeps_marks:
        text = text.replace("\u200d", "")
    if "\t" in text:
        text = text.expandtabs(TAB_STOP)
    return text if keep_newlines else text.replace("\n", " ")


def hides(text: str) -> bool:
    """Whether a text holds what a reader would not see as what it is."""
    return _UNSEEN.search(text) is not None and _UNSEEN.search(_PART_OF_EMOJI.sub("", text)) is not None


def revealed(text: str) -> str:
    """`text` safe to draw, with a sign for all in it that would not be seen: nobody agrees to what is hidden."""
    if _UNSEEN.search(text) is not None:
        text = _UNSEEN.sub(_named, _PART_OF_EMOJI.sub("", text))
    return text.expandtabs(TAB_STOP) if "\t" in text else text


def _named(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"
