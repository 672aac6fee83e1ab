"""Signing in from within a chat: a pasted key, or Claude Code's login once its terms were seen."""

from __future__ import annotations

import asyncio

from textual.message import Message

from tui.errors import TuiError
from tui.screens.flow import FlowScreen
from tui.widgets.welcome import Welcome
from tui.widgets.workers import later

_TERMS = (
    "Anthropic intends this login for Claude Code itself. Used here it may be refused, or billed as extra usage on your "
    "account. An API key is the supported way."
)


class SigningScreen(FlowScreen):
    _was_demo = False
    """Whether the scripted answers were on the screen when signing in began."""

    class SignedIn(Message, namespace="signing_screen"):
        """Another credential is in use from now on."""

    def on_welcome_chosen(self, event: Welcome.Chosen) -> None:
        match event.way:
            case "key":
                self.action_sign_in()
            case "login":
                self._look_for_login()
            case _:
                self.action_demo()

    def action_sign_in(self) -> None:
        from tui.screens.key_panel import LOGIN, KeyPanel  # not needed for the first paint

        def left(said: str | None) -> None:
            if said == LOGIN:
                self._look_for_login()
            elif said is not None:
                self._signed_in(said)

        self._was_demo = self.provider.is_demo
        self.app.push_screen(KeyPanel(self._check_key, self.provider.keep_key), left)

    async def _check_key(self, secret: str, workspace_id: str) -> None:
        await asyncio.wrap_future(self._engine.submit(lambda: self.provider.check_key(secret, workspace_id)))

    def _look_for_login(self) -> None:
        self.run_worker(later(self._offer_login))

    async def _offer_login(self) -> None:
        from tui.screens.dialogs import Question

        try:
            described = await asyncio.to_thread(self.provider.find_login)
        except TuiError as error:
            self.prompt.say(error.message)
            return
        question = Question(f"Claude Code's login: {described}", _TERMS, yes="agree and use it", no="leave it")
        self._was_demo = self.provider.is_demo
        if await self.app.push_screen_wait(question):
            self._signed_in(await asyncio.to_thread(self.provider.use_login))

    def _signed_in(self, said: str) -> None:
        if self._was_demo:  # scripted answers are no part of a real conversation
            self.start_afresh()
        self._has_remarked = False
        self.show_model()
        self.show_welcome()
        self.prompt.focus()
        self.prompt.say(said, lasting=True)
        self.post_message(self.SignedIn())

    # The demo

    def action_demo(self) -> None:
        if self.provider.is_demo:
            self.prompt.say("this is the demo already")
            return
        self.provider.try_demo()
        self.start_afresh()
