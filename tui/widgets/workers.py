"""Background work for `run_worker`, given as a function instead of a coroutine.

A worker can be cancelled before it starts, by the next one of its group or at exit. A coroutine would then never be awaited,
which Python warns about.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec

P = ParamSpec("P")


def later(work: Callable[P, Coroutine[Any, Any, Any]], *arguments: P.args, **options: P.kwargs) -> Callable[[], Any]:
    """Return a function that starts the work. With a more exact type mypy does not accept it for `run_worker`."""
    return partial(work, *arguments, **options)
