"""Chats as JSON, without loss: the whole tree, attachments, usage and bills, so that an import gives back what went out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.chat.tree import ChatTree
from tui.errors import TuiError

FORMAT = "prx-chats"
VERSION = 1


class _Archive(msgspec.Struct, frozen=True, kw_only=True):
    format: str
    version: int
    chats: tuple[ChatTree, ...]


class _Label(msgspec.Struct, frozen=True):
    """What tells an archive from other files, whatever else stands in it."""

    format: str
    version: int


class Unreadable(TuiError):
    """The file says that it is ours, and is not as we write them."""


def written(chats: Sequence[ChatTree]) -> str:
    """The chats as JSON text."""
    encoded = msgspec.json.encode(_Archive(format=FORMAT, version=VERSION, chats=tuple(chats)))
    return msgspec.json.format(encoded, indent=1).decode() + "\n"


def is_archive(data: bytes) -> bool:
    """Whether this was written by `written`, in whatever version."""
    try:
        return msgspec.json.decode(data, type=_Label).format == FORMAT
    except msgspec.MsgspecError:
        return False


def read(data: bytes) -> tuple[ChatTree, ...]:
    """The chats of an archive. Raises Unreadable."""
    try:
        version = msgspec.json.decode(data, type=_Label).version
        if version > VERSION:
            raise Unreadable(
                f"The file was written by a newer prx: its version is {version}, this prx knows up to {VERSION}.",
                "Update prx.",
            )
        return msgspec.json.decode(data, type=_Archive).chats
    except msgspec.MsgspecError as error:
        raise Unreadable(f"The file is no whole export of prx: {error}.") from error
