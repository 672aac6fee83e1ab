"""List a folder and everything below it, in the order of names, without following a link.

Each folder is opened relative to the one above it, so that a link put in its place leads nowhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from tui.tools.gitignore import ALWAYS, FILE, IgnoreRules

_MAX_DEPTH = 64  # folders; each stays open while its subfolders are listed
_MAX_LIST = 256 * 1024  # bytes of a .gitignore

Kind = Literal["file", "folder", "link", "other"]


class Entry(NamedTuple):
    path: str
    """Relative to the folder where the walk began, with `/` between the names."""
    kind: Kind
    size_bytes: int
    is_shared: bool
    """True if the file has hard links."""


class _Level(NamedTuple):
    """The rules of a `.gitignore`, and how many names of a path lead to its folder."""

    rules: IgnoreRules
    depth: int


def walk(folder: int, path: Path, below: bool = True, all_files: bool = False) -> Generator[Entry, None, None]:
    """Yield what is in the folder open as `folder`, which is `path`; with `below`, also in its subfolders.

    What git ignores is left out unless `all_files`. The folder stays open; close the iterator to close its subfolders.
    """
    levels = [] if all_files else _above(path)
    yield from _walk(folder, list(path.parts[1:]), len(path.parts) - 1, levels, below, all_files)


def _walk(
    folder: int, names: list[str], start: int, levels: list[_Level], below: bool, all_files: bool
) -> Generator[Entry, None, None]:
    if not all_files and (rules := _rules_in(folder)):
        levels = [*levels, _Level(rules, len(names))]
    for name, kind, size_bytes, is_shared in _entries(folder):
        path = [*names, name]
        if name in ALWAYS or _is_ignored(path, kind == "folder", levels):
            continue
        yield Entry("/".join(path[start:]), kind, size_bytes, is_shared)
        if below and kind == "folder" and len(path) - start < _MAX_DEPTH:
            with suppress(OSError):  # not permitted, or deleted
                opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                try:
                    yield from _walk(opened, path, start, levels, below, all_files)
                finally:
                    os.close(opened)


def _entries(folder: int) -> list[tuple[str, Kind, int, bool]]:
    found: list[tuple[str, Kind, int, bool]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # deleted meanwhile
                status = entry.stat(follow_symlinks=False)
                kind = _kind(status.st_mode)
                found.append((entry.name, kind, status.st_size, kind == "file" and status.st_nlink > 1))
    return sorted(found)


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _is_ignored(path: list[str], is_folder: bool, levels: list[_Level]) -> bool:
    """Return the decision of the innermost list that has a rule for the path."""
    for rules, depth in reversed(levels):
        verdict = rules.verdict(path[depth:], is_folder)
        if verdict is not None:
            return verdict
    return False


def _above(path: Path) -> list[_Level]:
    """Return the lists of the folders above, up to the one with the repository."""
    levels: list[_Level] = []
    for folder in (path, *path.parents):
        if folder != path:
            with suppress(OSError):
                opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    if rules := _rules_in(opened):
                        levels.insert(0, _Level(rules, len(folder.parts) - 1))
                finally:
                    os.close(opened)
        if (folder / ".git").exists():
            return levels
    return []


def _rules_in(folder: int) -> IgnoreRules | None:
    """Return the rules of a folder's own `.gitignore`, if it has one. A link is ignored, as git does."""
    try:
        opened = os.open(FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return None
        return IgnoreRules(file.read(_MAX_LIST))
