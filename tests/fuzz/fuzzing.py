"""The number of examples of the fuzz tests, and the time limit of one example.

200 examples each by default, the same ones in every run; `make fuzz` tries 10,000 new ones. A fuzz test hands hostile input
to a part that reads from outside, and asserts that it ends in one of the ways that a user can understand.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hypothesis import settings

EXAMPLES = int(os.environ.get("PRX_FUZZ_EXAMPLES", "200"))
LIMIT_S = 20.0
"""No example takes a tenth of a second; the rest is for a slow machine."""

fuzzed = settings(max_examples=EXAMPLES)
"""A decorator for a test with `@given`: write `@fuzzed` above `@given(...)`."""


class Hung(AssertionError):
    """An example exceeded the time limit."""


@contextmanager
def no_hang(limit_s: float = LIMIT_S) -> Iterator[None]:
    """Raise Hung in the main thread if the block exceeds the limit, whether it waits or computes."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise Hung(f"not done after {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
