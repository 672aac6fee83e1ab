"""What `.gitignore` files leave out, as git reads them.

Standard library alone: the search without ripgrep runs in a process of its own that loads nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

from tui.tools.globs import Glob

FILE = ".gitignore"
ALWAYS = frozenset((".git", ".hg", ".svn"))
"""Folders that are never gone through."""


class _Line(NamedTuple):
    glob: Glob
    is_exception: bool
    folders_only: bool


class Ignored:
    """The lines of one `.gitignore`, for the paths below its folder."""

    def __init__(self, text: str) -> None:
        self._lines = [line for written in text.splitlines() if (line := _line(written)) is not None]

    def __bool__(self) -> bool:
        return bool(self._lines)

    def verdict(self, names: list[str], is_folder: bool) -> bool | None:
        """Whether a path is left out; None where no line speaks of it. The last line that does counts."""
        for line in reversed(self._lines):
            if (is_folder or not line.folders_only) and line.glob.matches_parts(names):
                return not line.is_exception
        return None


def _line(written: str) -> _Line | None:
    text = written if written.endswith("\\ ") else written.rstrip()
    if not text or text.startswith("#"):
        return None
    is_exception = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    # A slash anywhere but at the end ties a pattern to the folder of its file.
    pattern = text.removeprefix("/") if "/" in text else f"**/{text}"
    return _Line(Glob(f"{pattern}/*" if pattern.endswith("/**") else pattern), is_exception, folders_only)
