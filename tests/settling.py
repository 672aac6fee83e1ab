"""Wait until a screen is at rest, judged by its message queues and not by time: it holds on a busy machine, too.

Textual's own pilot takes the process for idle once it gets no processor time for a moment: with others at work beside it,
that is also while there is much to do. What other threads and processes are about is not known here: tests wait for that.
"""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App
from textual.pilot import Pilot

ROUNDS = 5
"""Idle rounds of the loop to wait for: the task of a worker has no queue, and takes one step in each round."""
PAUSE_S = 0.005
LIMIT = 500
"""Rounds after which a screen that never rests, such as one with a fast answer, is taken as it is."""


def is_busy(app: App[object]) -> bool:
    """True if a message, a callback, a layout or a repaint of the current screen is pending."""
    screen = app.screen
    pumps = (app, *app.screen_stack, *screen.walk_children())
    return any(not pump._message_queue.empty() or pump._next_callbacks for pump in pumps) or bool(
        app._resize_event  # a new size is taken up a moment later
        or screen._callbacks
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
    )


def let_settle(patch: pytest.MonkeyPatch) -> None:
    """Make every pilot wait after each key until the screen is at rest."""
    looked, pressed = Pilot._wait_for_screen, Pilot.press

    async def settled(pilot: Pilot[object], timeout: float = 30.0) -> bool:
        rested = 0
        for _ in range(LIMIT):
            if not await looked(pilot, timeout) or not pilot.app.screen_stack:
                return False
            pilot.app.screen._on_timer_update()  # paints at once what the next frame would
            await asyncio.sleep(0)
            rested = 0 if is_busy(pilot.app) else rested + 1
            if rested == ROUNDS:
                return True
        return True

    async def press(pilot: Pilot[object], *keys: str) -> None:
        for key in keys:  # the next one may be meant for the screen that this one opens
            await pressed(pilot, key)

    async def at_once(min_sleep: float = 0.0) -> None:
        await asyncio.sleep(0)

    async def pause(pilot: Pilot[object], delay: float | None = None) -> None:
        """Wait for this time, for the work of other threads, then until what they delivered is drawn."""
        await asyncio.sleep(PAUSE_S if delay is None else delay)
        await settled(pilot)

    patch.setattr("textual.app.wait_for_idle", at_once)  # after each key
    patch.setattr(Pilot, "pause", pause)
    patch.setattr(Pilot, "_wait_for_screen", settled)
    patch.setattr(Pilot, "press", press)
