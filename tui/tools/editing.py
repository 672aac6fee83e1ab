"""write_file and edit_file: the diff is made before anybody is asked, and only a file that is still the same is written."""

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

from tui.chat.tools import Question
from tui.chat.transcript import Tool, ToolUse
from tui.tools import openat
from tui.tools.diffs import header, unified
from tui.tools.paths import Folders, Place, rules_for
from tui.tools.texts import Written
from tui.tools.texts import decoded as text_of
from tui.tools.tool import Content, Failed, Plan, decoded, definition

_MOST_PLACES = 10
_LONGEST_DIFF = 1_000_000


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
    """A file as it is and as it shall be."""

    place: Place
    old: bytes | None
    """None: there is no file."""
    new: bytes
    diff: str
    done: str
    """For Claude, once it is done."""


class Changes:
    """Makes changes of files, one at a time: of two that come together neither undoes the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Path, bytes] = {}

    def make(self, change: _Change, again: Callable[[Place], _Change] | None = None) -> str:
        """Makes a change if the file is as it was. Where another change of ours came in between, `again` works this one out
        anew; made is only what takes out and puts in the very lines that were shown. Raises Failed.
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

    def _is_ours(self, place: Place, old: bytes | None) -> bool:
        """Whether the file holds what was put there by the last change from here, and not what it held before."""
        now = _content(place)
        return now != old and now is not None and _digest(now) == self._made.get(place.path)


class WriteFile:
    is_reading = False
    definition: Tool = definition(
        "write_file",
        "Create a file with this content, or replace all of it. Folders that are missing are made. To change a part of a "
        "file use edit_file. The user sees the difference and may refuse.",
        WriteArguments,
    )

    def __init__(self, folders: Folders, changes: Changes) -> None:
        self._folders = folders
        self._changes = changes

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, WriteArguments)
        change = partial(self._change, arguments)
        return await _planned(call, self._folders, arguments.path, change, self._changes.make, self._folders.find)

    @staticmethod
    def _change(arguments: WriteArguments, place: Place) -> _Change:
        old = _content(place)
        written = text_of(old) if old else Written("")
        text = arguments.content
        if written is None:  # an image, say; its diff would say nothing
            raise Failed(f"{place.shown} is not a text file; write_file does not replace it.")
        if old is not None and old == written.encoded(text):
            raise Failed(f"{place.shown} has exactly this content already. Nothing was changed.")
        diff = unified(written.text, text, place.shown, is_new=old is None)
        done = f"{place.shown} was {'created' if old is None else 'replaced'}."
        return _Change(
            place, old, written.encoded(text), diff or "\n".join(header(place.shown, is_new=True)) + "\n", done
        )


class EditFile:
    is_reading = False
    definition: Tool = definition(
        "edit_file",
        "Change a text file: put new in the place of old, which must be in the file exactly, with its blanks. Read the file "
        "before. The user sees the difference and may refuse.",
        EditArguments,
    )

    def __init__(self, folders: Folders, changes: Changes) -> None:
        self._folders = folders
        self._changes = changes

    async def plan(self, call: ToolUse) -> Plan:
        arguments = decoded(call.input, EditArguments)
        change = partial(self._change, arguments)
        make = partial(self._changes.make, again=change)
        return await _planned(call, self._folders, arguments.path, change, make, self._folders.find_existing)

    @staticmethod
    def _change(arguments: EditArguments, place: Place) -> _Change:
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
    """The text with `new` in the place of `old`, and in how many places. Raises Failed, with what to do about it."""
    count = text.count(old)
    if old == new:
        raise Failed("old and new are the same. Nothing was changed.")
    if count == 0:
        raise Failed(f"old does not occur in the file{_near(text, old)} Nothing was changed.")
    if count > 1 and not every:
        lines = ", ".join(str(line) for line in _lines_of(text, old))
        raise Failed(
            f"old occurs {count} times (lines {lines}{', …' if count > _MOST_PLACES else ''}). Take more of the text around "
            "the one that you mean into it, or set all. Nothing was changed."
        )
    return text.replace(old, new), count


async def _planned(
    call: ToolUse,
    folders: Folders,
    path: str,
    change: Callable[[Place], _Change],
    make: Callable[[_Change], str],
    find: Callable[[str], Place],
) -> Plan:
    place = await asyncio.to_thread(find, path)
    try:
        found = await asyncio.to_thread(_judgeable, change, place)
    except Failed as failed:
        return _told_after(failed, folders.before_reading(call, place, exact_only=place.is_shared))

    async def act(_: object) -> Content:
        return await asyncio.to_thread(make, found)

    what = "Create a file" if found.old is None else "Change a file"
    link = " (a hard link: its other names keep what they hold)" if place.is_shared else ""
    question = Question(
        call=call,
        title=f"{what}{'' if place.is_inside else ' outside the folder'}{link}",
        kind="diff",
        detail=found.diff,
        folder=str(folders.first),
        rules=rules_for(call.name, place, exact_only=place.is_delicate or place.is_shared),
    )
    return Plan(act, question)


def _judgeable(change: Callable[[Place], _Change], place: Place) -> _Change:
    """A change that can be shown to the user as a whole. Raises Failed."""
    found = change(place)
    if len(found.diff) > _LONGEST_DIFF:
        raise Failed(
            f"{place.shown}: the difference has {len(found.diff):,} characters, more than anybody can judge. Make it in "
            "parts, or with a command."
        )
    return found


def _told_after(failed: Failed, question: Question | None) -> Plan:
    """Why a change cannot be made says something of the file: where reading it asks, this asks first."""
    if question is None:
        raise failed

    async def act(_: object) -> Content:
        raise failed

    return Plan(act, question)


def _content(place: Place) -> bytes | None:
    """What a file holds; None where there is none. Raises Failed for what is no file."""
    status = openat.status(place.path)
    if status is None:
        return None
    if stat.S_ISREG(status.st_mode) and not status.st_mode & 0o222:
        raise Failed(f"{place.shown} is write-protected.")
    return openat.read(place.path, may_be_shared=not place.is_free)


def _lines_changed(diff: str) -> list[str]:
    """The lines that a diff takes out and puts in, wherever they are."""
    return [line for line in diff.split("\n") if line.startswith(("-", "+", "\\"))]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _near(text: str, old: str) -> str:
    """Why it may not have been found, where that can be told."""
    words = old.split()
    if words and " ".join(words) in " ".join(text.split()):
        return ", but the same words do, with other blanks or line ends: take them from read_file."
    first = old.strip().split("\n")[0].strip()
    if first and first in text:
        return f", but its first line does, in line {_lines_of(text, first)[0]}: the rest is different there."
    return "; read it again."


def _lines_of(text: str, part: str) -> list[int]:
    """The lines in which a text occurs, the first few."""
    lines: list[int] = []
    at = text.find(part)
    while at >= 0 and len(lines) < _MOST_PLACES:
        lines.append(text.count("\n", 0, at) + 1)
        at = text.find(part, at + len(part))
    return lines
