"""Which mistakes in the configuration stop sending, because the default would be less safe than the intended value. No
I/O.

A mistake usually costs only its own setting. If the default would send a gateway's key to Anthropic, remove a budget
limit or offer tools that were switched off, then nothing is sent until the mistake is corrected, or a stricter value is
used.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.config.toml import Path

_STOPPING = ("api_url", "api_key", "workspace_id")
_STRICTER: Mapping[str, Mapping[str, Any]] = {
    "default": {"tools": "none"},
    "presets": {"tools": "none"},
    "tools": {"turns": 1},
    "providers": {"api_url": "", "oauth_token_url": ""},
}
"""The values used instead of unusable ones, by table. An empty address sends nothing."""
_OTHER_NAMES = ("apiurl", "apikey", "baseurl", "apibase", "apihost", "authtoken", "anthropicbaseurl", "anthropicapikey")
"""What other programs call these settings, in letters only."""
_SHORT_NAMES = ("url", "host", "endpoint", "base", "key", "token")
_CLOSE = 0.7
_WORD = re.compile(r"[\w-]+")
_LIMITS_TOOLS = re.compile(r"\b(?:none|read)\b")
_GUARDED: tuple[Path, ...] = (
    ("default", "tools"),
    ("tools", "turns"),
    ("tools", "web_search"),
    *(("providers", "anthropic", name) for name in ("api_url", "api_key", "oauth_token_url")),
    *(("budget", name) for name in ("chat_soft", "chat_hard", "day_soft", "day_hard")),
)
"""Settings whose default is less safe than sending nothing."""
_NAMES = tuple(path[-1] for path in _GUARDED)


def stops(path: Path) -> bool:
    """True if nothing may be sent while this setting or table cannot be read."""
    match path:
        case () | ("budget", *_) | ("providers",) | ("providers", _):
            return True
        case ("providers", _, name):
            return name in _STOPPING
    return False


def stricter(path: Path) -> Mapping[str, Any]:
    """Return the values to use in a table, by name, for settings that cannot be read."""
    return _STRICTER.get(path[0], {})


def resembles(path: Path, value: object) -> bool:
    """True if an unknown key or table may be a misspelling of a setting that stops sending: `base_url`, `api-url`,
    `[provider.x]`.
    """
    if path[0].lower().startswith("mcp"):
        return False
    if isinstance(value, dict):
        is_odd = path[0] == "providers" and len(path) > 2  # `api.url`
        return is_odd or any(resembles((*path, name), inner) for name, inner in value.items())
    letters = re.sub(r"[^a-z]", "", path[-1].lower())
    if path[0] == "providers" and (letters in _SHORT_NAMES or (isinstance(value, str) and "://" in value)):
        return True
    return bool(difflib.get_close_matches(letters, _OTHER_NAMES, n=1, cutoff=_CLOSE))


def limits_tools(value: object) -> bool:
    """True if the value of an unknown key may be meant for `tools`."""
    if isinstance(value, dict):
        return any(map(limits_tools, value.values()))
    return value in ("none", "read")


def lost_keys(table: Path, text: str) -> Iterator[Path]:
    """Yield the settings that unreadable lines may have contained. The first line is part of that table."""
    if table[:1] in ((), ("default",)) and _LIMITS_TOOLS.search(text):
        yield "default", "tools"
    for line in text.split("\n"):
        words = _WORD.findall(line)
        if "[" in line or "]" in line:
            yield from ((word,) for word in words)
        yield from ((*table, word) for word in words)
        if line.lstrip().startswith("["):
            table = tuple(words)
            yield table
        for word in words:
            meant = difflib.get_close_matches(word.lower(), _NAMES, n=1, cutoff=_CLOSE)
            yield from (path for path in _GUARDED if path[-1] in meant)
    yield from (path for path in _GUARDED if path[-1] in text)
