"""What a configuration key accepts: a check for the value, and a description for error messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from tui.config.key_names import key_named
from tui.masking import is_secret

_RULE = re.compile(
    r"[A-Za-z0-9_*-]+(\((?:[^\\]|\\x[0-9a-f]{2}|\\[^A-Za-z0-9])*\))?", re.DOTALL
)  # the form of rules in tui.tools.rules


class Unacceptable(Exception):
    """The value is not valid for its key. `Kind.allowed` describes what is."""


class Kind(NamedTuple):
    allowed: str
    """Completes the sentence "it must be …"."""
    read: Callable[[object], object]
    """Return the value to use. Raises Unacceptable."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unacceptable
    return value


def _word(value: object) -> str:
    return _text(value).strip()


def _model(value: object) -> str:
    word = _word(value)
    if is_secret(word):
        raise Unacceptable
    return word


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unacceptable
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**9:
        raise Unacceptable
    return value


def _amount(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 10**6:
        raise Unacceptable
    return float(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Unacceptable
    return tuple(_word(item) for item in value)


def _table(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Unacceptable
    return {name: _text(item) for name, item in value.items()}


def _keys(value: object) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else _texts(value)
    keys = tuple(key_named(name.strip()) for name in names if name.strip())
    if not all(keys):
        raise Unacceptable
    return keys


def _rules(value: object) -> tuple[str, ...]:
    rules = _texts(value)
    if not all(_RULE.fullmatch(rule) for rule in rules):
        raise Unacceptable
    return rules


def _url(value: object) -> str:
    url = _word(value)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if url and (not usable or any(character.isspace() for character in url)):
        raise Unacceptable
    return url


def _flag_or_table(value: object) -> object:
    return value if isinstance(value, dict) else _flag(value)


def one_of(*names: str, aliases: dict[str, str] | None = None) -> Kind:
    """Accept one of a few words. An alias is read as the word it stands for."""
    stands_for = {name: name for name in names} | (aliases or {})

    def read(value: object) -> str:
        word = _word(value)
        if word and word not in stands_for:
            raise Unacceptable
        return stands_for.get(word, "")

    return Kind(listed(stands_for), read)


def some_of(*names: str) -> Kind:
    """Accept a list of words out of a few."""

    def read(value: object) -> tuple[str, ...]:
        words = _texts(value)
        if not set(words) <= set(names):
            raise Unacceptable
        return words

    return Kind(f"a list of {listed(names)}", read)


def listed(names: Iterable[str]) -> str:
    """Format `"a", "b" or "c"`, quoted as in TOML."""
    quoted = [f'"{name}"' for name in names]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


TEXT = Kind("a string in quotes", _text)
WORD = Kind("a string in quotes", _word)
MODEL = Kind("a string: a model family or ID, not an API key", _model)
FLAG = Kind("true or false", _flag)
FLAG_OR_TABLE = Kind("true, false or a table", _flag_or_table)
COUNT = Kind("a whole number above 0", _count)
AMOUNT = Kind("a number, 0 or above", _amount)
TEXTS = Kind('a list of strings, e.g. ["one", "two"]', _texts)
TABLE = Kind('a table of strings, e.g. { NAME = "value" }', _table)
RULES = Kind('a list of rules, e.g. ["run_command(git *)", "edit_file(src/**)"]', _rules)
URL = Kind("a URL that begins with https:// or http://, e.g. https://gateway.example:8443", _url)
KEYS = Kind('key names, e.g. "ctrl+k" or "f2,enter" ("" for none)', _keys)
