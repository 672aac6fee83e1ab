"""Find parts of a line in which there is no Markdown: formulas, bare URLs and Windows paths.

Each function takes a text and where such a part may begin, and returns where it ends. None looks beyond the line.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

OPEN_FORMULA_SIGN = re.compile(r"[\\^{}_=]")
"""An unfinished formula contains one of these; otherwise the rest of a line is not read as a formula."""
FORMULA_SIGN = re.compile(r"[\\_^{}*]")
"""Every formula that Markdown would change contains one of these; few sentences between two prices do."""
_SIGN_AFTER_DIGIT = re.compile(r"[\\_^{}]")

_DISPLAY = re.compile(r"\$\$(?!\$)((?:[^$`\n\\]|\\.)+)\$\$(?!\$)")
# Pandoc's rule, extended to letters: `$a_b` and `$c` are variables if a word begins after the second sign.
_DOLLARS = re.compile(r"\$(?=[^\s$])((?:[^$`\n\\\]]|\\.|\](?!\())*)(?<=[^\s\\])\$(?![\w$({])", re.ASCII)
_URL = re.compile(r"https?://[^\s<>`*|\"\[\]]+")
_URL_MAY_HOLD = frozenset("·‐‑‒–")
"""Non-ASCII punctuation in URLs, as in Wikipedia's."""
_AFTER_URL = ".,:;!?'_~)]}"

_DRIVE = r"[A-Za-z]:\\(?!\\)"
_SHARE = r"\\\\[\w.$-]+\\(?!\\)"
_FOLDER_WITH_BLANKS = r"(?: (?:and|of|for|[A-Z0-9(][^\s`\\|,;:]*)){1,4}\\"
_PATH = re.compile(rf"(?:{_DRIVE}|{_SHARE})[^\s`|]*(?:{_FOLDER_WITH_BLANKS}[^\s`|]*)*", re.ASCII)
_MARKS_AND_BREAK = re.compile(r"(?<![\\*_~])[*_~]+\\$")
_AFTER_PATH = "*_~.,:;!?'\")]}>"
_BACKSLASH = re.compile(r"\\\\|\\[A-Za-z0-9]")
"""An escaped backslash, or one before a letter or digit, which Markdown does not change."""
_FOLDER_ABOVE = re.compile(r"[\"'(*_]*(?:\.{1,2}|~|%\w+%|\$\w+(?::\w+)?)\\(?!\\)", re.ASCII)
"""The beginning of a relative path: `..\\`, `%TEMP%\\`, `$env:TEMP\\`."""
_FOLDER_IN_BRACKETS = re.compile(r"\w\\(?:\[[^\[\]\\]+\]|\([^()\\]+\))\\", re.ASCII)
"""`app\\[id]\\_x.ts`. Escaped Markdown has a backslash before both brackets."""
_FILE_ENDING = re.compile(r"\.[A-Za-z]\w{0,4}[^\w\\]*$", re.ASCII)
_LONGEST_ENDING = 20


def formula_end(text: str, at: int) -> int | None:
    """Return the end of the formula in dollar signs that begins at `at`; None for a price or a variable.

    Code spans and links take precedence, so a formula does not extend across one.
    """
    if text.startswith("$$", at):
        found = _DISPLAY.match(text, at)
        return found.end() if found and FORMULA_SIGN.search(found[1]) else None
    if at and (text[at - 1].isascii() and text[at - 1].isalnum()):  # US$5
        return None
    found = _DOLLARS.match(text, at)
    if not found or "://" in found[1]:
        return None
    sign = _SIGN_AFTER_DIGIT if found[1][0].isdigit() else FORMULA_SIGN  # $5 or *only* 6$
    return found.end() if sign.search(found[1]) else None


def url_end(text: str, at: int) -> int:
    """Return the end of the bare URL at `at`: before punctuation that ends a sentence, in any script."""
    found = _URL.match(text, at)
    if found is None:
        return at
    url = found[0]
    if not url.isascii():
        url = url[: next((n for n, char in enumerate(url) if _ends_url(char)), len(url))]
    while url and (url[-1] in _AFTER_URL and (url[-1] != ")" or url.count(")") > url.count("("))):
        url = url[:-1]
    return at + len(url)


def _ends_url(char: str) -> bool:
    return not char.isascii() and char not in _URL_MAY_HOLD and unicodedata.category(char)[0] in "PZ"


def path_end(text: str, at: int) -> int | None:
    """Return the end of the Windows path that begins at `at` with a drive or a server; None if there is none."""
    found = _PATH.match(text, at)
    if found is None:
        return None
    path = _MARKS_AND_BREAK.sub("", found[0])
    bare = path.rstrip(_AFTER_PATH)
    end = len(bare) + (bare.endswith("\\") and len(path) > len(bare))  # `C:\*` ends with its star
    return at + end


def keeps_backslashes(text: str, at: int) -> bool:
    """True if the word around the backslash at `at` is a path or a pattern.

    It is one if it has a backslash before a letter or digit, begins like a relative path, or has a folder name in
    brackets.
    """
    start = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
    ends = [end for end in (text.find(" ", at), text.find("\n", at)) if end >= 0]
    return _is_path(text[start : min(ends, default=len(text))])


@lru_cache(maxsize=16)  # called for each backslash of the word
def _is_path(word: str) -> bool:
    if _FOLDER_ABOVE.match(word) or _has_folder_in_brackets(word):
        return True
    return any(found[0] != "\\\\" for found in _BACKSLASH.finditer(word))


def _has_folder_in_brackets(word: str) -> bool:
    """True for `app\\[id]\\_x` and `app\\[id]\\[name].ts`; `a\\[i]\\[j]` without a file extension is an
    escaped index.
    """
    has_ending = _FILE_ENDING.search(word[-_LONGEST_ENDING:])
    return any(has_ending or not word.startswith("[", found.end()) for found in _FOLDER_IN_BRACKETS.finditer(word))
