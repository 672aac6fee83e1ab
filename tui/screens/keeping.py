"""A chat that is kept: what is said, typed and queued goes to the store as it happens, and comes back from it.

Nothing is sent before the store is there to record it; until then, prompts wait here. The actions on stored chats are the
subclasses'.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace
from textual.content import Content
from textual.message import Message as Notification
from textual.widgets import Static

from tui.chat.transcript import Draft
from tui.chat.tree import ChatTree
from tui.engine import Engine
from tui.errors import TuiError
from tui.screens.provider import Provider
from tui.screens.signing import SigningScreen
from tui.screens.talk import Talk
from tui.widgets.conversation import Conversation

if TYPE_CHECKING:
    from tui.store import Branch, Chat, NewChat, Place, Recorder, Store

Start = Literal["new", "last", "list"]
"""How to begin, where no chat is named: afresh, with the chat that was used last, or with the list of all."""
_Result = TypeVar("_Result")


class Beginning(NamedTuple):
    """What the program was started with."""

    resume: str = ""
    """The id of a chat, or how it begins."""
    start: Start = "new"
    own_model: bool = False
    """Whether a model or a preset was named, which then goes before that of the chat."""
    system: str | None = None
    """The same for the system prompt."""


class Library(Protocol):
    """The stores, as the app hands them in."""

    trouble: Callable[[TuiError], None]
    """To be set: is told, from any thread, what is wrong with the disk."""

    now: Callable[[], float]
    """The wall clock, in seconds since the epoch."""

    def store(self, *, demo: bool) -> Store:
        """Opens it when it is first asked for."""

    def export(self, tree: ChatTree, kind: str, name_of: Callable[[str], str]) -> Path:
        """Writes a chat to a new file in the current folder: md, html or json. Raises TuiError."""


class KeptScreen(SigningScreen):
    class Troubled(Notification):
        """Something is wrong with the disk."""

        def __init__(self, problem: TuiError) -> None:
            super().__init__()
            self.problem = problem

    _store: Store | None = None
    recorder: Recorder | None = None
    """Where the open chat stands in the store; None until that is open."""

    def __init__(
        self,
        provider: Provider,
        engine: Engine,
        *,
        library: Library,
        beginning: Beginning = Beginning(),  # noqa: B008  (a frozen value)
        **options: Any,
    ) -> None:
        self._library = library
        self._beginning = beginning
        self._is_ready = False
        self._early: list[Draft] = []
        super().__init__(provider, engine, **options)
        library.trouble = self._tell_trouble

    @property
    def store(self) -> Store:
        assert self._store is not None, "what needs it waits for it"
        return self._store

    @property
    def is_ready(self) -> bool:
        """Whether the store is open, and what was to be restored is there."""
        return self._is_ready

    @property
    def chat_id(self) -> str:
        return self.recorder.chat.id if self.recorder is not None else ""

    # Beginning

    def open_store(self) -> None:
        """To be called once the first frame is on the screen: SQLite is not needed for that."""
        self.run_worker(self._open_store(), group="chat")

    async def _open_store(self) -> None:
        self._store = await asyncio.to_thread(self._library.store, demo=self.provider.is_demo)
        self._keep(self.talk, self._new_chat())
        try:
            await self._restore()
        except TuiError as error:
            self.prompt.say(f"{error.message} {error.hint}".strip(), lasting=True)
        self._is_ready = True
        self.save_place()
        await self.opened()
        early, self._early = self._early, []
        for draft in early:
            self.submit(draft)

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
        self.prompt.begin_with("")
        super().start_afresh()
        await self._reopen(chat_id)

    async def has_not_begun(self, chat_id: str) -> bool:
        """Whether there is nothing of a chat but maybe unsent text. Asked of the store."""
        try:
            await self.answer(self.store.chat(chat_id))
        except TuiError:
            return True
        return False

    async def _reopen(self, chat_id: str) -> bool:
        """Shows a chat as it was left; one that has not begun as well. False if there is nothing of it."""
        if not await self.has_not_begun(chat_id):
            return await self.open_chat(chat_id)
        place = await self.answer(self.store.place(chat_id))
        if place.is_empty:
            return False
        self._keep(self.talk, replace(self._new_chat(), id=chat_id))
        self._show_place(place)
        return True

    # One chat

    def new_talk(self) -> Talk:
        talk = super().new_talk()
        if self._is_ready:
            self._store = self._library.store(demo=self.provider.is_demo)
            self._keep(talk, self._new_chat())
        return talk

    def _new_chat(self) -> NewChat:
        from tui.store import NewChat
        from tui.store.store import new_id

        return NewChat(id=new_id())

    def _keep(self, talk: Talk, chat: NewChat, head: str | None = None) -> None:
        """Has the store told what happens in this conversation from now on."""
        from tui.store import Recorder

        self.recorder = recorder = Recorder(self.store, chat, head)
        session = talk.session
        session.record, session.partial = recorder.record, recorder.partial
        session.withdraw, session.write_off, session.revise = recorder.withdraw, recorder.write_off, recorder.revise
        self.store.look_at(chat.id)

    def submit(self, draft: Draft) -> None:
        if self.recorder is None or not self._is_ready:
            self._early.append(draft)
            return
        self._note_model()
        super().submit(draft)
        self.save_place()

    def _note_model(self) -> None:
        assert self.recorder is not None
        model, system = self.provider.model.id, self.talk.session.transcript.system
        if self.recorder.chat.model != model and self.recorder.head is not None:
            self.store.set_model(self.chat_id, model)
        self.recorder.chat = replace(self.recorder.chat, model=model, system=system, preset=self.provider.preset)

    def start_afresh(self) -> None:
        self._leave(draft_stays=False)
        super().start_afresh()
        self.save_place()

    def _leave(self, *, draft_stays: bool) -> None:
        """Notes how this chat is left. Without `draft_stays`, what is being written goes along to the next one."""
        if self.recorder is not None and self._is_ready:
            place = self._place()
            self.store.save_place(place if draft_stays else replace(place, draft=Draft(text="")))

    async def open_chat(self, chat_id: str, *, head: str | None = None, at: str = "") -> bool:
        """Shows a stored chat in the place of this one: up to `head` or where it was left, and at the message `at`."""
        from tui.store import NewChat

        branch = await self.answer(self.store.branch(chat_id, head))
        transcript = await self.answer(self.store.transcript(chat_id, head or branch.head))
        same = chat_id == self.chat_id
        if not same:
            self._leave(draft_stays=True)
        place = self._place() if same else await self.answer(self.store.place(chat_id))
        self.talk.stop()  # its last events come to a talk that nobody listens to; what it said is kept
        self.talk = super().new_talk()
        chat = branch.chat
        self.talk.session.transcript = replace(
            self.talk.session.transcript, messages=transcript.messages, system=transcript.system
        )
        known = NewChat(id=chat.id, title=chat.title, model=chat.model, system=chat.system, preset=chat.preset)
        self._keep(self.talk, known, branch.head)
        self._take_choices(chat)
        self._show_branch(branch)
        self._show_place(place, keeps_typed=same)
        if at:
            self.call_after_refresh(self._show_message, at, branch)
        self._say_how_it_stands(chat, branch)
        return True

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
        messages = self.talk.session.transcript.messages
        self.prompt.forget()
        for message in messages:
            if message.role == "user" and message.text:
                self.prompt.remember(message.text)
        self.conversation.show(messages, siblings=labels(branch))
        self.header.title = branch.chat.title
        self.set_class(bool(messages), "-begun")
        self.show_model()
        self.show_welcome()
        self.show_hints()

    def _show_message(self, message_id: str, branch: Branch) -> None:
        index = next((index for index, stored in enumerate(branch) if stored.id == message_id), None)
        if index is not None:
            self.conversation.show_message(index)

    def _say_how_it_stands(self, chat: Chat, branch: Branch) -> None:
        last = branch[-1] if len(branch) else None
        if chat.elsewhere:
            self.prompt.say("open in another prx too · what is said there becomes a branch of its own", lasting=True)
        elif last is not None and last.role == "user":
            self.prompt.say("this prompt got no answer · /continue asks for one", lasting=True)
        elif last is not None and last.state == "interrupted":
            self.prompt.say("the answer was interrupted · /continue asks for the rest", lasting=True)

    # How the screen stands

    def on_text_area_changed(self) -> None:
        self.save_place()

    def show_queue(self) -> None:
        super().show_queue()
        self.save_place()

    def on_conversation_follow_changed(self, event: Conversation.FollowChanged) -> None:
        self.save_place()

    def save_place(self) -> None:
        """Notes how the screen stands, as often as that changes."""
        if self.recorder is not None and self._is_ready:
            self.store.save_place(self._place())

    def _place(self) -> Place:
        from tui.store import Place

        outbox = self.talk.outbox
        text, aside = self.prompt.unsent
        blocks, beside = self.prompt.attachments.blocks, self.prompt.attachments_aside
        waiting = (Draft(text=aside, attachments=beside),) if aside or beside else ()
        return Place(
            chat_id=self.chat_id,
            draft=Draft(text=text, attachments=blocks),
            queue=(*waiting, *outbox.drafts),
            held=outbox.held,
            scroll=self.conversation.reading_at,
        )

    def _show_place(self, place: Place, *, keeps_typed: bool = False) -> None:
        """What was typed before all was read follows what was typed last time."""
        typed = "" if self._is_ready or keeps_typed else self.prompt.full_text
        if not keeps_typed:
            self.prompt.begin_with(place.draft.text + typed)
            if self._is_ready:
                self.prompt.attachments.show_blocks(place.draft.attachments)
            else:
                self.prompt.attachments.add_blocks(place.draft.attachments)
        self.talk.outbox.restore(place.queue)
        self.show_queue()
        if place.scroll is not None:
            self.call_after_refresh(self.conversation.read_at, place.scroll)

    # Troubles

    def _tell_trouble(self, problem: TuiError) -> None:
        self.post_message(self.Troubled(problem))  # all that may be done from the store's thread

    def on_kept_screen_troubled(self, event: Troubled) -> None:
        self.show_trouble(event.problem)

    def show_trouble(self, problem: TuiError) -> None:
        """Says above the prompt what is wrong with the disk, for as long as it is."""
        from tui.store.errors import WrittenAgain

        if isinstance(problem, WrittenAgain):
            self.query("#trouble").remove()
            self.prompt.say(problem.message, lasting=True)
            return
        text = Content(f"{problem.message} {problem.hint}".strip())
        boards = list(self.query("#trouble").results(Static))
        if boards:
            boards[0].update(text)
        else:
            self.mount(Static(text, id="trouble"), before=self.prompt.attachments)

    async def answer(self, future: Future[_Result]) -> _Result:
        """What the store has to say. Raises TuiError."""
        return await asyncio.wrap_future(future)


def labels(branch: Branch) -> Sequence[str]:
    """Of each message which of its siblings it is, as 2/3; "" where it is the only one."""
    return [f"{one.position + 1}/{len(one.siblings)}" if len(one.siblings) > 1 else "" for one in branch]
