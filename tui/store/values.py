"""What comes out of the store, and what goes in beside messages. Frozen; times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal, overload

import msgspec
from msgspec.structs import replace

from tui.chat.ledger import Usage
from tui.chat.transcript import Draft, Message, State, Tool
from tui.chat.tree import ChatTree, Unsent
from tui.store.codec import decode


class NewChat(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a chat when its first message is recorded. A chat of that id that exists stays as it is."""

    id: str
    title: str = ""
    """Empty: the first line of its first prompt."""
    model: str = ""
    system: str = ""
    tools: str = ""
    definitions: tuple[Tool, ...] = ()
    """The tools themselves, as they are sent with every request of this chat."""
    preset: str = ""
    thinking: str = ""
    effort: str = ""


class ChatUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat has used."""

    usage: Usage = Usage()
    is_estimate: bool = False
    """Some answer was cut off: what it wrote, and so its cost, is about so much."""

    def __add__(self, other: ChatUsage) -> ChatUsage:
        return ChatUsage(usage=self.usage + other.usage, is_estimate=self.is_estimate or other.is_estimate)


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as a line of the list, without its messages."""

    id: str
    title: str
    title_is_mine: bool
    """Whether the user named it; such a title is never replaced by a made one."""
    model: str
    system: str
    tools: str
    preset: str
    thinking: str
    """How it is thought in this chat, and with how much effort; "" as the model does by itself."""
    effort: str
    created: float
    updated: float
    pinned: bool
    head: str | None
    """The message that it was left at."""
    messages: int
    """All of them, in every branch."""
    cost_usd: float
    saved_usd: float
    cached_at: float
    """When the last request began that read or wrote the prompt cache; 0 where none did."""
    cache_ttl_s: int
    """How long after `cached_at` the cache stays warm."""
    elsewhere: bool
    """Whether another running prx has it open."""


class Stored:
    """A message of a chat, in its place. Its content is decoded when it is first looked at."""

    def __init__(
        self,
        *,
        id: str,
        parent_id: str | None,
        role: Literal["user", "assistant"],
        state: State,
        at: float,
        blocks: bytes,
        facts: bytes,
        siblings: tuple[str, ...],
    ) -> None:
        self.id = id
        self.parent_id = parent_id
        self.role = role
        self.state = state
        self.at = at
        self.siblings = siblings
        """The ids of all answers to the same message, or edits of it, this one among them, oldest first."""
        self._blocks = blocks
        self._facts = facts

    @property
    def position(self) -> int:
        """Which of its siblings it is: 0 is the oldest."""
        return self.siblings.index(self.id)

    @cached_property
    def message(self) -> Message:
        """What was said. The data of pictures and documents is left out: `Store.transcript` has it."""
        return decode(self.role, self.state, self.at, self._blocks, self._facts)

    def __repr__(self) -> str:
        return f"Stored({self.id!r}, {self.role}, {self.state})"


class Branch(Sequence[Stored]):
    """One way through the tree of a chat, from its beginning to `head`."""

    def __init__(self, chat: Chat, rows: Sequence[Stored]) -> None:
        self.chat = chat
        self._rows = tuple(rows)

    @property
    def head(self) -> str | None:
        return self._rows[-1].id if self._rows else None

    @overload
    def __getitem__(self, index: int) -> Stored: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Stored, ...]: ...
    def __getitem__(self, index: int | slice) -> Stored | tuple[Stored, ...]:
        return self._rows[index]

    def __iter__(self) -> Iterator[Stored]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Branch({self.chat.id!r}, {len(self)} messages)"


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a chat that is open here."""

    branch: Branch
    """From its beginning to what was said last after the message that was asked for."""
    added: tuple[Message, ...]
    """The end of it, which comes after that message, with everything that is attached."""
    is_deleted: bool


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A message, or a chat's title, in which the words were found."""

    chat_id: str
    title: str
    message_id: str
    """Empty where the title was hit."""
    role: str
    """user, assistant, or tool, of its results; empty where the title was hit."""
    at: float
    snippet: str
    marks: tuple[tuple[int, int], ...]
    """Where the words stand in the snippet: first character, and the one after the last."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found: titles first, then messages, each newest first."""

    hits: tuple[Hit, ...] = ()
    is_cut: bool = False
    """Whether there is more than these."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How the screen of a chat was left: what is typed and not sent, what waits, and how far it is scrolled."""

    chat_id: str
    draft: Draft = Draft(text="")
    queue: tuple[Draft, ...] = ()
    held: bool = False
    """Whether the queue waits for the user's word."""
    scroll: float | None = None
    """Where the reader is, in the number that the conversation made of it; None at the end, which is followed."""
    edits: str = ""
    """The id of the prompt that `draft` is another version of; empty where it is a new prompt."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing unsent is in it."""
        return not (self.has_draft or self.queue)

    @property
    def has_draft(self) -> bool:
        return bool(self.draft.text or self.draft.attachments)

    def given_back(self, draft: Draft) -> Place:
        """The same with a prompt that came back: in the box if that is empty, else first in the queue, which waits then."""
        if self.has_draft:
            return replace(self, queue=(draft, *self.queue), held=True)
        return replace(self, draft=draft)


class Unsaved(msgspec.Struct, frozen=True):
    """What stands only in memory."""

    chats: tuple[ChatTree, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    """Prompts that were being written, or that wait in the queue."""

    @property
    def count(self) -> int:
        """How many chats have something in it."""
        return len({*(chat.id for chat in self.chats), *(one.chat_id for one in self.unsent)})


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """A running prx."""

    pid: int
    started: float
    chat_id: str


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What one model was used for on one day, in chats that may be gone by now; what was imported does not count."""

    day: str
    """ISO date, local time."""
    model: str
    requests: int
    unpriced: int
    """How many of the requests are not in the costs, since nobody knew the price."""
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_usd: float
    saved_usd: float
    cache_write_1h_tokens: int = 0
    """Those of the written ones that were written for an hour."""
    thinking_tokens: int = 0
    searches: int = 0
    is_estimate: bool = False
    """Some answer was cut off: output and cost are about so much."""


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import added. Nothing, where everything was there already."""

    chats: int = 0
    messages: int = 0

    def __add__(self, other: ImportResult) -> ImportResult:
        return ImportResult(chats=self.chats + other.chats, messages=self.messages + other.messages)
