"""Start-up: the store is opened, and what the program was asked for, or what a crash left open, is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tui.chat.tools import Access
from tui.chat_screen.context import ChatContext, Result, StartOptions, stored
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.store import ChatEnd, Store


class OpenChat(Protocol):
    """Shows a stored chat, of which the end may have been read already. Raises TuiError."""

    def __call__(self, chat_id: str, *, end: ChatEnd | None = None) -> Awaitable[object]: ...


class StartUpPorts(msgspec.Struct, frozen=True):
    open_store: Callable[[], Awaitable[Store]]
    prepare: Callable[[], Awaitable[None]]
    """Loads what sending takes, and has the chat on view recorded."""
    open_chat: OpenChat
    open_draft: Callable[[str], Awaitable[bool]]
    """Shows what was typed for a chat that has not begun. False if there is nothing."""
    has_not_begun: Callable[[str], Awaitable[bool]]
    use_tools: Callable[[Access], None]
    has_waiting: Callable[[], bool]
    """Whether something was done already that waits for the store."""
    started: Callable[[], None]
    """Everything is there: what waited is done now."""


class StartUp:
    def __init__(self, context: ChatContext, ports: StartUpPorts, options: StartOptions) -> None:
        self._context = context
        self._ports = ports
        self._options = options

    async def start(self, has_prompt: bool) -> None:
        """Open the store and restore what was asked for. `has_prompt`: the program was started with a prompt."""
        store = await self._ports.open_store()
        chat_id = await self._reported(self._open_named(store)) or ""
        await self._ports.prepare()
        if chat_id:
            self._apply_options(chat_id)
        elif self._options.is_new and not (has_prompt or self._ports.has_waiting()):
            await self._reported(self._resume_interrupted(store))
        self._ports.started()

    async def _reported(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Return the result of the work, or None after showing why it failed."""
        try:
            return await work
        except TuiError as error:
            self._context.notify(error.sentences, lasting=True)
            return None

    async def _open_named(self, store: Store) -> str:
        """Open the chat that was asked for, and return its id; "" if none was, or there are no chats."""
        if not self._options.is_stored:
            return ""
        end = await stored(self._options.end or store.end(self._options.resume))
        if end is not None:
            await self._ports.open_chat(end.branch.chat.id, end=end)
        return end.branch.chat.id if end is not None else ""

    def _apply_options(self, chat_id: str) -> None:
        """Have the chat go on with the system prompt and tools that the program was started with."""
        system, session = self._options.system, self._context.current()
        if system is not None:
            session.transcript = session.transcript.with_system(system)
            session.store.set_system(chat_id, session.transcript.system)
            session.store.set_setup(chat_id, session.transcript.changed)
        if self._options.tools is not None:
            self._ports.use_tools(self._options.tools)

    async def _resume_interrupted(self, store: Store) -> None:
        """Open, after a crash, the chat that was open; else an unsent draft."""
        last_open_chat = await stored(store.last_open_chat())
        if last_open_chat and not await self._ports.has_not_begun(last_open_chat):
            await self._ports.open_chat(last_open_chat)
            return
        if last_open_chat and await self._ports.open_draft(last_open_chat):
            return
        for place in await stored(store.unsent()):
            if await self._ports.has_not_begun(place.chat_id):
                await self._ports.open_draft(place.chat_id)
                return
