"""What a mistake in a setting leads to where the usual default would be less safe than nothing. Pure.

A mistake usually costs its setting alone. Where the default would send a gateway's key to Anthropic, lift a limit on money
or offer tools that were switched off, nothing is sent until the mistake is corrected, or the stricter value counts.
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
"""By table, what counts instead of a value that cannot be used. An empty address is none, and nothing is sent to it."""
_OTHER_NAMES = ("apiurl", "apikey", "baseurl", "apibase", "apihost", "authtoken", "anthropicbaseurl", "anthropicapikey")
"""What other programs call these settings, in letters alone."""
_SHORT_NAMES = ("url", "host", "endpoint", "base", "key", "token")
_CLOSE = 0.8
_KEY = re.compile(r"\s*([\w\"'.-]+)")
_HEADER = re.compile(r"\s*\[+\s*([\w\"'.-]+)")


def stops(path: Path) -> bool:
    """True if nothing may be sent while this setting, or the table, cannot be read."""
    match path:
        case () | ("budget", *_) | ("providers",) | ("providers", _):
            return True
        case ("providers", _, name):
            return name in _STOPPING
    return False


def stricter(path: Path) -> Mapping[str, Any]:
    """The values that count in a table, by name, where what the file says cannot be used."""
    return _STRICTER.get(path[0], {})


def resembles(path: Path, value: object) -> bool:
    """True if an unknown key or table could be meant for a setting that stops: `base_url`, `api-url`, `[provider.x]`."""
    if isinstance(value, dict):
        return any(resembles((*path, name), inner) for name, inner in value.items())
    if path[0].lower().startswith("mcp"):
        return False
    letters = re.sub(r"[^a-z]", "", path[-1].lower())
    if path[0] == "providers" and (letters in _SHORT_NAMES or (isinstance(value, str) and "://" in value)):
        return True
    return bool(difflib.get_close_matches(letters, _OTHER_NAMES, n=1, cutoff=_CLOSE))


def lost_keys(table: Path, text: str) -> Iterator[Path]:
    """The keys in lines that could not be read, the first of which stands in that table."""
    for line in text.split("\n"):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            yield table
        elif key := _KEY.match(line):
            yield (*table, *_parts(key[1]))


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"' ") for part in dotted.split("."))
