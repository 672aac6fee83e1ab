"""A chat that is kept: what is said, typed and queued goes to the store as it happens, and comes back from it.

Nothing is sent before the store is there to record it; until then, prompts wait here. Opening stored chats is `returning`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace
from textual.content import Content
from textual.message import Message as Notification
from textual.widgets import Static

from tui.chat.tools import Access
from tui.chat.transcript import Draft
from tui.engine import Engine
from tui.errors import TuiError
from tui.screens.signing import SigningScreen
from tui.screens.talk import Talk
from tui.services.ports import Provider
from tui.widgets.conversation import Conversation

if TYPE_CHECKING:
    from tui.chat.tree import ChatTree
    from tui.store import NewChat, Place, Recorder, Store

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
    tools: Access | None = None
    """The same for what Claude may do."""


class Library(Protocol):
    """The stores, as the app hands them in."""

    trouble: Callable[[TuiError], None]
    """To be set: is told, from any thread, what is wrong with the disk."""

    changed: Callable[[str], None]
    """To be set: is told, from any thread, that another prx may have done something to the open chat, by its id."""

    @property
    def is_behind(self) -> bool:
        """Whether the disk did not take everything so far."""

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
        self._early: list[Callable[[], None]] = []
        """What was done before the store was there, to be done once it is."""
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

    # One chat

    def new_talk(self) -> Talk:
        talk = super().new_talk()
        if self._is_ready:
            self._store = self._library.store(demo=self.provider.is_demo)
            self._keep(talk, self._new_chat())
        return talk

    def talk_in(self, chat: NewChat, head: str | None) -> Talk:
        """The dealings of a stored chat, which goes on after the message `head`."""
        talk = super().new_talk()
        self._keep(talk, chat, head)
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
        session.equipped = recorder.equip
        self.store.look_at(chat.id)

    def submit(self, draft: Draft) -> None:
        if self.recorder is None or not self._is_ready:
            self._early.append(partial(self.submit, draft))
            return
        self._note_model()
        super().submit(draft)
        self.save_place()

    def _note_model(self) -> None:
        assert self.recorder is not None
        model, session = self.provider.model.id, self.talk.session
        if self.recorder.chat.model != model and self.recorder.head is not None:
            self.store.set_model(self.chat_id, model)
        session.equip()
        self.recorder.chat = replace(
            self.recorder.chat,
            model=model,
            system=session.transcript.system,
            tools=session.toolbox.access if session.toolbox is not None else "none",
            definitions=session.transcript.tools,
            preset=self.provider.preset,
        )

    def use_tools(self, access: Access) -> None:
        """Has Claude do that much in this chat from the next turn on. Only between turns."""
        session = self.talk.session
        session.use_tools(access)
        if self.recorder is not None and self.recorder.head is not None:
            self.store.set_tools(self.chat_id, access, session.transcript.tools)

    def start_afresh(self) -> None:
        if not self._is_ready:
            self._early.append(self.start_afresh)
            return
        self._leave(draft_stays=False)
        super().start_afresh()
        self.save_place()

    def _leave(self, *, draft_stays: bool) -> None:
        """Notes how this chat is left. Without `draft_stays`, what is being written goes along to the next one."""
        if self.recorder is not None and self._is_ready:
            self.store.save_place(self._place_left(draft_stays=draft_stays))

    def _place_left(self, *, draft_stays: bool) -> Place:
        place = self._place()
        return place if draft_stays else replace(place, draft=Draft(text=""), edits="")

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
        if not keeps_typed:
            self._show_draft(place.draft)
        self.talk.outbox.restore(place.queue)
        self.show_queue()
        self._show_scroll(place.scroll)

    def _show_draft(self, draft: Draft) -> None:
        """What was typed before all was read follows what was typed last time."""
        typed = "" if self._is_ready else self.prompt.full_text
        self.prompt.begin_with(draft.text + typed)
        if self._is_ready:
            self.prompt.attachments.show_blocks(draft.attachments)
        else:
            self.prompt.attachments.add_blocks(draft.attachments)

    def _show_scroll(self, scroll: float | None) -> None:
        if scroll is not None:
            self.call_after_refresh(self.conversation.read_at, scroll)

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
