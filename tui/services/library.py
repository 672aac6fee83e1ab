"""The chat stores: the user's database, a temporary one for the demo, and exports to files."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tui.errors import TuiError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tui.chat.tree import ChatTree
    from tui.store import ChatEnd, Store, Unsaved


_KINDS = ("md", "html", "json")


class NotExported(TuiError):
    """The chat cannot be written to a file."""


class ChatLibrary:
    """Context manager for the chat stores. Opens a store on first use; the end of the block writes everything queued."""

    def __init__(self, file: Path, *, now: Callable[[], float] = time.time) -> None:
        """`file` is the user's database; `now` returns seconds since the epoch."""
        self.now = now
        self.trouble: Callable[[TuiError], None] = lambda _: None
        """Called with each disk problem, from any thread."""
        self.changed: Callable[[str], None] = lambda _: None
        """Called with the ID of the open chat when another process may have changed it, from any thread."""
        self.restored: Callable[[str], None] = lambda _: None
        """Called with the ID of a chat that was deleted here when another process has restored it, from any thread."""
        self.file = file
        self.elsewhere: tuple[Path | None, bool] = (None, False)
        """Where to write chats that could not be stored: this file, and True to print them on stdout."""
        self._early: list[TuiError] | None = None
        """The problems so far, while the store is read ahead and there is no screen to show them."""
        self._open = ExitStack()
        self._stores: dict[bool, Store] = {}
        self._opening = Lock()
        self._reporting = Lock()

    def __enter__(self) -> ChatLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read_ahead(self, chat_id: str, *, demo: bool) -> Future[ChatEnd | None]:
        """Open the store before there is a screen, and return the end of a chat: of the one used last, without an ID."""
        self._early = []
        return self._store(demo).end(chat_id)

    def store(self, *, demo: bool) -> Store:
        """Return the store. The first call loads modules, so make it outside the first paint."""
        store = self._store(demo)
        with self._reporting:
            early, self._early = self._early or (), None
        for problem in early:
            self.trouble(problem)
        return store

    def _report(self, problem: TuiError) -> None:
        with self._reporting:
            if self._early is not None:
                self._early.append(problem)
                return
        self.trouble(problem)

    def _store(self, demo: bool) -> Store:
        from tui.store import Store

        with self._opening:  # a program that ends as soon as it has begun opens it from another thread
            if demo not in self._stores:
                file = self.file
                if demo:
                    file = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="prx-demo-"))) / file.name
                store = Store(
                    file,
                    problems=self._report,
                    changed=lambda chat_id: self.changed(chat_id),
                    restored=lambda chat_id: self.restored(chat_id),
                    now=self.now,
                )
                self._stores[demo] = self._open.enter_context(store)
            return self._stores[demo]

    @property
    def has_backlog(self) -> bool:
        """True while the user's store has changes that are not in its file yet."""
        return False in self._stores and self._stores[False].has_backlog

    @property
    def lost(self) -> Unsaved | None:
        """What could not be stored, or None. Valid after the end of the block."""
        return self._stores[False].lost if False in self._stores else None

    def export(self, tree: ChatTree, kind: str, name_of: Callable[[str], str]) -> Path:
        """Write the chat to a new file in the current folder and return its path. Raises NotExported."""
        if kind not in _KINDS:
            raise NotExported(f'Unknown export format "{kind}".', f"Use one of: {', '.join(_KINDS)}.")
        text = _text(tree, kind, name_of)
        name = _file_name(tree.title)
        for number in range(1, 1000):
            file = Path.cwd() / f"{name}{f'-{number}' if number > 1 else ''}.{kind}"
            try:
                with file.open("x", encoding="utf-8", errors="replace") as stream:
                    stream.write(text)
            except FileExistsError:
                continue
            except OSError as error:
                raise NotExported(f"Cannot write {file}: {error.strerror}.") from error
            return file
        raise NotExported(f"Too many files named {name} in this folder.", "Rename the chat, or move the old exports.")


def _text(tree: ChatTree, kind: str, name_of: Callable[[str], str]) -> str:
    if kind == "json":
        from tui.exchange import archive

        return archive.to_json((tree,))
    if kind == "html":
        from tui.exchange import html_page

        return html_page.to_html(tree, name_of)
    from tui.exchange import markdown

    return markdown.to_markdown(tree, name_of)


def _file_name(title: str) -> str:
    """Return a file name, valid on every system, made from the title."""
    words = "".join(letter if letter.isalnum() else " " for letter in title).split()
    return "-".join(words)[:60].strip("-").lower() or "chat"
