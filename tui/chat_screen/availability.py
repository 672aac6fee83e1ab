"""Which actions can be carried out now, and why others cannot. Palette, help, slash commands and hints ask it."""

from __future__ import annotations

from tui.chat_screen.context import ChatContext


class ChatAvailability:
    def __init__(self, context: ChatContext) -> None:
        self._context = context

    def disabled_reason(self, name: str) -> str:
        """Return why an action cannot be carried out now, e.g. "An answer is running", or "" if it can."""
        return ""
