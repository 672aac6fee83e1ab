"""A transcript that is laid out, and what its rows say: everything of the conversation pane that needs no screen."""

from __future__ import annotations

from collections.abc import Sequence

from conversation_app import Clock

from tui.chat.transcript import Message
from tui.widgets.conversation.palette import palette_of
from tui.widgets.conversation.transcript import TranscriptModel
from tui.widgets.conversation.viewport import Viewport
from tui.widgets.themes import DARK

PALETTE = palette_of(DARK, {})


class LaidOut:
    """A model with its viewport, and a clock that stands still."""

    def __init__(self, messages: Sequence[Message] = (), *, width: int = 60, rows: int = 20) -> None:
        self.clock = Clock()
        self.viewport = Viewport()
        self.model = TranscriptModel(self.viewport, str.upper, self.clock)
        self.viewport.resize(width, rows, PALETTE)
        self.model.show(messages)

    def rows(self) -> list[str]:
        """What is in view, row by row."""
        found = (self.viewport.at(y) for y in range(self.viewport.rows))
        return [turn.line(position.row).strip.text.rstrip() for turn, position in filter(None, found)]

    def text(self) -> str:
        return "\n".join(self.rows())

    def row_of(self, words: str) -> int:
        """The row of the view with these words."""
        return next(y for y, row in enumerate(self.rows()) if words in row)
