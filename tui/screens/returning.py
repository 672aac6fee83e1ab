"""Stored chats on the screen: what the program begins with, opening one in the place of another, and answers that go on.

A chat that is left in mid-answer is put away. Its answer arrives all the same and is recorded, its queue goes on, and when
the chat is opened again it is shown as it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tui.chat.events import TurnEnded
from tui.chat.tools import ToolAsking, access_of
from tui.errors import TuiError
from tui.screens.away import Away
from tui.screens.keeping import KeptScreen
from tui.screens.talk import Talk
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Branch, Chat, Place

_LONGEST_TITLE = 30
"""Characters of a title in something said in passing."""


class ReturningScreen(KeptScreen):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._away: dict[str, Away] = {}
        """Chats that were left in mid-answer, by id."""
        self._unread: set[str] = set()
        super().__init__(*arguments, **options)

    # Beginning

    def open_store(self) -> None:
        """To be called once the first frame is on the screen: SQLite is not needed for that."""
        self.run_worker(later(self._open_store), group="chat")

    async def _open_store(self) -> None:
        opening = asyncio.to_thread(self._library.store, demo=self.provider.is_demo)
        self._store, _ = await asyncio.gather(opening, asyncio.to_thread(self.provider.load))
        self._keep(self.talk, self._new_chat())
        try:
            await self._restore()
        except TuiError as error:
            self.prompt.say(error.sentences, lasting=True)
        self._is_ready = True
        self.save_place()
        early, self._early = self._early, []
        for do in early:  # at once: what is done from now on comes after it
            do()
        await self.opened()

    async def opened(self) -> None:
        """The store is open and what was to be restored is there."""

    async def _restore(self) -> None:
        """Opens what was asked for; else, after a crash, what was open then; else what was typed and never sent."""
        resume, start, *_ = self._beginning
        if resume:
            await self._continue((await self.answer(self.store.chat(resume))).id)
        elif start == "last":
            chats = await self.answer(self.store.chats())
            if chats:
                await self._continue(max(chats, key=lambda chat: chat.updated).id)
        elif start == "list":
            self.app.call_later(self.app.run_action, "chats", self)
        elif not (self._first_prompt or self._early):
            await self._go_on_where_it_was()

    async def _continue(self, chat_id: str) -> None:
        """Opens the chat that was asked for, with what else was asked for."""
        await self.open_chat(chat_id)
        system, session = self._beginning.system, self.talk.session
        if system is not None:
            session.transcript = replace(session.transcript, system=system)
            self.store.set_system(chat_id, system)
        if (tools := self._beginning.tools) is not None:
            self.use_tools(tools)

    async def _go_on_where_it_was(self) -> None:
        left_off = await self.answer(self.store.left_off())
        if left_off and await self._reopen(left_off):
            return
        for place in await self.answer(self.store.unsent()):
            if await self.has_not_begun(place.chat_id):
                await self._reopen(place.chat_id)
                return

    async def open_draft(self, chat_id: str) -> None:
        """Shows what was typed for a chat that has not begun, in the place of this chat."""
        self._leave(draft_stays=True)
        self.recorder = None  # it is left, with all that is unsent in it
        self.prompt.begin_with("")
        super().start_afresh()
        await self._reopen(chat_id)

    async def has_not_begun(self, chat_id: str) -> bool:
        """Whether there is nothing of a chat but maybe unsent text. Asked of the store."""
        if chat_id in self._away:
            return False
        try:
            await self.answer(self.store.chat(chat_id))
        except TuiError:
            return True
        return False

    async def _reopen(self, chat_id: str) -> bool:
        """Shows a chat as it was left; one that has not begun as well. False if there is nothing of it."""
        if not await self.has_not_begun(chat_id):
            await self.open_chat(chat_id)
            return True
        place = await self.answer(self.store.place(chat_id))
        if place.is_empty:
            return False
        self._keep(self.talk, replace(self._new_chat(), id=chat_id))
        self._show_place(place)
        return True

    # Opening a chat

    async def open_chat(
        self, chat_id: str, *, head: str | None = None, at: str = "", words: Sequence[str] = ()
    ) -> None:
        """Shows a stored chat in the place of this one: up to `head` or where it was left, and the `words` of message `at`.

        Where an answer still arrives, it is shown as it stands, in its own branch. Raises TuiError.
        """
        if (away := self._away.get(chat_id)) is not None:
            branch = await self._bring_back(away)
        elif chat_id == self.chat_id and self.talk.running:
            branch = await self.read_branch()
        else:
            branch = await self._open_stored(chat_id, head)
        if at:
            self.call_after_refresh(self._show_message, at, branch, words)

    async def read_branch(self) -> Branch:
        """The messages of the open chat, as they are stored."""
        assert self.recorder is not None
        return await self.answer(self.store.branch(self.chat_id, self.recorder.head))

    async def _open_stored(self, chat_id: str, head: str | None) -> Branch:
        from tui.store import NewChat

        branch = await self.answer(self.store.branch(chat_id, head))
        transcript = await self.answer(self.store.transcript(chat_id, head or branch.head))
        written_off = await self.answer(self.store.written_off(chat_id))
        is_same = chat_id == self.chat_id
        if is_same and self.talk.running:  # a prompt was sent meanwhile
            return branch
        place = self._place() if is_same else await self.answer(self.store.place(chat_id))
        if not is_same:
            self._leave(draft_stays=True)
        self.let_go()
        chat = branch.chat
        known = NewChat(id=chat.id, title=chat.title, model=chat.model, system=chat.system, preset=chat.preset)
        self.talk = self.talk_in(known, branch.head)
        self.talk.session.take_up(transcript, access_of(chat.tools))
        self.talk.taken_up = transcript
        self.talk.session.written_off = written_off
        self._take_choices(chat)
        self._show_branch(branch)
        self._show_place(place, keeps_typed=is_same)
        self._say_how_it_stands(chat, branch)
        self.shown(branch, place)
        return branch

    def shown(self, branch: Branch, place: Place) -> None:
        """A chat stands on the screen as it was left."""

    def _take_choices(self, chat: Chat) -> None:
        """The chat goes on with its preset and model, as far as the configuration still has them."""
        if self._beginning.own_model and not self._is_ready:
            return
        with suppress(TuiError):
            self.provider.use_preset(chat.preset)
        with suppress(TuiError):
            if chat.model and chat.model != self.provider.model.id:
                self.provider.use(chat.model)

    def _show_branch(self, branch: Branch) -> None:
        messages = self.talk.messages
        self._unread.discard(branch.chat.id)
        self.prompt.forget()
        for message in messages:
            if message.is_prompt and message.text:
                self.prompt.remember(message.text)
        self.conversation.show(messages, siblings=labels(branch))
        self.header.title = branch.chat.title
        self.set_class(bool(messages), "-begun")
        self.show_model()
        self.show_welcome()
        self.show_hints()

    def _show_message(self, message_id: str, branch: Branch, words: Sequence[str]) -> None:
        index = next((index for index, stored in enumerate(branch) if stored.id == message_id), None)
        if index is not None:
            self.conversation.show_message(index, words)
        else:
            self.prompt.say("that is in another branch: wait for the answer")

    def _say_how_it_stands(self, chat: Chat, branch: Branch) -> None:
        last = branch[-1] if len(branch) else None
        if chat.elsewhere:
            self.prompt.say("open in another prx too: its answers come here", lasting=True)
        elif last is not None and last.message.is_prompt:
            self.prompt.say("this prompt got no answer · /continue asks for one", lasting=True)
        elif last is not None and (last.state == "interrupted" or last.role == "user" or last.message.awaits_results):
            self.prompt.say("interrupted · /continue asks for the rest", lasting=True)

    # Leaving a chat in mid-answer

    @property
    def answering(self) -> frozenset[str]:
        """The chats in which an answer arrives just now."""
        return frozenset({*self._away, *([self.chat_id] if self.talk.running else [])})

    @property
    def unread(self) -> frozenset[str]:
        """The chats whose answer has ended out of sight, and which were not looked at since."""
        return frozenset(self._unread)

    def _leave(self, *, draft_stays: bool) -> None:
        super()._leave(draft_stays=draft_stays)
        if self.talk.running and self._stays_open:
            self._put_away(self._place_left(draft_stays=draft_stays))

    @property
    def _stays_open(self) -> bool:
        """Whether the next chat is kept where this one is: one of the demo ends with it."""
        return self._is_ready and self._library.store(demo=self.provider.is_demo) is self._store

    def _put_away(self, place: Place) -> Away:
        assert self.recorder is not None
        beside = place.queue[: len(place.queue) - len(self.talk.outbox.drafts)]
        away = Away(self.talk, self.recorder, self.store, replace(place, queue=()), beside, self.header.title)
        self._away[self.chat_id] = away
        self.talk.go_out_of_sight()
        return away

    def let_go(self) -> None:
        if all(away.talk is not self.talk for away in self._away.values()):
            super().let_go()

    async def _bring_back(self, away: Away) -> Branch:
        chat_id = away.place.chat_id
        branch = await self.answer(self.store.branch(chat_id, away.recorder.head))
        if chat_id not in self._away:  # it has ended meanwhile, and all of it is stored
            return await self._open_stored(chat_id, None)
        self._leave(draft_stays=True)
        self.let_go()
        self._take_from_away(away, branch)
        return branch

    def _take_from_away(self, away: Away, branch: Branch) -> None:
        """Shows what was said, and then what has happened of the answer as if it happened now."""
        del self._away[away.place.chat_id]
        self.talk, self.recorder = away.talk, away.recorder
        self.talk.come_back()
        self.store.look_at(self.chat_id)
        self._take_choices(branch.chat)
        self._show_branch(branch)
        for draft in reversed(away.beside):
            self.talk.outbox.put_first(draft)
        self._show_draft(away.place.draft)
        self._show_scroll(away.place.scroll)
        self.show_queue()
        for event in self.talk.under_way:
            self._take(event)
        self.shown(branch, away.place)

    def give_up(self, chat_id: str) -> None:
        """Stops the answer of a chat that was left, if one arrives."""
        self._unread.discard(chat_id)
        if (away := self._away.pop(chat_id, None)) is not None:
            away.talk.stop()

    def hear(self, talk: Talk) -> None:
        events = talk.collect()
        away = next((one for one in self._away.values() if one.talk is talk), None)
        for event in events:
            if away is not None and isinstance(event, TurnEnded):
                self._end_away(away, event)
            elif away is not None and isinstance(event, ToolAsking):
                title = event.question.title.lower()
                self.prompt.say(
                    f'"{short(away.title)}" asks: {title}? · {self.key_of("chats")} leads there', lasting=True
                )

    def _end_away(self, away: Away, event: TurnEnded) -> None:
        away.take_end(event)
        if event.outcome == "complete":
            self.go_on_away(away.talk)
        away.save_place()
        if not away.talk.running:
            del self._away[away.place.chat_id]
            self._unread.add(away.place.chat_id)
            self.prompt.say(_said_of(away, event))

    def go_on_away(self, talk: Talk) -> None:
        """Sends what is queued next in a chat that is not on the screen."""
        talk.go_on()


def _said_of(away: Away, event: TurnEnded) -> str:
    title = short(away.title)
    return f'"{title}": {event.failure.message}' if event.failure is not None else f'"{title}" has its answer'


def short(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"


def labels(branch: Branch) -> Sequence[str]:
    """Of each message which of its siblings it is, as 2/3; "" where it is the only one."""
    return [f"{one.position + 1}/{len(one.siblings)}" if len(one.siblings) > 1 else "" for one in branch]
