"""Where chats are kept: the user's own store, one for the demo that leaves nothing behind, and files for others."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.chat.tree import ChatTree
    from tui.store import Store, Unsaved


_KINDS = ("md", "html", "json")


class NotExported(TuiError):
    """A chat could not be written to a file."""


class ChatLibrary:
    """`with ChatLibrary(file) as library`: leaving the block writes what is queued. A store is opened when first asked for."""

    def __init__(self, file: Path, *, now: Callable[[], float] = time.time) -> None:
        """`file` holds the user's chats; `now` counts from the epoch, in seconds."""
        self.now = now
        self.trouble: Callable[[TuiError], None] = lambda _: None
        """Is told, from any thread, what is wrong with the disk."""
        self.changed: Callable[[str], None] = lambda _: None
        """Is told, from any thread, that another program may have done something to the open chat, by its id."""
        self.file = file
        self.elsewhere: tuple[Path | None, bool] = (None, False)
        """Where the user wants what could not be stored: in that file, or on stdout."""
        self._open = ExitStack()
        self._stores: dict[bool, Store] = {}

    def __enter__(self) -> ChatLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def store(self, *, demo: bool) -> Store:
        """The store to keep chats in. The first time it loads modules, which a screen should not wait for."""
        from tui.store import Store

        if demo not in self._stores:
            file = self.file
            if demo:
                file = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="prx-demo-"))) / file.name
            store = Store(
                file,
                problems=lambda problem: self.trouble(problem),
                changed=lambda chat_id: self.changed(chat_id),
                now=self.now,
            )
            self._stores[demo] = self._open.enter_context(store)
        return self._stores[demo]

    @property
    def is_behind(self) -> bool:
        """Whether the user's own store has changes that its file did not take so far."""
        return False in self._stores and self._stores[False].is_behind

    @property
    def lost(self) -> Unsaved | None:
        """Once all is closed: what could not be stored; None where there is nothing."""
        return self._stores[False].lost if False in self._stores else None

    def export(self, tree: ChatTree, kind: str, name_of: Callable[[str], str]) -> Path:
        """The new file in the current folder that the chat was written to. Raises NotExported."""
        if kind not in _KINDS:
            raise NotExported(f'There is no format "{kind}".', "Known: " + ", ".join(_KINDS))
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
                raise NotExported(f"{file} cannot be written: {error.strerror}.") from error
            return file
        raise NotExported(f"There are too many files called {name} here.")


def _text(tree: ChatTree, kind: str, name_of: Callable[[str], str]) -> str:
    if kind == "json":
        from tui.exchange import archive

        return archive.written((tree,))
    if kind == "html":
        from tui.exchange import page

        return page.written(tree, name_of)
    from tui.exchange import markdown

    return markdown.written(tree, name_of)


def _file_name(title: str) -> str:
    """The title as a name that every system takes."""
    words = "".join(letter if letter.isalnum() else " " for letter in title).split()
    return "-".join(words)[:60].strip("-").lower() or "chat"
