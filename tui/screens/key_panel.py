"""Pasting a key: it is checked with the server, then stored. Nothing of it is ever shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import Worker

from tui.errors import TuiError
from tui.screens.modal import Modal
from tui.widgets.panel import PanelHead
from tui.widgets.secret import SecretInput
from tui.widgets.workers import later

LOGIN = "login"
"""What the panel gives where Claude Code's login is preferred."""
_WHERE = "Make one at console.anthropic.com, under API Keys. It is stored on this machine, for you only (0600)."
_AT_REST = "⏎ check and store   empty ⏎ Claude Code's login   esc"
_CHECKING = "esc give up"


class KeyPanel(Modal[str | None]):
    """Gives what to say of the key that was stored, `LOGIN`, or None."""

    BINDINGS = [Binding("escape", "give_up", show=False)]

    def __init__(self, check: Callable[[str], Awaitable[None]], keep: Callable[[str], str]) -> None:
        """`check` asks the server; `keep` stores, and is called in a thread. Both raise TuiError."""
        super().__init__()
        self._check = check
        self._keep = keep
        self._checking: Worker[None] | None = None
        self._storing = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -key"):
            yield PanelHead("Sign in with an API key")
            yield SecretInput("sk-ant-…")
            yield Static(Content(_WHERE), id="said")
            yield Static(Content(_AT_REST), classes="panel--foot")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._checking is not None:
            return
        if not event.value.strip():
            self.dismiss(LOGIN)
            return
        self._say("checking…", foot=_CHECKING)
        self._checking = self.run_worker(later(self._sign_in, event.value))

    async def _sign_in(self, secret: str) -> None:
        try:
            await self._check(secret)
            self._storing = True  # from here on there is nothing to give up
            said = await asyncio.to_thread(self._keep, secret)
        except TuiError as error:
            self._checking, self._storing = None, False
            sentence = error.message.rstrip(".")
            self._say(f"✗ {sentence}. {error.hint}".rstrip(), failed=True)
        else:
            self.dismiss(said)

    def action_give_up(self) -> None:
        """Ends the check, or else leaves."""
        if self._checking is None:
            self.dismiss(None)
        elif not self._storing:
            self._checking.cancel()
            self._checking = None
            self._say("Given up: nothing was stored.")

    def _say(self, text: str, *, foot: str = _AT_REST, failed: bool = False) -> None:
        self.query_one("#said", Static).update(Content.styled(text, "$error" if failed else "$dim"))
        self.query_one(".panel--foot", Static).update(Content(foot))
