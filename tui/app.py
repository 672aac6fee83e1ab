"""ChatApp: creates the chat screen with everything that it needs, and owns the actions of the whole program."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from textual import constants, events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from tui.chat_screen.context import Options, StartOptions
from tui.chat_screen.screen import ChatScreen
from tui.config import Settings
from tui.engine import Engine
from tui.images.terminal_graphics import canvas, questions
from tui.render.gate import TerminalText
from tui.services.connection import budget_of
from tui.services.last_folder import KnownFolders, LastFolder
from tui.services.library import ChatLibrary
from tui.services.provider import ClaudeProvider
from tui.services.warm_up import warm_up
from tui.signals import ExitSignals
from tui.widgets.bindings import bindings_of
from tui.widgets.conversation import Conversation
from tui.widgets.gallery import Answered
from tui.widgets.repaint import Repaint
from tui.widgets.themes import DARK, LIGHT, THEMES, theme_name
from tui.widgets.workers import later

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.dom import DOMNode

    from tui.services.launch_frame import LaunchFrame

_SHOWN_MISTAKES = 3
"""The most configuration mistakes that are shown at start-up."""


class ChatApp(App[int], inherit_bindings=False):
    CSS_PATH = "app.tcss"
    TITLE = "prx"
    ENABLE_COMMAND_PALETTE = False  # prx has its own, made from the table of actions
    BINDINGS = bindings_of("app")

    def __init__(
        self,
        settings: Settings,
        provider: ClaudeProvider,
        engine: Engine,
        library: ChatLibrary,
        *,
        prompt: str = "",
        attach: Sequence[Path] = (),
        start: StartOptions = StartOptions(),  # noqa: B008  (a frozen value)
        clock: Callable[[], float] = time.monotonic,
        exit_signals: ExitSignals | None = None,
        launch_frame: LaunchFrame | None = None,
    ) -> None:
        super().__init__(driver_class=_driver_class(settings.folders.state / "stderr.log", launch_frame))
        self._settings = settings
        self._provider = provider
        self._engine = engine
        self._exit_signals = exit_signals
        self._launch_frame = launch_frame
        self._keep_frame: Callable[[], None] = lambda: None
        """Keeps the first frame for the next start. Set when it is on the screen."""
        self._library = library
        notices = _mistakes([str(finding) for finding in settings.findings]) + (
            [provider.notice] if provider.notice else []
        )
        self.chat = ChatScreen(
            provider,
            engine,
            library,
            Options(
                start=start,
                notices=notices,
                prompt=prompt,
                attach=attach,
                last_folder=LastFolder(settings.folders.state / "attach-folder"),
                known_folders=KnownFolders(settings.folders.state / "told-folders"),
                keys=settings.keys,
                budget=budget_of(settings),
            ),
            clock,
        )
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_name(settings.ui.theme)
        if settings.ui.reduced_motion:
            self.animation_level = "none"
        self._repaint = Repaint()
        self._frame_gate = self.chat.conversation.pace.gate
        self._frame_gate.is_unread = self._has_unwritten
        # Plain text: stderr lets no escape sequence of a coloured traceback pass.
        self.error_console = Console(markup=False, highlight=False, stderr=True, color_system=None)
        self.set_keymap({name: ",".join(keys) for name, keys in settings.keys.items()})

    def get_default_screen(self) -> ChatScreen:
        return self.chat

    def on_mount(self) -> None:
        if self._exit_signals is not None:  # restores the terminal after a signal
            loop = asyncio.get_running_loop()
            self._exit_signals.on_signal(lambda: loop.call_soon_threadsafe(self._end_by_signal))
        self.app_resume_signal.subscribe(self, lambda _: self._start_over())
        self.call_after_refresh(self._warm_up)

    def _end_by_signal(self) -> None:
        assert self._exit_signals is not None, "it has woken us"
        self.exit(self._exit_signals.exit_code, self._exit_signals.exit_code)

    def _start_over(self) -> None:
        """Draw everything again: an editor or a shell has used the terminal."""
        self._repaint.forget()
        self.chat.conversation.redraw_images()
        self.refresh(layout=True)

    def _prepare_terminal(self) -> None:
        """Have keys read, and choose how images are drawn: with "auto", the terminal is asked before the first image."""
        gallery, choice, driver = self.chat.conversation.gallery, self._settings.ui.pictures, self._driver
        gallery.is_open = choice != "none"
        gallery.set_canvas(canvas(choice, ""))
        if driver is not None:
            gallery.write = driver.write
        if sys.platform == "win32":
            return
        from tui.widgets.terminal import PromptDriver  # already loaded where there is a terminal

        if not isinstance(driver, PromptDriver):
            return
        driver.read_keys()
        if asked := questions(choice, os.environ):
            gallery.forget()
            gallery.ask = partial(driver.ask, asked)

    def on_exit_app(self) -> None:
        if self.chat.is_running:  # else there is nothing to save yet
            self.chat.end()
        for conversation in self.chat.query(Conversation):  # none if the widgets are gone already
            conversation.gallery.close()

    def on_answered(self, event: Answered) -> None:
        found = canvas(self._settings.ui.pictures, event.text)
        if found.way == "kitty" and self.console.color_system != "truecolor":
            found = replace(found, way="blocks")  # Kitty placeholders encode the image ID as a colour
        self.chat.conversation.gallery.set_canvas(found)

    def _warm_up(self) -> None:
        self._keep_frame = self._kept_frame()
        self._prepare_terminal()
        self.chat.open_store()

    def on_chat_screen_started(self) -> None:
        warm_up(self._keep_frame)
        self.refresh_models()

    def _kept_frame(self) -> Callable[[], None]:
        """Return what keeps the screen as it is now for the next start, on any thread. What was typed is not kept."""
        chat, frame = self.chat, self._launch_frame
        lines = [] if chat.prompt.full_text or self.screen is not chat else self._repaint.lines(self.size.height)
        if frame is None or not lines:
            return lambda: None
        for y in chat.widgets.status.region.line_range:
            lines[y] = [Strip.blank(self.size.width, chat.rich_style)]  # sums of money

        def keep() -> None:
            from tui.render.sgr_rows import sgr_rows  # after the first paint

            frame.keep(sgr_rows(lines, self.console))

        return keep

    def refresh_models(self) -> None:
        """Refresh the list of models in the background if it is older than a day."""
        if self._provider.wants_models:
            self.run_worker(asyncio.wrap_future(self._engine.submit(self._provider.refresh_models)))

    def on_chat_screen_signed_in(self) -> None:
        self.refresh_models()

    def action_help(self) -> None:
        from tui.screens.dialogs import HelpScreen  # not needed for the first paint

        self.push_screen(HelpScreen(self._settings.keys, self.chat))

    def action_palette(self) -> None:
        from tui.screens.command_palette import Palette

        async def picked(name: str | None) -> None:
            if name:
                await self.chat.perform(name)

        self.push_screen(Palette(self._settings.keys, self.chat), picked)

    def action_theme(self) -> None:
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    async def action_quit(self) -> None:
        """Quit, or first ask where to save chats that are not stored yet."""
        if self._library.has_backlog:
            self.run_worker(later(self._quit_behind), group="quit", exclusive=True)
        else:
            self.exit()

    async def _quit_behind(self) -> None:
        from tui.screens.unsaved import SaveTarget, UnsavedScreen
        from tui.services.unsaved import free_name, write_new

        store = self._library.store(demo=False)
        unsaved = await asyncio.wrap_future(store.unsaved())
        if not unsaved.count:
            self.exit()
            return

        async def save(file: Path) -> None:
            now = await asyncio.wrap_future(store.unsaved())
            await asyncio.to_thread(write_new, now, file)

        def answered(target: SaveTarget | None) -> None:
            if target is not None:
                self._library.elsewhere = target
                self.exit()

        self.push_screen(UnsavedScreen(unsaved.count, free_name(Path.cwd()).name, save), answered)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # All output of Textual passes here; Repaint leaves out what the terminal shows already.
        if isinstance(renderable, CompositorUpdate):
            renderable = self._repaint.of(renderable)
            self._frame_gate.drawn()
        super()._display(screen, renderable)

    def _has_unwritten(self) -> bool:
        has_unwritten: Callable[[], bool] | None = getattr(self._driver, "has_unwritten", None)  # on Unix terminals
        return has_unwritten is not None and has_unwritten()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self._frame_gate.key_came()
        await super().on_event(event)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        # A key right behind the one that opens a dialog is looked up there before the dialog has widgets: it waits for them.
        if isinstance(default_namespace, ModalScreen) and not default_namespace.is_mounted:
            default_namespace.call_later(super().run_action, action, default_namespace, namespaces)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def copy_to_clipboard(self, text: str) -> None:
        # As Textual does, but as TerminalText: the driver accepts this sequence from nowhere else.
        self._clipboard = text
        if self._driver is not None:
            content = base64.b64encode(text.encode("utf-8", "replace")).decode()
            self._driver.write(TerminalText(f"\x1b]52;c;{content}\a"))

    def panic(self, *renderables: RenderableType) -> None:
        super().panic(*renderables)
        self._return_code = 1  # Textual would exit with 0

    def _fatal_error(self) -> None:
        # Textual would show local variables, which may hold conversations or keys.
        from rich.traceback import Traceback  # brings all of pygments: not needed unless it comes to this

        self.panic(Traceback(show_locals=False))


def _mistakes(found: list[str]) -> list[str]:
    """Return the first mistakes, and a line on how to see the others."""
    more = len(found) - _SHOWN_MISTAKES
    return found if more <= 0 else [*found[:_SHOWN_MISTAKES], f"and {more} more: run prx doctor config"]


def _driver_class(stderr: Path, launch_frame: LaunchFrame | None) -> type[Driver] | None:
    """Return our driver on a Unix terminal; None lets Textual choose."""
    if sys.platform == "win32" or constants.DRIVER is not None:
        return None
    from tui.widgets.terminal import PromptDriver

    class OurDriver(PromptDriver):
        stderr_file = stderr
        if launch_frame is not None:
            take_over = launch_frame.take_over

    return OurDriver
