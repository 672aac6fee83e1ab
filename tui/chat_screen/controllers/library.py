"""The library of chats: the list, titles, pins, deleting, exporting, and the prompts of other chats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from tui.chat_screen.context import NOTHING_SENT, ChatContext, stored
from tui.chat_screen.session import shortened
from tui.errors import TuiError
from tui.masking import is_key

_EARLIER = 200
"""Prompts of other chats that Up goes through; Ctrl+R searches all."""
_OF_OPEN_CHAT = frozenset({"rename", "pin", "export", "delete_chat"})
"""Actions on the chat on view, which must have begun."""


class LibraryDialogs(Protocol):
    """The dialogs of the library."""

    def open_list(self, words: str) -> None: ...

    def ask_title(self, title: str, named: Callable[[str], None]) -> None: ...

    def pick_prompt(self, words: str) -> None: ...

    def list_changed(self) -> None:
        """Read the list again, if it is open."""

    def notify_list(self, text: str) -> None:
        """Show a message in the list, if it is open."""


class LibraryPorts(msgspec.Struct, frozen=True):
    dialogs: LibraryDialogs
    show_title: Callable[[], None]
    start_new: Callable[[], None]
    """Shows a new chat."""
    give_up: Callable[[str], None]
    """Stops the answer of a chat in the background."""
    open: Callable[[str], None]
    """Shows a chat."""
    remember_earlier: Callable[[Sequence[str]], None]
    """Adds the prompts of other chats to those that Up goes through."""


class LibraryController:
    def __init__(self, context: ChatContext, ports: LibraryPorts) -> None:
        self._context = context
        self._ports = ports
        self._deleted: tuple[str, ...] = ()
        """Chats that were deleted here, the last one at the end."""
        self._was_open = ""
        """The one of them that was on view."""

    async def read_earlier(self) -> None:
        """Have Up go on into the prompts of other chats."""
        store = self._context.current().store
        prompts = await stored(store.prompts(limit=_EARLIER))
        self._ports.remember_earlier(prompts)

    def open_list(self, words: str = "") -> None:
        if self._is_available("chats"):
            self._ports.dialogs.open_list(words)

    def search_prompts(self, words: str = "") -> None:
        if self._is_available("history"):
            self._ports.dialogs.pick_prompt(words)

    def keep_unsent(self, text: str) -> None:
        """A prompt was given up for another one: it stays among the earlier ones."""
        session = self._context.current()
        if session.has_store and not (is_key(text) and self._context.provider.obstacle is not None):
            session.store.keep_unsent(session.id, text)

    # The chat on view

    def disabled_reason(self, name: str) -> str:
        """Return why an action of the library is not available now, or ""."""
        session = self._context.current()
        if not session.has_store:
            return "The chats are not loaded yet"
        if name == "undelete":
            return "" if self._deleted else "No chat has been deleted"
        return NOTHING_SENT if name in _OF_OPEN_CHAT and not session.has_begun else ""

    def _is_available(self, name: str) -> bool:
        if reason := self.disabled_reason(name):
            self._context.notify(reason)
        return not reason

    def rename(self, title: str = "") -> None:
        if not self._is_available("rename"):
            return
        if title:
            self._rename(title)
        else:
            self._ports.dialogs.ask_title(self._context.current().title, self._rename)

    def _rename(self, title: str) -> None:
        session = self._context.current()
        session.store.rename(session.id, title)
        session.title = title
        self._ports.show_title()

    def pin(self) -> None:
        if self._is_available("pin"):
            self._context.run(self._pin, group="branch")

    async def _pin(self) -> None:
        session = self._context.current()
        chat = await stored(session.store.chat(session.id))
        session.store.pin(chat.id, not chat.pinned)
        self._context.notify("Unpinned" if chat.pinned else "Pinned to the top of the chat list")

    def export(self, kind: str = "") -> None:
        if self._is_available("export"):
            self._context.run(self._export, self._context.current().id, kind, self._context.notify)

    def export_from_list(self, chat_id: str) -> None:
        """Export a chat, and say so in the list."""
        self._context.run(self._export, chat_id, "", self._ports.dialogs.notify_list)

    async def _export(self, chat_id: str, kind: str, notify: Callable[[str], None]) -> None:
        library, name_of = self._context.library, self._context.provider.name_of
        try:
            tree = await stored(self._context.current().store.tree(chat_id))
            file = await asyncio.to_thread(library.export, tree, kind or "md", name_of)
        except TuiError as error:
            notify(error.message)
        else:
            notify(f"Exported to {file.name} in {file.parent}")

    # Deleting

    def delete_current(self) -> None:
        if self._is_available("delete_chat"):
            self.delete(self._context.current().id)

    def delete(self, chat_id: str) -> None:
        """Delete a chat, with what still arrives in it. A new chat takes the place of the one on view."""
        store = self._context.current().store
        if chat_id == self._context.current().id:
            self._ports.start_new()
            self._context.notify("Deleted · /undelete restores it", lasting=True)
            self._was_open = chat_id
        self._ports.give_up(chat_id)
        store.delete(chat_id)
        self._deleted = (*self._deleted, chat_id)

    def undelete(self) -> None:
        """Restore the chat that was deleted last, and show it."""
        if self._is_available("undelete"):
            self._was_open = self._deleted[-1]
            self.restore(self._was_open)

    def restore(self, chat_id: str) -> None:
        """Restore a deleted chat: into the lists, and on view if it was there."""
        self._deleted = tuple(one for one in self._deleted if one != chat_id)
        self._context.current().store.restore(chat_id)
        if chat_id == self._was_open:
            self._was_open = ""
            self._ports.open(chat_id)

    def restored_elsewhere(self, chat_id: str) -> None:
        """Another prx goes on with a chat that was deleted here: it is back."""
        if chat_id in self._deleted:
            self._deleted = tuple(one for one in self._deleted if one != chat_id)
            self._context.run(self._notify_restored, chat_id, group="back")

    async def _notify_restored(self, chat_id: str) -> None:
        with suppress(TuiError):
            chat = await stored(self._context.current().store.chat(chat_id))
            self._context.notify(f'"{shortened(chat.title)}" was restored by another prx', lasting=True)
        self._ports.dialogs.list_changed()
