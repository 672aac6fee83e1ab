"""read_file: a text file with line numbers, an image or a PDF as a block."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec

from tui.chat.transcript import Document, Image, Tool, ToolUse
from tui.tools import openat
from tui.tools.paths import Folders, ResolvedPath
from tui.tools.texts import cut_line
from tui.tools.texts import decoded as text_of
from tui.tools.tool import Content, Failed, Plan, decoded, definition

MakeBlock = Callable[[bytes, str], Awaitable[Image | Document]]
"""Returns a block for an image or PDF with this name. Raises a TuiError for anything else."""

_MAX_LINES = 2_000
_MAX_CHARS = 80_000
_MAX_LINE = 2_000


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    offset: Annotated[int, msgspec.Meta(ge=1, description="First line")] = 1
    limit: Annotated[int, msgspec.Meta(ge=1, description="Number of lines")] = _MAX_LINES


class ReadFile:
    is_reading = True
    definition: Tool = definition(
        "read_file",
        "Read a file: text with line numbers (the number and the tab after it are not part of the file), images and PDF as "
        "you see them. Long files come in parts: use offset and limit. Here as in all tools, paths are relative to the "
        "folder that the user works in, or absolute; outside of it the user is asked first.",
        Arguments,
    )

    def __init__(self, folders: Folders, see: MakeBlock) -> None:
        self._folders = folders
        self._see = see

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, Arguments)
        place = await asyncio.to_thread(self._folders.find_existing, arguments.path)
        return Plan(lambda _: self._read(arguments, place), self._folders.before_reading(call, place))

    async def _read(self, arguments: Arguments, place: ResolvedPath) -> Content:
        found = await asyncio.to_thread(_found, arguments, place)
        return found if isinstance(found, str) else (await self._see(found, openat.shown(place.path.name)),)


def _found(arguments: Arguments, place: ResolvedPath) -> str | bytes:
    """Return the requested lines, or the bytes of a file that is not text."""
    data = openat.read(place.path, may_be_shared=not place.is_free)
    written = text_of(data)
    if written is None:
        return data
    if not written.text:
        return "The file is empty."
    lines = _numbered(written.text, arguments.offset, arguments.limit)
    return f"({written.remark})\n{lines}" if written.remark else lines


def _numbered(text: str, offset: int, limit: int) -> str:
    """Return lines from `offset` on, as many as requested and fit."""
    lines = text.removesuffix("\n").split("\n")
    if offset > len(lines):
        raise Failed(
            f"The file has {len(lines):,} {'line' if len(lines) == 1 else 'lines'}; there is no line {offset:,}."
        )
    shown: list[str] = []
    room = _MAX_CHARS
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        line = cut_line(line, _MAX_LINE)
        room -= len(line) + 8
        if room < 0:
            break
        shown.append(f"{number}\t{line}")
    rest = offset - 1 + len(shown)
    if rest < len(lines):
        shown.append(f"(lines {offset:,} to {rest:,} of {len(lines):,})")
    return "\n".join(shown)
