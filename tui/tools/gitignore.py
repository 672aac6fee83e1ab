"""The rules of one `.gitignore` file, translated by pathspec and applied to one name after another, as git does.

Names and rules are compared byte by byte, like in git: `?` stands for one byte. Both are therefore decoded as Latin-1.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from tui.inputs.limits import PATH_CHARS

FILE = ".gitignore"
ALWAYS = frozenset((".git", ".hg", ".svn"))
"""Folders that are never searched."""
_BOM = b"\xef\xbb\xbf"
_MAX_DOUBLE_STARS = 3
_MAX_NAMES = 64
"""Bounds on a rule and on a path. Each `**` more takes 40 times as long for a path of so many names: 3 take 20 ms."""
_STAR = "[^/]*"
"""What pathspec makes of `*`."""
_OR_BELOW = "(?:(?P<ps_d>/)|$)"
"""What pathspec puts at the end, to match what is in a folder as well."""
_NEGATED_CLASS = re.compile(r"\[\^(\]?)(?!/)")


class _Rule(NamedTuple):
    regex: re.Pattern[str]
    is_exception: bool
    folders_only: bool
    name_only: bool
    """True if the rule has no slash: it applies to the last name of a path, in all folders below."""


class IgnoreRules:
    """The rules of one `.gitignore`, for the paths below its folder."""

    def __init__(self, data: bytes) -> None:
        lines = data.removeprefix(_BOM).decode("latin-1").split("\n")
        self._rules = [rule for line in reversed(lines) if (rule := _rule(line.removesuffix("\r"))) is not None]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def verdict(self, names: Sequence[str], is_folder: bool) -> bool | None:
        """True if the path is ignored, False if it is an exception, None if no rule matches. The last match counts.

        The caller asks for each folder of the path first: nothing below an ignored folder is looked at.
        """
        path = os.fsencode("/".join(names)).decode("latin-1")
        if len(path) > PATH_CHARS or len(names) > _MAX_NAMES:
            return None
        name = path.rpartition("/")[2]
        for rule in self._rules:
            if (is_folder or not rule.folders_only) and rule.regex.search(name if rule.name_only else path):
                return not rule.is_exception
        return None


def _rule(line: str) -> _Rule | None:
    """Return the rule in a line; None for comments, empty lines, and lines that git does not accept."""
    text = _stripped(line)
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    if text.endswith("/"):
        return None
    if text[-1:].isspace() and not text.endswith("\\ "):  # git matches it, but pathspec would strip it
        text = f"{text[:-1]}[{text[-1]}]"
    try:
        source, matches = GitIgnoreSpecPattern.pattern_to_regex(text)
        if source is None or source.count(".+") > _MAX_DOUBLE_STARS:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # [[ in a class
            regex = re.compile(_adapted(source))
    except (ValueError, re.error):
        return None
    return _Rule(regex, not matches, folders_only, "/" not in text)


def _stripped(line: str) -> str:
    """Return the line without trailing spaces, except one after a backslash."""
    text = line.rstrip(" ")
    is_escaped = (len(text) - len(text.rstrip("\\"))) % 2 == 1
    return line[: len(text) + 1] if is_escaped else text


def _adapted(source: str) -> str:
    """Adapt pathspec's regular expression: it matches whole paths only, no class matches a slash, and none takes long.

    Each `*` but the last of a name takes its first match and tries no other. That matches the same names: what stands
    between two of them may as well be as far to the left as possible. Otherwise `*a*a*a*a*b` would take hours for a long
    name. The lookahead with a reference to its group works like an atomic group, which Python has since 3.11.
    """
    first, *others = source.replace(_OR_BELOW, r"\Z").split(_STAR)
    parts, group = [first], 0
    for part in others:
        if "/" in part.replace("[^/]", "") or part.endswith(r"\Z"):  # the name ends here
            parts.append(_STAR + part)
        else:
            group += 1
            parts.append(rf"(?=({_STAR}?{part}))\{group}")
    return _NEGATED_CLASS.sub(r"[^\1/", "".join(parts))
