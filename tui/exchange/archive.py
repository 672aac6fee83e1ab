"""Chats as lossless JSON: the whole tree, attachments, usage and cost, so that an import restores what was exported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from tui.chat.tree import ChatTree, Unsent
from tui.errors import TuiError
from tui.inputs.bounded import decode_json
from tui.render.json_text import json_text

FORMAT = "prx-chats"
VERSION = 1
END_OF_TIME = 253_402_214_400.0
"""The last day of the year 9999, in seconds since the epoch. Later times have no date in any time zone."""


_Value = TypeVar("_Value")


class _Archive(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    format: str
    version: int
    chats: tuple[ChatTree, ...]
    unsent: tuple[Unsent, ...] = ()
    """Only in the file that is written when a chat could not be stored."""


class Unreadable(TuiError):
    """The file claims to be an export of prx, but does not have its format."""


def to_json(chats: Sequence[ChatTree], unsent: Sequence[Unsent] = ()) -> str:
    """Return the chats as JSON text, with the prompts that were not sent."""
    archive = _Archive(format=FORMAT, version=VERSION, chats=tuple(chats), unsent=tuple(unsent))
    return json_text(archive, indent=1) + "\n"


def is_ours(format: bytes) -> bool:
    """True if this JSON value is the `format` field of our export, of any version."""
    return bool(decode_json(format) == FORMAT)


def check_version(version: bytes) -> None:
    """Raise Unreadable if this JSON value is the `version` of a newer prx, or not a version."""
    found = decode_json(version)
    if not isinstance(found, int):
        raise Unreadable("The file is not a valid export of prx: it has no valid version.")
    if found > VERSION:
        raise Unreadable(
            f"The file was written by a newer prx: its version is {found}, and this prx reads up to {VERSION}.",
            "Update prx.",
        )


def read_chat(data: bytes) -> ChatTree:
    """Read one of the `chats`. Raises Unreadable."""
    chat = _decoded(data, ChatTree)
    if not all(0 <= at < END_OF_TIME for at in _times(chat)):
        raise Unreadable("The file is not a valid export of prx: a time in it is invalid.")
    return chat


def read_unsent(data: bytes) -> Unsent:
    """Read one of the `unsent`. Raises Unreadable."""
    return _decoded(data, Unsent)


def _decoded(data: bytes, type: type[_Value]) -> _Value:
    try:
        return decode_json(data, type=type)
    except msgspec.DecodeError as error:
        raise Unreadable(f"The file is not a valid export of prx: {error}.") from error


def _times(chat: ChatTree) -> Iterator[float]:
    yield from (chat.created, chat.updated)
    yield from (node.message.at for node in chat.nodes)
