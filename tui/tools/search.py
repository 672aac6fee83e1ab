"""search_files: lines that match a regular expression, found by ripgrep if it is installed, else by `scan`.

Both only report positions. The lines are read here, with the same checks as any file, so that no result comes from behind
a link and both give the same results.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from tui.chat.transcript import Tool, ToolUse
from tui.tools import openat, processes, scan
from tui.tools.environment import CREDENTIALS, for_commands
from tui.tools.globs import Glob
from tui.tools.paths import Folders, ResolvedPath
from tui.tools.texts import cut_line
from tui.tools.texts import decoded as text_of
from tui.tools.tool import Content, Failed, Plan, decoded, definition

_MAX_BYTES = 5 * 1024 * 1024  # of a file that is searched
_MAX_LINES = 200
_MAX_LINES_OF_FILE = 50
_MAX_LINE = 300
TIMEOUT_S = 20.0
_NO_MATCH = 1
_LOCATION = "\0"


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    pattern: Annotated[
        str, msgspec.Meta(min_length=1, description="Regular expression without lookaround, matched line by line")
    ]
    path: Annotated[str, msgspec.Meta(description="Folder or file; default: the folder")] = "."
    files: Annotated[str, msgspec.Meta(description="Only files with such names: *.py, src/**/*.ts")] = ""
    ignore_case: bool = False
    context: Annotated[int, msgspec.Meta(ge=0, le=10, description="Lines around each match")] = 0


class SearchFiles:
    is_reading = True
    definition: Tool = definition(
        "search_files",
        "Find lines in the files of a folder and all folders below it. What .gitignore names, binary and very large files, "
        "and hard links, are left out. The result has, for each file, its path and the matching lines with their numbers.",
        Arguments,
    )

    def __init__(self, folders: Folders, *, ripgrep: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """`ripgrep` is the program to use; None: the installed one, "": none."""
        self._folders = folders
        self._timeout_s = timeout_s
        self._ripgrep = shutil.which("rg") if ripgrep is None else ripgrep

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, Arguments)
        place = await asyncio.to_thread(self._folders.find_existing, arguments.path)
        return Plan(lambda _: self._search(arguments, place), self._folders.before_reading(call, place))

    async def _search(self, arguments: Arguments, place: ResolvedPath) -> Content:
        await asyncio.to_thread(
            openat.refuse_unfit, place.path
        )  # a search program would open a device, or wait for a pipe
        found = _Found(_filter(arguments.files, place.path, self._allowed(place)))
        code = await processes.run(
            self._command(arguments, place.path),
            folder=self._folders.first,
            env=for_commands(os.environ, CREDENTIALS),
            take=found.take,
            timeout_s=self._timeout_s,
        )
        if not found.lines and code not in (0, _NO_MATCH, None) and found.complaint:
            raise Failed(f"The search failed: {found.complaint}")
        text = await asyncio.to_thread(self._shown, found, arguments.context, place)
        if code is None:
            text += f"\n(stopped after {self._timeout_s:g} seconds; search in a smaller folder)"
        elif found.is_full:
            text += f"\n(the first {_MAX_LINES} matches; be more specific for others)"
        return text

    def _command(self, arguments: Arguments, path: Path) -> list[str]:
        if not self._ripgrep:
            return scan.command(arguments.pattern, path, arguments.ignore_case, _MAX_BYTES, _MAX_LINES_OF_FILE)
        return [
            *(self._ripgrep, "--no-config", "--hidden", "--no-messages", "--no-require-git", "--no-ignore-dot"),
            *("--no-ignore-global", "--glob=!.git", "--glob=!.hg", "--glob=!.svn", "--crlf", "--sort=path"),
            *("--color=never", "--no-heading", "--with-filename", "--line-number", "--null", "--only-matching"),
            *("--replace=", f"--max-count={_MAX_LINES_OF_FILE}", f"--max-filesize={_MAX_BYTES}"),
            *(("--ignore-case",) if arguments.ignore_case else ()),
            *(f"--regexp={arguments.pattern}", "--", str(path)),
        ]

    def _allowed(self, top: ResolvedPath) -> Callable[[Path], bool]:
        """Return the check for files in the results: private files and hard links only if the user was asked about this
        file or folder.
        """

        def allows(path: Path) -> bool:
            place = self._folders.place(path)
            is_known = not place.is_shared or not top.is_inside
            return path == top.path or (is_known and (top.is_private or not place.is_private))

        return allows

    def _shown(self, found: _Found, context: int, top: ResolvedPath) -> str:
        parts = []
        for path, numbers in found.lines.items():
            try:
                written = text_of(openat.read(path, may_be_shared=not top.is_free))
            except Failed:  # deleted, or not a file any more
                continue
            if written is not None:
                lines = list(_excerpt(written.text.removesuffix("\n").split("\n"), sorted(numbers), context))
                parts.append("\n".join([self._folders.place(path).shown, *lines]))
        return "\n\n".join(parts) or "No matches."


class _Found:
    """Parses the output of the search: files and line numbers."""

    def __init__(self, is_wanted: Callable[[Path], bool]) -> None:
        self.lines: dict[Path, set[int]] = {}
        self.complaint = ""
        self._is_wanted = is_wanted
        self._rest = b""
        self._count = 0

    @property
    def is_full(self) -> bool:
        return self._count >= _MAX_LINES

    def take(self, data: bytes) -> bool:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            path, nul, number = os.fsdecode(line).partition(_LOCATION)
            if not nul:
                self.complaint = f"{self.complaint} {path.strip()}".strip()[:500]
            elif (digits := number.rstrip(":\r")).isdecimal():
                self._add(Path(path), int(digits))
        return not self.is_full

    def _add(self, path: Path, number: int) -> None:
        if not self.is_full and self._is_wanted(path):
            numbers = self.lines.setdefault(path, set())
            self._count += number not in numbers
            numbers.add(number)


def _filter(files: str, top: Path, is_allowed: Callable[[Path], bool]) -> Callable[[Path], bool]:
    if not files:
        return is_allowed
    glob = Glob(files if "/" in files else f"**/{files}")
    return lambda path: is_allowed(path) and (path == top or glob.matches(path.relative_to(top).as_posix()))


def _excerpt(lines: list[str], numbers: list[int], context: int) -> Iterator[str]:
    """Yield the lines with these numbers and those around them: `12:` before a match, `13-` before another line."""
    matching = {number for number in numbers if number <= len(lines)}
    wanted = sorted({at for number in matching for at in range(number - context, number + context + 1)})
    before = 0
    for number in wanted:
        if not 1 <= number <= len(lines):
            continue
        if context and before and number != before + 1:
            yield "--"
        before = number
        line = cut_line(lines[number - 1].rstrip("\r"), _MAX_LINE)
        yield f"{number}{':' if number in matching else '-'} {line}"
