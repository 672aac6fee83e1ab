"""Sign in by pasting an API key: it is checked with the server, then saved. No character of it is ever shown.

A key that belongs to no workspace needs a workspace ID, for which a second field takes the place of the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import Worker

from tui.errors import TuiError
from tui.screens.modal import Modal, described
from tui.services.ports import WorkspaceRequired
from tui.widgets.panel import Hint, PanelFoot, PanelHead
from tui.widgets.text_field import IdField, SecretField
from tui.widgets.workers import later

LOGIN = "login"
"""The result when the user chose Claude Code's login instead of a key."""
_HELP = (
    "Create a key at console.anthropic.com under API Keys. It is saved on this computer, readable only by you (0600)."
)
_KEYS = (("⏎", "save"), ("empty ⏎", "Claude Code login"), ("esc", "cancel"))
_KEYS_WORKSPACE = (("⏎", "save"), ("esc", "back"))
_KEYS_CHECKING = (("esc", "cancel"),)


class ApiKeyDialog(Modal[str | None]):
    """Returns a notice about the key that was saved, `LOGIN`, or None if it was cancelled."""

    BINDINGS = [Binding("escape", "cancel", show=False)]

    def __init__(self, check: Callable[[str, str], Awaitable[None]], keep: Callable[[str], str]) -> None:
        """`check` asks the server about a key and a workspace ID; `keep` saves it, in a thread. Both raise TuiError."""
        super().__init__()
        self._check = check
        self._keep = keep
        self._key, self._workspace = SecretField("sk-ant-…"), IdField(placeholder="wrkspc_…")
        self._checking: Worker[None] | None = None
        self._storing = False
        self._given = ""
        """The key that is being checked. The field may have been edited since Enter was pressed."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -key"):
            yield PanelHead("Sign in with an API key")
            yield self._key
            yield self._workspace
            yield Static(Content(_HELP), id="message")
            yield PanelFoot(*_KEYS)

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
        self._show_message("Checking …", keys=_KEYS_CHECKING)
        if not asks:
            self._given = event.value
        self._checking = self.run_worker(later(self._sign_in, self._given, event.value if asks else ""))

    async def _sign_in(self, secret: str, workspace_id: str) -> None:
        try:
            await self._check(secret, workspace_id)
            self._storing = True  # from here on it cannot be cancelled
            notice = await asyncio.to_thread(self._keep, secret)
        except TuiError as error:
            self._checking, self._storing = None, False
            asks_anew = isinstance(error, WorkspaceRequired) and not self._workspace.display
            if asks_anew:
                self._ask_for_workspace(True)
            self._show_message(error.sentences if asks_anew else described(error))
        else:
            self.dismiss(notice)

    def _ask_for_workspace(self, asks: bool) -> None:
        """Show the field for the workspace ID (True) or the one for the key (False)."""
        self._key.display, self._workspace.display = not asks, asks
        self.query_one(PanelHead).set_title("Workspace ID of this key" if asks else "Sign in with an API key")
        field = self._workspace if asks else self._key
        field.value = ""
        field.focus()

    def action_cancel(self) -> None:
        """Cancel the check; else go back to the key; else close."""
        if self._checking is not None:
            if not self._storing:
                self._checking.cancel()
                self._checking = None
                self._show_message("Cancelled. Nothing was saved.")
        elif self._workspace.display:
            self._ask_for_workspace(False)
            self._show_message(_HELP)
        else:
            self.dismiss(None)

    def _show_message(self, text: str | Content, *, keys: Sequence[Hint] = ()) -> None:
        keys = keys or (_KEYS_WORKSPACE if self._workspace.display else _KEYS)
        self.query_one("#message", Static).update(Content(text) if isinstance(text, str) else text)
        self.query_one(PanelFoot).set_hints(*keys)
