"""Values that the store returns, and those that it takes besides messages. Frozen; times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal, overload

import msgspec
from msgspec.structs import replace

from tui.chat.ledger import Usage
from tui.chat.transcript import Draft, Message, State, Tool, Transcript
from tui.chat.tree import ChatTree, Unsent
from tui.store.codec import decode


class NewChat(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a chat when its first message is recorded. An existing chat with that id is unchanged."""

    id: str
    title: str = ""
    """Empty: the first line of the first prompt."""
    model: str = ""
    system: str = ""
    tools: str = ""
    definitions: tuple[Tool, ...] = ()
    """The tools that every request of this chat sends."""
    preset: str = ""
    thinking: str = ""
    effort: str = ""


class ChatUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of a chat."""

    usage: Usage = Usage()
    is_estimate: bool = False
    """True if an answer was interrupted, so that output and cost are estimated."""

    def __add__(self, other: ChatUsage) -> ChatUsage:
        return ChatUsage(usage=self.usage + other.usage, is_estimate=self.is_estimate or other.is_estimate)


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat in the list, without its messages."""

    id: str
    title: str
    title_is_mine: bool
    """True if the user wrote the title; a generated one never replaces it."""
    model: str
    system: str
    tools: str
    preset: str
    thinking: str
    """Thinking mode of this chat; like `effort`, "" means the model's default."""
    effort: str
    created: float
    updated: float
    pinned: bool
    head: str | None
    """The message that the chat was left at."""
    messages: int
    """Number of messages in all branches."""
    cost_usd: float
    saved_usd: float
    cached_at: float
    """When the last request began that read or wrote the prompt cache; 0 if none did."""
    cache_ttl_s: int
    """How long after `cached_at` the cache stays warm."""
    is_open_elsewhere: bool
    """True if another running prx has it open."""

    @property
    def settings(self) -> NewChat:
        """What more messages are recorded with."""
        return NewChat(id=self.id, title=self.title, model=self.model, system=self.system, preset=self.preset)


class StoredMessage:
    """A message in a chat. Its content is decoded when it is first used."""

    def __init__(
        self,
        *,
        id: str,
        role: Literal["user", "assistant"],
        state: State,
        at: float,
        blocks: bytes,
        facts: bytes,
        siblings: tuple[str, ...],
    ) -> None:
        self.id = id
        self.role = role
        self.state = state
        self.at = at
        self.siblings = siblings
        """The ids of all answers to the same message, or edits of it, including this one, oldest first."""
        self._blocks = blocks
        self._facts = facts

    @property
    def sibling_index(self) -> int:
        """Index among its siblings; 0 is the oldest."""
        return self.siblings.index(self.id)

    @cached_property
    def message(self) -> Message:
        """The message without the data of images and documents, which `Store.transcript` returns."""
        return decode(self.role, self.state, self.at, self._blocks, self._facts)

    def __repr__(self) -> str:
        return f"Stored({self.id!r}, {self.role}, {self.state})"


class Branch(Sequence[StoredMessage]):
    """One path through the tree of a chat, from its start to `head`."""

    def __init__(self, chat: Chat, rows: Sequence[StoredMessage]) -> None:
        self.chat = chat
        self._rows = tuple(rows)

    @property
    def head(self) -> str | None:
        """The id of the last message, or None."""
        return self._rows[-1].id if self._rows else None

    @overload
    def __getitem__(self, index: int) -> StoredMessage: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[StoredMessage, ...]: ...
    def __getitem__(self, index: int | slice) -> StoredMessage | tuple[StoredMessage, ...]:
        return self._rows[index]

    def __iter__(self) -> Iterator[StoredMessage]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Branch({self.chat.id!r}, {len(self)} messages)"


class ChatEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to show a chat: its last messages, and how its screen was left."""

    branch: Branch
    position: Position


class StoredChat(msgspec.Struct, frozen=True, kw_only=True):
    """All that it takes to go on with a chat."""

    branch: Branch
    transcript: Transcript
    """The messages of the branch with all attachments, and the tools that they were sent with."""
    discarded: tuple[Message, ...]
    """The answers that were billed but are not among the messages."""


class ChatUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a chat that is open here."""

    branch: Branch
    """From its start to the newest message after the given one."""
    added: tuple[Message, ...]
    """The messages after the given one, with all attachments."""
    is_deleted: bool


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A message or title that matches a search."""

    chat_id: str
    title: str
    message_id: str
    """Empty for a title."""
    role: str
    """user, assistant, or tool for tool results; empty for a title."""
    at: float
    snippet: str
    marks: tuple[tuple[int, int], ...]
    """Spans of the words in the snippet: first character, and the one after the last."""


class SearchResults(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a search: titles first, then messages, each newest first."""

    hits: tuple[Hit, ...] = ()
    is_truncated: bool = False
    """True if there are more results."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How the screen of a chat was left: draft, queue and scroll position."""

    chat_id: str
    draft: Draft = Draft(text="")
    queue: tuple[Draft, ...] = ()
    held: bool = False
    """True if the queue waits for the user to continue."""
    scroll: float | None = None
    """The reader's position, as encoded by the conversation; None at the end, which is followed."""
    edits: str = ""
    """The id of the prompt that `draft` edits; empty for a new prompt."""

    @property
    def is_empty(self) -> bool:
        """True if there is nothing unsent."""
        return not (self.has_draft or self.queue)

    @property
    def has_draft(self) -> bool:
        """True if there is text or an attachment in the draft. Blank lines alone are no text."""
        return bool(self.draft.text.strip() or self.draft.attachments)

    def with_returned(self, draft: Draft) -> Position:
        """Return it with a returned prompt: as the draft if there is none, else first in the queue, which is then held."""
        if self.has_draft:
            return replace(self, queue=(draft, *self.queue), held=True)
        return replace(self, draft=draft)


class Unsaved(msgspec.Struct, frozen=True):
    """Chats and prompts that exist only in memory."""

    chats: tuple[ChatTree, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    """Drafts and queued prompts."""

    @property
    def count(self) -> int:
        """Number of chats that are affected."""
        return len({*(chat.id for chat in self.chats), *(one.chat_id for one in self.unsent)})


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """A running prx."""

    pid: int
    started: float
    chat_id: str


class DayUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of one model on one day, including chats that were deleted. Imports are not counted."""

    day: str
    """ISO date, local time."""
    model: str
    requests: int
    unpriced: int
    """Requests that are not in the costs because the price was unknown."""
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_usd: float
    saved_usd: float
    cache_write_1h_tokens: int = 0
    """The part of `cache_write_tokens` that was written for an hour."""
    thinking_tokens: int = 0
    searches: int = 0
    is_estimate: bool = False
    """True if an answer was interrupted, so that output and cost are estimated."""


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import added; nothing if everything was there already."""

    chats: int = 0
    messages: int = 0

    def __add__(self, other: ImportResult) -> ImportResult:
        return ImportResult(chats=self.chats + other.chats, messages=self.messages + other.messages)
