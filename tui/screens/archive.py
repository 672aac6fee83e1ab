"""What can be done with stored chats from the open one: the list of them, names, files, earlier prompts, finding words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from tui.errors import TuiError
from tui.screens.guarding import GuardingScreen
from tui.screens.returning import short
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.chat.events import TurnEnded
    from tui.screens.away import Away
    from tui.screens.chats import Opening
    from tui.screens.sharing import SharingScreen
    from tui.widgets.find_bar import FindBar
    from tui.widgets.prompt import PromptArea

_EARLIER = 200
"""Prompts of other chats that Up goes through; Ctrl+R searches all."""


class ArchiveScreen(GuardingScreen):
    _deleted: tuple[str, ...] = ()
    """Chats that were deleted from here, to be brought back the last one first."""
    _was_open = ""
    """The one of them that was on the screen."""

    # The list

    def action_chats(self, words: str = "") -> None:
        if not self.is_ready:
            return
        from tui.screens.chats import ChatList  # not needed for the first paint

        is_demo = self.provider.is_demo
        chats = ChatList(self.store, self.provider.name_of, self, typed=words, passing=is_demo, now=self._library.now)
        self.app.push_screen(chats, self._open_picked)

    def _open_picked(self, picked: Opening | None) -> None:
        if picked is not None:
            self.run_worker(later(self._open, *picked), group="branch", exclusive=True)

    async def _open(self, chat_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        try:
            # A message may stand in another branch than the one that the chat was left at.
            if await self.has_not_begun(chat_id):
                await self.open_draft(chat_id)
                return
            leaf = await self.answer(self.store.leaf(message_id)) if message_id else ""
            await self.open_chat(chat_id, head=leaf or None, at=message_id, words=words)
        except TuiError as error:
            self.prompt.say(error.message)
        self.prompt.focus()

    @property
    def asking(self) -> frozenset[str]:
        """The chats in which something waits for the user's word."""
        here = [self.chat_id] if self.talk.questions else []
        return frozenset({*here, *(id for id, away in self._away.items() if away.talk.questions)})

    def _end_away(self, away: Away, event: TurnEnded) -> None:
        super()._end_away(away, event)
        from tui.screens.chats import ChatList

        if isinstance(screen := self.app.screen, ChatList):
            screen.tell_changed()

    # The open chat

    def action_rename(self, title: str = "") -> None:
        if not self._has_begun():
            return
        if title:
            self._rename(title)
            return
        from tui.screens.naming import Naming

        self.app.push_screen(Naming("Rename the chat", self.header.title), self._rename)

    def _rename(self, title: str | None) -> None:
        if title:
            self.store.rename(self.chat_id, title)
            self.header.title = title

    def action_pin(self) -> None:
        if self._has_begun():
            self.run_worker(later(self._pin), group="branch")

    async def _pin(self) -> None:
        chat = await self.answer(self.store.chat(self.chat_id))
        self.store.pin(chat.id, not chat.pinned)
        self.prompt.say("no longer pinned" if chat.pinned else "pinned: it stands first in the list of chats")

    def action_delete_chat(self) -> None:
        if self._has_begun():
            self.delete(self.chat_id)

    def delete(self, chat_id: str) -> None:
        """Out of every list, with what still arrives in it; in the place of the open one comes a new chat."""
        if chat_id == self.chat_id:
            self.start_afresh()
            self.prompt.say("deleted · /undelete brings it back", lasting=True)
            self._was_open = chat_id
        self.give_up(chat_id)
        self.store.delete(chat_id)
        self._deleted = (*self._deleted, chat_id)

    def action_undelete(self) -> None:
        if not self._deleted:
            self.prompt.say("no chat was deleted here")
            return
        chat_id = self._deleted[-1]
        self._was_open = chat_id
        self.restore(chat_id)

    def restore(self, chat_id: str) -> None:
        """Brings a deleted chat back: into the lists, and onto the screen if it was there."""
        self._deleted = tuple(one for one in self._deleted if one != chat_id)
        self.store.restore(chat_id)
        if chat_id == self._was_open:
            self._was_open = ""
            self.run_worker(later(self._open, chat_id), group="branch", exclusive=True)

    def on_sharing_screen_changed_elsewhere(self, event: SharingScreen.ChangedElsewhere) -> None:
        if event.chat_id in self._deleted:
            self._deleted = tuple(one for one in self._deleted if one != event.chat_id)
            self.run_worker(later(self._say_back, event.chat_id), group="back")

    async def _say_back(self, chat_id: str) -> None:
        """Another prx goes on with a chat that was deleted here."""
        from tui.screens.chats import ChatList

        with suppress(TuiError):
            chat = await self.answer(self.store.chat(chat_id))
            self.prompt.say(f'"{short(chat.title)}" is back: another prx goes on with it', lasting=True)
        if isinstance(screen := self.app.screen, ChatList):
            screen.tell_changed()

    def _has_begun(self) -> bool:
        if self.is_ready and self.talk.session.transcript.messages:
            return True
        self.prompt.say("nothing was said yet")
        return False

    def action_export(self, kind: str = "") -> None:
        if self._has_begun():
            self.run_worker(later(self._export, self.chat_id, kind, self.prompt.say))

    def export(self, chat_id: str) -> None:
        """For the list: writes one of its chats to a file."""
        from tui.screens.chats import ChatList

        if isinstance(screen := self.app.screen, ChatList):
            self.run_worker(later(self._export, chat_id, "", screen.say_exported))

    async def _export(self, chat_id: str, kind: str, say: Callable[[str], None]) -> None:
        try:
            tree = await self.answer(self.store.tree(chat_id))
            file = await asyncio.to_thread(self._library.export, tree, kind or "md", self.provider.name_of)
        except TuiError as error:
            say(error.message)
        else:
            say(f"written to {file.name} in {file.parent}")

    # Earlier prompts

    def action_history(self, words: str = "") -> None:
        if not self.is_ready:
            return
        from tui.screens.prompts import PromptPicker

        def picked(prompt: str | None) -> None:
            if prompt:
                self.prompt.recall(prompt)
            self.prompt.focus()

        self.app.push_screen(PromptPicker(self.store, words), picked)

    def on_prompt_area_left_unsent(self, event: PromptArea.LeftUnsent) -> None:
        if self.is_ready:
            self.store.leave_unsent(self.chat_id, event.text)

    async def opened(self) -> None:
        """The store is there: Up goes on into the prompts of other chats."""
        await super().opened()
        prompts = await self.answer(self.store.prompts(limit=_EARLIER))
        self.prompt.remember_earlier(prompts)

    # Finding words

    async def action_find(self, words: str = "") -> None:
        from tui.widgets.find_bar import FindBar

        if not self._has_begun():
            return
        await self.query(FindBar).remove()
        await self.mount(FindBar(words), before=self.prompt)

    def let_go(self) -> None:
        super().let_go()
        for bar in self._find_bars():
            bar.remove()

    def on_find_bar_typed(self, event: FindBar.Typed) -> None:
        count = self.conversation.find(event.words)
        for bar in self._find_bars():
            bar.say(count)

    def on_find_bar_stepped(self, event: FindBar.Stepped) -> None:
        self.conversation.find_next(event.step)

    async def on_find_bar_closed(self) -> None:
        self.conversation.find("")
        for bar in self._find_bars():
            await bar.remove()
        self.prompt.focus()

    def _find_bars(self) -> list[FindBar]:
        from tui.widgets.find_bar import FindBar

        return list(self.query(FindBar))
