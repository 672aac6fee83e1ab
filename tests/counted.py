"""Run prx and count what its screen does: `python counted.py FILE ARGUMENTS`. Each SIGUSR1 adds a line of JSON to the file.

It counts calls of Textual and asyncio, not of our own code, so that a change of ours cannot escape the count.
"""

from __future__ import annotations

import functools
import json
import signal
import sys
import threading
from asyncio.base_events import BaseEventLoop
from collections import Counter
from pathlib import Path
from typing import Any

COUNTS: Counter[str] = Counter()
_is_drawing = False


def count_calls(owner: type[Any], method: str, name: str) -> None:
    """Count the calls of a method, plain or async, under this name."""
    original = getattr(owner, method)

    @functools.wraps(original)
    def counted(*args: Any, **options: Any) -> Any:
        COUNTS[name] += 1
        return original(*args, **options)

    setattr(owner, method, counted)


def count_wake_ups() -> None:
    """Count how often the event loop of the screen, and those of other threads, have something to do."""
    original = BaseEventLoop._run_once  # type: ignore[attr-defined]
    screen = threading.main_thread().ident

    def counted(loop: BaseEventLoop) -> None:
        COUNTS["screen_wake_ups" if threading.get_ident() == screen else "engine_wake_ups"] += 1
        original(loop)

    BaseEventLoop._run_once = counted  # type: ignore[attr-defined]


def count_strips(widget: type[Any]) -> None:
    """Count the lines that are rendered: of the conversation, and of all other widgets. A call of `super` is none."""
    original = widget.__dict__["render_line"]

    @functools.wraps(original)
    def counted(self: Any, y: int) -> Any:
        global _is_drawing
        if _is_drawing:
            return original(self, y)
        COUNTS["conversation_strips" if type(self).__name__ == "Conversation" else "other_strips"] += 1
        _is_drawing = True
        try:
            return original(self, y)
        finally:
            _is_drawing = False

    widget.render_line = counted


def count_textual() -> None:
    """Count messages, layouts, timers and lines of all widgets, also of those that are defined later."""
    from textual.message_pump import MessagePump
    from textual.screen import Screen
    from textual.timer import Timer
    from textual.widget import Widget

    count_calls(MessagePump, "_dispatch_message", "messages")
    count_calls(Screen, "_refresh_layout", "layouts")
    count_calls(Timer, "_tick", "timers")
    found = [Widget]
    while found:
        widget = found.pop()
        found += widget.__subclasses__()
        if "render_line" in widget.__dict__:
            count_strips(widget)
    defined = Widget.__init_subclass__.__func__  # type: ignore[attr-defined]

    def define(cls: type[Any], *args: Any, **options: Any) -> None:
        defined(cls, *args, **options)
        if "render_line" in cls.__dict__:
            count_strips(cls)

    Widget.__init_subclass__ = classmethod(define)  # type: ignore[assignment]


def main() -> None:
    file = Path(sys.argv[1])

    def report(*_: object) -> None:
        with file.open("a") as out:
            out.write(json.dumps(COUNTS) + "\n")

    signal.signal(signal.SIGUSR1, report)
    count_wake_ups()
    count_textual()
    sys.argv = ["prx", *sys.argv[2:]]
    from tui.__main__ import main as prx

    prx()


if __name__ == "__main__":
    main()
