"""Resolve `[IMAGE:…]` markers in imported prompts to images. This takes time."""

from __future__ import annotations

from msgspec.structs import replace

from tui.chat.tokens import HIGH
from tui.chat.transcript import Block, Message, Text
from tui.chat.tree import ChatTree, Node
from tui.images.attach import resolve_markers
from tui.images.markers import MARKER_START


def with_pictures(chat: ChatTree) -> ChatTree:
    """Return the chat with the markers in its prompts resolved. Images get the largest size that any model accepts,
    because the next model is not known.
    """
    if not any(map(_has_marker, chat.nodes)):
        return chat
    return replace(chat, nodes=tuple(_node(node) if _has_marker(node) else node for node in chat.nodes))


def _has_marker(node: Node) -> bool:
    return node.message.role == "user" and any(map(_is_marked, node.message.blocks))


def _is_marked(block: Block) -> bool:
    return isinstance(block, Text) and MARKER_START in block.text


def _node(node: Node) -> Node:
    return replace(node, message=_message(node.message))


def _message(message: Message) -> Message:
    blocks: list[Block] = []
    for block in message.blocks:
        resolved = resolve_markers(block.text, HIGH) if isinstance(block, Text) and _is_marked(block) else (block,)
        # A text without images is kept unchanged, with all its fields.
        blocks += resolved if any(not isinstance(one, Text) for one in resolved) else (block,)
    return replace(message, blocks=tuple(blocks))
