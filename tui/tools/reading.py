"""read_file: a text by its lines, an image or a PDF as Claude sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec

from tui.chat.transcript import Document, Image, Tool, ToolUse
from tui.tools import openat
from tui.tools.paths import Folders, Place
from tui.tools.texts import cut_line
from tui.tools.texts import decoded as text_of
from tui.tools.tool import Content, Failed, Plan, decoded, definition

See = Callable[[bytes, str], Awaitable[Image | Document]]
"""Makes a block of an image or a PDF, of that name. Raises a TuiError for anything else."""

_MOST_LINES = 2_000
_MOST_CHARS = 80_000
_LONGEST_LINE = 2_000


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    offset: Annotated[int, msgspec.Meta(ge=1, description="First line")] = 1
    limit: Annotated[int, msgspec.Meta(ge=1, description="Number of lines")] = _MOST_LINES


class ReadFile:
    is_reading = True
    definition: Tool = definition(
        "read_file",
        "Read a file: text with line numbers (the number and the tab after it are not part of the file), images and PDF as "
        "you see them. Long files come in parts: use offset and limit. Here as in all tools, paths are relative to the "
        "folder that the user works in, or absolute; outside of it the user is asked first.",
        Arguments,
    )

    def __init__(self, folders: Folders, see: See) -> None:
        self._folders = folders
        self._see = see

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, Arguments)
        place = await asyncio.to_thread(self._folders.find_existing, arguments.path)
        return Plan(lambda _: self._read(arguments, place), self._folders.before_reading(call, place))

    async def _read(self, arguments: Arguments, place: Place) -> Content:
        found = await asyncio.to_thread(_found, arguments, place)
        return found if isinstance(found, str) else (await self._see(found, openat.shown(place.path.name)),)


def _found(arguments: Arguments, place: Place) -> str | bytes:
    """The lines that were asked for, or all bytes of what is no text."""
    data = openat.read(place.path, may_be_shared=not place.is_free)
    written = text_of(data)
    if written is None:
        return data
    if not written.text:
        return "The file is empty."
    lines = _numbered(written.text, arguments.offset, arguments.limit)
    return f"({written.remark})\n{lines}" if written.remark else lines


def _numbered(text: str, offset: int, limit: int) -> str:
    """Lines from `offset` on, as many as are asked for and fit."""
    lines = text.removesuffix("\n").split("\n")
    if offset > len(lines):
        raise Failed(
            f"The file has {len(lines):,} {'line' if len(lines) == 1 else 'lines'}; there is no line {offset:,}."
        )
    shown: list[str] = []
    room = _MOST_CHARS
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        line = cut_line(line, _LONGEST_LINE)
        room -= len(line) + 8
        if room < 0:
            break
        shown.append(f"{number}\t{line}")
    rest = offset - 1 + len(shown)
    if rest < len(lines):
        shown.append(f"(lines {offset:,} to {rest:,} of {len(lines):,})")
    return "\n".join(shown)
