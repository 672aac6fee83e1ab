"""Read any supported file, recognised by its content: our own JSON, or the export of Claude.ai, also in its zip file.

The file is read as a stream, one chat at a time, and twice: errors are found before anything is imported.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import msgspec

from tui.chat.tree import ChatTree, Unsent
from tui.errors import TuiError
from tui.exchange import archive, claude_ai, zip_file
from tui.exchange.image_markers import with_pictures
from tui.exchange.json_stream import Broken, Readable, TooLarge, pieces
from tui.inputs.bounded import decode_json
from tui.inputs.limits import IMPORT_CHATS, IMPORT_VALUES, MIB


class Unknown(TuiError):
    """The file has neither format."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The file holds no chats that prx can import: {why}.",
            "It takes `prx export --format json`, and the data export of Claude.ai: its zip file or conversations.json.",
        )


def _other() -> Unknown:
    return Unknown("it is another kind of JSON")


def read(data: bytes) -> tuple[ChatTree, ...]:
    """Return the chats of a small file. Raises a TuiError if it cannot be read."""
    return tuple(one for one in imported(io.BytesIO(data)) if isinstance(one, ChatTree))


def imported(file: IO[bytes]) -> Iterator[ChatTree | Unsent]:
    """Yield the content of a seekable file, with the image markers in prompts resolved.

    Raises a TuiError before the first item if the file cannot be read completely.
    """
    for _ in _checked(file):
        pass
    with _opened(file) as stream:
        for one in _chats(stream):
            yield with_pictures(one) if isinstance(one, ChatTree) else one


def _checked(file: IO[bytes]) -> Iterator[ChatTree | Unsent]:
    with _opened(file) as stream:
        try:
            yield from _chats(stream)
        except TuiError:
            if stream is not file:  # a damaged zip file is reported by the checksum at its end
                while stream.read(MIB):
                    pass
            raise


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Readable]:
    file.seek(0)
    is_zip = file.read(len(zip_file.START)) == zip_file.START
    file.seek(0)
    if is_zip:
        with zip_file.member(file, claude_ai.FILE) as stream:
            yield stream
    else:
        yield file


def _chats(stream: Readable) -> Iterator[ChatTree | Unsent]:
    try:
        is_list, values = pieces(stream)
        yield from _conversations(values) if is_list else _archived(values)
    except TooLarge as error:
        raise Unknown(str(error)) from error
    except (Broken, msgspec.DecodeError) as error:
        raise Unknown(f"it is not JSON ({error})") from error


def _conversations(values: Iterator[tuple[str, bytes]]) -> Iterator[ChatTree]:
    for number, (_, value) in enumerate(values):
        _refuse_excess(value, number)
        conversation = decode_json(value)
        if not claude_ai.is_conversation(conversation):
            raise _other()
        if (tree := claude_ai.read(conversation, number)).nodes:
            yield tree


def _archived(values: Iterator[tuple[str, bytes]]) -> Iterator[ChatTree | Unsent]:
    is_ours, version = False, b"0"
    for number, (key, value) in enumerate(values):
        _refuse_excess(value, number)
        if key == "chats":
            yield archive.read_chat(value)
        elif key == "unsent":
            yield archive.read_unsent(value)
        elif key == "format":
            is_ours = archive.is_ours(value)
        elif key == "version":
            version = value
        if key in ("format", "version") and is_ours:
            archive.check_version(version)
    if not is_ours:
        raise _other()


def _refuse_excess(value: bytes, number: int) -> None:
    if number > IMPORT_CHATS:
        raise TooLarge(f"it holds more than {IMPORT_CHATS:,} chats")
    if value.count(b",") > IMPORT_VALUES:
        raise TooLarge(f"one chat in it has more than {IMPORT_VALUES:,} values")
