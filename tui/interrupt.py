"""Ctrl+C while nothing is at stake, as modules are loaded or the program ends: it ends at once, with the exit code for it.

Python itself would print a traceback, or go on. What is at stake begins and ends in `cli`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType


def leave(number: int, frame: FrameType | None) -> None:
    """End the program, from within a handler."""
    os._exit(128 + number)


def on_interrupt(handler: Callable[[int, FrameType | None], object]) -> None:
    """Handle Ctrl+C so from now on, unless who started us had it ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)
