"""Warm up after the first paint: import in a thread what the first answer needs, and set up the garbage collector.

A full collection takes 40 ms, during which no key is handled. Modules and styles live as long as the program, so they are
frozen once they are loaded: the collector does not visit them again.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tui.frames import KEY_FRAMES_PER_S

_MODULES = (
    "tui.chat.turn",
    "tui.anthropic.client",
    "tui.anthropic.request",
    "tui.anthropic.auth",
    "tui.chat.searches",
    "wcwidth",  # for the first letter that is not ASCII
)
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 18
_YOUNG, _MIDDLE, _OLD = 10_000, 10, 2
"""How many new objects start a collection (Python's default of 700 is reached quickly), and after how many collections the
older generations are visited, which hold for example the widgets of closed dialogs."""

_FOR_USERS = frozenset(
    f"TEXTUAL_{name}"
    for name in (
        "ALLOW_SIGNALS",
        "ANIMATIONS",
        "COLOR_SYSTEM",
        "DISABLE_KITTY_KEY",
        "DRIVER",
        "FILTERS",
        "FPS",
        "SMOOTH_SCROLL",
        "SPEEDUPS",
    )
)
"""Textual's variables for users. The others are for developers: they take screenshots, press keys and write log files, and
invalid values end the program."""
_FPS = re.compile("[1-9][0-9]{0,2}")


def prepare() -> None:
    """Disable the garbage collector for the start, which creates no garbage, and import Textual's settings.

    Call it before Textual is imported.
    """
    gc.disable()
    _import_textual()


def _import_textual() -> None:
    """Import Textual with only those of its variables that users may set. Child processes get all of them, unchanged.

    Textual draws 60 times a second by default: a key typed during an answer would be shown after 40 ms instead of 20.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith("TEXTUAL_") or name == "ESCDELAY"}
    for name, value in given.items():
        if name not in _FOR_USERS or not value:
            del os.environ[name]
    if not _FPS.fullmatch(given.get("TEXTUAL_FPS", "")):
        os.environ["TEXTUAL_FPS"] = str(KEY_FRAMES_PER_S)
    importlib.import_module("textual.constants")
    os.environ.pop("TEXTUAL_FPS")
    os.environ.update(given)


def warm_up(keep_frame: Callable[[], None]) -> None:
    """Start the thread, which also keeps the first frame. It ends by itself, or with the program."""
    threading.Thread(target=_load, args=(keep_frame,), name="warm-up", daemon=True).start()


def _load(keep_frame: Callable[[], None]) -> None:
    keep_frame()
    for name in _MODULES:
        importlib.import_module(name)
        time.sleep(0.005)  # lets the main thread handle keys in between
    from tui.render.strips import warm

    warm()
    _give_memory_back()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.enable()


def _give_memory_back() -> None:
    """Let glibc return the memory of a long text as soon as it is freed.

    By default it keeps up to 32 MB per thread. Source: glibc manual, "Malloc Tunable Parameters".
    """
    import ctypes

    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
