"""Sessions: the chat on view, opening another one, leaving it, and where the store stands."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tui.chat.tools import Access, parse_access
from tui.chat.transcript import Draft, Transcript
from tui.chat_screen.background import BackgroundChats
from tui.chat_screen.context import ChatContext, stored
from tui.chat_screen.readiness import Readiness
from tui.chat_screen.session import ChatSession, labels, opening_notice
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.store import Branch, Chat, ChatEnd, NewChat, Position, Store, StoredChat


class SessionPorts(msgspec.Struct, frozen=True):
    show: Callable[[ChatSession, Sequence[str]], None]
    """Shows another session in the place of the one on view, with the labels of its messages."""
    painted: Callable[[], Awaitable[None]]
    """Returns once what is shown is on the screen."""
    complete: Callable[[ChatSession, Sequence[str], float | None], Awaitable[None]]
    """Adds what is missing of a session that was shown from its end, and scrolls to where it was left."""
    snapshot: Callable[[ChatSession], Position]
    """How the chat on view stands."""
    restore: Callable[[Position, bool], None]
    """Brings back what was typed and where it was scrolled. True: what is in the prompt area stays there."""
    show_message: Callable[[int, Sequence[str]], None]
    """Scrolls to a message, and marks words in it."""
    take_choices: Callable[[Chat], None]
    """Goes on with the model and settings of a chat."""
    replay: Callable[[ChatSession], None]
    """Shows what has arrived of a running answer."""


class SessionManager:
    def __init__(
        self,
        context: ChatContext,
        ports: SessionPorts,
        wake: Callable[[ChatSession], None],
        background: BackgroundChats,
    ) -> None:
        """`wake` is called on the engine's thread when a session has events."""
        self._context = context
        self._ports = ports
        self._wake = wake
        self._background = background
        self._readiness = Readiness()
        self.when_ready = self._readiness.when_ready
        self._wanted: tuple[str, str, Sequence[str]] | None = None
        """The chat that is to be opened next, with a message and words."""
        self._loading: tuple[ChatSession, Position] | None = None
        """The chat on view and how it was left, while only its end is shown and the rest is being read."""
        self._stashed: Position | None = None
        """What was typed in the chat on view before another one was asked for."""
        self._store: Store | None = None
        self._count = 0
        self.current = self._new_session()

    # Sessions

    def _new_session(self) -> ChatSession:
        self._count += 1
        provider = self._context.provider
        return ChatSession(
            f"chat-{self._count}",
            provider.session(),
            self._context.engine,
            lambda: (provider.ask(), provider.model),
            self._wake,
        )

    def _record(self, session: ChatSession, chat: NewChat | None = None, head: str | None = None) -> None:
        """Record everything from now on as that chat, by default a new one, after the message `head`."""
        from tui.store import NewChat, new_id

        chat = chat or NewChat(id=new_id())
        session.record_in(self.store, chat, head)
        self.store.set_open_chat(chat.id)

    @property
    def store(self) -> Store:
        assert self._store is not None, "whoever needs the store waits until it is open"
        return self._store

    @property
    def is_started(self) -> bool:
        """True once the store is open and what was to be restored is on view."""
        return self._readiness.is_started

    @property
    def is_ready(self) -> bool:
        """True unless the store is still opened, or another chat."""
        return self._readiness.is_ready

    def when_whole(self, do: Callable[[], object], late: Callable[[], object] | None = None) -> object:
        """Do what needs all messages of the chat on view, and return its result; or once they are there, `late` or it."""
        if not self._readiness.is_loading:
            return do()
        self.when_ready(late or do)
        return None

    @property
    def has_waiting(self) -> bool:
        return self._readiness.has_waiting

    async def open_store(self) -> Store:
        """Open the store, and return it. Its modules are loaded on another thread, unless they are loaded already."""
        opens = partial(self._context.library.store, demo=self._context.provider.is_demo)
        self._store = store = opens() if "tui.store.store" in sys.modules else await asyncio.to_thread(opens)
        return store

    async def prepare(self) -> None:
        """Load what sending takes, and have the chat on view recorded in the store."""
        await asyncio.to_thread(self._context.provider.load)
        if self.current.recorder is None:
            self._record(self.current)

    def started(self) -> None:
        """Everything is there: what waited is done now, so that whatever comes later comes after it."""
        self._readiness.is_started = True
        self.save_position()
        self._readiness.do_waiting()

    async def open_draft(self, chat_id: str) -> bool:
        """Show what was typed for a chat that has not begun, in this chat that has not begun. False if there is nothing."""
        from tui.store import NewChat

        position = await stored(self.store.position(chat_id))
        if position.is_empty:
            return False
        self._record(self.current, NewChat(id=chat_id))
        self.current.queue.restore(position.queue)
        self._ports.restore(position, False)
        return True

    async def has_not_begun(self, chat_id: str) -> bool:
        """True if a chat has no messages in the store, but maybe unsent text."""
        if chat_id in self._background.sessions:
            return False
        try:
            await stored(self.store.chat(chat_id))
        except TuiError:
            return True
        return False

    # Opening a chat

    def open(self, chat_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        """Show a chat, or a draft that has not begun; scroll to a message and mark words in it.

        What is typed and sent from now on is for that chat.
        """
        if not self.is_started or (self._readiness.is_loading and not self._readiness.is_opening):
            self.when_ready(lambda: self.open(chat_id, message_id, words))
            return
        self._wanted = chat_id, message_id, words
        if not self._readiness.is_opening:
            self._stash()
            self._context.run(self._open_wanted, group="open")

    async def _open_wanted(self) -> None:
        try:
            while self._wanted is not None:
                wanted, self._wanted = self._wanted, None
                await self._open(*wanted)
        finally:
            if (position := self._stashed) is not None:  # it is the same chat, or the other one could not be opened
                self._stashed = None
                self._ports.restore(position, False)
                for draft in reversed(position.queue):
                    self.current.queue.put_first(draft)
            self._readiness.is_opening = False
        self.save_position()
        self._readiness.do_waiting()

    def _stash(self) -> None:
        """Another chat is wanted: what was typed stays with this one, and what is typed from now on is for that one."""
        from tui.store import Position

        position, session = self._ports.snapshot(self.current), self.current
        self._ports.restore(Position(chat_id=session.id), False)
        self._readiness.is_opening = True
        self.store.save_position(position)
        self._stashed = replace(position, queue=position.queue[: len(position.queue) - len(session.unsent)])

    def _snapshot(self) -> Position:
        """Return how the chat on view stands, with what was stashed of it."""
        position, stashed = self._ports.snapshot(self.current), self._stashed
        if self._loading is not None:
            position = replace(position, scroll=self._loading[1].scroll, edits=self._loading[1].edits)
        if stashed is None:
            return position
        return replace(position, draft=stashed.draft, queue=(*stashed.queue, *position.queue))

    async def _open(self, chat_id: str, message_id: str, words: Sequence[str]) -> None:
        try:
            # A message may be in another branch than the one that the chat was left at.
            if await self.has_not_begun(chat_id):
                self._show_new(draft_stays=True)
                await self.open_draft(chat_id)
                return
            leaf = await stored(self.store.leaf(message_id)) if message_id else ""
            await self.open_chat(chat_id, head=leaf or None, at=message_id, words=words)
        except TuiError as error:
            self._context.notify(error.message)

    async def open_chat(
        self,
        chat_id: str,
        *,
        head: str | None = None,
        at: str = "",
        words: Sequence[str] = (),
        end: ChatEnd | None = None,
    ) -> None:
        """Show a stored chat in the place of this one: up to `head` or where it was left, and the `words` of message `at`.

        A chat with a running turn is shown as it stands, in its own branch. `end`: the last messages, if they are read
        already. Raises TuiError.
        """
        if (session := self._background.sessions.get(chat_id)) is not None:
            branch = await self._open_background(session)
        elif chat_id == self.current.id and self.current.running:
            branch = await self.read_branch()
        else:
            branch = await self._open_stored(chat_id, head, end)
        if at:
            index = next((index for index, message in enumerate(branch) if message.id == at), None)
            if index is not None:
                self._ports.show_message(index, words)
            else:
                self._context.notify("That message is in another branch: wait for the answer")

    async def read_branch(self) -> Branch:
        """Return the messages of the chat on view, as they are stored."""
        recorder = self.current.recorder
        assert recorder is not None
        return await stored(self.store.branch(recorder.chat.id, recorder.head))

    async def _open_stored(self, chat_id: str, head: str | None, end: ChatEnd | None = None) -> Branch:
        """Show the end of a stored chat, and once that is on the screen, read the rest of it and go on with it."""
        left, is_same = self.current, chat_id == self.current.id
        end = end or await stored(self.store.end(chat_id, head))
        assert end is not None, "else NoSuchChat was raised"
        if is_same and (left.running or self.current is not left):  # a prompt was sent, or another chat shown meanwhile
            return await self.read_branch()
        position = self._snapshot() if is_same else end.position
        session = self._show_end(end.branch, position, is_same=is_same)
        try:
            await self._ports.painted()
            chat: StoredChat = await stored(self.store.stored_chat(chat_id, head or end.branch.head))
        except TuiError:
            if self.current is session:
                self._show_new(draft_stays=True)
            self._end_loading(session)
            raise
        await self._complete(session, chat, position)
        self._end_loading(session)
        if self.current is session and (notice := opening_notice(chat.branch)):
            self._context.notify(notice, lasting=True)
        return chat.branch

    async def _complete(self, session: ChatSession, chat: StoredChat, position: Position) -> None:
        """Add what is missing of a chat that is shown from its end, unless another one is shown by now."""
        if self.current is session:
            session.transcript = session.restored = chat.transcript
            session.turns.discarded, session.is_whole = chat.discarded, True
            session.note_branch(chat.branch, position.edits)
            await self._ports.complete(session, labels(chat.branch), position.scroll)

    def _end_loading(self, session: ChatSession) -> None:
        """All of the chat is there, or another one is shown instead: what has waited is done."""
        if self._loading is not None and self._loading[0] is session:
            self._loading, self._readiness.is_loading = None, False
            self.save_position()
            self._readiness.do_waiting()

    def _show_end(self, end: Branch, position: Position, *, is_same: bool) -> ChatSession:
        """Show the last messages of a chat in the place of the one on view. Whatever needs the others waits for them."""
        keeps_typed = is_same and self._stashed is None
        unsent = self.current.unsent if keeps_typed else position.queue
        if is_same:
            self._stashed = None
            self.current.close()
        else:
            self._leave(draft_stays=True)
        chat, session = end.chat, self._new_session()
        self._record(session, chat.settings, end.head)
        messages = tuple(one.message for one in end)
        session.turns.resume(Transcript(messages=messages, system=chat.system), parse_access(chat.tools))
        session.queue.restore(unsent)
        session.is_whole = False
        self.current, self._loading = session, (session, position)
        self._show(session, end, replace(position, scroll=None, edits=""), keeps_typed=keeps_typed)
        self._readiness.is_loading = True
        return session

    def _show(self, session: ChatSession, branch: Branch, position: Position, *, keeps_typed: bool = False) -> None:
        self._background.unread.discard(session.id)
        self._ports.take_choices(branch.chat)
        session.title = branch.chat.title
        session.note_branch(branch, position.edits)
        self._ports.show(session, labels(branch))
        self._ports.restore(position, keeps_typed)

    def start_new(self, prepare: Callable[[], object] = lambda: None) -> None:
        """Show a new, empty chat, after one that is being opened. What is being written goes along. `prepare` is called
        just before."""
        self.when_ready(partial(self._start_new, prepare))

    def _start_new(self, prepare: Callable[[], object]) -> None:
        prepare()
        self._show_new(draft_stays=False)
        self.save_position()

    def _show_new(self, *, draft_stays: bool) -> None:
        self._leave(draft_stays=draft_stays)
        self.current = self._new_session()
        context = self._context
        self._store = context.library.store(demo=context.provider.is_demo)
        self._record(self.current)
        self._ports.show(self.current, ())

    # Leaving a chat

    def save_position(self) -> None:
        """Note how the chat on view stands. Called as often as that changes."""
        if self.current.recorder is not None and self.is_ready:
            self.store.save_position(self._snapshot())

    def end(self) -> None:
        """Save what is typed, sent and queued, as the program ends; also where the store is not open yet."""
        typed = self._ports.snapshot(self.current)
        position = self._snapshot()
        position = replace(position, queue=(*position.queue, *self._readiness.drafts))
        if self._stashed is not None:
            position = position.with_returned(typed.draft) if typed.has_draft else position
        if not self.is_started:
            if position.is_empty:
                return
            self._store = self._context.library.store(demo=self._context.provider.is_demo)
            if self.current.recorder is None:
                self._record(self.current)
        self.store.save_position(replace(position, chat_id=self.current.id))

    def _leave(self, *, draft_stays: bool) -> None:
        """Leave the chat on view. Without `draft_stays`, what is being written goes along to the next one."""
        session = self.current
        if session.recorder is None or not self.is_started:
            session.close()
            return
        position, self._stashed = self._snapshot(), None
        position = position if draft_stays else replace(position, draft=Draft(text=""), edits="")
        self.store.save_position(position)
        if session.running and self._keeps_open():
            waiting = position.queue[: len(position.queue) - len(session.queue.drafts)]
            self._background.enter(session, replace(position, queue=waiting))
        else:
            session.close()

    def _keeps_open(self) -> bool:
        """True if the next chat is in the same store: a chat of the demo ends with the demo."""
        return self._context.library.store(demo=self._context.provider.is_demo) is self._store

    async def _open_background(self, session: ChatSession) -> Branch:
        recorder = session.recorder
        assert recorder is not None
        branch: Branch = await stored(session.store.branch(session.id, recorder.head))
        if session.id not in self._background.sessions:  # it has ended meanwhile, and all of it is stored
            return await self._open_stored(session.id, None)
        self._leave(draft_stays=True)
        position = self._background.leave(session)
        self.current = session
        session.store.set_open_chat(session.id)
        for draft in reversed(position.queue):
            session.queue.put_first(draft)
        self._show(session, branch, position)
        self._ports.replay(session)
        return branch

    # Tools

    def use_tools(self, access: Access) -> None:
        """Have Claude do that much in the chat on view from the next turn on. Only between turns."""
        session = self.current
        session.turns.use_tools(access)
        if session.recorder is not None and session.recorder.head is not None:
            session.store.set_tools(session.id, access, session.transcript.tools)
            session.store.set_setup(session.id, session.transcript.changed)
