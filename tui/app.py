"""ChatApp: builds everything and hands it out. What a screen does is the screen's; what is sent, the connection's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from rich.console import RenderableType
from textual import constants
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen

from tui.chat.model import Model
from tui.chat.session import Ask, Session
from tui.config import Settings
from tui.connection import Connection
from tui.engine import Engine
from tui.errors import TuiError
from tui.screens.chat import ChatScreen
from tui.warming import warm_up
from tui.widgets.bindings import bindings_of
from tui.widgets.repaint import Repaint
from tui.widgets.themes import DARK, LIGHT, THEMES, theme_name


class Desk:
    """The connection as the chat screen needs it: with a model chosen, and the demo to fall back on."""

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        *,
        demo: bool = False,
        model: str | None = None,
        system: str | None = None,
    ) -> None:
        self._settings = settings
        self._env = env
        self._system = system
        self._open = ExitStack()
        self._connection = self._connected(demo)
        self._choice = self._connection.choose(model or "")

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _connected(self, demo: bool) -> Connection:
        return self._open.enter_context(Connection(self._settings, self._env, demo=demo))

    @property
    def model(self) -> Model:
        return self._choice.model

    @property
    def notice(self) -> str:
        """What there is to say of the model that the settings name."""
        return self._choice.notice

    @property
    def obstacle(self) -> TuiError | None:
        return self._connection.obstacle

    @property
    def ways_in(self) -> Sequence[tuple[str, str]]:
        return (
            ("Set ANTHROPIC_API_KEY", 'export ANTHROPIC_API_KEY="sk-ant-…"'),
            ("Set api_key in config.toml", "below [providers.anthropic]"),
            ("Log in to Claude Code", "~/.claude/.credentials.json is found"),
        )

    @property
    def is_demo(self) -> bool:
        return self._connection.demo

    def use(self, name: str) -> str:
        self._choice = self._connection.choose(name)
        return self._choice.notice

    def models(self) -> Sequence[Model]:
        return self._connection.models()

    def name_of(self, model_id: str) -> str:
        return next((model.name for model in self._connection.models() if model.id == model_id), model_id)

    def session(self) -> Session:
        return self._connection.session(self._system)

    def ask(self) -> Ask:
        return self._connection.ask(self._choice)

    def try_demo(self) -> None:
        self._connection = self._connected(demo=True)

    async def aclose(self) -> None:
        """Closes what is open to the provider, on the engine's loop."""
        await self._connection.aclose()


class ChatApp(App[int], inherit_bindings=False):
    CSS_PATH = "app.tcss"
    TITLE = "prx"
    ENABLE_COMMAND_PALETTE = False  # ours is made from the table of actions
    BINDINGS = bindings_of("app")

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        engine: Engine,
        *,
        prompt: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(driver_class=_driver_class())
        self._settings = settings
        notices = [str(finding) for finding in settings.findings] + ([desk.notice] if desk.notice else [])
        self.chat = ChatScreen(desk, engine, notices=notices, prompt=prompt, keys=settings.keys, clock=clock)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_name(settings.ui.theme)
        if settings.ui.reduced_motion:
            self.animation_level = "none"
        self._repaint = Repaint()
        self.set_keymap({name: ",".join(keys) for name, keys in settings.keys.items()})

    def get_default_screen(self) -> ChatScreen:
        return self.chat

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            # Without this the terminal would be left as it is. Not every loop can: then Python's own way must do.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.exit, 128 + number, 128 + number)
        self.app_resume_signal.subscribe(self, lambda _: self._repaint.forget())  # an editor has drawn meanwhile
        self.call_after_refresh(self._warm_up)

    def _warm_up(self) -> None:
        warm_up()

    def action_help(self) -> None:
        from tui.screens.dialogs import HelpScreen  # not needed for the first paint

        self.push_screen(HelpScreen(self._settings.keys))

    def action_palette(self) -> None:
        from tui.screens.palette import Palette

        async def picked(name: str | None) -> None:
            if name:
                await self.chat.perform(name)

        self.push_screen(Palette(self._settings.keys), picked)

    def action_theme(self) -> None:
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    async def action_quit(self) -> None:
        if self.chat.has_draft and self.screen is self.chat:
            self.chat.ask_to_quit(also_yes="ctrl+q")
        else:
            self.exit()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual's one way to the terminal, here with less to write.
        if isinstance(renderable, CompositorUpdate):
            renderable = self._repaint.of(renderable)
        super()._display(screen, renderable)

    def _fatal_error(self) -> None:
        # Textual shows the values of local variables with a traceback. Ours may be somebody's words or worse.
        from rich.traceback import Traceback  # brings all of pygments: not needed unless it comes to this

        self.panic(Traceback(show_locals=False))


def _driver_class() -> type[Driver] | None:
    """Our way to read keys, where there is a terminal to read them from; None leaves the choice to Textual."""
    if sys.platform == "win32" or constants.DRIVER is not None:
        return None
    from tui.widgets.terminal import PromptDriver

    return PromptDriver


def run(
    settings: Settings,
    *,
    demo: bool = False,
    prompt: str = "",
    model: str | None = None,
    system: str | None = None,
    env: Mapping[str, str] = os.environ,
) -> int:
    """Opens the chat and returns the exit code once it is closed.

    The engine and the connection enclose the app, so that leaving in mid-answer ends both in order.
    """
    with Desk(settings, env, demo=demo, model=model, system=system) as desk, Engine() as engine:
        engine.at_exit(desk.aclose)
        app = ChatApp(settings, desk, engine, prompt=prompt)
        app.run()
    return app.return_code or 0
