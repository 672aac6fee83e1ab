"""From a turn's events to those who want them, in one order for every chat, on view or in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.chat.events import TurnEvent
from tui.chat_screen.session import ChatSession

Subscriber = Callable[[ChatSession, TurnEvent], None]


class Dispatcher:
    """Collects the events of a session and gives each to every subscriber. A subscriber never posts what it listens to."""

    def __init__(self, subscribers: Sequence[Subscriber]) -> None:
        self._subscribers = tuple(subscribers)

    def collect(self, session: ChatSession) -> None:
        """Collect what has happened in a session since the last call. Events of a closed one are dropped."""
        for event in session.collect():
            if not session.is_closed:
                self.dispatch(session, event)

    def dispatch(self, session: ChatSession, event: TurnEvent) -> None:
        for subscriber in self._subscribers:
            subscriber(session, event)
