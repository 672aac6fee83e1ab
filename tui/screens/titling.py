"""Titles made of a chat's first turn, where the user wants them: behind the scenes, and never instead of the user's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tui.chat.events import TurnEnded, TurnEvent
from tui.chat.transcript import Message, Transcript
from tui.errors import TuiError
from tui.screens.archive import ArchiveScreen
from tui.screens.away import Away
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Store


class TitlingScreen(ArchiveScreen):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._titled: set[str] = set()
        """Chats for which a title was asked, by id."""
        super().__init__(*arguments, **options)

    def _take(self, event: TurnEvent) -> None:
        super()._take(event)
        if isinstance(event, TurnEnded):
            self._may_title(self.chat_id, self.store, event)

    def _end_away(self, away: Away, event: TurnEnded) -> None:
        super()._end_away(away, event)
        self._may_title(away.place.chat_id, away.store, event)

    def _may_title(self, chat_id: str, store: Store, event: TurnEnded) -> None:
        is_first = sum(message.is_prompt for message in event.transcript.messages) == 1
        if self.provider.makes_titles and is_first and event.outcome == "complete" and chat_id not in self._titled:
            self._titled.add(chat_id)
            self.run_worker(later(self._give_title, chat_id, store, event.transcript), group="title")

    async def _give_title(self, chat_id: str, store: Store, transcript: Transcript) -> None:
        try:
            made = await asyncio.wrap_future(self._engine.submit(lambda: self.provider.title(transcript)))
            for answer in made.answers:
                self._count(chat_id, store, replace(answer, at=transcript.messages[-1].at))  # it belongs to that turn
            if made.title:
                store.rename(chat_id, made.title, mine=False)
                chat = await self.answer(store.chat(chat_id))
                if chat_id == self.chat_id:
                    self.header.title = chat.title
        except TuiError:  # the first line is a title, too
            return

    def _count(self, chat_id: str, store: Store, answer: Message) -> None:
        store.write_off(chat_id, answer)
        if chat_id == self.chat_id:
            session = self.talk.session
            session.written_off = (*session.written_off, answer)
