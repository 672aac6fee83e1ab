"""Sessions: the chat on view, chats that run in the background, unread marks, start-up and restore.

A chat that is left while its answer arrives stays open in the background: the answer is recorded, its queue goes on, and
the chat is shown as it stands when it is opened again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.chat.events import TurnEnded, TurnEvent
from tui.chat.tools import Access, PermissionDecided, PermissionRequested, ToolEnded, parse_access
from tui.chat.transcript import Draft
from tui.chat_screen.context import ChatContext, stored
from tui.chat_screen.session import ChatSession, Origin, SyncState, ids, labels, opening_notice, shortened, sibling_ids
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.store import Branch, Chat, NewChat, Position, Store


@dataclass(frozen=True)
class SessionPorts:
    show: Callable[[ChatSession, Sequence[str]], None]
    """Shows another session in the place of the one on view, with the labels of its messages."""
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
    go_on: Callable[[ChatSession], None]
    """Sends the next queued prompt of a session, if it may be sent by itself."""
    changed: Callable[[], None]
    """What runs in the background, or is unread, has changed."""


class SessionManager:
    def __init__(
        self,
        context: ChatContext,
        ports: SessionPorts,
        wake: Callable[[ChatSession], None],
    ) -> None:
        """`wake` is called on the engine's thread when a session has events."""
        self._context = context
        self._ports = ports
        self._wake = wake
        self.background: dict[str, ChatSession] = {}
        """Chats that were left while their answer arrives, by id."""
        self._unread: set[str] = set()
        self._waiting: list[tuple[Callable[[], None], Draft | None]] = []
        """What is to be done once the store is open, or another chat is there, and the prompt that waits for it."""
        self._opening = 0
        self._is_started = False
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

    def _new_chat(self, chat_id: str = "") -> NewChat:
        from tui.store import NewChat
        from tui.store.store import new_id

        return NewChat(id=chat_id or new_id())

    def _record(self, session: ChatSession, chat: NewChat, head: str | None = None) -> None:
        session.record_in(self.store, chat, head)
        self.store.set_open_chat(chat.id)

    @property
    def store(self) -> Store:
        assert self._store is not None, "whoever needs the store waits until it is open"
        return self._store

    @property
    def is_started(self) -> bool:
        """True once the store is open and what was to be restored is on view."""
        return self._is_started

    @property
    def is_ready(self) -> bool:
        """True unless the store is still opened, or another chat."""
        return self._is_started and not self._opening

    def when_ready(self, do: Callable[[], None], prompt: Draft | None = None) -> None:
        """Do it now, or as soon as the store is open and the chat that is being opened is there. `prompt` waits for it."""
        if self.is_ready:
            do()
        else:
            self._waiting.append((do, prompt))

    def _do_waiting(self) -> None:
        while self.is_ready and self._waiting:
            self._waiting.pop(0)[0]()

    async def open_store(self) -> None:
        """Open the store, and have the chat on view recorded there."""
        context = self._context
        opening = asyncio.to_thread(context.library.store, demo=context.provider.is_demo)
        self._store, _ = await asyncio.gather(opening, asyncio.to_thread(context.provider.load))
        self._record(self.current, self._new_chat())

    def started(self) -> None:
        """Everything is there: what waited is done now, so that whatever comes later comes after it."""
        self._is_started = True
        self.save_position()
        self._do_waiting()

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    async def open_draft(self, chat_id: str) -> bool:
        """Show what was typed for a chat that has not begun, in this chat that has not begun. False if there is nothing."""
        position = await stored(self.store.position(chat_id))
        if position.is_empty:
            return False
        self._record(self.current, self._new_chat(chat_id))
        self.current.queue.restore(position.queue)
        self._ports.restore(position, False)
        return True

    async def has_not_begun(self, chat_id: str) -> bool:
        """True if a chat has no messages in the store, but maybe unsent text."""
        if chat_id in self.background:
            return False
        try:
            await stored(self.store.chat(chat_id))
        except TuiError:
            return True
        return False

    # Opening a chat

    async def open(self, chat_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        """Show a chat, or a draft that has not begun; scroll to a message and mark words in it. What is sent meanwhile
        waits, and goes to that chat."""
        self._opening += 1
        try:
            # A message may be in another branch than the one that the chat was left at.
            if await self.has_not_begun(chat_id):
                self._show_new(draft_stays=True)
                self._ports.restore(replace(self._ports.snapshot(self.current), draft=Draft(text=""), queue=()), False)
                await self.open_draft(chat_id)
                return
            leaf = await stored(self.store.leaf(message_id)) if message_id else ""
            await self.open_chat(chat_id, head=leaf or None, at=message_id, words=words)
        except TuiError as error:
            self._context.notify(error.message)
        finally:
            self._opening -= 1
            self._do_waiting()

    async def open_chat(
        self, chat_id: str, *, head: str | None = None, at: str = "", words: Sequence[str] = ()
    ) -> None:
        """Show a stored chat in the place of this one: up to `head` or where it was left, and the `words` of message `at`.

        A chat with a running turn is shown as it stands, in its own branch. Raises TuiError.
        """
        if (session := self.background.get(chat_id)) is not None:
            branch = await self._open_background(session)
        elif chat_id == self.current.id and self.current.running:
            branch = await self.read_branch()
        else:
            branch = await self._open_stored(chat_id, head)
        if at:
            index = next((index for index, message in enumerate(branch) if message.id == at), None)
            if index is not None:
                self._ports.show_message(index, words)
            else:
                self._context.notify("that is in another branch: wait for the answer")

    async def read_branch(self) -> Branch:
        """Return the messages of the chat on view, as they are stored."""
        recorder = self.current.recorder
        assert recorder is not None
        return await stored(self.store.branch(recorder.chat.id, recorder.head))  # type: ignore[no-any-return]

    async def _open_stored(self, chat_id: str, head: str | None) -> Branch:
        from tui.store import NewChat

        left, is_same = self.current, chat_id == self.current.id
        branch: Branch = await stored(self.store.branch(chat_id, head))
        transcript = await stored(self.store.transcript(chat_id, head or branch.head))
        discarded = await stored(self.store.discarded(chat_id))
        if is_same and (left.running or self.current is not left):  # a prompt was sent, or another chat shown meanwhile
            return branch
        position = self._ports.snapshot(self.current) if is_same else await stored(self.store.position(chat_id))
        if is_same:
            self.current.close()
        else:
            self._leave(draft_stays=True)
        chat = branch.chat
        known = NewChat(id=chat.id, title=chat.title, model=chat.model, system=chat.system, preset=chat.preset)
        session = self._new_session()
        self._record(session, known, branch.head)
        session.turns.resume(transcript, parse_access(chat.tools))
        session.restored = transcript
        session.turns.discarded = discarded
        session.queue.restore(self.current.unsent if is_same else position.queue)
        self.current = session
        self._show(session, branch, position, keeps_typed=is_same)
        if notice := opening_notice(branch):
            self._context.notify(notice, lasting=True)
        return branch

    def _show(self, session: ChatSession, branch: Branch, position: Position, *, keeps_typed: bool = False) -> None:
        self._unread.discard(session.id)
        self._ports.take_choices(branch.chat)
        session.title = branch.chat.title
        session.sync = SyncState(sibling_ids(branch) | ids(branch))
        edited = next((number for number, message in enumerate(branch) if position.edits == message.id), None)
        session.editing = Origin(branch, edited) if edited is not None else None
        self._ports.show(session, labels(branch))
        self._ports.restore(position, keeps_typed)

    def start_new(self, prepare: Callable[[], object] = lambda: None) -> None:
        """Show a new, empty chat. What is being written goes along. `prepare` is called just before."""
        if not self._is_started:
            self._waiting.append((partial(self.start_new, prepare), None))
            return
        prepare()
        self._show_new(draft_stays=False)
        self.save_position()

    def _show_new(self, *, draft_stays: bool) -> None:
        self._leave(draft_stays=draft_stays)
        self.current = self._new_session()
        context = self._context
        self._store = context.library.store(demo=context.provider.is_demo)
        self._record(self.current, self._new_chat())
        self._ports.show(self.current, ())

    # Leaving a chat

    def save_position(self) -> None:
        """Note how the chat on view stands. Called as often as that changes."""
        if self.current.recorder is not None and self._is_started:
            self.store.save_position(self._ports.snapshot(self.current))

    def save_early(self) -> None:
        """Save what was typed and sent, if the program has ended before the store was open."""
        if self._is_started:
            return
        if self.current.recorder is None:
            self._store = self._context.library.store(demo=self._context.provider.is_demo)
            self._record(self.current, self._new_chat())
        position = self._ports.snapshot(self.current)
        sent = (prompt for _, prompt in self._waiting if prompt is not None)
        self.store.save_position(replace(position, queue=(*position.queue, *sent)))

    def _leave(self, *, draft_stays: bool) -> None:
        """Leave the chat on view. Without `draft_stays`, what is being written goes along to the next one."""
        session = self.current
        if session.recorder is None or not self._is_started:
            session.close()
            return
        position = self._ports.snapshot(session)
        position = position if draft_stays else replace(position, draft=Draft(text=""), edits="")
        self.store.save_position(position)
        if session.running and self._keeps_open():
            waiting = position.queue[: len(position.queue) - len(session.queue.drafts)]
            session.position = replace(position, queue=waiting)
            session.is_on_view = False
            session.in_question = session.editing = None
            self.background[session.id] = session
        else:
            session.close()

    def _keeps_open(self) -> bool:
        """True if the next chat is in the same store: a chat of the demo ends with the demo."""
        return self._context.library.store(demo=self._context.provider.is_demo) is self._store

    async def _open_background(self, session: ChatSession) -> Branch:
        recorder = session.recorder
        assert recorder is not None
        branch: Branch = await stored(session.store.branch(session.id, recorder.head))
        if session.id not in self.background:  # it has ended meanwhile, and all of it is stored
            return await self._open_stored(session.id, None)
        self._leave(draft_stays=True)
        del self.background[session.id]
        position, session.position = session.position, None
        assert position is not None
        session.is_on_view = True
        self.current = session
        session.store.set_open_chat(session.id)
        for draft in reversed(position.queue):
            session.queue.put_first(draft)
        self._show(session, branch, position)
        self._ports.replay(session)
        return branch

    def give_up(self, chat_id: str) -> None:
        """Stop the answer of a chat in the background, and forget that it is unread."""
        self._unread.discard(chat_id)
        if (session := self.background.pop(chat_id, None)) is not None:
            session.close()
        self._ports.changed()

    # What goes on

    @property
    def answering(self) -> frozenset[str]:
        """The chats with a running turn."""
        return frozenset({*self.background, *([self.current.id] if self.current.running else [])})

    @property
    def asking(self) -> frozenset[str]:
        """The chats in which a tool call needs permission."""
        sessions = (self.current, *self.background.values())
        return frozenset(session.id for session in sessions if session.questions)

    @property
    def unread(self) -> frozenset[str]:
        """The chats whose answer has ended in the background, and which were not shown since."""
        return frozenset(self._unread)

    @property
    def next_waiting(self) -> str:
        """A chat in the background that asks, or was answered; "" if there is none."""
        return next(iter((*(self.asking - {self.current.id}), *self._unread)), "")

    def elsewhere(self) -> str:
        """Return what the header says of other chats."""
        asking, unread = len(self.asking - {self.current.id}), len(self.unread)
        if asking:
            return f"? {asking} chats ask" if asking > 1 else "? another chat asks"
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
            self._context.notify(f'"{shortened(session.title)}" asks: {title}? · {key} leads there', lasting=True)
        self._ports.changed()

    def _end_in_background(self, session: ChatSession, event: TurnEnded) -> None:
        position = session.position
        assert position is not None
        if event.give_back is not None:
            if position.has_draft:
                session.queue.put_first(event.give_back)
            else:
                session.position = position = replace(position, draft=event.give_back)
        if event.outcome == "complete":
            self._ports.go_on(session)
        queue = session.queue
        session.store.save_position(replace(position, queue=(*position.queue, *queue.drafts), held=queue.held))
        if not session.running:
            del self.background[session.id]
            self._unread.add(session.id)
            title = shortened(session.title)
            failure = event.failure
            self._context.notify(f'"{title}": {failure.message}' if failure else f'"{title}" has its answer')

    # Tools

    def use_tools(self, access: Access) -> None:
        """Have Claude do that much in the chat on view from the next turn on. Only between turns."""
        session = self.current
        session.turns.use_tools(access)
        if session.recorder is not None and session.recorder.head is not None:
            session.store.set_tools(session.id, access, session.transcript.tools)
