"""write_file and edit_file: the diff is made before the user is asked, and a file that changed meanwhile is not written."""

from __future__ import annotations

import asyncio
import hashlib
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import Tool, ToolUse
from tui.tools import openat
from tui.tools.diffs import header, unified
from tui.tools.paths import Folders, ResolvedPath, rules_for
from tui.tools.texts import FileText
from tui.tools.texts import decoded as text_of
from tui.tools.tool import Content, Failed, Plan, decoded, definition

_MAX_PLACES = 10
_MAX_DIFF = 1_000_000


class WriteArguments(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    content: str


class EditArguments(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    old: Annotated[str, msgspec.Meta(min_length=1, description="Text in the file, without line numbers")]
    new: Annotated[str, msgspec.Meta(description="What to put in its place")]
    all: Annotated[bool, msgspec.Meta(description="Every occurrence; otherwise old must occur once")] = False


@dataclass(frozen=True)
class _Change:
    """A file's current and new content."""

    place: ResolvedPath
    old: bytes | None
    """None if there is no file."""
    new: bytes
    diff: str
    done: str
    """The result for Claude, once the file is written."""


class Changes:
    """Makes changes of files, one at a time, so that of two simultaneous changes neither undoes the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Path, bytes] = {}

    def make(self, change: _Change, again: Callable[[ResolvedPath], _Change] | None = None) -> str:
        """Write a change if the file is still the same. Raises Failed.

        If another change of ours was written in between, `again` computes this one anew. It is written only if it removes
        and adds the same lines that were shown.
        """
        place = change.place
        with self._lock:
            if again is not None and self._is_ours(place, change.old):
                agreed, change = change, again(place)
                if _lines_changed(change.diff) != _lines_changed(agreed.diff):
                    raise Failed(
                        f"{place.shown} was changed in the meantime, and this edit would now be another one, not what was "
                        "agreed to. Nothing was changed; read it again."
                    )
            openat.replace(place.path, change.new, change.old)
            self._made[place.path] = _digest(change.new)
        return change.done

    def _is_ours(self, place: ResolvedPath, old: bytes | None) -> bool:
        """True if the file has the content that the last change from here wrote, and not the content before it."""
        now = _content(place)
        return now != old and now is not None and _digest(now) == self._made.get(place.path)


class _ChangeTool:
    """What write_file and edit_file have in common."""

    is_reading = False

    def __init__(self, folders: Folders, changes: Changes) -> None:
        self._folders = folders
        self._changes = changes


class WriteFile(_ChangeTool):
    definition: Tool = definition(
        "write_file",
        "Create a file with this content, or replace all of it. Folders that are missing are made. To change a part of a "
        "file use edit_file. The user sees the difference and may refuse.",
        WriteArguments,
    )

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, WriteArguments)
        change = partial(self._change, arguments)
        return await _planned(call, self._folders, arguments.path, change, self._changes.make, self._folders.find)

    @staticmethod
    def _change(arguments: WriteArguments, place: ResolvedPath) -> _Change:
        old = _content(place)
        written = text_of(old) if old else FileText("")
        text = arguments.content
        if written is None:  # e.g. an image, whose diff would say nothing
            raise Failed(f"{place.shown} is not a text file; write_file does not replace it.")
        if old is not None and old == written.encoded(text):
            raise Failed(f"{place.shown} has exactly this content already. Nothing was changed.")
        diff = unified(written.text, text, place.shown, is_new=old is None)
        done = f"{place.shown} was {'created' if old is None else 'replaced'}."
        return _Change(
            place, old, written.encoded(text), diff or "\n".join(header(place.shown, is_new=True)) + "\n", done
        )


class EditFile(_ChangeTool):
    definition: Tool = definition(
        "edit_file",
        "Change a text file: put new in the place of old, which must be in the file exactly, with its blanks. Read the file "
        "before. The user sees the difference and may refuse.",
        EditArguments,
    )

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, EditArguments)
        change = partial(self._change, arguments)
        make = partial(self._changes.make, again=change)
        return await _planned(call, self._folders, arguments.path, change, make, self._folders.find_existing)

    @staticmethod
    def _change(arguments: EditArguments, place: ResolvedPath) -> _Change:
        old = _content(place)
        if old is None:
            raise openat.Missing(f"There is no file {place.shown}. write_file creates one.")
        written = text_of(old)
        if written is None:
            raise Failed(f"{place.shown} is not a text file.")
        text, count = edited(written.text, arguments.old, arguments.new, every=arguments.all)
        done = f"{place.shown} was changed" + (f" in {count} places." if count > 1 else ".")
        return _Change(place, old, written.encoded(text), unified(written.text, text, place.shown), done)


def edited(text: str, old: str, new: str, *, every: bool) -> tuple[str, int]:
    """Return the text with `old` replaced by `new`, and how often it was replaced. Raises Failed, with advice."""
    count = text.count(old)
    if old == new:
        raise Failed("old and new are the same. Nothing was changed.")
    if count == 0:
        raise Failed(f"old does not occur in the file{_near(text, old)} Nothing was changed.")
    if count > 1 and not every:
        lines = ", ".join(str(line) for line in _lines_of(text, old))
        raise Failed(
            f"old occurs {count} times (lines {lines}{', …' if count > _MAX_PLACES else ''}). Take more of the text around "
            "the one that you mean into it, or set all. Nothing was changed."
        )
    return text.replace(old, new), count


async def _planned(
    call: ToolUse,
    folders: Folders,
    path: str,
    change: Callable[[ResolvedPath], _Change],
    make: Callable[[_Change], str],
    find: Callable[[str], ResolvedPath],
) -> Plan:
    place = await asyncio.to_thread(find, path)
    try:
        found = await asyncio.to_thread(_reviewable, change, place)
    except Failed as failed:
        return _failure_plan(failed, folders.before_reading(call, place, exact_only=place.is_shared))

    async def act(_: object) -> Content:
        return await asyncio.to_thread(make, found)

    what = "Create a file" if found.old is None else "Change a file"
    link = " (a hard link: its other names keep what they hold)" if place.is_shared else ""
    question = PermissionRequest(
        call=call,
        title=f"{what}{'' if place.is_inside else ' outside the folder'}{link}",
        kind="diff",
        detail=found.diff,
        folder=str(folders.first),
        rules=rules_for(call.name, place, exact_only=place.is_delicate or place.is_shared),
    )
    return Plan(act, question)


def _reviewable(change: Callable[[ResolvedPath], _Change], place: ResolvedPath) -> _Change:
    """Return a change that can be shown to the user as a whole. Raises Failed."""
    found = change(place)
    if len(found.diff) > _MAX_DIFF:
        raise Failed(
            f"{place.shown}: the difference has {len(found.diff):,} characters, too many to review. Make it in "
            "parts, or with a command."
        )
    return found


def _failure_plan(failed: Failed, question: PermissionRequest | None) -> Plan:
    """The reason why a change fails reveals something about the file. If reading it needs permission, ask first."""
    if question is None:
        raise failed

    async def act(_: object) -> Content:
        raise failed

    return Plan(act, question)


def _content(place: ResolvedPath) -> bytes | None:
    """Return the content of a file; None if there is none. Raises Failed for anything but a file."""
    status = openat.status(place.path)
    if status is None:
        return None
    if stat.S_ISREG(status.st_mode) and not status.st_mode & 0o222:
        raise Failed(f"{place.shown} is write-protected.")
    return openat.read(place.path, may_be_shared=not place.is_free)


def _lines_changed(diff: str) -> list[str]:
    """Return the lines that a diff removes and adds, wherever they are."""
    return [line for line in diff.split("\n") if line.startswith(("-", "+", "\\"))]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _near(text: str, old: str) -> str:
    """Return a hint why the text may not have been found, or ""."""
    words = old.split()
    if words and " ".join(words) in " ".join(text.split()):
        return ", but the same words do, with other blanks or line ends: take them from read_file."
    first = old.strip().split("\n")[0].strip()
    if first and first in text:
        return f", but its first line does, in line {_lines_of(text, first)[0]}: the rest is different there."
    return "; read it again."


def _lines_of(text: str, part: str) -> list[int]:
    """Return the numbers of the first lines in which a text occurs."""
    lines: list[int] = []
    at = text.find(part)
    while at >= 0 and len(lines) < _MAX_PLACES:
        lines.append(text.count("\n", 0, at) + 1)
        at = text.find(part, at + len(part))
    return lines
