"""The threads in which pictures are prepared: one for each core but one, which is left to the screen.

With one more the slowest key in a hundred takes three times as long while ten photos are prepared (`make bench-attaching`).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), thread_name_prefix="pictures")
