"""The base of all dialogs: they cover the chat, keep the images behind them intact, cancel their work and can quit.

A dialog may be closed while something is still loading for it, so its workers are cancelled when it closes.

Textual tints what is behind a dialog. The Kitty protocol identifies an image by the colour of its cells, so these cells are
not tinted.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.console import RenderableType
from rich.segment import Segment
from textual.await_complete import AwaitComplete
from textual.color import Color
from textual.content import Content
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
        """Close the dialog, and cancel the work that was begun for it, but for work that closes it itself."""
        for worker in tuple(self.workers):
            if worker.node is self and worker is not active_worker.get(None):
                worker.cancel()
        return super().dismiss(result)

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
