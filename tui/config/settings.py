"""What the configuration file and the environment say, as one frozen value."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from tui.config import kinds, toml
from tui.config.expansion import expand
from tui.config.folders import Folders, config_file, folders
from tui.config.kinds import Kind

DEFAULT_API_URL = "https://api.anthropic.com"
_LARGEST_FILE = 1_000_000  # bytes; a configuration is a page of text

Dialect = Literal["auto", "anthropic", "basic"]
Theme = Literal["dark", "light"]
ToolPolicy = Literal["none", "read", "ask"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
ThinkingMode = Literal["on", "off", "between_tools"]


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """[default]"""

    provider: str = "anthropic"
    model: str = "sonnet"
    system: str = ""
    tools: ToolPolicy = "none"


class Anthropic(msgspec.Struct, frozen=True, kw_only=True):
    """[providers.anthropic]"""

    api_key: str = ""
    api_url: str = DEFAULT_API_URL
    model: str = ""
    oauth_token_url: str = "https://platform.claude.com/v1/oauth/token"
    oauth_hosts: tuple[str, ...] = ()
    dialect: Dialect = "auto"
    follow_retired: bool = True

    def __repr__(self) -> str:
        """Everything but the key, which must not reach a traceback."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "api_key")
        return f"Anthropic({', '.join(shown)})"


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """[models."ID"]: what the user knows better than our table. None: nothing said."""

    name: str | None = None
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    thinking: tuple[str, ...] | None = None
    efforts: tuple[str, ...] | None = None
    min_cache: int | None = None
    price_input: float | None = None
    """US dollars per million tokens, like the next three."""
    price_output: float | None = None
    price_read: float | None = None
    """From the cache. The default is a tenth of the input's."""
    price_write: float | None = None
    """Into the cache, for five minutes. The default is 1.25 times the input's."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """[presets.NAME]: how a new chat begins. None: as without a preset."""

    system: str | None = None
    model: str | None = None
    tools: ToolPolicy | None = None
    effort: Effort | None = None
    thinking: ThinkingMode | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """[budget]: US dollars; 0: no limit."""

    chat_soft: float = 0.0
    chat_hard: float = 0.0
    day_soft: float = 0.0
    day_hard: float = 0.0


class Ui(msgspec.Struct, frozen=True, kw_only=True):
    """[ui]"""

    theme: Theme = "dark"
    reduced_motion: bool = False


class Finding(msgspec.Struct, frozen=True):
    """Something in the configuration that could not be used."""

    file: str
    line: int
    """From 1; 0 where it is about the file as a whole."""
    column: int
    problem: str
    """What is wrong and what is allowed, in one line."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.problem}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    folders: Folders
    file: Path
    """The configuration file, whether or not it exists."""
    default: Defaults = Defaults()
    anthropic: Anthropic = Anthropic()
    models: dict[str, ModelFacts] = {}
    presets: dict[str, Preset] = {}
    keys: dict[str, tuple[str, ...]] = {}
    """Action name -> its keys instead of the usual ones."""
    budget: Limits = Limits()
    ui: Ui = Ui()
    findings: tuple[Finding, ...] = ()
    origins: dict[str, str] = {}
    """Dotted key -> where its value came from. A key without an entry has its default."""

    @property
    def model(self) -> str:
        """The family or ID to begin with: the provider's own choice wins."""
        return self.anthropic.model or self.default.model

    def origin(self, key: str) -> str:
        """Where the value of a dotted key came from, in words."""
        return self.origins.get(key, "default")


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
_UI = {"theme": kinds.one_of("dark", "light"), "reduced_motion": kinds.FLAG}
_HOMES = {"[default]": _DEFAULT, "[providers.anthropic]": _ANTHROPIC, "[budget]": _BUDGET, "[ui]": _UI}


def load(env: Mapping[str, str], *, file: Path | None = None, actions: Sequence[str] = ()) -> Settings:
    """The settings of this run. `file` is `--config`; `actions` are the names that [keys] may hold (none: any)."""
    path, asked_for = config_file(env, file)
    shown = str(file or env.get("PRX_CONFIG")) if asked_for else path.name
    found: list[Finding] = []
    raw, problem = _read(path, missing_is_fine=not asked_for)
    if problem:
        found.append(Finding(shown, 0, 0, problem))
    reader = _Reader(shown, raw, env)
    sections = reader.sections(actions)
    return Settings(
        folders=folders(env),
        file=path,
        default=Defaults(**sections["default"]),
        anthropic=_anthropic(sections["anthropic"], reader.origins, env),
        models={name: ModelFacts(**facts) for name, facts in sections["models"].items()},
        presets={name: Preset(**preset) for name, preset in sections["presets"].items()},
        keys=sections["keys"],
        budget=Limits(**sections["budget"]),
        ui=Ui(**sections["ui"]),
        findings=(*found, *sorted(reader.findings, key=lambda finding: (finding.line, finding.column))),
        origins=reader.origins,
    )


def _anthropic(section: dict[str, Any], origins: dict[str, str], env: Mapping[str, str]) -> Anthropic:
    """The provider's section. `ANTHROPIC_BASE_URL` stands in for an `api_url` that the file does not set."""
    base = env.get("ANTHROPIC_BASE_URL", "").strip()
    if base and "api_url" not in section:
        section = {**section, "api_url": base}
        origins["providers.anthropic.api_url"] = "ANTHROPIC_BASE_URL"
    return Anthropic(**section)


def _read(path: Path, *, missing_is_fine: bool) -> tuple[bytes, str]:
    """The file's bytes, and what was wrong with it. Nothing of it is kept where something was."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        return b"", "" if missing_is_fine else "there is no such file"
    except OSError as error:
        return b"", f"it cannot be read: {error.strerror or error}"
    except ValueError as error:  # a name that no file can have
        return b"", f"it cannot be read: {error}"
    if len(raw) > _LARGEST_FILE:
        return b"", "it is larger than 1 MB, which no configuration is"
    return raw, ""


class _Reader:
    """Goes through one file's tables, keeps what is usable and notes the rest."""

    def __init__(self, shown: str, raw: bytes, env: Mapping[str, str]) -> None:
        parsed = toml.parse(raw)
        self.data = parsed.data
        self.findings = [Finding(shown, *problem) for problem in parsed.problems]
        self.origins: dict[str, str] = {}
        self._shown = shown
        self._env = env
        self._places = toml.places(parsed.text)

    def sections(self, actions: Sequence[str]) -> dict[str, dict[str, Any]]:
        known = ("default", "providers", "models", "presets", "budget", "keys", "ui")
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
        advice = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}"
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
    return value, ()


def _dotted(path: toml.Path) -> str:
    return ".".join(name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"' for name in path)
