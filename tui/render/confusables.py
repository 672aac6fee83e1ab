"""Find characters that look like others: a Cyrillic `а` among Latin letters, a division slash in a path.

Text in one language is not reported: neither words in one script, nor Chinese characters beside Latin letters, which look
different.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"[^\s/]+")
"""A unit that is checked separately: a word, a name in a path, a host."""
_LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]")
_ALIKE = {
    "Cyrillic": frozenset("асԁеһіјӏорԛѕԝхуАВЕЅІЈКМНОРСТУХԌԚԜ"),
    "Greek": frozenset("αικνορτυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ"),
    "Armenian": frozenset("ցհոռօսզԼՏՍՕ"),
    "Cherokee": frozenset("ᎠᎡᎢᎪᎫᎬᎳᎷᎻᏀᏃᏆᏔᏚᏞᏟᏢᏦᏴ"),
    "Coptic": frozenset("ⲀⲂⲈⲎⲒⲔⲘⲚⲞⲢⲤⲦⲨⲬⲟⲣⲥ"),
    "Lisu": frozenset("ꓐꓑꓒꓓꓖꓙꓚꓝꓠꓡꓢꓣꓦꓧꓨꓪꓫꓬꓮꓰꓲꓳꓴ"),
}
"""Script -> the letters that look like Latin ones."""
_OF_SCIENCE = "Greek"
"""Its other letters are common among Latin ones: Δt, kΩ, μm."""
_PHONETIC = frozenset("ɑɡɩȷꞁǀǃ")
_SIGNS = frozenset("\u2044\u2215\u29f8\u2024\ua4f8\ua789\u2236")
"""They look like slash, dot and colon, which separate parts of a path or a host."""


class Confusable(NamedTuple):
    letters: str
    """Each letter once."""
    kind: str
    """A script such as "Cyrillic", or the name of a sign: "division slash"."""
    word: str
    """The word that contains them; empty for a sign."""


def confusables(text: str) -> tuple[Confusable, ...]:
    """Return the characters of a text that look like others, each once, in order."""
    return () if text.isascii() else tuple(dict.fromkeys(_found(text)))


def _found(text: str) -> Iterator[Confusable]:
    spoken = {kind for letter in set(text) if (kind := _kind(letter)) and not _is_alike(letter)}
    for name in _NAME.finditer(text):
        if name[0].isascii():
            continue
        has_latin = _LATIN.search(name[0]) is not None
        for word in _WORD.finditer(name[0]):
            yield from _in_word(word[0], () if has_latin else spoken)
        for sign in filter(_SIGNS.__contains__, name[0]):
            yield Confusable(sign, unicodedata.name(sign).lower(), "")


def _in_word(word: str, spoken: Collection[str]) -> Iterator[Confusable]:
    """Yield such letters among Latin ones, and a word of only such letters, unless its script is used in the text."""
    is_mixed = _LATIN.search(word) is not None
    if not is_mixed and not all(_is_alike(letter) for letter in word if letter.isalpha()):
        return
    kinds = {letter: kind for letter in word if (kind := _kind(letter))}
    for kind in dict.fromkeys(kinds.values()):
        letters = [one for one in kinds if kinds[one] == kind and (kind != _OF_SCIENCE or _is_alike(one))]
        if letters and (is_mixed or kind not in spoken):
            yield Confusable("".join(letters), kind, word)


def _is_alike(letter: str) -> bool:
    """True if a letter looks like a Latin one."""
    kind = _kind(letter)
    return kind != "" and (kind not in _ALIKE or letter in _ALIKE[kind])


@lru_cache(maxsize=4_096)
def _kind(letter: str) -> str:
    """Return the kind of a character that looks like another one; else ""."""
    if letter.isascii() or not letter.isalnum():
        return ""
    name = unicodedata.name(letter, "")
    script = name.partition(" ")[0].capitalize()
    if script in _ALIKE:
        return script
    if letter in _PHONETIC or name.startswith("LATIN LETTER SMALL CAPITAL"):
        return "phonetic"
    shape, _, base = unicodedata.decomposition(letter).rpartition(" ")
    if not base or not chr(int(base, 16)).isascii():
        return ""
    if "ROMAN NUMERAL" in name:
        return "Roman numeral"
    return {"<font>": "mathematical", "": name.lower()}.get(shape, "")
