"""A chat as it is kept: a tree of messages, of which every edit, repetition and continuation is a branch of its own.

Pure values. `store` keeps them, `exchange` turns them into files and back. A message has no identity of its own; here it
has an id and a parent, which is all that storage adds to it.
"""

from __future__ import annotations

import msgspec

from tui.chat.spending import Total, ledger_of
from tui.chat.transcript import Message, Tool, Transcript


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A message in its place. Without a parent it begins the chat."""

    id: str
    parent_id: str | None = None
    message: Message
    copied: bool = False
    """Whether it stands here because another chat was forked. What it cost is counted there."""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt that was written in a chat and not sent."""

    chat_id: str
    text: str


class ChatTree(msgspec.Struct, frozen=True, kw_only=True):
    """A whole chat. Parents stand before their children; times are seconds since the epoch."""

    id: str
    title: str = ""
    title_is_mine: bool = False
    """Whether the user named it; such a title is never replaced by a made one."""
    model: str = ""
    system: str = ""
    tools: str = ""
    """What Claude may do in this chat: none, read, ask, or "" where nothing was said."""
    definitions: tuple[Tool, ...] = ()
    """The tools themselves, as they are sent with every request of this chat."""
    preset: str = ""
    thinking: str = ""
    """How it is thought in this chat, and with how much effort; "" as the model does by itself."""
    effort: str = ""
    created: float = 0.0
    updated: float = 0.0
    pinned: bool = False
    head: str | None = None
    """The message that the chat was left at."""
    nodes: tuple[Node, ...] = ()
    written_off: tuple[Message, ...] = ()
    """Answers that were billed and are not among the messages: stopped or failed before their first word."""

    @property
    def total(self) -> Total:
        """What the whole chat has used and cost, all branches of it."""
        own = tuple(node.message for node in self.nodes if not node.copied)
        return ledger_of(Transcript(messages=own), self.written_off).total

    def path(self, head: str | None = None) -> tuple[Node, ...]:
        """The messages from the beginning to `head`, or to the one that the chat was left at."""
        by_id = {node.id: node for node in self.nodes}
        node = by_id.get(head or self.head or (self.nodes[-1].id if self.nodes else ""))
        found: list[Node] = []
        while node is not None:
            found.append(node)
            node = by_id.get(node.parent_id or "")
        return tuple(reversed(found))

    def transcript(self, head: str | None = None) -> Transcript:
        """That path as a request will tell it."""
        messages = tuple(node.message for node in self.path(head))
        return Transcript(messages=messages, system=self.system, tools=self.definitions)
