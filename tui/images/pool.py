"""The thread pool in which images are prepared: one thread per core, with a lower priority than the screen.

Ten photos of 12 megapixels take half the time on two cores (0.46 s instead of 0.82 s), and keys are not slower: p99 33 ms,
or 43 ms with one core left free (`make bench-attaching`). Where threads have no priority, one core is left to the screen.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

_NICE_INCREMENT = 10
"""How much the nice value of the threads is raised, at most 19."""


@cache
def pool() -> ThreadPoolExecutor:
    """Return the thread pool, created at first use."""
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        return ThreadPoolExecutor(cores, thread_name_prefix="images", initializer=_lower_priority)
    return ThreadPoolExecutor(max(1, cores - 1), thread_name_prefix="images")


def _lower_priority() -> None:
    """Lower the priority of the calling thread. Only Linux has priorities per thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # the priority is only an optimization
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE_INCREMENT)
