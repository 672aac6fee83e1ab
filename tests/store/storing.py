"""Stores in a folder of the test's own, and messages to put into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Block, Message, Text
from tui.store import NewChat, Store
from tui.store.errors import StoreProblem

LIMIT_S = 60


class Wall:
    """A clock on the wall that stands still until the test moves it."""

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Opened(Store):
    """A store that keeps what it was told of, and whose futures are waited for."""

    def __init__(self, file: Path, **options: Any) -> None:
        self.told: list[StoreProblem] = []
        super().__init__(file, problems=self.told.append, **options)

    def make_room(self) -> None:
        """Ends the shortage that `max_pages` made."""
        self._worker.enqueue(lambda _: self._database._disk.execute("PRAGMA max_page_count = 1000000"))
        self.settle()

    def settle(self) -> None:
        """Returns when all that was queued is done."""
        self.days().result(LIMIT_S)


@contextmanager
def opened(folder: Path, **options: Any) -> Iterator[Opened]:
    with Opened(folder / "data" / "chats.db", **options) as store:
        yield store


def prompt(text: str, at: float = 100.0) -> Message:
    return Message(role="user", blocks=(Text(text),), at=at)


def answer(text: str, at: float = 101.0, **facts: Any) -> Message:
    return Message(role="assistant", blocks=(Text(text),), at=at, model="claude-sonnet-5-5", **facts)


def billed(text: str, cost_usd: float = 0.25, **usage: int) -> Message:
    return answer(text, usage=Usage(**{"input_tokens": 10, "output_tokens": 4, **usage}), bill=Bill(cost_usd=cost_usd))


def with_block(block: Block, role: Any = "user") -> Message:
    return Message(role=role, blocks=(block,), at=100.0)


def add_messages(store: Store, chat_id: str, *texts: str, head: str | None = None) -> list[str]:
    """Records these in turn, a prompt first, and returns their ids."""
    ids = []
    for number, text in enumerate(texts):
        id = f"{chat_id}-{number}" if head is None else f"{head}-{chat_id}-{number}"
        message = answer(text) if number % 2 else prompt(text)
        store.append(NewChat(id=chat_id, model="claude-sonnet-5-5"), id, ids[-1] if ids else head, message)
        ids.append(id)
    return ids


def said(store: Store, chat_id: str, head: str | None = None) -> list[str]:
    """The texts of a chat, as they would be sent."""
    return [message.text for message in store.transcript(chat_id, head).result(LIMIT_S).messages]
