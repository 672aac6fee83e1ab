"""Schedules when arrivals are processed and drawn, by the policy of `tui.frames`: keys never wait for text.

While nothing arrives, nothing runs. Clock and timers come from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from tui.chat.events import StreamEvent
from tui.chat.transcript import Message
from tui.frames import ANSWER_FRAMES_PER_S, BREATH_S, BUDGET_S, FrameGate
from tui.widgets.conversation.backlog import Backlog, Step


class SetTimer(Protocol):
    def __call__(self, delay: float, callback: Callable[[], None]) -> object: ...


class Pace:
    """Processes steps in order: `do` performs one, `paint` draws what changed."""

    def __init__(
        self, do: Callable[[Step], None], paint: Callable[[], None], *, set_timer: SetTimer, clock: Callable[[], float]
    ) -> None:
        self.gate = FrameGate(clock)
        self._do = do
        self._paint_now = paint
        self._set_timer = set_timer
        self._clock = clock
        self._backlog = Backlog()
        self._painted = float("-inf")
        self._is_set = False

    @property
    def behind(self) -> bool:
        """True if steps are waiting."""
        return bool(self._backlog)

    @property
    def is_far_behind(self) -> bool:
        """True if so much text is waiting that it scrolls by unseen."""
        return self._backlog.is_far_behind

    def arrive(self, message: Message, events: Iterable[StreamEvent]) -> None:
        """Add events of an answer, to be drawn with the next frame."""
        self._backlog.put_events(message, events)
        self._wake()

    def then(self, step: Callable[[], None]) -> None:
        """Call a function once all that arrived before it is processed: at once, if nothing is waiting."""
        if self._backlog:
            self._backlog.put(step)
            self._wake()
        else:
            step()
            self._paint()

    def clear(self) -> None:
        """Drop all steps that are waiting."""
        self._backlog.clear()

    def catch_up(self) -> None:
        """Process and draw everything, however long that takes."""
        while self._backlog:
            self._do(self._backlog.take())
        self._paint()

    def _wake(self) -> None:
        if not self._is_set:
            self._set(self._painted + 1 / ANSWER_FRAMES_PER_S - self._clock())

    def _set(self, delay_s: float) -> None:
        self._is_set = True
        self._set_timer(max(0.001, delay_s), self._go)

    def _go(self) -> None:
        """Process steps for one stretch, and draw if a frame is due."""
        self._is_set = False
        if self.gate.has_key:
            self._set(BREATH_S)
            return
        end = self._clock() + BUDGET_S
        while self._backlog:
            self._do(self._backlog.take())
            if self._clock() >= end:
                break
        is_due = not self._backlog or self._clock() - self._painted >= 1 / ANSWER_FRAMES_PER_S
        is_late = is_due and self.gate.is_shut
        if is_due and not is_late:
            self._paint()
        if (self._backlog or is_late) and not self._is_set:
            self._set(BREATH_S)

    def _paint(self) -> None:
        self._painted = self._clock()
        self._paint_now()
