"""What can be done with stored chats from the open one: the list of them, names, files, earlier prompts, finding words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.errors import TuiError
from tui.screens.guarding import GuardingScreen

if TYPE_CHECKING:
    from tui.screens.chats import Opening
    from tui.widgets.find_bar import FindBar

_EARLIER = 200
"""Prompts of other chats that Up goes through; Ctrl+R searches all."""


class ArchiveScreen(GuardingScreen):
    _deleted: tuple[str, ...] = ()
    """Chats that were deleted from here, to be brought back the last one first."""

    # The list

    def action_chats(self, words: str = "") -> None:
        if not self.is_ready:
            return
        from tui.screens.chats import ChatList  # not needed for the first paint

        name_of = self.provider.name_of
        here = self.chat_id
        now = self._library.now
        chats = ChatList(self.store, name_of, self._export_listed, here=here, typed=words, now=now)
        self.app.push_screen(chats, self._open_picked)

    def _open_picked(self, picked: Opening | None) -> None:
        if picked is not None:
            self.run_worker(self._open(picked.chat_id, picked.message_id), group="branch", exclusive=True)

    async def _open(self, chat_id: str, message_id: str) -> None:
        try:
            # A message may stand in another branch than the one that the chat was left at.
            if await self.has_not_begun(chat_id):
                await self.open_draft(chat_id)
                return
            leaf = await self.answer(self.store.leaf(message_id)) if message_id else ""
            await self.open_chat(chat_id, head=leaf or None, at=message_id)
        except TuiError as error:
            self.prompt.say(error.message)
        self.prompt.focus()

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
            self.run_worker(self._pin(), group="branch")

    async def _pin(self) -> None:
        chat = await self.answer(self.store.chat(self.chat_id))
        self.store.pin(chat.id, not chat.pinned)
        self.prompt.say("no longer pinned" if chat.pinned else "pinned: it stands first in the list of chats")

    def action_delete_chat(self) -> None:
        if self._has_begun():
            gone = self.chat_id
            self.start_afresh()
            self.store.delete(gone)
            self.prompt.say("deleted · /undelete brings it back", lasting=True)
            self._deleted = (*self._deleted, gone)

    def action_undelete(self) -> None:
        if not self._deleted:
            self.prompt.say("no chat was deleted here")
            return
        *rest, back = self._deleted
        self._deleted = tuple(rest)
        self.store.restore(back)
        self.run_worker(self._open(back, ""), group="branch", exclusive=True)

    def _has_begun(self) -> bool:
        if self.is_ready and self.talk.session.transcript.messages:
            return True
        self.prompt.say("nothing was said yet")
        return False

    def action_export(self, kind: str = "") -> None:
        if self._has_begun():
            self.run_worker(self._export(self.chat_id, kind, self.prompt.say))

    def _export_listed(self, chat_id: str) -> None:
        from tui.screens.chats import ChatList

        if isinstance(screen := self.app.screen, ChatList):
            self.run_worker(self._export(chat_id, "", screen.say_exported))

    async def _export(self, chat_id: str, kind: str, say: Callable[[str], None]) -> None:
        try:
            tree = await self.answer(self.store.tree(chat_id))
            file = await asyncio.to_thread(self._library.export, tree, kind or "md", self.provider.name_of)
        except TuiError as error:
            say(error.message)
        else:
            say(f"written to {file}")

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
