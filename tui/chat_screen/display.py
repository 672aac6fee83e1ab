"""The lines around the conversation, each shown by one method from what the parts contribute, and the position of a chat:
how it stands on the screen, to be saved and shown again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Static

from tui.chat.reasoning import describe_choice
from tui.chat.transcript import Draft, Message
from tui.chat_screen.hints import HintLine
from tui.chat_screen.session import ChatSession
from tui.errors import TuiError
from tui.masking import is_key
from tui.services.ports import Provider
from tui.widgets.conversation import Conversation
from tui.widgets.header import Header
from tui.widgets.prompt import PromptArea
from tui.widgets.queue import QueueList
from tui.widgets.status import StatusBar, figures_of
from tui.widgets.welcome import Row, Welcome

if TYPE_CHECKING:
    from tui.store import Position

_BY_HAND = "Or set ANTHROPIC_API_KEY, or api_key in config.toml."
_EDGES = 9
"""Cells of the line of hints that are taken by the border of the prompt area and the margins."""


_AT_ONCE = 1_000
"""The messages of a long chat that are looked through at once, within a millisecond."""


class ChatWidgets(msgspec.Struct, frozen=True):
    """What the chat screen is made of."""

    header: Header
    welcome: Welcome
    conversation: Conversation
    queue: QueueList
    prompt: PromptArea
    status: StatusBar

    def draft(self) -> Draft:
        """Return what is being written, as it would be sent."""
        return Draft(text=self.prompt.full_text, attachments=self.prompt.attachments.blocks)


class Contributions(msgspec.Struct, frozen=True):
    """What the parts of the chat screen have to show, in the order in which it is shown."""

    hints: HintLine
    header_marks: Sequence[Callable[[], str]]
    """What is said beside the title; the first that is not empty is shown."""
    header_settings: Sequence[Callable[[], str]]
    """What is said before the model."""
    header_elsewhere: Callable[[], str]
    """What there is to see in other chats."""
    welcome: Sequence[Callable[[], str]]
    """What the welcome says below its ideas."""
    figures_shown: Callable[[], None]
    """Is called when the figures were shown anew: the cache's part of the status line follows."""
    model_shown: Callable[[], None]
    """Is called when the model was shown anew."""
    save_position: Callable[[], None]


class Display:
    def __init__(
        self,
        screen: Screen[None],
        widgets: ChatWidgets,
        provider: Provider,
        current: Callable[[], ChatSession],
        contributions: Contributions,
        notices: Sequence[str] = (),
    ) -> None:
        """`notices` stand above an empty chat."""
        self._screen = screen
        self._widgets = widgets
        self._provider = provider
        self._current = current
        self._parts = contributions
        self._notices = list(notices)

    # Header, figures, hints, welcome, queue

    def show_all(self) -> None:
        self.show_hints()
        self.show_model()
        self.show_welcome()

    def show_title(self) -> None:
        """Show the title of the chat on view, or the empty chat if that is what it is."""
        session = self._current()
        self._widgets.header.title = session.title
        self._screen.set_class(bool(session.title) or bool(session.messages), "-begun")

    def clear_title(self) -> None:
        """The first prompt came back: this is the empty chat again."""
        session = self._current()
        if not session.has_begun:
            session.title = ""
            self._widgets.header.title = ""
            self._screen.remove_class("-begun")

    def show_model(self) -> None:
        """Show model, settings and marks in the header, and the figures of the chat."""
        header, provider = self._widgets.header, self._provider
        header.model_name = provider.model.name
        settings = (
            describe_choice(provider.model, provider.reasoning),
            *(part() for part in self._parts.header_settings),
        )
        header.settings = " · ".join(filter(None, settings))
        header.mark = next(filter(None, (mark() for mark in self._parts.header_marks)), "")
        self.show_figures()
        if self._current().is_whole:
            self._parts.model_shown()

    def show_header(self) -> None:
        self.show_title()
        self.show_model()

    def show_choices(self) -> None:
        """Show what the next request is made with, in the header and in the welcome."""
        self.show_model()
        self.show_welcome()

    def show_elsewhere(self) -> None:
        """Show what there is to see in other chats."""
        self._widgets.header.background = self._parts.header_elsewhere()

    def show_figures(self) -> None:
        """Show the figures of the chat; none until all of its messages are there."""
        session = self._current()
        turns, status = session.turns, self._widgets.status
        status.chat = None
        if session.is_whole:
            status.chat = figures_of(turns.transcript, self._provider.model, turns.discarded)
            self._parts.figures_shown()

    def show_warmth(self, text: str, is_warm: bool) -> None:
        self._widgets.status.is_warm = is_warm
        self._widgets.status.warmth = text

    def show_hints(self) -> None:
        """Show the hints of the moment in the place of what stands there."""
        self._widgets.prompt.hint(self._hint_text)
        self.show_elsewhere()

    def refresh_hints(self) -> None:
        """Show the hints of the moment; where a notice is shown, once that has ended."""
        self._widgets.prompt.hints.renew(self._hint_text)
        self.show_elsewhere()

    @property
    def _hint_text(self) -> str:
        return self._parts.hints.text(self._screen.size.width - _EDGES)

    def show_welcome(self) -> None:
        provider, welcome = self._provider, self._widgets.welcome
        if (obstacle := provider.obstacle) is None:
            remarks = (provider.credential_notice, *(part() for part in self._parts.welcome))
            welcome.show_tips(provider.model.name, "\n".join(filter(None, remarks)))
            return
        options = [Row(one.text, one.detail, one.name, one.is_available) for one in provider.sign_in_options]
        by_hand = f"{provider.credential_problem} {_BY_HAND}" if len(options) > 1 else obstacle.hint
        welcome.show_sign_in_options(obstacle.message, options, by_hand.strip())

    def show_queue(self) -> None:
        """Show the queue of the chat on view, and save how the chat stands."""
        self._draw_queue()
        self._parts.save_position()

    def _draw_queue(self) -> None:
        queue, prompts, prompt = self._widgets.queue, self._current().queue, self._widgets.prompt
        queue.drafts, queue.held = prompts.drafts, prompts.held
        prompt.prefers_queue = bool(queue.drafts)
        if not queue.drafts and queue.has_focus:
            prompt.focus()

    # Notices

    @property
    def notice_board(self) -> Static | None:
        """What stands above an empty chat when it begins."""
        return Static(self._notice_text, id="notices") if self._notices else None

    @property
    def _notice_text(self) -> Content:
        return Content("\n".join(self._notices))

    def warn(self, text: str) -> None:
        """Show what the user should know of the credential in use: above an empty chat, and below the conversation."""
        self._notices.append(text)
        if self._current().has_begun:
            self._widgets.conversation.note(text)
        self._pin("notices", self._notice_text, after=self._widgets.header)

    def show_trouble(self, problem: TuiError) -> None:
        """Show above the prompt area what is wrong with the disk, for as long as it is."""
        from tui.store.errors import WrittenAgain

        if isinstance(problem, WrittenAgain):
            self._screen.query("#trouble").remove()
            self._widgets.prompt.say(problem.message, lasting=True)
        else:
            text = Content(f"{problem.message} {problem.hint}".strip())
            self._pin("trouble", text, before=self._widgets.prompt.attachments)

    def _pin(self, id: str, text: Content, *, before: DOMNode | None = None, after: DOMNode | None = None) -> None:
        boards = list(self._screen.query(f"#{id}").results(Static))
        if boards:
            boards[0].update(text)
        else:
            self._screen.mount(Static(text, id=id), before=before, after=after)  # type: ignore[arg-type]

    # A chat in the place of another

    def show_session(self, session: ChatSession, siblings: Sequence[str]) -> None:
        """Show a chat in the place of another one, or its end. `siblings` label its messages."""
        prompt = self._widgets.prompt
        prompt.forget()
        for text in _prompts(session.messages):
            prompt.remember(text)
        self._widgets.conversation.show(session.messages, siblings=siblings, is_end=not session.is_whole)
        self.show_title()
        self._draw_queue()  # not saved: the prompt area still shows what was typed in the other chat
        self.show_hints()
        self.show_model()
        self.show_welcome()
        if not session.messages:
            prompt.focus()

    async def painted(self) -> None:
        """Return once what is shown is on the screen."""
        painted = asyncio.Event()
        self._screen.call_after_refresh(painted.set)
        await painted.wait()

    async def complete_session(self, session: ChatSession, siblings: Sequence[str], scroll: float | None) -> None:
        """Add what is missing above the end of a chat, and scroll to where it was left unless the reader has scrolled."""
        conversation, prompt = self._widgets.conversation, self._widgets.prompt
        missing = await conversation.complete(session.messages, siblings=siblings)
        older: list[str] = []
        for first in range(0, missing, _AT_ONCE):
            older += _prompts(session.messages[first : min(missing, first + _AT_ONCE)])
            await asyncio.sleep(0)
        if self._current() is not session:
            return
        prompt.drafts.add_older(older)
        self.show_model()
        self.refresh_hints()
        if scroll is not None and conversation.following:
            self._screen.call_after_refresh(conversation.scroll_to_position, scroll)

    def snapshot(self, session: ChatSession) -> Position:
        """Return how the chat on view stands."""
        from tui.store import Position

        prompt = self._widgets.prompt
        text, stashed = prompt.unsent
        attached = prompt.stashed_attachments
        waiting = (Draft(text=stashed, attachments=attached),) if stashed or attached else ()
        edited = session.editing
        if is_key(text) and self._provider.obstacle is not None:
            text = ""  # a key in the wrong place
        return Position(
            chat_id=session.id,
            draft=Draft(text=text, attachments=prompt.attachments.blocks),
            queue=(*waiting, *session.unsent),
            held=session.queue.held,
            scroll=self._widgets.conversation.scroll_position,
            edits=edited.branch[edited.prompt].id if edited is not None else "",
        )

    def restore(self, place: Position, keeps_typed: bool, *, adds: bool = False) -> None:
        """Show what was typed, and where it was scrolled. `adds`: what has been typed since the start follows it."""
        prompt = self._widgets.prompt
        if not keeps_typed:
            prompt.show_draft(place.draft.text + (prompt.full_text if adds else ""))
            show = prompt.attachments.add_blocks if adds else prompt.attachments.show_blocks
            show(place.draft.attachments)
        self.show_queue()
        if place.scroll is not None:
            self._screen.call_after_refresh(self._widgets.conversation.scroll_to_position, place.scroll)


def _prompts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages if message.is_prompt and message.text]
