"""Resolve the paths in calls, and check whether they are inside the allowed folders, and private."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import ToolUse
from tui.inputs.limits import PATH_CHARS
from tui.inputs.typed_paths import find_path
from tui.tools import openat
from tui.tools.patterns import pattern_of
from tui.tools.privacy import Privacy
from tui.tools.tool import Failed


@dataclass(frozen=True)
class ResolvedPath:
    """A resolved path. Every operation uses `path`, which contains no link."""

    path: Path
    shown: str
    """Relative to the first folder if it is inside it, else absolute. Safe to display."""
    pattern: str
    """The path as the narrowest pattern of a rule."""
    is_inside: bool
    is_private: bool
    is_delicate: bool
    is_shared: bool
    """True if the file has hard links: it may belong to a folder outside."""

    @property
    def is_free(self) -> bool:
        """True if it may be read without permission."""
        return self.is_inside and not self.is_private and not self.is_shared


class Folders:
    """The folder that the app was started in, and those that the user added. Relative paths begin in the first."""

    def __init__(self, first: Path, more: Sequence[Path] = (), ours: Sequence[Path] = ()) -> None:
        """`ours` are files and folders of prx itself, which are private."""
        self.roots = tuple(dict.fromkeys(_resolved(root) for root in (first, *more)))
        self._privacy = Privacy([_resolved(path) for path in ours], self.roots, _resolved(Path("~")))

    @property
    def first(self) -> Path:
        return self.roots[0]

    def find(self, name: str) -> ResolvedPath:
        """Resolve a path, whether or not it exists. Reads the disk. Raises Failed."""
        if "\0" in name:
            raise Failed("A path cannot hold a NUL character.")
        if len(name) > PATH_CHARS:
            raise Failed(f"A path cannot have more than {PATH_CHARS:,} characters.")
        path = _resolved(self.first / _expanded(name or "."))
        openat.refuse_unsafe(path)
        return self.place(path)

    def find_existing(self, name: str) -> ResolvedPath:
        """Resolve the path of an existing file. A name that differs from the file's only in kinds of spaces or accents is
        found too.
        """
        place = self.find(name)
        meant = find_path(place.path)
        return place if meant is None else self.find(str(meant))

    def place(self, path: Path) -> ResolvedPath:
        """Return the same for an already resolved path."""
        is_first = path == self.first or self.first in path.parents
        text = path.relative_to(self.first).as_posix() if is_first else path.as_posix()
        return ResolvedPath(
            path=path,
            shown=openat.shown(text),
            pattern=pattern_of(text),
            is_inside=any(path == root or root in path.parents for root in self.roots),
            is_private=self._privacy.is_private(path),
            is_delicate=self._privacy.is_delicate(path),
            is_shared=openat.is_shared(path),
        )

    def before_reading(
        self, call: ToolUse, place: ResolvedPath, *, exact_only: bool = False
    ) -> PermissionRequest | None:
        """Return the question to ask before reading; None if no permission is needed. With `exact_only`, no rule with a
        wildcard answers it.
        """
        if place.is_free:
            return None
        title = "Read a private file" if place.is_private else "Read outside the folder"
        if place.is_inside and not place.is_private:
            title = "Read a hard link, which may be a file from outside the folder"
        rules = rules_for(call.name, place, exact_only=exact_only or place.is_private)
        detail = openat.shown(str(place.path).replace("\\", "\\\\"))  # a\\rb is not the name with a carriage return
        return PermissionRequest(
            call=call, title=title, kind="path", detail=detail, folder=str(self.first), rules=rules
        )


def rules_for(name: str, place: ResolvedPath, *, exact_only: bool) -> tuple[str, ...]:
    """Return the rules that would allow it: for this file, for its folder, and, inside the folders, for everything.

    A question with a single rule is not answered by a rule with a wildcard (`permission.PermissionGate`).
    """
    if exact_only:
        return (f"{name}({place.pattern})",)
    above = place.pattern.rpartition("/")[0]
    wider = [f"{above}/**"] if above else []
    if place.is_inside and not place.is_shared and not place.pattern.startswith("/"):
        wider.append("**")
    return tuple(f"{name}({pattern})" for pattern in (place.pattern, *wider))


def _expanded(name: str) -> Path:
    path = Path(name)
    if not name.startswith("~"):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # "~nobody/…": there is no such home, so use the name as written
        return path


def _resolved(path: Path) -> Path:
    try:
        return Path(os.path.realpath(_expanded(str(path))))
    except (OSError, ValueError) as error:
        raise Failed(f"{openat.shown(path)} cannot be resolved: {error}.") from error
