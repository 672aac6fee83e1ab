"""One configuration file's tables: what of them is usable, where it came from, and findings for the rest.

Loaded only where there is such a file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tui.config import kinds, toml
from tui.config.expansion import expand
from tui.config.kinds import Kind
from tui.config.settings import Finding, Limits, McpServer, WebSearch

_PROVIDERS = ("anthropic", "claude-code", "claude-cli")
_DEFAULT = {
    "provider": kinds.one_of("anthropic", aliases={"claude-code": "anthropic", "claude-cli": "anthropic"}),
    "model": kinds.WORD,
    "system": kinds.TEXT,
    "tools": kinds.one_of("none", "read", "ask"),
}
_ANTHROPIC = {
    "api_key": kinds.WORD,
    "api_url": kinds.URL,
    "model": kinds.WORD,
    "oauth_token_url": kinds.URL,
    "oauth_hosts": kinds.TEXTS,
    "dialect": kinds.one_of("auto", "anthropic", "basic"),
    "follow_retired": kinds.FLAG,
}
_MODEL = {
    "name": kinds.WORD,
    "context": kinds.COUNT,
    "max_output": kinds.COUNT,
    "vision": kinds.FLAG,
    "tools": kinds.FLAG,
    "thinking": kinds.some_of("adaptive", "enabled", "disabled", "between_tools"),
    "efforts": kinds.some_of("low", "medium", "high", "xhigh", "max"),
    "min_cache": kinds.COUNT,
    "price_input": kinds.AMOUNT,
    "price_output": kinds.AMOUNT,
    "price_read": kinds.AMOUNT,
    "price_write": kinds.AMOUNT,
}
_PRICES = ("price_input", "price_output")
_PRESET = {
    "system": kinds.TEXT,
    "model": kinds.WORD,
    "tools": kinds.one_of("none", "read", "ask"),
    "effort": kinds.one_of("low", "medium", "high", "xhigh", "max"),
    "thinking": kinds.one_of("on", "off", "between_tools"),
}
_BUDGET = dict.fromkeys(Limits.__struct_fields__, kinds.AMOUNT)
_TOOLS = {
    "folders": kinds.TEXTS,
    "allow": kinds.RULES,
    "private_hosts": kinds.FLAG,
    "command_timeout_s": kinds.COUNT,
    "command_env": kinds.TEXTS,
    "turns": kinds.COUNT,
    "web_search": kinds.FLAG_OR_TABLE,
}
_WEB_SEARCH = {"max_uses": kinds.COUNT, "allowed_domains": kinds.TEXTS, "blocked_domains": kinds.TEXTS}
_MCP = {
    "command": kinds.WORD,
    "args": kinds.TEXTS,
    "env": kinds.TABLE,
    "url": kinds.URL,
    "headers": kinds.TABLE,
    "enabled": kinds.FLAG,
    "start_timeout_s": kinds.COUNT,
}
_SERVER_NAME = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_LONGEST_NAME = 24
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PICTURES = kinds.one_of("auto", "kitty", "sixel", "blocks", "none")
_UI = {
    "theme": kinds.one_of("dark", "light"),
    "reduced_motion": kinds.FLAG,
    "pictures": _PICTURES,
    "titles": kinds.FLAG,
}
_HOMES = {
    "[default]": _DEFAULT,
    "[providers.anthropic]": _ANTHROPIC,
    "[budget]": _BUDGET,
    "[tools]": _TOOLS,
    "[ui]": _UI,
}

_MANY, _NAMED = 20, 8
"""Of more names than `_MANY` only so many are told: nobody reads fifty of them in a warning."""


class Reader:
    """Goes through one file's tables, keeps what is usable and notes the rest."""

    def __init__(self, shown: str, raw: bytes, env: Mapping[str, str]) -> None:
        parsed = toml.parse(raw)
        self.data = parsed.data
        self.findings = [Finding(shown, *problem) for problem in parsed.problems]
        self.origins: dict[str, str] = {}
        self.variables = frozenset(_variables(parsed.data))
        """All that `${…}` names anywhere in the file, in what is not used, too."""
        self._shown = shown
        self._env = env
        self._places = toml.places(parsed.text)

    def sections(self, actions: Sequence[str]) -> dict[str, dict[str, Any]]:
        known = ("default", "providers", "models", "presets", "budget", "tools", "mcp", "keys", "ui")
        for name, value in self.data.items():
            if name in known or name.startswith(toml.UNREAD):
                continue
            homes = [home for home, table in _HOMES.items() if name in table and not isinstance(value, dict)]
            if homes:
                self._note((name,), f"{name} belongs below a line that says {' or '.join(homes)}", at_key=True)
            else:
                self._unknown((name,), known, "table" if isinstance(value, dict) else "key")
        return {
            "default": self._section(("default",), _DEFAULT),
            "anthropic": self._provider(),
            "models": {name: self._section(("models", name), _MODEL) for name in self._table(("models",))},
            "presets": {name: self._section(("presets", name), _PRESET) for name in self._table(("presets",))},
            "keys": self._section(("keys",), dict.fromkeys(actions or self._table(("keys",)), kinds.KEYS)),
            "budget": self._section(("budget",), _BUDGET),
            "tools": self._tools(),
            "mcp": {name: server for name in self._table(("mcp",)) if (server := self._mcp_server(name)) is not None},
            "ui": self._section(("ui",), _UI),
        }

    def _provider(self) -> dict[str, Any]:
        for name in self._table(("providers",)):
            if name not in _PROVIDERS:
                self._unknown(("providers", name), _PROVIDERS, "provider")
        section: dict[str, Any] = {}
        for name in reversed(_PROVIDERS):  # an alias' table is the same table; the proper name wins
            section |= self._section(("providers", name), _ANTHROPIC)
        return section

    def _tools(self) -> dict[str, Any]:
        """[tools], with `web_search` as a value of its own, whichever way it is written."""
        section = self._section(("tools",), _TOOLS)
        wanted = section.pop("web_search", False)
        if isinstance(wanted, dict):
            path = ("tools", "web_search")
            said = self._section(path, _WEB_SEARCH)
            if said.get("allowed_domains") and said.pop("blocked_domains", ()):
                self._note((*path, "blocked_domains"), "allowed_domains and blocked_domains do not go together")
            section["web_search"] = WebSearch(**said)
        elif wanted:
            section["web_search"] = WebSearch()
        return section

    def _mcp_server(self, name: str) -> McpServer | None:
        """One of [mcp.NAME]; None where nothing can be started with what it says."""
        path = ("mcp", name)
        if not _SERVER_NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            what = "has letters, digits and single - or _ between them"
            self._note(path, f"the name of a server {what}, {_LONGEST_NAME} characters at most", at_key=True)
            return None
        server = McpServer(**self._section(path, _MCP))
        if server.enabled and bool(server.command) == bool(server.url):
            self._note(path, f"[mcp.{name}] needs either command or url")
            return None
        address = urlsplit(server.url)
        if address.scheme == "http" and address.hostname not in _LOOPBACK and (server.headers or address.username):
            self._note((*path, "url"), "headers and passwords are sent to https or to this computer only")
            return None
        return server

    def _table(self, path: toml.Path) -> dict[str, Any]:
        value: Any = self.data
        for name in path:
            value = value.get(name, {})
            if not isinstance(value, dict):
                return {}
        return dict(value)

    def _section(self, path: toml.Path, table: Mapping[str, Kind]) -> dict[str, Any]:
        parent = self._table(path[:-1])
        if path[-1] in parent and not isinstance(parent[path[-1]], dict):
            self._note(path, f"{path[-1]} is a table: write [{_dotted(path)}], with its keys below")
            return {}
        section: dict[str, Any] = {}
        for name, value in self._table(path).items():
            if name not in table:
                self._unknown((*path, name), tuple(table), "key")
                continue
            self._keep(section, (*path, name), value, table[name])
        for one, other in (_PRICES, _PRICES[::-1]):
            if one in section and other not in section:
                self._note((*path, one), f"{one} is of use only with {other} beside it")
        return section

    def _keep(self, section: dict[str, Any], path: toml.Path, value: object, kind: Kind) -> None:
        expanded, names = _expanded(value, self._env)
        place = toml.nearest(self._places, path)
        origin = ", ".join([f"{self._shown}:{place.line}", *names])
        key = _dotted(("providers", "anthropic", path[-1]) if path[0] == "providers" else path)
        if expanded is None:
            self.origins[key] = f"default ({origin}: not set)"
            return
        try:
            kept = kind.read(expanded)
        except kinds.Unacceptable:
            self._note(path, f"{path[-1]} must be {kind.allowed}")
            return
        if kept != "":  # an empty text says no more than a missing key
            section[path[-1]] = kept
            self.origins[key] = origin

    def _unknown(self, path: toml.Path, known: Sequence[str], what: str) -> None:
        close = difflib.get_close_matches(path[-1].lower(), known, n=1)
        rest = f" and {len(known) - _NAMED} more, all in config.example.toml" if len(known) > _MANY else ""
        named = ", ".join(known[: _NAMED if rest else None])
        advice = f'did you mean "{close[0]}"?' if close else f"known: {named}{rest}"
        self._note(path, f'unknown {what} "{path[-1]}"; {advice}', at_key=True)

    def _note(self, path: toml.Path, problem: str, *, at_key: bool = False) -> None:
        place = toml.nearest(self._places, path)
        self.findings.append(Finding(self._shown, place.line, place.key if at_key else place.value, problem))


def _expanded(value: object, env: Mapping[str, str]) -> tuple[object, tuple[str, ...]]:
    """The value with `${…}` replaced in its texts (None: not set), and the variables it names."""
    if isinstance(value, str):
        return expand(value, env)
    if isinstance(value, list):
        items = [_expanded(item, env) for item in value]
        return [item for item, _ in items if item is not None], tuple(name for _, names in items for name in names)
    if isinstance(value, dict):
        found = {key: _expanded(item, env) for key, item in value.items()}
        kept = {key: item for key, (item, _) in found.items() if item is not None}
        return kept, tuple(name for _, names in found.values() for name in names)
    return value, ()


def _variables(value: object) -> Iterator[str]:
    """The variables that `${…}` names in a value, and in whatever it holds."""
    if isinstance(value, str):
        yield from expand(value, {}).names
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _variables(inner)


def _dotted(path: toml.Path) -> str:
    return ".".join(name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"' for name in path)
