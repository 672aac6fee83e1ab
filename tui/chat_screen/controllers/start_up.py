"""Start-up: the store is opened, and what the program was asked for, or what a crash left open, is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec.structs import replace

from tui.chat.tools import Access
from tui.chat_screen.context import ChatContext, StartOptions, stored
from tui.errors import TuiError


@dataclass(frozen=True)
class StartUpPorts:
    open_store: Callable[[], Awaitable[None]]
    """Opens the store, and has the chat on view recorded there."""
    open_chat: Callable[[str], Awaitable[object]]
    """Shows a stored chat. Raises TuiError."""
    open_draft: Callable[[str], Awaitable[bool]]
    """Shows what was typed for a chat that has not begun. False if there is nothing."""
    has_not_begun: Callable[[str], Awaitable[bool]]
    use_tools: Callable[[Access], None]
    has_waiting: Callable[[], bool]
    """Whether something was done already that waits for the store."""
    started: Callable[[], None]
    """Everything is there: what waited is done now."""
    open_list: Callable[[], None]
    """Opens the list of chats."""


class StartUp:
    def __init__(self, context: ChatContext, ports: StartUpPorts, options: StartOptions) -> None:
        self._context = context
        self._ports = ports
        self._options = options

    async def start(self, has_prompt: bool) -> None:
        """Open the store and restore what was asked for. `has_prompt`: the program was started with a prompt."""
        await self._ports.open_store()
        try:
            await self._restore(has_prompt or self._ports.has_waiting())
        except TuiError as error:
            self._context.notify(error.sentences, lasting=True)
        self._ports.started()
        if self._options.start == "list" and not self._options.resume:
            self._ports.open_list()

    async def _restore(self, has_prompt: bool) -> None:
        """Open what was asked for; else, after a crash, the chat that was open; else an unsent draft."""
        resume, start, *_ = self._options
        store = self._context.current().store
        if resume:
            await self._resume((await stored(store.chat(resume))).id)
        elif start == "last":
            chats = await stored(store.chats())
            if chats:
                await self._resume(max(chats, key=lambda chat: chat.updated).id)
        elif start == "new" and not has_prompt:
            await self._resume_interrupted()

    async def _resume(self, chat_id: str) -> None:
        """Open a chat with the system prompt and tools that the program was started with."""
        await self._ports.open_chat(chat_id)
        system, session = self._options.system, self._context.current()
        if system is not None:
            session.transcript = replace(session.transcript, system=system)
            session.store.set_system(chat_id, system)
        if self._options.tools is not None:
            self._ports.use_tools(self._options.tools)

    async def _resume_interrupted(self) -> None:
        store = self._context.current().store
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
