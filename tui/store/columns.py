"""Read columns leniently: a file that other programs wrote to is shown as far as possible. Pure."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from tui.chat.transcript import State

END_OF_TIME = 253_402_214_400.0
"""The last day of the year 9999; later times have no date."""
_STATES: tuple[State, ...] = get_args(State)


def text(value: Any) -> str:
    """Return the value as text."""
    match value:
        case str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case None:
            return ""
    return str(value)


def data(value: Any) -> bytes:
    """Return the value as bytes."""
    return value if isinstance(value, bytes) else text(value).encode("utf-8", "replace")


def number(value: Any) -> float:
    """Return the number, or 0 if it is none."""
    return value if isinstance(value, int | float) and math.isfinite(value) else 0


def moment(value: Any) -> float:
    """Return seconds since the epoch, or 0 if it is not a time with a date."""
    at = float(number(value))
    return at if 0 <= at < END_OF_TIME else 0.0


def role(value: Any) -> Literal["user", "assistant"]:
    """Return the role; anything unknown is the assistant's."""
    return "user" if value == "user" else "assistant"


def state(value: Any) -> State:
    """Return the state; anything unknown is interrupted."""
    return value if value in _STATES else "interrupted"
