"""The base of all dialogs: they cover the chat, keep the images behind them intact, cancel their work and can quit.

A dialog may be closed while something is still loading for it, so its workers are cancelled when it closes.

Textual tints what is behind a dialog. The Kitty protocol identifies an image by the colour of its cells, so these cells are
not tinted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.segment import Segment
from textual.await_complete import AwaitComplete
from textual.color import Color
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, ScreenResultType
from textual.worker import active_worker

from tui.errors import TuiError
from tui.images.kitty import PLACEHOLDER
from tui.render.safe import safe
from tui.widgets.bindings import quitting


class Modal(ModalScreen[ScreenResultType]):
    BINDINGS = [quitting()]

    def render(self) -> RenderableType:
        behind = super().render()
        return _Behind(behind.screen, behind.color) if isinstance(behind, BackgroundScreen) else behind

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the dialog, and cancel the work that was begun for it, but for work that closes it itself.

        A dialog that is not mounted yet, because the key to close it came right behind the one that opened it, is closed
        once it is: its widgets must not go while it is still being built. One that is closed already stays so: two keys may
        close it before the first of them is carried out.
        """
        if self._is_gone:
            return AwaitComplete()
        if not self.is_mounted:
            self.call_later(self._dismiss_mounted, result)
            return AwaitComplete()
        for worker in tuple(self.workers):
            if worker.node is self and worker is not active_worker.get(None):
                worker.cancel()
        return super().dismiss(result)

    @property
    def _is_gone(self) -> bool:
        """True once the dialog was closed, or the program ends: its widgets go before its last callbacks have run."""
        return self not in self.app.screen_stack or self.app.return_code is not None

    def call_after_refresh(self, callback: Callable[..., object], *arguments: Any, **named: Any) -> bool:
        """Call it after the next refresh, unless the dialog is closed by then."""

        def call() -> object:
            return None if self._is_gone else callback(*arguments, **named)

        return super().call_after_refresh(call)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except NoMatches:
            if not self._is_gone:
                raise

    def _dismiss_mounted(self, result: ScreenResultType | None) -> None:
        if self.is_current:  # and was not closed meanwhile
            self.dismiss(result)

    async def action_quit(self) -> None:
        await self.app.action_quit()


def described(error: TuiError) -> Content:
    """Format an error for a dialog: what happened in red, with a mark; then what to do about it."""
    message = safe(error.sentences.removesuffix(error.hint))
    return Content.assemble((f"✗ {message}", "$error"), (safe(error.hint), "$dim"))


class _Behind(BackgroundScreen):
    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        for is_picture, run in groupby(segments, lambda segment: segment.text.startswith(PLACEHOLDER)):
            if is_picture:
                yield from run
            else:
                yield from super().process_segments(run, color)
