"""Where files live: the system's own places for `prx`, or all of them below `PRX_HOME`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from platformdirs import PlatformDirs


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """None of them need exist: whoever writes the first file creates its folder, for the user alone (0700)."""

    config: Path
    data: Path
    """Chats and attachments: what must not be lost."""
    state: Path
    """Logs and drafts."""
    cache: Path
    """What can be fetched again."""


def folders(env: Mapping[str, str]) -> Folders:
    """The four folders. `PRX_HOME` may begin with ~; an empty one counts as not set."""
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
    """The configuration file, and whether it was asked for by name: `--config`, then `PRX_CONFIG`, then the usual place."""
    if option is not None:
        return _absolute(str(option)), True
    if named := env.get("PRX_CONFIG"):
        return _absolute(named), True
    return folders(env).config / "config.toml", False


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:  # "~nobody/…": there is no such home, so the name is meant as it stands
        return Path(path).absolute()
