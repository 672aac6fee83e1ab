"""list_files: the names in a folder, or those below it that match a pattern."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import closing
from typing import Annotated

import msgspec

from tui.chat.transcript import Tool, ToolUse
from tui.tools import openat
from tui.tools.globs import Glob
from tui.tools.paths import Folders, ResolvedPath
from tui.tools.tool import Content, Plan, decoded, definition
from tui.tools.walk import Entry, walk

_MAX = 1_000
_MAX_S = 10.0


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    path: Annotated[str, msgspec.Meta(description="Default: the folder")] = "."
    pattern: Annotated[str, msgspec.Meta(description="Search below it for such names: *.py, src/**/test_*")] = ""
    ignored: Annotated[bool, msgspec.Meta(description="Also what .gitignore names")] = False


class ListFiles:
    is_reading = True
    definition: Tool = definition(
        "list_files",
        "List a folder: files with their size in bytes, folders with a slash. With a pattern: the paths of all files below "
        "it that match, in all its folders. What .gitignore names is left out.",
        Arguments,
    )

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, Arguments)
        place = await asyncio.to_thread(self._folders.find_existing, arguments.path)

        async def act(_: object) -> Content:
            stopped = threading.Event()
            try:
                return await asyncio.to_thread(_listed, arguments, place, stopped)
            finally:
                stopped.set()  # the thread runs on until it is notified

        return Plan(act, self._folders.before_reading(call, place))


def _listed(arguments: Arguments, place: ResolvedPath, stopped: threading.Event) -> str:
    glob = _glob(arguments.pattern)
    until = time.monotonic() + _MAX_S
    lines: list[str] = []
    below = glob is not None
    with openat.folder(place.path) as folder, closing(walk(folder, place.path, below, arguments.ignored)) as entries:
        for entry in entries:
            if glob is None or (entry.kind != "folder" and glob.matches(entry.path)):
                lines.append(_line(entry))
            if len(lines) > _MAX:
                lines[_MAX:] = [f"(the first {_MAX}; there are more)"]
                break
            if stopped.is_set() or time.monotonic() > until:
                lines.append(f"(stopped after {_MAX_S:g} seconds; list a smaller folder)")
                break
    return "\n".join(lines) or ("No matches." if glob else "The folder is empty.")


def _glob(pattern: str) -> Glob | None:
    """Return the pattern. Without a slash it matches names in all folders."""
    return Glob(pattern if "/" in pattern else f"**/{pattern}") if pattern else None


def _line(entry: Entry) -> str:
    name = openat.shown(entry.path)
    match entry.kind:
        case "folder":
            return f"{name}/"
        case "file" if entry.is_shared:
            return f"{name}  (hard link)"
        case "file":
            return f"{name}  {entry.size_bytes}"
        case "link":
            return f"{name}  (link)"
        case "other":
            return f"{name}  (no file)"
