"""What the first answer needs and the first paint does not: loaded by a thread, a piece at a time, once the screen is up.

And the garbage collector, kept from walking over all of it again and again: that takes 40 ms each time, in which no key is
heard. Modules and styles stay for as long as the program runs, so they are set apart once they are there.
"""

from __future__ import annotations

import gc
import importlib
import os
import threading
import time
from contextlib import suppress

_MODULES = (
    "tui.anthropic.client",
    "tui.anthropic.request",
    "tui.anthropic.auth",
)
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 18
_YOUNG = 10_000  # objects made before the collector looks for cycles among them; Python's own 700 are soon there


def prepare() -> None:
    """To be called before Textual is imported. No collector while the program starts: nothing made then is garbage.

    And a repaint 4 ms after what caused it instead of 17. It costs nothing, as the pane paces itself; a key typed while an
    answer arrives is on the screen in 20 ms at worst instead of 40.
    """
    gc.disable()
    os.environ.setdefault("TEXTUAL_FPS", "240")


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
    gc.set_threshold(_YOUNG, 20, 20)
    gc.enable()


def _give_memory_back() -> None:
    """Has glibc return what a long text took as soon as it is dropped.

    By itself it keeps up to 32 MB for later, in every thread. Source: glibc manual, "Malloc Tunable Parameters".
    """
    import ctypes

    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
