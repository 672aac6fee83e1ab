"""Work beside the screen, as it is handed to `run_worker`: to be begun by the worker.

A worker can be cancelled before it begins, by the next one of its group or by the end of the program. A coroutine that it
was given would then never be awaited, of which Python complains.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec

P = ParamSpec("P")


def later(work: Callable[P, Coroutine[Any, Any, Any]], *arguments: P.args, **options: P.kwargs) -> Callable[[], Any]:
    """What calls it with these. Of a more exact type mypy does not see what `run_worker` makes."""
    return partial(work, *arguments, **options)
