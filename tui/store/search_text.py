"""Make text searchable, however it is accented or cased, in scripts with and without spaces.

A word is a run of letters and digits. In scripts without spaces (Chinese, Japanese, Thai; also Korean) every character is a
word, and so is every emoji, so that any part of a text is found as a phrase. The index contains only folded words. Queries
are folded in the same way and always quoted, so nothing in them acts as an operator. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice
from typing import NamedTuple

# One word each: CJK, kana, Hangul, Thai, Lao, Myanmar, Khmer, symbols and emoji.
_SINGLE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2190-\u23ff\u2460-\u24ff\u25a0-\u2bff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3297\u3299\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U0001f000-\U0001fbff\U00020000-\U0003ffff"
)
# Combining marks, which are part of the word: accents, points, vowel signs.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a"
    "\u0900-\u0dff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_WORD = rf"[{_SINGLE}]|(?:(?![{_SINGLE}])[^\W_]|[{_MARKS}]){{1,1000}}"
"""A longer word is split: matching one of a million accents takes a hundred times its memory."""
_IS_SINGLE = rf"[{_SINGLE}]"
_ACCENTS = "[\u0300-\u036f]"
_BETWEEN = rf"(?![{_MARKS}])\W|_"  # separators in the decomposition of some characters: ½, ⑴
_AT_ONCE = 10_000
_BEFORE, _AFTER = 32, 88  # characters of a snippet around the first word that was found


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, compiled on first use: that takes 9 ms, which a chat that is opened can do without."""
    return re.compile(pattern)


class Snippet(NamedTuple):
    text: str
    marks: tuple[tuple[int, int], ...]


def fold_text(text: str) -> str:
    """Return the words of a text as the index stores them, separated by spaces."""
    if text.isascii():
        return text  # the index's own tokenizer splits and folds ASCII
    words = (fold_word(match.group()) for match in _compiled(_WORD).finditer(text))
    joined = []
    while some := list(islice(words, _AT_ONCE)):  # all words of a long text at once take ten times its memory
        joined.append(" ".join(some))
    return " ".join(joined)


def fold_word(word: str) -> str:
    """Return a word without case, accents and other differences that people do not type: É is e, ﬁ is fi, Ａ is a."""
    if word.isascii():
        return word.lower()
    bare = _compiled(_ACCENTS).sub("", unicodedata.normalize("NFKD", word)).casefold()
    return unicodedata.normalize("NFC", _compiled(_BETWEEN).sub("", bare) or bare)


class Query(NamedTuple):
    """A parsed query: phrases that must all be present."""

    phrases: tuple[tuple[str, ...], ...]
    is_open: bool
    """True if the last word is still being typed, so that it matches any word that starts with it."""

    def __bool__(self) -> bool:
        return bool(self.phrases)

    def match(self) -> str:
        """Return the query for FTS5, with everything quoted."""
        quoted = ['"' + " ".join(phrase).replace('"', '""') + '"' for phrase in self.phrases]
        if self.is_open and not _compiled(_IS_SINGLE).match(self.phrases[-1][-1]):
            quoted[-1] += " *"
        return " ".join(quoted)


def parse_query(typed: str) -> Query:
    """Parse a query. Words joined by other characters, such as `node.js`, are a phrase."""
    phrases = []
    end = -1
    for chunk in re.finditer(r"\S+", typed):
        words = list(_compiled(_WORD).finditer(typed, chunk.start(), chunk.end()))
        if words:
            phrases.append(tuple(fold_word(word.group()) for word in words))
            end = words[-1].end()
    return Query(tuple(phrases), end == len(typed))


def highlights(text: str, query: Query) -> tuple[tuple[int, int], ...]:
    """Return the spans of the phrases in the text, sorted and not overlapping: first character, and the one after
    the last.
    """
    found = list(_compiled(_WORD).finditer(text))
    words = [fold_word(match.group()) for match in found]
    spans: list[tuple[int, int]] = []
    for number, phrase in enumerate(query.phrases):
        is_open = query.is_open and number == len(query.phrases) - 1
        for start in range(len(words) - len(phrase) + 1):
            if _stands_at(words, start, phrase, is_open):
                last = found[start + len(phrase) - 1]
                end = last.start() + len(phrase[-1]) if is_open and last.group().isascii() else last.end()
                spans.append((found[start].start(), end))
    return _joined(spans)


def title_highlights(title: str, typed: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of the query's pieces in a title, even inside words."""
    if not title.isascii():  # folding changes the length
        return highlights(title, parse_query(typed))
    pieces, lowered = [fold_word(piece) for piece in typed.split()], title.lower()
    return _joined([found.span() for piece in pieces for found in re.finditer(re.escape(piece), lowered)])


def matches(text: str, query: Query) -> bool:
    """True if the text contains all phrases."""
    words = [fold_word(match.group()) for match in _compiled(_WORD).finditer(text)]
    last = len(query.phrases) - 1
    return all(
        any(_stands_at(words, start, phrase, query.is_open and number == last) for start in range(len(words)))
        for number, phrase in enumerate(query.phrases)
    )


def snippet(text: str, query: Query) -> Snippet:
    """Return the part of a text around the first phrase, on one line, and what to highlight in it."""
    spans = highlights(text, query)
    first = spans[0][0] if spans else 0
    start = max(0, first - _BEFORE)
    if start:  # start at a word, if one is near
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(text), max(start, first) + _AFTER)
    lead, tail = ("…" if start else ""), ("…" if end < len(text) else "")
    piece = re.sub(r"\s", " ", text[start:end])
    shift = len(lead) - start
    kept = tuple((a + shift, min(b, end) + shift) for a, b in spans if start <= a < end)
    return Snippet(lead + piece + tail, kept)


def _stands_at(words: list[str], start: int, phrase: tuple[str, ...], is_open: bool) -> bool:
    last = start + len(phrase) - 1
    if last >= len(words) or any(words[start + n] != word for n, word in enumerate(phrase[:-1])):
        return False
    return words[last].startswith(phrase[-1]) if is_open else words[last] == phrase[-1]


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
