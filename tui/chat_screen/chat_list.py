"""What connects the list of chats and the other dialogs of the library with the chat screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.chat_screen.wiring import Parts
    from tui.widgets.prompt import PromptArea


class LibraryDialogs:
    """Opens the dialogs of the library, and carries on with what was picked."""

    def __init__(self, parts: Parts, prompt: PromptArea) -> None:
        self._parts = parts
        self._prompt = prompt
        self.ask_title = parts.dialogs.ask_title
        self.list_changed = parts.dialogs.list_changed
        self.notify_list = parts.dialogs.notify_list

    def open_list(self, words: str) -> None:
        parts, now = self._parts, self._parts.context.library.now
        parts.dialogs.open_list(parts.sessions.store, ListKeeper(parts), words, now, lambda picked: parts.open(*picked))

    def pick_prompt(self, words: str) -> None:
        def closed(picked: str | None) -> None:
            if picked:
                self._prompt.recall(picked)
            self._prompt.focus()

        self._parts.dialogs.pick_prompt(self._parts.sessions.store, words, closed)


class ListKeeper:
    """What the list of chats needs to know and to do."""

    def __init__(self, parts: Parts) -> None:
        self._sessions = parts.sessions
        self._library = parts.library
        self.delete = parts.library.delete
        self.restore = parts.library.restore
        self.export = parts.library.export_from_list

    @property
    def chat_id(self) -> str:
        return self._sessions.current.id

    @property
    def answering(self) -> frozenset[str]:
        return self._sessions.answering

    @property
    def asking(self) -> frozenset[str]:
        return self._sessions.asking

    @property
    def unread(self) -> frozenset[str]:
        return self._sessions.unread
