"""The threads for pictures: one for each core, and behind the rest of the program."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import wait

import pytest

from tui.images.pool import pool

LIMIT_S = 60


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ranks threads")
def test_each_core_has_a_thread_and_all_rank_below_the_screen() -> None:
    cores = os.cpu_count() or 1
    together = threading.Barrier(cores)

    def ranked() -> int:
        together.wait(LIMIT_S)  # each is in a thread of its own
        return priority()

    before = priority()
    done, _ = wait([pool().submit(ranked) for _ in range(cores)], LIMIT_S)
    assert [one.result() for one in done] == [min(before + 10, 19)] * cores
    assert priority() == before
