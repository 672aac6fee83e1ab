"""What the first answer needs and the first paint does not: loaded by a thread, a piece at a time, once the screen is up.

And the garbage collector, kept from walking over all of it again and again: that takes 40 ms each time, in which no key is
heard. Modules and styles stay for as long as the program runs, so they are set apart once they are there.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
import threading
import time
from contextlib import suppress

_MODULES = (
    "tui.anthropic.client",
    "tui.anthropic.request",
    "tui.anthropic.auth",
)
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 18
_YOUNG, _MIDDLE, _OLD = 10_000, 10, 2
"""How many objects are made before the collector looks for cycles among them (Python's own 700 are soon there), and after
how many looks it looks among older ones, such as the widgets of dialogs that were closed."""

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
"""Variables of Textual's that a user may need. The others are for developers: they take screenshots, press keys, write log
files, and with odd values end the program."""
_FPS = re.compile("[1-9][0-9]{0,2}")


def prepare() -> None:
    """To be called before Textual is imported. No collector while the program starts: nothing made then is garbage."""
    gc.disable()
    _import_textual()


def _import_textual() -> None:
    """Import Textual with those variables that users may set. Programs that are started later get all of them as they were.

    A repaint comes 4 ms after what caused it instead of 17. It costs nothing, as the pane paces itself; a key typed while an
    answer arrives is on the screen in 20 ms at worst instead of 40.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith("TEXTUAL_") or name == "ESCDELAY"}
    for name, value in given.items():
        if name not in _FOR_USERS or not value:
            del os.environ[name]
    if not _FPS.fullmatch(given.get("TEXTUAL_FPS", "")):
        os.environ["TEXTUAL_FPS"] = "240"
    importlib.import_module("textual.constants")
    os.environ.pop("TEXTUAL_FPS")
    os.environ.update(given)


def warm_up() -> None:
    """Starts the thread. It ends by itself, and with the program."""
    threading.Thread(target=_load, name="warm-up", daemon=True).start()


def _load() -> None:
    for name in _MODULES:
        importlib.import_module(name)
        time.sleep(0.005)  # lets a key through between two
    from tui.render.strips import warm

    warm()
    _give_memory_back()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.enable()


def _give_memory_back() -> None:
    """Has glibc return what a long text took as soon as it is dropped.

    By itself it keeps up to 32 MB for later, in every thread. Source: glibc manual, "Malloc Tunable Parameters".
    """
    import ctypes

    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
