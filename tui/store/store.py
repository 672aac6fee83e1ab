"""`Store`: the door to the chats on disk. What writes only queues; what reads returns a future.

Nothing here blocks, and nothing raises for what is wrong with the disk: that is told to `problems`. While the file takes no
changes, everything goes on in memory.
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
from tui.chat.transcript import Draft, Message, Tool, Transcript
from tui.chat.tree import ChatTree
from tui.store import presence, queries, updates, usage
from tui.store.codec import encode_tools
from tui.store.database import Database
from tui.store.errors import StoreProblem
from tui.store.values import Branch, Chat, ChatUsage, Day, Found, ImportResult, Instance, NewChat, Place, Since, Unsaved
from tui.store.watch import Watch
from tui.store.worker import Worker

if TYPE_CHECKING:
    from sqlite3 import Connection

_KEPT_DELETED_S = 30 * 86_400
"""Deleted chats can be brought back for so long."""


def new_id() -> str:
    """An id for a chat or a message, which no other computer will ever make."""
    return uuid.uuid4().hex


def _unheard(told: object) -> None:
    pass


class Store:
    """`with Store(file) as store`: leaving the block writes everything that is queued.

    `problems` is called from the store's thread, once for each thing that is wrong; `changed` too, with the id of the chat
    that `look_at` named, when another program may have done something to it, or of one that it brought back from `delete`.
    `now` counts from the epoch, in seconds.
    """

    def __init__(
        self,
        file: Path,
        *,
        problems: Callable[[StoreProblem], None] = _unheard,
        changed: Callable[[str], None] = _unheard,
        now: Callable[[], float] = time.time,
        max_pages: int | None = None,
    ) -> None:
        self.file = file
        self.token = secrets.token_hex(8)
        """This instance among those that share the file."""
        self._now = now
        self.lost: Unsaved | None = None
        """Once it is closed: what the file has not taken; None where it holds all."""
        self._watch = Watch(self.token, changed, now)
        self._database = Database(file, problems, on_open=self._arrive, on_loss=self._lose, max_pages=max_pages)
        self._worker = Worker(
            self._database,
            problems,
            beat=lambda db: presence.heartbeat(db, self.token, now()),
            beat_s=presence.BEAT_S,
            farewell=lambda db: presence.unregister(db, self.token, now()),
            watch=self._watch,
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._worker.close()

    def ready(self) -> Future[None]:
        """Done once the file is open. Raises StoreProblem where its chats cannot be read, such as a newer schema."""

        def check(db: Connection) -> None:
            if self._database.refusal is not None:
                raise self._database.refusal

        return self._worker.ask(check)

    @property
    def is_behind(self) -> bool:
        """Whether there are changes that the file did not take so far."""
        return self._database.is_behind

    def unsaved(self) -> Future[Unsaved]:
        """The chats with text that the file has not taken so far."""
        return self._worker.ask(self._unsaved, flush=True)

    # What is said

    def append(self, chat: NewChat, message_id: str, parent_id: str | None, message: Message) -> None:
        """Records a message below its parent; the chat begins with its first. Again with the same id: what became of it."""
        self._worker.soon(self._appending(chat, message_id, parent_id, message), instead_of=message_id, chat_id=chat.id)

    def partial(self, chat: NewChat, message_id: str, parent_id: str | None, message: Message) -> None:
        """The same for an answer that still arrives, as often as it grows: only the latest is written, four a second."""
        self._worker.latest(message_id, self._appending(chat, message_id, parent_id, message), chat.id)

    def withdraw(self, chat_id: str, message_id: str, give_back: Draft | None = None) -> None:
        """Takes back a message that came to nothing. `return_draft` becomes unsent text of the chat in the same moment."""
        now = self._now()

        def job(db: Connection) -> None:
            updates.withdraw(db, message_id)
            if give_back is not None:
                presence.return_draft(db, self.token, chat_id, give_back, now)

        self._worker.soon(job, instead_of=message_id, chat_id=chat_id if give_back is not None else "")

    def revise(self, head: str, number: int, message: Message) -> None:
        """Puts what a message has become in its place: the one of that number on the way to `head`."""
        self._worker.soon(lambda db: updates.revise(db, head, number, message))

    def write_off(self, chat_id: str, message: Message) -> None:
        """Counts an answer that was billed before its first word, and is no message."""
        now = self._now()
        self._worker.soon(lambda db: updates.add_discarded(db, chat_id, message, now))

    # Chats

    def chats(self, limit: int | None = None, offset: int = 0) -> Future[tuple[Chat, ...]]:
        """Pinned ones first, then the newest first."""
        return self._worker.ask(lambda db: queries.chats(db, self._elsewhere(db), limit, offset), flush=True)

    def chat(self, chat_id: str) -> Future[Chat]:
        """The chat of that id, or the only one whose id begins so. Raises NoSuchChat."""
        return self._worker.ask(lambda db: queries.chat(db, chat_id, self._elsewhere(db)), flush=True)

    def branch(self, chat_id: str, head: str | None = None) -> Future[Branch]:
        """The messages up to `head`, or to where the chat was left. Raises NoSuchChat."""
        return self._worker.ask(lambda db: queries.branch(db, chat_id, head, self._elsewhere(db)), flush=True)

    def since(self, chat_id: str, head: str) -> Future[Since]:
        """What others have said after the message `head`, and how the chat stands. Raises NoSuchChat."""
        return self._worker.ask(lambda db: queries.since(db, chat_id, head, self._elsewhere(db)), flush=True)

    def transcript(self, chat_id: str, head: str | None = None) -> Future[Transcript]:
        """The same with everything that is attached, for what is to be sent. Raises NoSuchChat."""
        return self._worker.ask(lambda db: queries.transcript(db, chat_id, head), flush=True)

    def tree(self, chat_id: str) -> Future[ChatTree]:
        """All of a chat, for an export. Raises NoSuchChat."""
        return self._worker.ask(lambda db: queries.tree(db, chat_id), flush=True)

    def leaf(self, message_id: str) -> Future[str]:
        """The end of the newest branch below a message: where a step to a sibling leads."""
        return self._worker.ask(lambda db: queries.leaf(db, message_id), flush=True)

    def rename(self, chat_id: str, title: str, *, mine: bool = True) -> None:
        """`mine`: the user's own title, which no made one replaces."""
        self._worker.soon(lambda db: updates.rename(db, chat_id, title, mine=mine))

    def pin(self, chat_id: str, pinned: bool) -> None:
        self._set(chat_id, "pinned", pinned)

    def delete(self, chat_id: str) -> None:
        """Out of every list. `restore` brings it back, for 30 days."""
        now = self._now()

        def job(db: Connection) -> None:
            updates.set_column(db, chat_id, "deleted_at", now)
            self._watch.deleted.add(chat_id)

        self._worker.soon(job)

    def restore(self, chat_id: str) -> None:
        def job(db: Connection) -> None:
            self._watch.deleted.discard(chat_id)
            updates.set_column(db, chat_id, "deleted_at", None)

        self._worker.soon(job)

    def set_head(self, chat_id: str, message_id: str) -> None:
        """The chat is left at that message: another branch is the one to show."""
        self._worker.soon(lambda db: updates.set_head(db, chat_id, message_id))

    def set_model(self, chat_id: str, model: str) -> None:
        self._set(chat_id, "model", model)

    def set_system(self, chat_id: str, system: str) -> None:
        self._set(chat_id, "system", system)

    def set_tools(self, chat_id: str, tools: str, definitions: tuple[Tool, ...]) -> None:
        """What Claude may do in this chat from now on, and the tools that are sent for it."""
        self._set(chat_id, "tools", tools)
        self._set(chat_id, "definitions", encode_tools(definitions))

    def set_reasoning(self, chat_id: str, thinking: str, effort: str) -> None:
        self._set(chat_id, "thinking", thinking)
        self._set(chat_id, "effort", effort)

    def fork(self, message_id: str, title: str = "") -> Future[str]:
        """The id of a new chat that begins with everything up to and with that message."""
        new, now = NewChat(id=new_id(), title=title), self._now()

        def job(db: Connection) -> str:
            updates.fork(db, message_id, new, now)
            return new.id

        return self._worker.change(job, flush=True)

    def merge(self, tree: ChatTree) -> Future[ImportResult]:
        """Adds what is not there yet of a chat that was exported, here or elsewhere."""
        now = self._now()
        return self._worker.change(lambda db: updates.merge(db, tree, now=now))

    # Search

    def search(self, words: str, *, limit: int = 50, chat_id: str = "") -> Future[Found]:
        """Where all of these words stand; the last one may be half typed. Cancel it when more has been typed."""
        return self._worker.ask(lambda db: queries.search(db, words, limit, chat_id))

    def prompts(self, words: str = "", *, limit: int = 200) -> Future[tuple[str, ...]]:
        """What was sent before, in any chat, and what was left unsent: newest first, each once."""
        return self._worker.ask(lambda db: queries.prompts(db, words, limit))

    def leave_unsent(self, chat_id: str, text: str) -> None:
        """Keeps a text that was laid down among the earlier prompts."""
        now = self._now()
        self._worker.soon(lambda db: updates.add_unsent(db, chat_id, text, now))

    # Where things stand

    def save_place(self, place: Place) -> None:
        """Notes what is typed, queued and seen in a chat; as often as it changes, written four times a second."""
        now = self._now()
        chat_id = "" if place.is_empty else place.chat_id
        self._worker.latest(f"place {place.chat_id}", lambda db: presence.save(db, self.token, place, now), chat_id)

    def place(self, chat_id: str) -> Future[Place]:
        """How the chat was left, by this prx or by one that has ended; empty if there is nothing to tell."""
        now = self._now()
        return self._worker.change(lambda db: presence.adopt(db, self.token, chat_id, now), flush=True)

    def look_at(self, chat_id: str) -> None:
        """Notes which chat is open here, for other instances and for the time after a crash; "" for none."""

        def job(db: Connection) -> None:
            presence.set_open_chat(db, self.token, chat_id)
            self._watch.look_at(chat_id)

        self._worker.soon(job, instead_of="look", is_passing=True)

    def left_off(self) -> Future[str]:
        """The chat that was open when prx was killed, or ""; each is told once."""
        return self._worker.change(lambda db: presence.last_open_chat(db, self.token, self._now()))

    def unsent(self) -> Future[tuple[Place, ...]]:
        """Every chat with unsent text, newest first; some were never begun."""
        return self._worker.ask(lambda db: presence.unsent(db, self.token, self._now()), flush=True)

    def others(self, chat_id: str) -> Future[tuple[Instance, ...]]:
        """The other running instances that have this chat open."""
        return self._worker.ask(lambda db: presence.others(db, self.token, chat_id, self._now()))

    def days(self) -> Future[tuple[Day, ...]]:
        """What was used, by day and model, oldest first: a lifetime's ledger."""
        return self._worker.ask(queries.days, flush=True)

    def written_off(self, chat_id: str) -> Future[tuple[Message, ...]]:
        """The answers of a chat that were billed and are not among its messages."""
        return self._worker.ask(lambda db: usage.discarded_answers(db, chat_id), flush=True)

    def used(self) -> Future[dict[str, ChatUsage]]:
        """What each chat has used, by its id. This reads all there is."""
        return self._worker.ask(usage.usage_by_chat, flush=True)

    def spent(self, chat_id: str) -> Future[Spent]:
        """What this chat has cost, and what all chats have today."""
        today = local_day(self._now())
        return self._worker.ask(lambda db: queries.spent(db, chat_id, today), flush=True)

    def _appending(
        self, chat: NewChat, message_id: str, parent_id: str | None, message: Message
    ) -> Callable[[Connection], None]:
        now, token = self._now(), self.token
        return lambda db: updates.append(db, chat, message_id, parent_id, message, token=token, now=now)

    def _set(self, chat_id: str, column: str, value: object) -> None:
        self._worker.soon(lambda db: updates.set_column(db, chat_id, column, value))

    def _elsewhere(self, db: Connection) -> frozenset[str]:
        return presence.open_elsewhere(db, self.token, self._now())

    def _unsaved(self, db: Connection) -> Unsaved:
        return queries.unsaved(db, self._database.unsaved, presence.drafts(db, self.token))

    def _lose(self, db: Connection) -> None:
        self.lost = self._unsaved(db)

    def _arrive(self, db: Connection) -> None:
        presence.register(db, self.token, self._now())
        updates.purge(db, self._now() - _KEPT_DELETED_S)
