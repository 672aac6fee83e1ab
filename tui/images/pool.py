"""The threads in which pictures are prepared: one for each core, behind the screen in rank.

Ten photos of 12 megapixels take half the time so on two cores (0.46 s instead of 0.82), and keys are no slower meanwhile:
at p99 33 ms, where one core left free had 43 (`make bench-attaching`). Where a thread cannot have a rank of its own, one
core is left to the screen.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

_BEHIND = 10
"""By how much the threads are nicer than the program, of the 19 that there are at most."""


@cache
def pool() -> ThreadPoolExecutor:
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        return ThreadPoolExecutor(cores, thread_name_prefix="pictures", initializer=_stand_back)
    return ThreadPoolExecutor(max(1, cores - 1), thread_name_prefix="pictures")


def _stand_back() -> None:
    """Ranks the thread that calls it below the others. Only Linux knows priorities of threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a rank is a courtesy, and no reason to prepare nothing
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _BEHIND)
