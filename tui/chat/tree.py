"""A chat as stored: a tree of messages. Edits, regenerated answers and continuations are branches.

`store` keeps it, `exchange` exports and imports it. Pure.
"""

from __future__ import annotations

import msgspec

from tui.chat.spending import Total, ledger_of
from tui.chat.transcript import Message, Setup, Tool, Transcript


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A message in the tree. Without a parent it starts the chat."""

    id: str
    parent_id: str | None = None
    message: Message
    copied: bool = False
    """True if it was copied by a fork. Its cost counts in the original chat."""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt that was written but not sent."""

    chat_id: str
    text: str


class ChatTree(msgspec.Struct, frozen=True, kw_only=True):
    """A whole chat. Parents come before their children; times are seconds since the epoch."""

    id: str
    title: str = ""
    title_is_mine: bool = False
    """True if the user wrote the title; a generated one never replaces it."""
    model: str = ""
    system: str = ""
    tools: str = ""
    """Tool access of this chat: none, read, ask, or "" if unknown."""
    definitions: tuple[Tool, ...] = ()
    """The tools that every request of this chat sends."""
    changed: Setup | None = None
    """The system prompt and tools that the chat goes on with, if they changed after its first prompt."""
    preset: str = ""
    thinking: str = ""
    """Thinking mode of this chat; like `effort`, "" means the model's default."""
    effort: str = ""
    created: float = 0.0
    updated: float = 0.0
    pinned: bool = False
    head: str | None = None
    """The message that was last shown at the end of the chat."""
    nodes: tuple[Node, ...] = ()
    discarded: tuple[Message, ...] = msgspec.field(default=(), name="written_off")
    """Answers that were billed but are not among the messages: stopped or failed before their first word."""

    @property
    def total(self) -> Total:
        """Usage and cost of the whole chat with all branches."""
        own = tuple(node.message for node in self.nodes if not node.copied)
        return ledger_of(Transcript(messages=own), self.discarded).total

    def path(self, head: str | None = None) -> tuple[Node, ...]:
        """Return the messages from the start to `head`, by default to the chat's own head."""
        by_id = {node.id: node for node in self.nodes}
        node = by_id.get(head or self.head or (self.nodes[-1].id if self.nodes else ""))
        found: list[Node] = []
        while node is not None:
            found.append(node)
            node = by_id.get(node.parent_id or "")
        return tuple(reversed(found))

    def history(self, head: str | None = None) -> tuple[Node, ...]:
        """Return that path with everything that its summaries cover before it."""
        found = path = self.path(head)
        seen: set[str] = set()
        while path and (before := path[0].message.summarizes) and before not in seen:
            seen.add(before)
            if not any(node.id == before for node in self.nodes):
                break  # a fork: it is in the original chat
            path = self.path(before)
            found = (*path, *found)
        return found

    def transcript(self, head: str | None = None) -> Transcript:
        """Return that path as a transcript."""
        messages = tuple(node.message for node in self.path(head))
        return Transcript(messages=messages, system=self.system, tools=self.definitions, changed=self.changed)
