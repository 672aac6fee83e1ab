"""Chats in the background: left while their answer arrives, and marked once it is there.

The answer is recorded, and the queue of the chat goes on. When it is opened again it is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.chat.events import TurnEnded, TurnEvent
from tui.chat.tools import PermissionDecided, PermissionRequested, ToolEnded
from tui.chat_screen.context import ChatContext
from tui.chat_screen.session import ChatSession, shortened

if TYPE_CHECKING:
    from tui.store import Position


class BackgroundChats:
    def __init__(self, context: ChatContext, go_on: Callable[[ChatSession], None], changed: Callable[[], None]) -> None:
        """`go_on` sends the next queued prompt of a session, if it may be sent by itself. `changed` is called when an answer
        ends here or a tool needs permission."""
        self._context = context
        self._go_on = go_on
        self._changed = changed
        self.sessions: dict[str, ChatSession] = {}
        """The chats with a running turn, by id."""
        self.unread: set[str] = set()
        """The chats whose answer has ended here, and which were not shown since."""

    def enter(self, session: ChatSession, position: Position) -> None:
        """Take in a chat that is left, and how it stood."""
        session.position = position
        session.is_on_view = False
        session.in_question = session.editing = None
        self.sessions[session.id] = session

    def leave(self, session: ChatSession) -> Position:
        """Let go of a chat that is shown again. Return how it stood."""
        position, session.position = session.position, None
        assert position is not None
        del self.sessions[session.id]
        session.is_on_view = True
        return position

    def give_up(self, chat_id: str) -> None:
        """Stop the answer of a chat in the background, and forget that it is unread."""
        self.unread.discard(chat_id)
        if (session := self.sessions.pop(chat_id, None)) is not None:
            session.close()
        self._changed()

    @property
    def _current(self) -> ChatSession:
        return self._context.current()

    @property
    def answering(self) -> frozenset[str]:
        """The chats with a running turn."""
        return frozenset({*self.sessions, *([self._current.id] if self._current.running else [])})

    @property
    def asking(self) -> frozenset[str]:
        """The chats in which a tool call needs permission."""
        sessions = (self._current, *self.sessions.values())
        return frozenset(session.id for session in sessions if session.questions)

    @property
    def next_waiting(self) -> str:
        """A chat in the background that asks, or was answered; "" if there is none."""
        return next(iter((*(self.asking - {self._current.id}), *self.unread)), "")

    def elsewhere(self) -> str:
        """Return what the header says of other chats."""
        asking, unread = len(self.asking - {self._current.id}), len(self.unread)
        if asking:
            return f"? {asking} chats need permission" if asking > 1 else "? another chat needs permission"
        if unread:
            return f"✓ {unread} chats answered" if unread > 1 else "✓ another chat answered"
        return ""

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Follow the turns of chats in the background."""
        if session.is_on_view or not isinstance(event, PermissionRequested | PermissionDecided | ToolEnded | TurnEnded):
            return
        if isinstance(event, TurnEnded):
            self._end_in_background(session, event)
        elif isinstance(event, PermissionRequested):
            title, key = event.question.title.lower(), self._context.key_of("chats")
            self._context.notify(
                f'"{shortened(session.title)}" needs permission: {title}? · {key} opens it', lasting=True
            )
        self._changed()

    def _end_in_background(self, session: ChatSession, event: TurnEnded) -> None:
        position = session.position
        assert position is not None
        if event.give_back is not None:
            if position.has_draft:
                session.queue.put_first(event.give_back)
            else:
                session.position = position = replace(position, draft=event.give_back)
        if event.outcome == "complete":
            self._go_on(session)
        queue = session.queue
        session.store.save_position(replace(position, queue=(*position.queue, *queue.drafts), held=queue.held))
        if not session.running:
            del self.sessions[session.id]
            self.unread.add(session.id)
            title = shortened(session.title)
            failure = event.failure
            self._context.notify(f'"{title}": {failure.message}' if failure else f'"{title}" is answered')
