"""Titles made from a chat's first turn, where the user wants them; never instead of the user's own."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tui.chat.events import TurnEnded, TurnEvent
from tui.chat.transcript import Message, Transcript
from tui.chat_screen.context import ChatContext, stored
from tui.chat_screen.session import ChatSession
from tui.errors import TuiError


class TitleController:
    def __init__(self, context: ChatContext, show_title: Callable[[], None]) -> None:
        self._context = context
        self._show_title = show_title
        self._asked: set[str] = set()
        """The ids of chats for which a title was asked."""

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Ask for a title after the first complete turn of a chat, on view or in the background."""
        if not isinstance(event, TurnEnded) or event.outcome != "complete" or session.id in self._asked:
            return
        is_first = sum(message.is_prompt for message in event.transcript.messages) == 1
        if is_first and self._context.provider.makes_titles:
            self._asked.add(session.id)
            self._context.run(self._make_title, session, event.transcript, group="title")

    async def _make_title(self, session: ChatSession, transcript: Transcript) -> None:
        provider, store = self._context.provider, session.store
        try:
            made = await self._context.on_engine(lambda: provider.title(transcript))
            for answer in made.answers:
                self._add_cost(session, replace(answer, at=transcript.messages[-1].at))  # it belongs to that turn
            if made.title:
                store.rename(session.id, made.title, mine=False)
                session.title = (await stored(store.chat(session.id))).title
                current = self._context.current()
                if current.id == session.id:
                    current.title = session.title
                    self._show_title()
        except TuiError:  # the first line is a title, too
            return

    def _add_cost(self, session: ChatSession, answer: Message) -> None:
        session.store.discard(session.id, answer)
        current = self._context.current()
        if current.id == session.id:
            current.turns.discarded = (*current.turns.discarded, answer)
