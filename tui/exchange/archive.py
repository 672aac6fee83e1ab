"""Chats as JSON, without loss: the whole tree, attachments, usage and bills, so that an import gives back what went out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from tui.bounded import decode_json
from tui.chat.tree import ChatTree, Unsent
from tui.errors import TuiError
from tui.limits import IMPORT_OBJECTS
from tui.render.json_text import json_text

FORMAT = "prx-chats"
VERSION = 1
END_OF_TIME = 253_402_214_400.0
"""The last day of the year 9999, in seconds since the epoch: what comes after it has no date, in no place on earth."""


class _Archive(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    format: str
    version: int
    chats: tuple[ChatTree, ...]
    unsent: tuple[Unsent, ...] = ()
    """Only in what is written when a chat could not be stored."""


class _Label(msgspec.Struct, frozen=True):
    """What tells an archive from other files, whatever else stands in it."""

    format: str
    version: int


class Unreadable(TuiError):
    """The file says that it is ours, and is not as we write them."""


def written(chats: Sequence[ChatTree], unsent: Sequence[Unsent] = ()) -> str:
    """The chats as JSON text, and prompts that were not sent."""
    archive = _Archive(format=FORMAT, version=VERSION, chats=tuple(chats), unsent=tuple(unsent))
    return json_text(archive, indent=1) + "\n"


def is_archive(data: bytes) -> bool:
    """Whether this was written by `written`, in whatever version."""
    try:
        return decode_json(data, type=_Label, most_objects=IMPORT_OBJECTS).format == FORMAT
    except msgspec.DecodeError:
        return False


def read(data: bytes) -> tuple[ChatTree, ...]:
    """The chats of an archive. Raises Unreadable."""
    try:
        version = decode_json(data, type=_Label, most_objects=IMPORT_OBJECTS).version
        if version > VERSION:
            raise Unreadable(
                f"The file was written by a newer prx: its version is {version}, this prx knows up to {VERSION}.",
                "Update prx.",
            )
        chats = decode_json(data, type=_Archive, most_objects=IMPORT_OBJECTS).chats
    except msgspec.DecodeError as error:
        raise Unreadable(f"The file is no whole export of prx: {error}.") from error
    if not all(0 <= at < END_OF_TIME for chat in chats for at in _times(chat)):
        raise Unreadable("The file is no whole export of prx: a time in it is none.")
    return chats


def _times(chat: ChatTree) -> Iterator[float]:
    yield from (chat.created, chat.updated)
    yield from (node.message.at for node in chat.nodes)
