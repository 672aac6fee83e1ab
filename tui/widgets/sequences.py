"""The grammar of what a terminal sends after ESC: where a sequence ends, and which sequences Textual's parser may see.

Textual's parser takes every number in a sequence at its word and fails on one that no keyboard sends, so only sequences that
it knows reach it, in the spelling that it reads right. All others are swallowed whole: replies that nobody asked for, keys
that were released, keys from a later protocol. The forms are those of ECMA-48, xterm and the Kitty keyboard protocol.
"""

from __future__ import annotations

import re
import unicodedata

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS

from tui.inputs.limits import SCREEN_COLUMNS, SCREEN_ROWS

INTRODUCERS = {chr(code): f"\x1b{chr(code - 0x40)}" for code in (0x8F, 0x90, 0x98, 0x9B, 0x9D, 0x9E, 0x9F)}
"""C1 characters that start a sequence, and their two-character form."""

SEQUENCE = re.compile("\x1b(?:\\[(?:\\[.|M...|(?!M)[0-?]*[ -/]*[@-Z\\\\-~])|O[0-9;]*[@-~])", re.DOTALL)
"""A complete control sequence (CSI) or single shift (SS3). `ESC [ [ A` is a key of the Linux console, `ESC [ M` a mouse."""
UNFINISHED = re.compile("\x1b(?:\\[(?:\\[|M.{0,2}|[0-?]*[ -/]*)|O[0-9;]*|[]P_^X])?\\Z", re.DOTALL)
"""The start of a sequence or string at the end of the text."""
BROKEN = re.compile("\x1b(?:\\[[0-?]*[ -/]*|O[0-9;]*)")
"""The start of a sequence that continues with invalid characters."""
STRING = re.compile("\x1b[]P_^X]")
"""The start of a string from the terminal: OSC, DCS, APC, PM, SOS."""
STRING_END = re.compile("\x07|\x9c|\x1b(?:\\\\|(?=[^\\\\]))|[\x00-\x06\x08-\x1a\x1c-\x1f]")
"""What ends a string: its terminator, any other control character, or the start of another sequence."""
STRING_ENDS = ("\x07", "\x9c", "\x1b\\")

ALT_ENTER = "\x1b\r"
"""A key that Textual's parser does not know."""

_BODY = "[^\x00-\x06\x07-\x1f]*"
_STRINGS = r"(?:\][0-9]{1,4};|P(?:>\||[01][$+]r|!\|)|_G[a-z0-9=,]*;)"
LATE_WHOLE = rf"\[[?>=][0-9;:]*\$?[a-zA-Z]|\[[0-9]{{1,4}};[0-9]{{1,4}}R|{_STRINGS}{_BODY}(?:\x07|\x1b\\)"
"""The rest of a reply whose ESC came so early that it was read as the Esc key."""
LATE_BEGUN = (
    r"(?:\[(?:[?>=][0-9;:]*\$?|[0-9]{0,4}(?:;[0-9]{0,4})?)|\](?:[0-9]{0,4})|P(?:>|[01][$+]?|!)?|_(?:G[a-z0-9=,]*)?"
    rf"|{_STRINGS}{_BODY}\x1b?)?"
)
"""The start of such a rest, which may be empty."""

_EXTENDED = re.compile(
    "\x1b\\[([0-9]{0,7})(?::[0-9:]{0,20})?(?:;([0-9]{0,3})(?::([0-9]?))?(?:;([0-9:]{0,80}))?)?([u~ABCDEFHPQS])"
)
_MOUSE = re.compile("\x1b\\[<[0-9]{1,4};-?[0-9]{1,5};-?[0-9]{1,5}[Mm]")
_MODE = re.compile("\x1b\\[\\?(?:2026|2048);[0-9]\\$y")
_SIZE = re.compile("\x1b\\[48;" + ";".join(["([0-9]{1,5})(?::[0-9:]{0,20})?"] * 4) + "t")
_FOCUS = ("\x1b[I", "\x1b[O")
_OTHER_KEY = "27"  # xterm's modifyOtherKeys: ESC [ 27 ; modifiers ; character ~
_RELEASED = "3"
_KEYS_WITHOUT_TEXT = (8, 9, 13, 27, 127)
_PRIVATE = range(57_344, 63_744)
"""The code points of functional keys in Kitty's protocol. Those outside Textual's table have no name."""
_MOST_MODIFIERS = 256


def is_two_character_key(pair: str) -> bool:
    """True if ESC and this character are one key, such as Alt+a."""
    return pair == ALT_ENTER or (pair in ANSI_SEQUENCES_KEYS and pair != "\x1b\x1b") or pair[1:].isprintable()


def is_report(sequence: str) -> bool:
    """True for a report of the mouse, the focus, a size or a mode."""
    return sequence in _FOCUS or any(form.fullmatch(sequence) for form in (_MOUSE, _MODE, _SIZE))


def known(sequence: str) -> str:
    """Return a complete sequence in the form that Textual's parser reads correctly; "" for one to drop."""
    if size := _SIZE.fullmatch(sequence):
        return sequence if _is_screen(*(int(number) for number in size.groups())) else ""
    if is_report(sequence):
        return sequence
    if extended := _EXTENDED.fullmatch(sequence):
        return _extended(*extended.groups(default=""))
    return sequence if sequence in ANSI_SEQUENCES_KEYS else ""


def _is_screen(rows: int, columns: int, height: int, width: int) -> bool:
    return 0 < rows <= SCREEN_ROWS and 0 < columns <= SCREEN_COLUMNS and height > 0 and width > 0


def _extended(code: str, modifiers: str, event: str, text: str, end: str) -> str:
    """Return a key without what Textual misreads: event types and alternate codes."""
    if event == _RELEASED or int(modifiers or 0) > _MOST_MODIFIERS:
        return ""
    if code == _OTHER_KEY and end == "~":
        return _other_key(modifiers, text)
    number = int(code or 1)
    has_name = f"{number}{end}" in FUNCTIONAL_KEYS or (end == "u" and _is_key(number))
    if not has_name or not all(_is_text(int(one)) for one in text.split(":") if one):
        return ""
    if not modifiers and not text:
        return f"\x1b[{code}{end}"
    return f"\x1b[{code or 1};{modifiers or 1}{';' * bool(text)}{text.strip(':')}{end}"


def _other_key(modifiers: str, character: str) -> str:
    """Return a key of xterm's older protocol in Kitty's form; a plain character as itself."""
    if not character.isdecimal() or not _is_key(int(character)):
        return ""
    number = int(character)
    is_typed = number not in _KEYS_WITHOUT_TEXT and (int(modifiers or 1) - 1) & ~1 == 0
    return chr(number) if is_typed else f"\x1b[{number};{modifiers or 1}u"


def _is_key(number: int) -> bool:
    return number in _KEYS_WITHOUT_TEXT or (number not in _PRIVATE and _is_text(number))


def _is_text(number: int) -> bool:
    """True for a character that text may contain: no control character and no surrogate."""
    return number <= 0x10FFFF and unicodedata.category(chr(number)) not in ("Cc", "Cs")
