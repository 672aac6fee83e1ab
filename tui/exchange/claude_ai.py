"""The data export of Claude.ai: `conversations.json`, alone or in the zip file in which it is delivered.

Its format is not documented and changes, so only a list of conversations with messages is relied on. Tool calls are
described as text: they use the tools of Claude.ai, and could not be sent again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tui.chat.transcript import Block, Message, Text, Thinking
from tui.chat.tree import ChatTree, Node
from tui.exchange.archive import END_OF_TIME
from tui.exchange.markdown import one_line

FILE = "conversations.json"
_OURS = uuid.UUID("6f0b3f0e-9a55-4b0c-8a0b-6d9f4c1f7a11")
"""Namespace for stable ids of messages that have none."""
_ROOT = "00000000000040008000000000000000"
"""The parent id of the first messages of a conversation."""
_LONGEST_TITLE = 120
_FIRST_MILLISECONDS = 1e11
"""A larger number cannot be seconds: it would be after the year 5000."""


def is_conversation(value: object) -> bool:
    """True if this decoded JSON value is a conversation."""
    return isinstance(value, dict) and "chat_messages" in value


def read(conversation: Mapping[str, Any], number: int) -> ChatTree:
    """Return conversation `number` of its file as a chat, which has no messages if none has content."""
    chat_id = _id(conversation.get("uuid"), f"chat {number} {conversation.get('created_at')}")
    nodes, stands = _nodes(conversation, chat_id)
    return ChatTree(
        id=chat_id,
        title=_text(conversation.get("name")).strip() or (_first_line(nodes[0].message) if nodes else ""),
        model=_text(conversation.get("model")),
        created=_time(conversation.get("created_at")),
        updated=_time(conversation.get("updated_at")) or _time(conversation.get("created_at")),
        head=stands.get(_id(conversation.get("current_leaf_message_uuid"), "")) or (nodes[-1].id if nodes else None),
        nodes=nodes,
    )


def _nodes(conversation: Mapping[str, Any], chat_id: str) -> tuple[tuple[Node, ...], dict[str, str | None]]:
    """Return the messages with content, and for the id of every message the last one with content on the way to it."""
    nodes: list[Node] = []
    stands: dict[str, str | None] = {_ROOT: None}
    for place, entry in enumerate(_list(conversation.get("chat_messages"))):
        if not isinstance(entry, dict):
            continue
        id = _id(entry.get("uuid"), f"{chat_id} {place}")
        if id in stands:
            continue
        before = nodes[-1].id if nodes else None
        named = entry.get("parent_message_uuid")
        parent = stands.get(_id(named, ""), before) if named else before
        if (message := _message(entry)) is not None:
            nodes.append(Node(id=id, parent_id=parent, message=message))
        stands[id] = parent if message is None else id
    return tuple(nodes), stands


def _first_line(message: Message) -> str:
    return next((line for text in message.text.split("\n") if (line := one_line(text))), "")[:_LONGEST_TITLE]


def _message(entry: Mapping[str, Any]) -> Message | None:
    """Return a message; None if it is empty or its sender is unknown."""
    sender = entry.get("sender")
    if sender not in ("human", "assistant"):
        return None
    blocks = (*_attached(entry), *_content(entry))
    if not blocks:
        return None
    at = _time(entry.get("created_at"))
    if sender == "human":
        return Message(role="user", blocks=blocks, at=at)
    return Message(role="assistant", blocks=blocks, at=at, model=_text(entry.get("model")), stop_reason="end_turn")


def _content(entry: Mapping[str, Any]) -> tuple[Block, ...]:
    blocks = tuple(block for one in _list(entry.get("content")) if isinstance(one, dict) for block in _blocks(one))
    if any(isinstance(block, Text) for block in blocks):
        return blocks
    text = _text(entry.get("text"))
    return (*blocks, Text(text)) if text.strip() else blocks


def _blocks(content: Mapping[str, Any]) -> tuple[Block, ...]:
    match content.get("type"):
        case "text" if text := _text(content.get("text")):
            return (Text(text),)
        case "thinking" if text := _text(content.get("thinking")):
            return (Thinking(text),)
        case "tool_use":
            return (Text(_used(_text(content.get("name")) or "a tool", content.get("input"))),)
    return ()


def _used(name: str, given: object) -> str:
    """Describe a tool call. What it wrote, such as an artifact, is included as code."""
    if isinstance(given, dict):
        for key in ("content", "code", "new_str", "file_text"):
            if text := _text(given.get(key)):
                fence = "`" * max(3, _longest_run(text) + 1)
                title = _text(given.get("title")) or _text(given.get("path"))
                return f"\n\n*{name}{f': {title}' if title else ''}*\n\n{fence}\n{text}\n{fence}\n\n"
    return f"\n\n*{name}*\n\n"


def _longest_run(text: str) -> int:
    return max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0)


def _attached(entry: Mapping[str, Any]) -> tuple[Text, ...]:
    found = []
    for one in (*_list(entry.get("attachments")), *_list(entry.get("files")), *_list(entry.get("files_v2"))):
        if not isinstance(one, dict):
            continue
        name = _text(one.get("file_name")) or "attachment"
        text = _text(one.get("extracted_content"))
        words = Text(f"[{name}]\n\n{text}" if text else f"[{name}]")
        if words not in found:
            found.append(words)
    return tuple(found)


def _id(value: object, otherwise: str) -> str:
    """Return an id in our format, or one derived from what else is known."""
    try:
        return uuid.UUID(str(value)).hex
    except ValueError:
        return uuid.uuid5(_OURS, str(value) if value else otherwise).hex


def _time(value: object) -> float:
    """Return seconds since the epoch; 0 for an invalid time."""
    try:
        if isinstance(value, int | float):
            at = value / 1000 if value > _FIRST_MILLISECONDS else float(value)
        else:
            # Python 3.10 accepts neither "Z" nor fractions of any length.
            at = msgspec.convert(str(value), datetime).timestamp()
    except (msgspec.ValidationError, ValueError, OverflowError):
        return 0.0
    return at if 0 <= at < END_OF_TIME else 0.0


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
