"""Any file that can be imported, recognised by what is in it: our own JSON, or Claude.ai's export."""

from __future__ import annotations

import msgspec

from tui.bounded import decode_json
from tui.chat.tree import ChatTree
from tui.errors import TuiError
from tui.exchange import archive, claude_ai
from tui.exchange.pictures import with_pictures
from tui.limits import IMPORT_OBJECTS


class Unknown(TuiError):
    """A file of neither kind."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The file holds no chats that prx can import: {why}.",
            "It takes `prx export --format json`, and the data export of Claude.ai: its zip file or conversations.json.",
        )


def read(data: bytes) -> tuple[ChatTree, ...]:
    """The chats in a file, markers in their prompts resolved. Raises a TuiError where there are none to be read."""
    content = claude_ai.unpacked(data)
    return tuple(map(with_pictures, _chats(content)))


def _chats(content: bytes) -> tuple[ChatTree, ...]:
    if archive.is_archive(content):
        return archive.read(content)
    try:
        value = decode_json(content, most_objects=IMPORT_OBJECTS)
    except msgspec.DecodeError as error:
        raise Unknown(f"it is no JSON ({error})") from error
    if not claude_ai.is_export(value):
        raise Unknown("it is some other JSON")
    return claude_ai.read(value)
