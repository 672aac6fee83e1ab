"""Encode messages as columns, and decode them without loss. Pure.

Blocks are stored as msgspec JSON, exactly as they are replayed. The data of images and documents is stored separately, once
per SHA-256, and replaced by a reference to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from tui.chat.base64_slices import decode_base64, encode_base64
from tui.chat.transcript import (
    Block,
    Compaction,
    Document,
    Draft,
    Image,
    Message,
    Setup,
    State,
    Text,
    Thinking,
    Tool,
    ToolResult,
    ToolUse,
)
from tui.inputs.bounded import JsonDecoder

_MARK = "\x00sha256:"
"""Prefix of a reference to attached data. Base64 never contains this character."""
_BLOCKS = JsonDecoder(tuple[Block, ...])
_DRAFTS = JsonDecoder(tuple[Draft, ...])
_TOOLS = JsonDecoder(tuple[Tool, ...])
_SETUP = JsonDecoder(Setup)


_NAMES: WeakKeyDictionary[Image | Document, tuple[str, bool]] = WeakKeyDictionary()
"""The hashes of blocks that are still in use, and whether their data is base64."""
_FACTS = JsonDecoder(Message)
_COLUMNS = {"role", "blocks", "state", "at"}
"""Fields of a message with columns of their own. All others are its facts, of which only those with non-default values are
stored.
"""


class Attachment(NamedTuple):
    hash: str
    text: str
    """The data as in the block."""
    is_base64: bool
    """True if `data` is the decoded text. False if the text is not base64 as we write it, and is stored as it is."""

    @property
    def data(self) -> bytes:
        """The data as stored."""
        return decode_base64(self.text) if self.is_base64 else self.text.encode("utf-8", "replace")


class Row(NamedTuple):
    """The columns of a message."""

    blocks: bytes
    facts: bytes
    attachments: tuple[Attachment, ...]


def encode(message: Message) -> Row:
    """Return the columns of a message, except role, state and time."""
    found: dict[str, Attachment] = {}
    blocks = _json(tuple(_without_data(block, found) for block in message.blocks))
    fields = {name: value for name, value in _non_defaults(message).items() if name not in _COLUMNS}
    facts = _json({"role": message.role, **fields}) if fields else b""
    return Row(blocks, facts, tuple(found.values()))


def decode(
    role: Literal["user", "assistant"],
    state: State,
    at: float,
    blocks: bytes,
    facts: bytes,
    attached: Mapping[str, str] | None = None,
) -> Message:
    """Return the message of these columns. `attached` maps hashes to base64 data; data that is missing is left empty."""
    content = _blocks(blocks)
    if _MARK_JSON in blocks:
        content = tuple(_with_data(block, attached or {}) for block in content)
    plain = Message(role=role, blocks=content, state=state, at=at)
    if not facts:
        return plain
    with suppress(msgspec.DecodeError):  # the message is readable without its facts
        return replace(_FACTS.decode(facts), role=role, blocks=content, state=state, at=at)
    return plain


def _blocks(column: bytes) -> tuple[Block, ...]:
    """Decode blocks. A column that is not valid, because another program wrote it, becomes text."""
    try:
        return _BLOCKS.decode(column)
    except msgspec.DecodeError:
        return (Text(column.decode("utf-8", "replace")),)


def encode_drafts(drafts: tuple[Draft, ...]) -> tuple[bytes, tuple[Attachment, ...]]:
    """Encode unsent prompts as JSON, with their attachments."""
    found: dict[str, Attachment] = {}
    bare = tuple(
        replace(draft, attachments=tuple(_without_data(one, found) for one in draft.attachments)) for draft in drafts
    )
    return _json(bare), tuple(found.values())


def decode_drafts(column: bytes, attached: Mapping[str, str]) -> tuple[Draft, ...]:
    """Decode the result of `encode_drafts`."""
    try:
        drafts = _DRAFTS.decode(column)
    except msgspec.DecodeError:
        return (Draft(text=column.decode("utf-8", "replace")),)
    return tuple(
        replace(draft, attachments=tuple(_with_data(one, attached) for one in draft.attachments)) for draft in drafts
    )


def encode_tools(tools: tuple[Tool, ...]) -> str:
    """Encode tool definitions as JSON; "" for none."""
    return _json(tools).decode() if tools else ""


def decode_tools(json: str) -> tuple[Tool, ...]:
    """Decode the result of `encode_tools`."""
    with suppress(msgspec.MsgspecError):
        return _TOOLS.decode(json or "[]")
    return ()


def encode_setup(setup: Setup | None) -> str:
    """Encode a changed system prompt with its tools as JSON; "" for none."""
    return _json(setup).decode() if setup is not None else ""


def decode_setup(json: str) -> Setup | None:
    """Decode the result of `encode_setup`."""
    with suppress(msgspec.MsgspecError):
        return _SETUP.decode(json) if json else None
    return None


def attachment_hashes(json: bytes) -> tuple[str, ...]:
    """Return the hashes of the data attached to these blocks or drafts."""
    if _MARK_JSON not in json:
        return ()
    return tuple(piece[:64].decode() for piece in json.split(_MARK_JSON)[1:])


def as_base64(data: bytes, is_base64: bool) -> str:
    """Return attached data as in a block."""
    return encode_base64(data) if is_base64 else data.decode()


def searchable(blocks: Iterable[Block]) -> str:
    """Return the text that a search looks at: everything a person can read in the message."""
    return "\n".join(part for block in blocks if (part := _readable(block)))


def searchable_row(blocks: bytes) -> str:
    """Return the searchable text of a stored message."""
    return searchable(_blocks(blocks))


def _readable(block: Block) -> str:
    match block:
        case Text(text=text):
            return text
        case Thinking(thinking=text) | Compaction(content=text):
            return text
        case ToolUse(name=name, input=given):
            return f"{name} {given}"
        case ToolResult(content=content):
            return searchable(content)
        case Image(name=name) | Document(name=name):
            return name
        case _:
            return ""


def _without_data(block: Any, found: dict[str, Attachment]) -> Any:
    match block:
        case Image(data=data) | Document(data=data) if data:
            attachment = Attachment(*_named(block))
            found[attachment.hash] = attachment
            return replace(block, data=f"{_MARK}{attachment.hash}")
        case ToolResult(content=content):
            return replace(block, content=tuple(_without_data(one, found) for one in content))
    return block


def _with_data(block: Any, attached: Mapping[str, str]) -> Any:
    match block:
        case Image(data=data) | Document(data=data) if data.startswith(_MARK):
            return replace(block, data=attached.get(data.removeprefix(_MARK), ""))
        case ToolResult(content=content):
            return replace(block, content=tuple(_with_data(one, attached) for one in content))
    return block


def _named(block: Image | Document) -> tuple[str, str, bool]:
    """Return the hash, text and encoding of a block's data. A draft is stored several times a second, so hashes are
    cached.
    """
    if block not in _NAMES:
        try:
            kept = decode_base64(block.data)
            is_base64 = encode_base64(kept) == block.data
        except ValueError:
            is_base64 = False
        if not is_base64:  # the two encodings of the same bytes must not share a hash
            kept = b"\x00" + block.data.encode("utf-8", "replace")
        _NAMES[block] = hashlib.sha256(kept).hexdigest(), is_base64
    name, is_base64 = _NAMES[block]
    return name, block.data, is_base64


def _non_defaults(value: msgspec.Struct) -> dict[str, object]:
    """Return the fields of a struct, recursively, that differ from their defaults."""
    found: dict[str, object] = {}
    for name, stored_name, default in _defaults(type(value)):
        field = getattr(value, name)
        if field != default:
            found[stored_name] = _non_defaults(field) if isinstance(field, msgspec.Struct) else field
    return found


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, object], ...]:
    """Return the name, the name in JSON, and the default of each field."""
    return tuple((field.name, field.encode_name, field.default) for field in msgspec.structs.fields(kind))


def _json(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a lone surrogate, which cannot be encoded
        return msgspec.json.encode(_encodable(msgspec.to_builtins(value), lambda text: text.encode("utf-8", "replace")))


def _encodable(value: object, encode: Callable[[str], bytes]) -> object:
    match value:
        case str():
            return encode(value).decode()
        case dict():
            return {key: _encodable(one, encode) for key, one in value.items()}
        case list() | tuple():
            return [_encodable(one, encode) for one in value]
    return value


_MARK_JSON = msgspec.json.encode(_MARK)[1:-1]
