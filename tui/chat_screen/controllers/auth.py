"""Signing in from within a chat: a pasted key, Claude Code's login once its terms were seen, or the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from tui.chat_screen.context import ChatContext
from tui.errors import TuiError

_TERMS = (
    "Anthropic intends this login for Claude Code itself. Used here it may be refused, or billed as extra usage on your "
    "account. An API key is the supported way."
)
CheckKey = Callable[[str, str], Awaitable[None]]
"""Asks the server whether it takes a key, in a workspace. Raises TuiError."""


class AuthPorts(msgspec.Struct, frozen=True):
    ask_key: Callable[[CheckKey, Callable[[str], str], Callable[[], None], Callable[[str], None]], None]
    """Opens the key panel with ways to check and to keep a key; then for a login, or once a key was kept."""
    agree: Callable[[str, str], Awaitable[bool | None]]
    """Asks whether a login is to be used: its description, and the terms."""
    start_new: Callable[[], None]
    """Shows a new chat."""
    show_account: Callable[[], None]
    """Shows model, welcome and remark of the account anew, and gives the focus to the prompt."""
    signed_in: Callable[[], object]
    """Tells the app."""


class AuthController:
    def __init__(self, context: ChatContext, ports: AuthPorts) -> None:
        self._context = context
        self._ports = ports
        self._was_demo = False
        """True if the demo was on view when signing in began."""

    def choose(self, way: str) -> None:
        """Go one of the ways that the welcome offers: key, login or demo."""
        match way:
            case "key":
                self.sign_in()
            case "login":
                self._find_login()
            case _:
                self.start_demo()

    def sign_in(self) -> None:
        provider = self._context.provider
        self._was_demo = provider.is_demo
        self._ports.ask_key(self._check_key, provider.store_key, self._find_login, self._signed_in)

    async def _check_key(self, secret: str, workspace_id: str) -> None:
        provider = self._context.provider
        await self._context.on_engine(lambda: provider.check_key(secret, workspace_id))

    def _find_login(self) -> None:
        self._context.run(self._offer_login)

    async def _offer_login(self) -> None:
        provider = self._context.provider
        try:
            description = await asyncio.to_thread(provider.find_login)
        except TuiError as error:
            self._context.notify(error.message)
            return
        self._was_demo = provider.is_demo
        if await self._ports.agree(description, _TERMS):
            self._signed_in(await asyncio.to_thread(provider.use_login))

    def _signed_in(self, message: str) -> None:
        if self._was_demo:  # scripted answers are no part of a real conversation
            self._ports.start_new()
        self._ports.show_account()
        self._context.notify(message, lasting=True)
        self._ports.signed_in()

    def disabled_reason(self, name: str) -> str:
        """Return why the demo cannot be started, or "". Signing in is possible at any time."""
        return "The demo is running" if name == "demo" and self._context.provider.is_demo else ""

    def start_demo(self) -> None:
        if reason := self.disabled_reason("demo"):
            self._context.notify(reason)
            return
        self._context.provider.use_demo()
        self._ports.start_new()
