"""Load the settings of one run from `config.toml` and the environment, and find the folders that prx uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from platformdirs import PlatformDirs

from tui.config.settings import (
    NOTHING_SENT,
    Anthropic,
    Defaults,
    Finding,
    Folders,
    Limits,
    ModelFacts,
    Preset,
    Settings,
    Tools,
    Ui,
)
from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES
from tui.masking import masked

_NO_FILE = "there is no such file"


def load(env: Mapping[str, str], *, file: Path | None = None, actions: Sequence[str] = ()) -> Settings:
    """Return the settings of this run.

    `file` is the value of `--config`. `actions` are the action names that [keys] may contain; any, if empty.
    """
    path, asked_for = config_file(env, file)
    shown = masked(str(file or env.get("PRX_CONFIG"))) if asked_for else path.name
    found: list[Finding] = []
    raw, problem = _read(path, asked_for=asked_for)
    if problem:
        # If the environment sets the address, a missing file cannot have set another one.
        stops = problem != _NO_FILE or not env.get("ANTHROPIC_BASE_URL", "").strip()
        meanwhile = NOTHING_SENT if stops else "the defaults are used"
        found.append(Finding(shown, 0, 0, problem, meanwhile, stops))
    sections: Mapping[str, dict[str, Any]] = defaultdict(dict)
    origins: dict[str, str] = {}
    variables: frozenset[str] = frozenset()
    if raw:
        from tui.config.reading import Reader  # loaded only if there is a file

        reader = Reader(shown, raw, env)
        sections, origins, variables = reader.sections(actions), reader.origins, reader.variables
        found += sorted(reader.findings, key=lambda finding: (finding.line, finding.column))
    return Settings(
        folders=folders(env),
        file=path,
        default=Defaults(**sections["default"]),
        anthropic=_anthropic(sections["anthropic"], origins, env),
        models={name: ModelFacts(**facts) for name, facts in sections["models"].items()},
        presets={name: Preset(**preset) for name, preset in sections["presets"].items()},
        keys=sections["keys"],
        budget=Limits(**sections["budget"]),
        tools=Tools(**sections["tools"]),
        mcp=sections["mcp"],
        ui=Ui(**sections["ui"]),
        findings=tuple(found),
        origins=origins,
        variables=variables,
    )


def _anthropic(section: dict[str, Any], origins: dict[str, str], env: Mapping[str, str]) -> Anthropic:
    """Return the provider's table. Environment variables replace what the file does not set."""
    for key, name in (("api_url", "ANTHROPIC_BASE_URL"), ("workspace_id", "ANTHROPIC_WORKSPACE_ID")):
        value = env.get(name, "").strip()
        if value and not section.get(key):
            section = {**section, key: value}
            origins[f"providers.anthropic.{key}"] = name
    return Anthropic(**section)


def _read(path: Path, *, asked_for: bool) -> tuple[bytes, str]:
    """Return the bytes of the file, and what went wrong. An unreadable file counts as empty. A file that was `asked_for`
    may be a pipe.
    """
    try:
        return read_file(path, SETTINGS_FILE_BYTES, pipes=asked_for), ""
    except FileNotFoundError:
        return b"", _NO_FILE if asked_for else ""
    except OSError as error:
        return b"", f"it cannot be read: {error.strerror or error}"
    except ValueError as error:  # a name that no file can have
        return b"", f"it cannot be read: {error}"


def folders(env: Mapping[str, str]) -> Folders:
    """Return the four folders. `PRX_HOME` may begin with ~; an empty one counts as not set."""
    if root := env.get("PRX_HOME"):
        home = _absolute(root)
        return Folders(config=home / "config", data=home / "data", state=home / "state", cache=home / "cache")
    system = PlatformDirs("prx", appauthor=False)
    return Folders(
        config=system.user_config_path,
        data=system.user_data_path,
        state=system.user_state_path,
        cache=system.user_cache_path,
    )


def config_file(env: Mapping[str, str], option: Path | None) -> tuple[Path, bool]:
    """Return the configuration file, and whether the user named it: `--config`, then `PRX_CONFIG`, then the default
    place.
    """
    if option is not None:
        return _absolute(str(option)), True
    if named := env.get("PRX_CONFIG"):
        return _absolute(named), True
    return folders(env).config / "config.toml", False


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:  # "~nobody/…": there is no such home, so use the name as written
        return Path(path).absolute()
