"""Where chats are kept: the user's own store, and one for the demo, which leaves nothing behind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.store import Store


class Shelves:
    """`with Shelves(file) as shelves`: leaving the block writes what is queued. A store is opened when first asked for."""

    def __init__(self, file: Path) -> None:
        """`file` holds the user's chats."""
        self.trouble: Callable[[TuiError], None] = lambda _: None
        """Is told, from any thread, what is wrong with the disk."""
        self._file = file
        self._open = ExitStack()
        self._stores: dict[bool, Store] = {}

    def __enter__(self) -> Shelves:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def store(self, *, demo: bool) -> Store:
        """The store to keep chats in. The first time it loads modules, which a screen should not wait for."""
        from tui.store import Store

        if demo not in self._stores:
            file = self._file
            if demo:
                file = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="prx-demo-"))) / file.name
            store = Store(file, problems=lambda problem: self.trouble(problem))
            self._stores[demo] = self._open.enter_context(store)
        return self._stores[demo]
