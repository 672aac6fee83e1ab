"""Timers of the event loop. One of Textual's takes a task and three messages each time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.widget import Widget


class LoopTimer:
    """Calls functions after a delay in seconds, unless the widget has gone by then."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget

    def __call__(self, delay: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay, self._call, callback)

    def _call(self, callback: Callable[[], None]) -> None:
        if self._widget.is_running:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  (shown as one that a message raises)
                self._widget.app._handle_exception(error)
