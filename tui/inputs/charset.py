"""Decode the text of a file: by its byte order mark, as UTF-8, or with a guessed encoding, which is reported.

A guess compares how plausible the non-ASCII bytes are in each common encoding: words in one script with regular capitals,
common ideographs, kana next to kanji. On the few words of a table or a log this is more reliable than a library that counts
letters, and it needs no import. If no encoding is plausible, the file is binary.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, which has the same first bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
    "cp932": "Shift-JIS",
    "gb18030": "GBK",
    "cp950": "Big5",
    "euc_jp": "EUC-JP",
    "cp949": "EUC-KR",
    "koi8_r": "KOI8-R",
    "cp866": "DOS Cyrillic",
}
_SAMPLE_BYTES = 2048
"""How many non-ASCII bytes a guess uses."""
_MIN_SCORE = 0.5
_NOT_TEXT = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f]")
"""Control characters that text files do not contain. Bell, backspace, form feed and escape are allowed."""
_MAX_CONTROLS = 0.02
_FOREIGN = re.compile(rb"[\x80-\xff]")
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u0e31-\u0e4e]+[^\W\d_]*)*")


@dataclass(frozen=True)
class Decoded:
    """The text of a file and its encoding."""

    text: str
    encoding: str = "utf-8"
    """The name of the encoding in Python."""
    mark: bytes = b""
    """The byte order mark of the file, or b""."""
    is_guess: bool = False

    @property
    def name(self) -> str:
        """The common name of the encoding."""
        return _NAMES.get(self.encoding) or self.encoding.replace("cp", "Windows-")

    @property
    def remark(self) -> str:
        """The message for the user about a guess."""
        return f"read as {self.name}, which is a guess"


def decode_text(data: bytes) -> Decoded | None:
    """Decode the content of a file, or return None if it is binary."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], encoding)
            return None if text is None or _is_binary(text) else Decoded(text, encoding, mark)
    if data.startswith(b"%PDF-"):
        return None
    if b"\0" in data:
        return _wide(data)
    text = _strict(data, "utf-8")
    if text is None:
        return _guessed(data)
    return None if _is_binary(text) else Decoded(text)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_binary(text: str) -> bool:
    return "\0" in text or len(_NOT_TEXT.findall(text)) > max(1, len(text) * _MAX_CONTROLS)


# UTF-16 and UTF-32 without a mark --------------------------------------------------------------------------------------


def _wide(data: bytes) -> Decoded | None:
    """Decode bytes with NULs as UTF-16 or UTF-32 without a mark, or return None."""
    sample = data[:_SAMPLE_BYTES]
    is_ascii = sample.isascii() and not _NOT_TEXT.search(sample.replace(b"\0", b"").decode())
    for encoding, size, place in (("utf-32-le", 4, 0), ("utf-32-be", 4, 3), ("utf-16-le", 2, 0), ("utf-16-be", 2, 1)):
        if len(data) % size or any(sample[at] == 0 and at % size == place for at in range(len(sample))):
            continue
        units = len(sample) // size
        zeros = sample.count(0) / units
        text = _strict(data, encoding)
        if text is None or _is_binary(text) or (size == 4 and zeros < 1):
            continue
        # ASCII with a few NULs can be decoded as ideographs, too.
        if zeros >= 0.9 or (not is_ascii and _is_of_few_scripts(text[:units])):
            return Decoded(text, encoding, is_guess=True)
    return None


def _is_of_few_scripts(text: str) -> bool:
    scripts = {_script(char) for char in text if not char.isascii() and char.isalpha()}
    return len(scripts) <= 3 and all(unicodedata.category(char) not in ("Cn", "Co") for char in set(text))


# Guesses ---------------------------------------------------------------------------------------------------------------


def _guessed(data: bytes) -> Decoded | None:
    """Decode with the encoding of the best score; of equal scores, the first in `_RATES`."""
    if _NOT_TEXT.search(data.decode("latin-1").rstrip("\x1a")):  # DOS ends text files with it
        return None
    sample = _sample(data)
    scores = {encoding: score for encoding, rate in _RATES.items() if (score := _score(sample, encoding, rate)) > 0}
    for encoding in sorted(scores, key=lambda one: -scores[one]):
        if scores[encoding] < _MIN_SCORE:
            break
        text = _strict(data, encoding)
        if text is not None and text.encode(encoding, "replace") == data:  # so that it can be saved again unchanged
            return Decoded(text, encoding, is_guess=True)
    return None


def _sample(data: bytes) -> bytes:
    """Return the first non-ASCII words. In no encoding does a character contain a byte below 0x30."""
    found: list[bytes] = []
    for line in data.split(b"\n"):
        if line.isascii():
            continue
        for word in re.split(rb"[\x00-\x2f]", line):
            if foreign := _FOREIGN.search(word):
                found.append(word[max(0, foreign.start() - 40) :][:_SAMPLE_BYTES])
        if sum(map(len, found)) > _SAMPLE_BYTES:
            break
    return b" ".join(found)[:_SAMPLE_BYTES]


def _score(sample: bytes, encoding: str, rate: Callable[[str], Iterable[float]]) -> float:
    """Return how plausible the bytes are in an encoding: the mean rate of the non-ASCII characters, from 0 to 1."""
    try:
        # The last character of a sample may be cut.
        text = codecs.getincrementaldecoder(encoding)().decode(sample, len(sample) < _SAMPLE_BYTES)
    except UnicodeDecodeError:
        return 0.0
    rates = list(rate(text))
    return sum(rates) / len(rates) if rates else 0.0


_SIGNS = frozenset("€£§©®™°«»“”„‘’‚–—…·•¿¡²³½µ±×№\u00a0")
_WESTERN = frozenset("àâäæçèéêëîïñòóôöùúûüßáíãõåøœ")
_CENTRAL = frozenset("áčďéěíňóřšťúůýžąćęłńśźżőűöüäľôăîâßç")
_TURKISH = frozenset("çğıöşüâîû")


_HANGUL = frozenset(
    "이다는의에가을은한지기사고하로도자인시대어아리그나수정일해서부보상전를주있스제장동으면라원조들구과성우여게비경중만연문신내"
    "없화것관오무소위방와공세치러실간말발회미국안생통선당식민학년월명입니파류찾습요"
)
"""Common Korean syllables. Chinese text in this encoding decodes to rare ones."""


def _latin(common: frozenset[str]) -> Callable[[str], Iterator[float]]:
    def rates(text: str) -> Iterator[float]:
        yield from _signs(text)
        for found in _WORD.finditer(text):
            word = found[0]
            foreign = [char for char in word if not char.isascii()]
            mixed = len(foreign) < len(word)
            shaped = word[1:].islower() or word.isupper() or len(word) == 1
            for char in foreign:
                known = 1.0 if char.lower() in common or char in "ıİ" else 0.9 if char in "đţ" else 0.7
                yield known if mixed and shaped else 0.6 if len(word) == 1 else 0.3 if mixed else 0.1

    return rates


def _lettered(script: str, last: str = "", rare: str = "", worth: float = 1.0) -> Callable[[str], Iterator[float]]:
    """Rate words of a non-Latin alphabet.

    `last` are letters that only occur at the end of a word, `rare` those that hardly occur. `worth` is less than 1 for an
    encoding that is easily confused with others or hardly used any more.
    """

    def rates(text: str) -> Iterator[float]:
        yield from _signs(text)
        for found in _WORD.finditer(text):
            word = found[0]
            if word.isascii():
                continue
            own = all(_script(char) == script for char in word if char.isalpha())
            shaped = word == word.lower() or word[1:] == word[1:].lower() or word == word.upper()
            odd = any(char in last for char in word[:-1]) or any(char in rare for char in word)
            known = (0.7 if len(word) == 1 else 0.85 if word.isupper() else 0.95) * worth
            rate = 0.0 if not own else known if shaped and not odd and _has_vowels(word, script) else 0.3
            yield from (rate for char in word if not char.isascii())

    return rates


def _has_vowels(word: str, script: str) -> bool:
    """False for a Thai word without a vowel sign or tone mark, which is rare."""
    return script != "THAI" or any("\u0e30" <= char <= "\u0e4e" for char in word)


def _signs(text: str) -> Iterator[float]:
    """Rate characters that are neither ASCII nor letters. Inside a word only apostrophes and dashes are plausible."""
    before = " "
    for at, char in enumerate(text):
        if char.isascii() or char.isalpha():
            pass
        elif unicodedata.category(char)[0] == "M":
            if not (before.isalpha() or unicodedata.category(before)[0] == "M"):
                yield 0.0
        else:
            inside = before.isalpha() and text[at + 1 : at + 2].isalpha() and char not in "’·\u00a0–—"
            yield 0.1 if inside else 0.9 if char in _SIGNS else 0.3
        before = char


def _script(char: str) -> str:
    return unicodedata.name(char, "?").partition(" ")[0]


def _wide_chars(encoding: str, common: Iterable[tuple[int, int]], kana: float) -> Callable[[str], Iterator[float]]:
    """Rate two-byte characters. Those with a first byte in `common` are common; `kana` is the rate of kana."""
    ranges = tuple(common)

    def rates(text: str) -> Iterator[float]:
        has_kana = kana > 0.5 and any("\u3041" <= char <= "\u30fa" for char in text)
        for char in text:
            if char.isascii():
                continue
            lead = char.encode(encoding)
            if "\u3041" <= char <= "\u30ff":
                yield kana
            elif "\u3000" <= char <= "\u303f" or "\uff01" <= char <= "\uff60" or char in _SIGNS:
                yield 0.9
            elif len(lead) == 2 and any(low <= lead[0] <= high for low, high in ranges):
                yield (
                    (0.95 if char in _HANGUL else 0.8) if char >= "\uac00" else 0.88 if kana <= 0.5 or has_kana else 0.7
                )
            else:
                yield 0.2

    return rates


def _simplified(text: str) -> Iterator[float]:
    """Rate GBK: both bytes of a common character are above 0xA0."""
    for char, rate in zip((char for char in text if not char.isascii()), _DAILY_GB(text), strict=True):
        yield rate + 0.02 if char.encode("gb18030")[-1] >= 0xA1 else min(rate, 0.3)


def _korean(text: str) -> Iterator[float]:
    """Rate Korean: a good part of the syllables are common ones."""
    syllables = [char for char in text if "\uac00" <= char <= "\ud7a3"]
    is_korean = sum(char in _HANGUL for char in syllables) >= len(syllables) / 4
    for char, rate in zip((char for char in text if not char.isascii()), _DAILY_KR(text), strict=True):
        yield (0.95 if is_korean else 0.6) if "\uac00" <= char <= "\ud7a3" else min(rate, 0.9)


_DAILY_KR = _wide_chars("cp949", (), kana=0.2)
_DAILY_GB = _wide_chars("gb18030", ((0xB0, 0xD7),), kana=0.2)

_RATES: dict[str, Callable[[str], Iterable[float]]] = {
    "cp1252": _latin(_WESTERN),
    "cp1250": _latin(_CENTRAL),
    "cp1254": _latin(_TURKISH),
    "cp949": _korean,
    "gb18030": _simplified,
    "cp932": _wide_chars("cp932", ((0x88, 0x97),), kana=1.0),
    "euc_jp": _wide_chars("euc_jp", ((0xB0, 0xCF),), kana=1.0),
    "cp950": _wide_chars("cp950", ((0xA4, 0xC6),), kana=0.2),
    "cp1255": _lettered("HEBREW", last="ךםןףץ"),
    "cp1251": _lettered("CYRILLIC"),
    "koi8_r": _lettered("CYRILLIC", worth=0.88),
    "cp866": _lettered("CYRILLIC", worth=0.88),
    "cp1253": _lettered("GREEK", last="ς", rare="ΰΐ"),
    "cp1256": _lettered("ARABIC", worth=0.88),
    "cp874": _lettered("THAI", worth=0.87),
}
"""The rating function of each encoding. Of equal scores the first one wins."""
