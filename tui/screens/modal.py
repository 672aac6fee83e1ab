"""What all dialogs have in common: they lie over the chat, its pictures stay where they are behind them, and one can quit.

Textual tints what is behind. A picture that the terminal draws by itself says by the colour of its cells which one it is, so
these cells are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.console import RenderableType
from rich.segment import Segment
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, ScreenResultType

from tui.images.kitty import PLACEHOLDER
from tui.widgets.bindings import quitting


class Modal(ModalScreen[ScreenResultType]):
    BINDINGS = [quitting()]

    def render(self) -> RenderableType:
        behind = super().render()
        return _Behind(behind.screen, behind.color) if isinstance(behind, BackgroundScreen) else behind

    async def action_quit(self) -> None:
        await self.app.action_quit()


class _Behind(BackgroundScreen):
    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        for is_picture, run in groupby(segments, lambda segment: segment.text.startswith(PLACEHOLDER)):
            if is_picture:
                yield from run
            else:
                yield from super().process_segments(run, color)
