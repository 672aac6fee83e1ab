"""What every part of the chat screen may use: the outside world as the app hands it in, and the screen as small ports.

A port has at most eight members. Widgets satisfy the Protocols by their shape, and tests make their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

import msgspec

from tui.chat.budget import Budget
from tui.chat.tools import Access
from tui.chat.transcript import Document, Draft, Image, Message
from tui.engine import Engine
from tui.errors import TuiError
from tui.services.ports import Library, Provider

if TYPE_CHECKING:
    from tui.chat_screen.session import ChatSession
    from tui.store import ChatEnd

ANSWER_RUNS = "An answer is running"
NOTHING_SENT = "Nothing has been sent yet"
"""Reasons why an action is not available that several parts give."""

Result = TypeVar("Result")
Start = Literal["new", "last", "list"]
"""What to show first where no chat is named: a new chat, the one used last, or the list of chats."""


class StartOptions(NamedTuple):
    """What the program was started with."""

    resume: str = ""
    """The id of a chat, or its beginning."""
    start: Start = "new"
    own_model: bool = False
    """True if a model or a preset was named, which then goes before that of the chat."""
    system: str | None = None
    """The system prompt, if one was given."""
    tools: Access | None = None
    """What Claude may do, if that was said."""
    end: Future[ChatEnd | None] | None = None
    """The end of the chat to open, if it is being read already."""

    @property
    def is_stored(self) -> bool:
        """True if the chat to show first is one of the store."""
        return bool(self.resume) or self.start == "last"

    @property
    def is_new(self) -> bool:
        """True if it is a new chat."""
        return not self.resume and self.start == "new"

    @property
    def is_list(self) -> bool:
        """True if the list of chats is opened above a new chat."""
        return not self.resume and self.start == "list"


class LastFolder(Protocol):
    """Remembers a folder from one start to the next. Both calls may take a while."""

    def read(self) -> Path | None: ...

    def keep(self, folder: Path) -> None: ...


class KnownFolders(Protocol):
    """Remembers in which folders the user was told that Claude can read files."""

    def knows(self, folder: Path) -> bool: ...

    def add(self, folder: Path) -> None: ...


class Options(msgspec.Struct, frozen=True):
    """What the app hands in beside the services."""

    start: StartOptions = msgspec.field(default_factory=StartOptions)
    notices: Sequence[str] = ()
    """Shown above an empty chat."""
    prompt: str = ""
    """Sent at once."""
    attach: Sequence[Path] = ()
    """Files for the first prompt."""
    last_folder: LastFolder | None = None
    known_folders: KnownFolders | None = None
    keys: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """The keys of actions that the user remapped."""
    budget: Budget = msgspec.field(default_factory=Budget)


class Notify(Protocol):
    """Shows a message in the place of the hints."""

    def __call__(self, text: str, *, lasting: bool = False) -> None:
        """`lasting`: it stays until something else is typed or shown."""


class RunWork(Protocol):
    """Runs a coroutine function beside the screen, until the screen is left."""

    def __call__(
        self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any, group: str = "", exclusive: bool = False
    ) -> None:
        """`exclusive` cancels what still runs in that group."""


class Workers:
    """Runs work beside the screen, and shows the user the errors that it raises."""

    def __init__(self, run_worker: Callable[..., object], notify: Notify) -> None:
        self._run_worker = run_worker
        self._notify = notify

    def __call__(
        self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any, group: str = "", exclusive: bool = False
    ) -> None:
        # A function, not a coroutine: the worker may be cancelled before it begins, and would never await that.
        self._run_worker(partial(self._work, work, *arguments), group=group or "default", exclusive=exclusive)

    async def _work(self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        try:
            await work(*arguments)
        except TuiError as error:
            self._notify(error.sentences)


class ChatContext(msgspec.Struct, frozen=True):
    """What all controllers share."""

    provider: Provider
    engine: Engine
    library: Library
    current: Callable[[], ChatSession]
    """The chat on view."""
    key_of: Callable[[str], str]
    """The key of an action, as the hints show it."""
    notify: Notify
    run: RunWork
    post: Callable[[Callable[[], None]], object]
    """Has something called on the screen's loop. May be called from any thread."""

    async def on_engine(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a coroutine on the engine's loop and return its result."""
        return await stored(self.engine.submit(work))


async def stored(future: Future[Result]) -> Result:
    """Wait for what the store or the engine answers; not at all if that is there already. Raises TuiError."""
    return future.result() if future.done() else await asyncio.wrap_future(future)


class TranscriptPort(Protocol):
    """The conversation pane, for those who change what it shows."""

    def show(self, messages: Sequence[Message], *, siblings: Sequence[str] = ()) -> None: ...

    def add(self, message: Message) -> None: ...

    def label(self, siblings: Sequence[str]) -> None: ...

    def note(self, text: str) -> None: ...

    def jump_to_end(self) -> None: ...


class PromptPort(Protocol):
    """The prompt area, for those who change what is in it."""

    @property
    def full_text(self) -> str: ...

    @property
    def is_blank(self) -> bool: ...

    def recall(self, text: str, attachments: Sequence[Image | Document] = ()) -> None: ...

    def restore_draft(self, draft: Draft) -> None: ...

    def discard_recalled(self) -> bool: ...

    def remember(self, text: str) -> None: ...

    def focus(self) -> object: ...

    def action_send(self) -> None: ...


class Stoppable(Protocol):
    """A timer that has been started."""

    def stop(self) -> None: ...


SetTimer = Callable[[float, Callable[[], None]], Stoppable]
"""Starts a timer of so many seconds."""
