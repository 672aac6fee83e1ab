"""`Store`: the interface to the chats on disk. Methods that write only queue; methods that read return a future.

Nothing here blocks, and nothing raises for problems of the disk: those are reported to `problems`. While the file accepts
no changes, everything continues in memory.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.budget import Spent
from tui.chat.spending import local_day
from tui.chat.transcript import Draft, Message, Setup, Tool, Transcript
from tui.chat.tree import ChatTree
from tui.store import branches, presence, queries, updates, usage
from tui.store.codec import encode_setup, encode_tools
from tui.store.database import Database
from tui.store.errors import StoreProblem
from tui.store.values import (
    Branch,
    Chat,
    ChatEnd,
    ChatUpdate,
    ChatUsage,
    DayUsage,
    ImportResult,
    Instance,
    NewChat,
    Position,
    SearchResults,
    StoredChat,
    Unsaved,
)
from tui.store.watch import Watch
from tui.store.worker import Worker

if TYPE_CHECKING:
    from sqlite3 import Connection

_KEPT_DELETED_S = 30 * 86_400
"""How long deleted chats can be restored."""


def new_id() -> str:
    """Return a globally unique id for a chat or a message."""
    return uuid.uuid4().hex


def _ignore(_: object) -> None:
    pass


class Store:
    """The chats on disk. `with Store(file) as store`: leaving the block writes everything that is queued.

    `problems` is called from the store's thread, once for each problem. `changed` is called from there with the id of the
    open chat when another program may have changed it, and `restored` with that of a chat that was deleted here and that
    another program restored. `now` counts from the epoch, in seconds.
    """

    def __init__(
        self,
        file: Path,
        *,
        problems: Callable[[StoreProblem], None] = _ignore,
        changed: Callable[[str], None] = _ignore,
        restored: Callable[[str], None] = _ignore,
        now: Callable[[], float] = time.time,
        max_pages: int | None = None,
    ) -> None:
        self.file = file
        self.token = secrets.token_hex(8)
        """Identifies this instance among those that share the file."""
        self._now = now
        self.lost: Unsaved | None = None
        """After closing: what the file has not accepted, or None if it contains everything."""
        self._watch = Watch(self.token, changed, restored, now)
        self._database = Database(file, problems, on_open=self._arrive, on_loss=self._lose, max_pages=max_pages)
        self._worker = Worker(
            self._database,
            problems,
            beat=lambda db: presence.heartbeat(db, self.token, now()),
            beat_s=presence.BEAT_S,
            on_exit=lambda db: presence.unregister(db, self.token, now()),
            watch=self._watch,
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        self._worker.close()

    def ready(self) -> Future[None]:
        """Done once the file is open. Raises StoreProblem if its chats cannot be read, e.g. because of a newer schema."""

        def check(db: Connection) -> None:
            if self._database.refusal is not None:
                raise self._database.refusal

        return self._worker.read(check)

    @property
    def has_backlog(self) -> bool:
        """True if there are changes that the file has not accepted so far."""
        return self._database.has_backlog

    def unsaved(self) -> Future[Unsaved]:
        """Return the chats with text that the file has not accepted so far."""
        return self._worker.read(self._unsaved, flush=True)

    # Messages

    def append(self, chat: NewChat, message_id: str, parent_id: str | None, message: Message) -> None:
        """Record a message below its parent. The first message creates the chat. A second call with the same id replaces
        the message.
        """
        self._worker.enqueue(
            self._appending(chat, message_id, parent_id, message), instead_of=message_id, chat_id=chat.id
        )

    def partial(self, chat: NewChat, message_id: str, parent_id: str | None, message: Message) -> None:
        """Record an answer that is still arriving, as often as it grows. Only the latest version is written, four times a
        second.
        """
        self._worker.enqueue_latest(message_id, self._appending(chat, message_id, parent_id, message), chat.id)

    def withdraw(self, chat_id: str, message_id: str, give_back: Draft | None = None) -> None:
        """Remove a message that came to nothing. `give_back` becomes unsent text of the chat in the same transaction."""
        now = self._now()

        def job(db: Connection) -> None:
            updates.withdraw(db, message_id)
            if give_back is not None:
                presence.return_draft(db, self.token, chat_id, give_back, now)

        self._worker.enqueue(job, instead_of=message_id, chat_id=chat_id if give_back is not None else "")

    def revise(self, head: str, number: int, message: Message) -> None:
        """Replace a message. `number` is its index on the path to `head`."""
        self._worker.enqueue(lambda db: updates.revise(db, head, number, message))

    def discard(self, chat_id: str, message: Message) -> None:
        """Record an answer that was billed before its first word and is not a message."""
        now = self._now()
        self._worker.enqueue(lambda db: updates.add_discarded(db, chat_id, message, now))

    # Chats

    def chats(self, limit: int | None = None, offset: int = 0) -> Future[tuple[Chat, ...]]:
        """Return the chats: pinned ones first, then newest first."""
        return self._worker.read(lambda db: queries.chats(db, self._elsewhere(db), limit, offset), flush=True)

    def chat(self, chat_id: str) -> Future[Chat]:
        """Return the chat with that id, or the only one whose id starts with it. Raises NoSuchChat."""
        return self._worker.read(lambda db: queries.chat(db, chat_id, self._elsewhere(db)), flush=True)

    def branch(self, chat_id: str, head: str | None = None) -> Future[Branch]:
        """Return the messages up to `head`, by default up to where the chat was left. Raises NoSuchChat."""
        return self._worker.read(lambda db: branches.branch(db, chat_id, head, self._elsewhere(db)), flush=True)

    def end(self, chat_id: str = "", head: str | None = None) -> Future[ChatEnd | None]:
        """Return the last messages of `branch`, as fast from a long chat as from a short one, and `position`.

        Without an ID: of the chat that was used last, or None if there are no chats. Raises NoSuchChat.
        """
        now = self._now()

        def job(db: Connection) -> ChatEnd | None:
            branch = branches.end(db, chat_id, head, self._elsewhere(db))
            if branch is None:
                return None
            return ChatEnd(branch=branch, position=presence.adopt(db, self.token, branch.chat.id, now))

        return self._worker.write(job, flush=True)

    def stored_chat(self, chat_id: str, head: str | None = None) -> Future[StoredChat]:
        """Return all that it takes to go on with a chat after `head`. Raises NoSuchChat."""
        return self._worker.read(lambda db: branches.stored_chat(db, chat_id, head, self._elsewhere(db)), flush=True)

    def since(self, chat_id: str, head: str) -> Future[ChatUpdate]:
        """Return what others have written after the message `head`, and the state of the chat. Raises NoSuchChat."""
        return self._worker.read(lambda db: branches.since(db, chat_id, head, self._elsewhere(db)), flush=True)

    def transcript(self, chat_id: str, head: str | None = None) -> Future[Transcript]:
        """Return the messages with all attachments, for sending. Raises NoSuchChat."""
        return self._worker.read(lambda db: branches.transcript(db, chat_id, head), flush=True)

    def tree(self, chat_id: str) -> Future[ChatTree]:
        """Return a whole chat, for an export. Raises NoSuchChat."""
        return self._worker.read(lambda db: queries.tree(db, chat_id), flush=True)

    def leaf(self, message_id: str) -> Future[str]:
        """Return the end of the newest branch below a message: the target of a step to a sibling."""
        return self._worker.read(lambda db: queries.leaf(db, message_id), flush=True)

    def rename(self, chat_id: str, title: str, *, mine: bool = True) -> None:
        """Set the title. `mine`: written by the user, so that no generated title replaces it."""
        self._worker.enqueue(lambda db: updates.rename(db, chat_id, title, mine=mine))

    def pin(self, chat_id: str, pinned: bool) -> None:
        """Pin or unpin a chat."""
        self._set(chat_id, "pinned", pinned)

    def delete(self, chat_id: str) -> None:
        """Remove the chat from every list. `restore` undoes it for 30 days."""
        now = self._now()

        def job(db: Connection) -> None:
            updates.set_column(db, chat_id, "deleted_at", now)
            self._watch.deleted.add(chat_id)

        self._worker.enqueue(job)

    def restore(self, chat_id: str) -> None:
        """Undo `delete`."""

        def job(db: Connection) -> None:
            self._watch.deleted.discard(chat_id)
            updates.set_column(db, chat_id, "deleted_at", None)

        self._worker.enqueue(job)

    def set_head(self, chat_id: str, message_id: str) -> None:
        """Make another branch the current one: the chat was left at that message."""
        self._worker.enqueue(lambda db: updates.set_head(db, chat_id, message_id))

    def set_model(self, chat_id: str, model: str) -> None:
        """Set the model of a chat."""
        self._set(chat_id, "model", model)

    def set_system(self, chat_id: str, system: str) -> None:
        """Set the system prompt of a chat."""
        self._set(chat_id, "system", system)

    def set_tools(self, chat_id: str, tools: str, definitions: tuple[Tool, ...]) -> None:
        """Set the tool access of this chat, and the tools that its requests send."""
        self._set(chat_id, "tools", tools)
        self._set(chat_id, "definitions", encode_tools(definitions))

    def set_setup(self, chat_id: str, changed: Setup | None) -> None:
        """Set the system prompt and tools that a chat goes on with, if they changed after its first prompt."""
        self._set(chat_id, "changed", encode_setup(changed))

    def set_reasoning(self, chat_id: str, thinking: str, effort: str) -> None:
        """Set the thinking mode and effort of a chat; "" for the model's default."""
        self._set(chat_id, "thinking", thinking)
        self._set(chat_id, "effort", effort)

    def fork(self, message_id: str, title: str = "") -> Future[str]:
        """Create a chat with everything up to and including that message, and return its id."""
        new, now = NewChat(id=new_id(), title=title), self._now()

        def job(db: Connection) -> str:
            updates.fork(db, message_id, new, now)
            return new.id

        return self._worker.write(job, flush=True)

    def merge(self, tree: ChatTree) -> Future[ImportResult]:
        """Add the missing parts of an exported chat."""
        now = self._now()
        return self._worker.write(lambda db: updates.merge(db, tree, now=now))

    # Search

    def search(self, words: str, *, limit: int = 50, chat_id: str = "") -> Future[SearchResults]:
        """Return what contains all these words; the last one may be incomplete. Cancel the future when the user types on."""
        return self._worker.read(lambda db: queries.search(db, words, limit, chat_id))

    def prompts(self, words: str = "", *, limit: int = 200) -> Future[tuple[str, ...]]:
        """Return earlier prompts of any chat, sent or unsent, newest first, each once."""
        return self._worker.read(lambda db: queries.prompts(db, words, limit))

    def keep_unsent(self, chat_id: str, text: str) -> None:
        """Keep a discarded text among the earlier prompts."""
        now = self._now()
        self._worker.enqueue(lambda db: updates.add_unsent(db, chat_id, text, now))

    # Where things stand

    def save_position(self, position: Position) -> None:
        """Record draft, queue and scroll position of a chat, as often as they change. Written four times a second."""
        now = self._now()
        chat_id = "" if position.is_empty else position.chat_id
        self._worker.enqueue_latest(
            f"place {position.chat_id}", lambda db: presence.save(db, self.token, position, now), chat_id
        )

    def position(self, chat_id: str) -> Future[Position]:
        """Return how the chat was left, by this prx or by one that has ended; empty if unknown."""
        now = self._now()
        return self._worker.write(lambda db: presence.adopt(db, self.token, chat_id, now), flush=True)

    def set_open_chat(self, chat_id: str) -> None:
        """Record which chat is open here ("" for none), for other instances and for recovery after a crash."""

        def job(db: Connection) -> None:
            presence.set_open_chat(db, self.token, chat_id)
            self._watch.watch_chat(chat_id)

        self._worker.enqueue(job, instead_of="look", is_transient=True)

    def last_open_chat(self) -> Future[str]:
        """Return the chat that was open when prx was killed, or "". Each is returned once."""
        return self._worker.write(lambda db: presence.last_open_chat(db, self.token, self._now()))

    def unsent(self) -> Future[tuple[Position, ...]]:
        """Return every chat with unsent text, newest first. Some have no message yet."""
        return self._worker.read(lambda db: presence.unsent(db, self.token, self._now()), flush=True)

    def other_instances(self, chat_id: str) -> Future[tuple[Instance, ...]]:
        """Return the other running instances that have this chat open."""
        return self._worker.read(lambda db: presence.others(db, self.token, chat_id, self._now()))

    def days(self) -> Future[tuple[DayUsage, ...]]:
        """Return usage by day and model, oldest first."""
        return self._worker.read(queries.days, flush=True)

    def discarded(self, chat_id: str) -> Future[tuple[Message, ...]]:
        """Return the answers of a chat that were billed but are not among its messages."""
        return self._worker.read(lambda db: usage.discarded_answers(db, chat_id), flush=True)

    def used(self) -> Future[dict[str, ChatUsage]]:
        """Return the usage of each chat, by id. Reads all messages."""
        return self._worker.read(usage.usage_by_chat, flush=True)

    def spent(self, chat_id: str) -> Future[Spent]:
        """Return what this chat has cost, and all chats today."""
        today = local_day(self._now())
        return self._worker.read(lambda db: queries.spent(db, chat_id, today), flush=True)

    def _appending(
        self, chat: NewChat, message_id: str, parent_id: str | None, message: Message
    ) -> Callable[[Connection], None]:
        now, token = self._now(), self.token
        return lambda db: updates.append(db, chat, message_id, parent_id, message, token=token, now=now)

    def _set(self, chat_id: str, column: str, value: object) -> None:
        self._worker.enqueue(lambda db: updates.set_column(db, chat_id, column, value))

    def _elsewhere(self, db: Connection) -> frozenset[str]:
        return presence.open_elsewhere(db, self.token, self._now())

    def _unsaved(self, db: Connection) -> Unsaved:
        return queries.unsaved(db, self._database.unsaved, presence.drafts(db, self.token))

    def _lose(self, db: Connection) -> None:
        self.lost = self._unsaved(db)

    def _arrive(self, db: Connection) -> None:
        presence.register(db, self.token, self._now())
        updates.purge(db, self._now() - _KEPT_DELETED_S)
