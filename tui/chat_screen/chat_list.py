"""What connects the list of chats and the other dialogs of the library with the chat screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tui.chat_screen.background import BackgroundChats
    from tui.chat_screen.controllers.library import LibraryController
    from tui.chat_screen.controllers.sessions import SessionManager
    from tui.chat_screen.dialogs import Dialogs
    from tui.widgets.prompt import PromptArea


class OpenChat(Protocol):
    def __call__(self, chat_id: str, message_id: str = "", words: tuple[str, ...] = ()) -> None: ...


class LibraryDialogs:
    """Opens the dialogs of the library, and carries on with what was picked."""

    def __init__(
        self,
        dialogs: Dialogs,
        sessions: SessionManager,
        background: BackgroundChats,
        prompt: PromptArea,
        open_chat: OpenChat,
        library: Callable[[], LibraryController],
        now: Callable[[], float],
    ) -> None:
        self._dialogs = dialogs
        self._sessions = sessions
        self._background = background
        self._prompt = prompt
        self._open_chat = open_chat
        self._library = library
        self._now = now
        self.ask_title = dialogs.ask_title
        self.list_changed = dialogs.list_changed
        self.notify_list = dialogs.notify_list

    def open_list(self, words: str) -> None:
        port = ChatListActions(self._sessions, self._background, self._library(), self._open_chat)
        self._dialogs.open_list(self._sessions.store, port, words, self._now)

    def pick_prompt(self, words: str) -> None:
        def closed(picked: str | None) -> None:
            if picked:
                self._prompt.recall(picked)
            self._prompt.focus()

        self._dialogs.pick_prompt(self._sessions.store, words, closed)


class ChatListActions:
    """What the list of chats needs to know and to do."""

    def __init__(
        self, sessions: SessionManager, background: BackgroundChats, library: LibraryController, open_chat: OpenChat
    ) -> None:
        self._sessions = sessions
        self._background = background
        self.open = open_chat
        self.delete = library.delete
        self.restore = library.restore
        self.export = library.export_from_list

    @property
    def chat_id(self) -> str:
        return self._sessions.current.id

    @property
    def answering(self) -> frozenset[str]:
        return self._background.answering

    @property
    def asking(self) -> frozenset[str]:
        return self._background.asking

    @property
    def unread(self) -> frozenset[str]:
        return frozenset(self._background.unread)
