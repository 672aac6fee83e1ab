"""Read the tables of a configuration file: which values can be used, where they came from, and findings for the rest.

Loaded only if there is a file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tui.config import safety, schema, toml, values
from tui.config.expansion import expand
from tui.config.settings import DEFAULT_API_URL, NOTHING_SENT, Finding, McpServer, WebSearch
from tui.config.values import Kind
from tui.masking import is_secret, masked_name

_PROVIDERS = ("anthropic", "claude-code", "claude-cli")
_SERVER_NAME = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_MAX_NAME = 24
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PRICES = ("price_input", "price_output")
_OTHER_WORDS = {"mcp_servers": "mcp", "mcpservers": "mcp", "provider": "providers"}
"""Other programs' names for our tables."""
_CREDENTIALS = frozenset(("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"))
_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
"""Variables that may hold the key of a gateway."""
_OF_ANTHROPIC = ("sk-ant-", "claude-code")
"""Prefixes of keys that may be sent to Anthropic: its own keys, and the placeholder for the login of Claude Code."""
_KEY_SETTING = "providers.anthropic.api_key"
_MANY, _NAMED = 20, 8
"""If there are more than `_MANY` names, only `_NAMED` of them are listed: nobody reads fifty names in a warning."""


class Reader:
    """Reads the tables of one file, keeps the usable values and records findings for the rest."""

    def __init__(self, shown: str, raw: bytes, env: Mapping[str, str]) -> None:
        parsed = toml.parse(raw)
        self.data = parsed.data
        self.findings: list[Finding] = []
        self.origins: dict[str, str] = {}
        self.variables = frozenset(_variables(parsed.data))
        """All variables that `${…}` names anywhere in the file, also in values that are not used."""
        self._shown = shown
        self._env = env
        self._places = toml.places(parsed.text)
        self._unset: dict[str, frozenset[str]] = {}
        """For each setting of the provider that needs an unset variable: the variables it needs."""
        self._lost: set[toml.Path] = set()
        """The keys in lines that could not be read."""
        for problem in parsed.problems:
            self._lose(problem)

    def _lose(self, problem: toml.Problem) -> None:
        """Record lines that could not be read, and the keys they contained."""
        headers = [(place.line, path) for path, place in self._places.items() if place.key == place.value]
        table = max((one for one in headers if one[0] < problem.start), default=(0, ()))[1]
        unread = self.data.get(f"{toml.UNREAD}{problem.start}", {})
        lost = list(safety.lost_keys(table, problem.lost))
        for name in unread if isinstance(unread, dict) else ():
            lost += [*((*path, name) for path in lost[:1]), *schema.settings_named(name)]
        self._lost |= set(lost)
        stops = (
            not problem.lost
            or table[:1] == ("providers",)
            or any(safety.stops(path) or safety.resembles(path, "") for path in lost)
        )
        strict = {path[-1]: safety.stricter(path).get(path[-1]) for path in lost if path}
        counts = [f'{name} = "{value}" is used' for name, value in strict.items() if value]
        meanwhile = NOTHING_SENT if stops else (counts or ["it is ignored"])[0].replace('"1"', "1")
        what = masked_name(problem.what)
        self.findings.append(Finding(self._shown, problem.line, problem.column, what, meanwhile, stops))

    def sections(self, actions: Sequence[str]) -> dict[str, dict[str, Any]]:
        known = ("default", "providers", "models", "presets", "budget", "tools", "mcp", "keys", "ui")
        for name, value in self.data.items():
            if name in known and not isinstance(value, dict):
                self._lost.add(("default", name))  # `tools = "none"`, above all tables
                what = f"{name} is a table: write [{name}], with its keys below"
                self._note((name,), what, stops=safety.stops((name,)))
            if name in known or name.startswith(toml.UNREAD):
                continue
            is_ours = not isinstance(value, dict) or not name.lower().startswith("mcp")
            meant = [path for key in _keys_in(name, value) for path in schema.settings_named(key)] if is_ours else []
            self._lost |= set(meant)
            stops = any(map(safety.stops, meant))
            if meant and not isinstance(value, dict):
                homes = " or ".join(f"[{_dotted(path[:-1])}]" for path in meant)
                self._note((name,), f"{name} belongs in the table {homes}", at_key=True, stops=stops)
            else:
                self._unknown((name,), known, "table" if isinstance(value, dict) else "key", stops=stops)
        sections = {
            "default": self._section(("default",), schema.DEFAULT),
            "anthropic": self._provider(),
            "models": {name: self._section(("models", name), schema.MODEL) for name in self._named("models")},
            "presets": {name: self._section(("presets", name), schema.PRESET) for name in self._named("presets")},
            "keys": self._section(("keys",), dict.fromkeys(actions or self._table(("keys",)), values.KEYS)),
            "budget": self._section(("budget",), schema.BUDGET),
            "tools": self._tools(),
            "mcp": {name: server for name in self._named("mcp") if (server := self._mcp_server(name)) is not None},
            "ui": self._section(("ui",), schema.UI),
        }
        for home, section in self._guarded(sections):
            for setting, strict in safety.stricter(home).items():
                if (*home, setting) in self._lost:
                    section.setdefault(setting, strict)
        return sections

    @staticmethod
    def _guarded(sections: dict[str, dict[str, Any]]) -> Iterator[tuple[toml.Path, dict[str, Any]]]:
        yield ("default",), sections["default"]
        yield ("tools",), sections["tools"]
        yield ("providers", "anthropic"), sections["anthropic"]
        yield from ((("presets", name), preset) for name, preset in sections["presets"].items())

    def _named(self, table: str) -> list[str]:
        """Return the names of the tables in a table, without names that look like an API key: table names are displayed
        in many places.
        """
        names = list(self._table((table,)))
        for name in filter(is_secret, names):
            what = f"the name of [{table}.{name}] looks like a key, so the table is ignored"
            self._note((table, name), what, "it is ignored", at_key=True)
        return [name for name in names if not is_secret(name)]

    def _provider(self) -> dict[str, Any]:
        for name in self._table(("providers",)):
            if name not in _PROVIDERS:
                self._unknown(("providers", name), _PROVIDERS, "provider")
        section: dict[str, Any] = {}
        for name in reversed(_PROVIDERS):  # an alias is the same table; the proper name wins
            section |= self._section(("providers", name), schema.ANTHROPIC)
        self._match_key_and_address(section)
        return section

    def _match_key_and_address(self, section: Mapping[str, Any]) -> None:
        """Check that a key and an address from the same file are used together only. If the variable of one of them is
        not set, the key is not sent to Anthropic, and no other key is sent to that address.
        """
        keys, addresses = self._unset.get("api_key"), self._unset.get("api_url")
        host = urlsplit(section.get("api_url") or DEFAULT_API_URL).hostname or ""
        if keys and not keys <= _CREDENTIALS and host not in (urlsplit(DEFAULT_API_URL).hostname, *_LOOPBACK):
            what = f"api_key needs {' and '.join(sorted(keys))}, which is not set, and no other key is sent to {host}"
            self._note(("providers", "anthropic", "api_key"), what, stops=True)
        is_meant = "api_key" in section and not self._env.get("ANTHROPIC_BASE_URL", "").strip()
        if addresses and is_meant and not _CREDENTIALS.intersection(self.origins[_KEY_SETTING].split(", ")):
            what = f"api_url needs {' and '.join(sorted(addresses))}, which is not set, and api_key is for that address only"
            self._note(("providers", "anthropic", "api_url"), what, stops=True)
        elif addresses and not self._env.get("ANTHROPIC_BASE_URL", "").strip():
            given = {name: self._env.get(name, "").strip() for name in _KEYS}
            given = {"api_key": section["api_key"]} if "api_key" in section else given
            for name in [name for name, key in given.items() if key and not key.startswith(_OF_ANTHROPIC)][:1]:
                what = f"api_url needs {' and '.join(sorted(addresses))}, which is not set"
                what = f"{what}, and {name} is not an Anthropic key"
                self._note(("providers", "anthropic", "api_url"), what, stops=True)

    def _tools(self) -> dict[str, Any]:
        """Return [tools], with `web_search` as a value of its own, in whichever form it is written.

        A mistake in its table turns the search off, because the mistake may have been a limit on it.
        """
        section = self._section(("tools",), schema.TOOLS)
        wanted = section.pop("web_search", False)
        if isinstance(wanted, dict):
            path = ("tools", "web_search")
            known = len(self.findings)
            search = self._section(path, schema.WEB_SEARCH)
            if search.get("allowed_domains") and search.pop("blocked_domains", ()):
                self._note((*path, "blocked_domains"), "use either allowed_domains or blocked_domains, not both")
            if self._is_whole(path, known, "web search is off"):
                section["web_search"] = WebSearch(**search)
        elif wanted:
            section["web_search"] = WebSearch()
        return section

    def _is_whole(self, path: toml.Path, known: int, meanwhile: str) -> bool:
        """True if a table was read without a mistake. Otherwise the findings after the first `known` get this
        `meanwhile`.
        """
        fresh = self.findings[known:]
        self.findings[known:] = [msgspec.structs.replace(finding, meanwhile=meanwhile) for finding in fresh]
        return not fresh and not any(lost[: len(path)] == path for lost in self._lost)

    def _mcp_server(self, name: str) -> McpServer | None:
        """Return the server of [mcp.NAME]; None if it cannot be started with these values."""
        path = ("mcp", name)
        if not _SERVER_NAME.fullmatch(name) or len(name) > _MAX_NAME:
            what = "has letters, digits and single - or _ between them"
            self._note(path, f"the name of a server {what}, {_MAX_NAME} characters at most", at_key=True)
            return None
        known = len(self.findings)
        section = self._section(path, schema.MCP)
        self._unset_arguments(path)
        if not self._is_whole(path, known, "the server is ignored"):  # it may work without the lost value
            return None
        server = McpServer(**section)
        if server.enabled and bool(server.command) == bool(server.url):
            self._note(path, f"[mcp.{name}] needs either command or url")
            return None
        address = urlsplit(server.url)
        if address.scheme == "http" and address.hostname not in _LOOPBACK and (server.headers or address.username):
            self._note((*path, "url"), "headers and passwords are sent to https or to this computer only")
            return None
        return server

    def _unset_arguments(self, path: toml.Path) -> None:
        """Record variables in `args` that are not set: without that argument the program would behave differently."""
        arguments = self._table(path).get("args")
        for argument in arguments if isinstance(arguments, list) else ():
            expanded, names = _expanded(argument, self._env)
            if expanded is None:
                self._note((*path, "args"), f"args needs {' and '.join(names)}, which is not set")

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
            if len(path) == 1:
                return {}  # recorded above
            what = f"{path[-1]} is a table: write [{_dotted(path)}], with its keys below"
            self._note(path, what, stops=safety.stops(path))
            return {}
        section: dict[str, Any] = {}
        for name, value in self._table(path).items():
            if name not in table:
                self._unknown((*path, name), tuple(table), "key")
                continue
            self._keep(section, (*path, name), value, table[name])
        for one, other in (_PRICES, _PRICES[::-1]):
            if one in section and other not in section:
                self._note((*path, one), f"{one} has no effect without {other}")
        return section

    def _keep(self, section: dict[str, Any], path: toml.Path, value: object, kind: Kind) -> None:
        expanded, names = _expanded(value, self._env)
        place = toml.nearest(self._places, path)
        origin = ", ".join([f"{self._shown}:{place.line}", *map(masked_name, names)])
        key = _dotted(("providers", "anthropic", path[-1]) if path[0] == "providers" else path)
        if expanded is None:
            self.origins[key] = f"default ({origin}: not set)"
            self._unset[path[-1]] = frozenset(names)
            if path[0] == "budget":
                self._note(path, f"{path[-1]} needs {' and '.join(names)}, which is not set", stops=True)
            return
        try:
            kept = kind.read(expanded)
        except values.Unacceptable:
            self._refuse(section, path, f"{path[-1]} must be {kind.allowed}")
            return
        if kept != "":  # an empty text means the same as a missing key
            section[path[-1]] = kept
            self.origins[key] = origin

    def _refuse(self, section: dict[str, Any], path: toml.Path, problem: str) -> None:
        """Record a value that cannot be used. If there is a stricter value than the default, use that."""
        strict = safety.stricter(path)
        if path[-1] not in strict:
            self._note(path, problem, stops=safety.stops(path))
            return
        section[path[-1]] = strict[path[-1]]
        self._note(path, problem, f"{strict[path[-1]]!r} is used".replace("'", '"'), stops=safety.stops(path))

    def _unknown(self, path: toml.Path, known: Sequence[str], what: str, *, stops: bool = False) -> None:
        close = difflib.get_close_matches(path[-1].lower(), (*known, *_OTHER_WORDS), n=1)
        meant = [_OTHER_WORDS.get(word, word) for word in close]
        rest = f" and {len(known) - _NAMED} more, all in config.example.toml" if len(known) > _MANY else ""
        named = ", ".join(known[: _NAMED if rest else None])
        advice = f'did you mean "{meant[0]}"?' if meant else f"known: {named}{rest}"
        elsewhere = schema.settings_named(path[-1])
        if path[0] == "default" and safety.limits_tools(self._value(path)):
            elsewhere.append(("default", "tools"))
        self._lost |= {(*path[:-1], word) for word in meant} | set(elsewhere)
        stops = (
            stops
            or any(map(safety.stops, elsewhere))
            or safety.resembles(path, self._value(path))
            or path[0] == "budget"
        )
        self._note(path, f'unknown {what} "{path[-1]}"; {advice}', "it is ignored", at_key=True, stops=stops)

    def _value(self, path: toml.Path) -> object:
        value: object = self.data
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def _note(
        self,
        path: toml.Path,
        problem: str,
        meanwhile: str = "the default is used",
        *,
        at_key: bool = False,
        stops: bool = False,
    ) -> None:
        place = toml.nearest(self._places, path)
        column = place.key if at_key else place.value
        meanwhile = NOTHING_SENT if stops else meanwhile
        self.findings.append(Finding(self._shown, place.line, column, masked_name(problem), meanwhile, stops))


def _keys_in(name: str, value: object) -> Iterator[str]:
    """Yield the keys of a table and of the tables in it; for another value, its own name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _keys_in(key, inner)
    else:
        yield name


def _expanded(value: object, env: Mapping[str, str]) -> tuple[object, tuple[str, ...]]:
    """Return the value with `${…}` replaced in its texts (None if not set), and the variables it names."""
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
    """Yield the variables that `${…}` names in a value and in everything it contains."""
    if isinstance(value, str):
        yield from expand(value, {}).names
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _variables(inner)


def _dotted(path: toml.Path) -> str:
    return ".".join(name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"' for name in path)
