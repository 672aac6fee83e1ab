"""Columns as they should be, whatever stands in them: a file that others wrote to is shown as far as it can be. Pure."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from tui.chat.transcript import State

_END_OF_TIME = 253_402_214_400.0
"""The last day of the year 9999: what comes after it has no date."""
_STATES: tuple[State, ...] = get_args(State)


def text(value: Any) -> str:
    match value:
        case str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case None:
            return ""
    return str(value)


def data(value: Any) -> bytes:
    return value if isinstance(value, bytes) else text(value).encode("utf-8", "replace")


def number(value: Any) -> float:
    """0 for what is none."""
    return value if isinstance(value, int | float) and math.isfinite(value) else 0


def moment(value: Any) -> float:
    """Seconds since the epoch; 0 for what is no time that has a date."""
    at = float(number(value))
    return at if 0 <= at < _END_OF_TIME else 0.0


def role(value: Any) -> Literal["user", "assistant"]:
    return "user" if value == "user" else "assistant"


def state(value: Any) -> State:
    return value if value in _STATES else "interrupted"
