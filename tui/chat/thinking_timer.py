"""Measure how long an answer was thought about."""

from __future__ import annotations

from tui.chat.events import BlockStart, BlockStop, StreamEvent
from tui.chat.transcript import Thinking


class ThinkingTimer:
    """Adds up the time during which thinking blocks were open. Overlapping blocks count once."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._since = 0.0
        self._spent = 0.0

    def note(self, events: tuple[StreamEvent, ...], now: float) -> None:
        """Process events that have arrived by `now`, in seconds."""
        for event in events:
            if isinstance(event, BlockStart) and isinstance(event.block, Thinking):
                if not self._open:
                    self._since = now
                self._open.add(event.index)
            elif isinstance(event, BlockStart):  # some servers stop all blocks at the very end
                self.end(now)
            elif isinstance(event, BlockStop) and event.index in self._open:
                self._open.discard(event.index)
                if not self._open:
                    self._spent += now - self._since

    def end(self, now: float) -> None:
        """Close all open blocks."""
        self._spent = self.spent_s(now)
        self._open.clear()

    def spent_s(self, now: float) -> float:
        """Return the seconds of thinking so far."""
        return self._spent + (now - self._since if self._open else 0.0)
