"""Pasting a key: it is checked with the server, then stored. Nothing of it is ever shown.

A key that belongs to no workspace needs the ID of one: then a second field asks for it.
"""

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
from tui.services.ports import WorkspaceWanted
from tui.widgets.panel import PanelHead
from tui.widgets.secret import IdInput, SecretInput
from tui.widgets.workers import later

LOGIN = "login"
"""What the panel gives where Claude Code's login is preferred."""
_WHERE = "Make one at console.anthropic.com, under API Keys. It is stored on this machine, for you only (0600)."
_AT_REST = "⏎ check and store   empty ⏎ Claude Code's login   esc"
_FOR_WORKSPACE = "⏎ check and store   esc another key"
_CHECKING = "esc give up"


class KeyPanel(Modal[str | None]):
    """Gives what to say of the key that was stored, `LOGIN`, or None."""

    BINDINGS = [Binding("escape", "give_up", show=False)]

    def __init__(self, check: Callable[[str, str], Awaitable[None]], keep: Callable[[str], str]) -> None:
        """`check` asks the server about a key and a workspace; `keep` stores, in a thread. Both raise TuiError."""
        super().__init__()
        self._check = check
        self._keep = keep
        self._key, self._workspace = SecretInput("sk-ant-…"), IdInput("wrkspc_…")
        self._checking: Worker[None] | None = None
        self._storing = False
        self._given = ""
        """The key that Enter was pressed on. More may have been typed into the field since."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -key"):
            yield PanelHead("Sign in with an API key")
            yield self._key
            yield self._workspace
            yield Static(Content(_WHERE), id="said")
            yield Static(Content(_AT_REST), classes="panel--foot")

    def on_mount(self) -> None:
        self._ask_for_workspace(False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._checking is not None:
            return
        asks = self._workspace.display
        if not event.value.strip():
            if not asks:
                self.dismiss(LOGIN)
            return
        self._say("checking…", foot=_CHECKING)
        if not asks:
            self._given = event.value
        self._checking = self.run_worker(later(self._sign_in, self._given, event.value if asks else ""))

    async def _sign_in(self, secret: str, workspace_id: str) -> None:
        try:
            await self._check(secret, workspace_id)
            self._storing = True  # from here on there is nothing to give up
            said = await asyncio.to_thread(self._keep, secret)
        except TuiError as error:
            self._checking, self._storing = None, False
            asks_anew = isinstance(error, WorkspaceWanted) and not self._workspace.display
            if asks_anew:
                self._ask_for_workspace(True)
            mark = "" if asks_anew else "✗ "
            self._say(f"{mark}{error.sentences}", failed=not asks_anew)
        else:
            self.dismiss(said)

    def _ask_for_workspace(self, asks: bool) -> None:
        """Shows the field for the ID in place of the one for the key, or the other way round."""
        self._key.display, self._workspace.display = not asks, asks
        self.query_one(PanelHead).name_it("Workspace of this API key" if asks else "Sign in with an API key")
        field = self._workspace if asks else self._key
        field.value = ""
        field.focus()

    def action_give_up(self) -> None:
        """Ends the check, or else leaves the field."""
        if self._checking is not None:
            if not self._storing:
                self._checking.cancel()
                self._checking = None
                self._say("Given up: nothing was stored.")
        elif self._workspace.display:
            self._ask_for_workspace(False)
            self._say(_WHERE)
        else:
            self.dismiss(None)

    def _say(self, text: str, *, foot: str = "", failed: bool = False) -> None:
        at_rest = _FOR_WORKSPACE if self._workspace.display else _AT_REST
        self.query_one("#said", Static).update(Content.styled(text, "$error" if failed else "$dim"))
        self.query_one(".panel--foot", Static).update(Content(foot or at_rest))
