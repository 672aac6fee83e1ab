"""How long to wait before another attempt, as the server wishes or by ourselves. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from tui.inputs.limits import WAIT_S

_YEAR_S = 365 * 86_400.0


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """The wait that a server asks for, in seconds; None where it asks for none. `now`: seconds since the epoch."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "")
        try:
            wish = float(value) / unit
        except ValueError:
            continue
        return wish if 0 < wish < float("inf") else None
    try:
        wish = parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError, OSError):  # no date, or one that no clock shows
        return None
    return wish if wish > 0 else None


def delay_s(wish_s: float | None, attempt: int, chance: float) -> float:
    """How long to wait after that attempt: as the server wishes, else longer each time, with some chance (0..1) in it."""
    return min(0.5 * 2.0 ** (attempt - 1), 8.0) * (1 - 0.25 * chance) if wish_s is None else wish_s


def is_too_long(wish_s: float | None) -> bool:
    """True if a server asks for a longer wait than prx waits without being told to."""
    return wish_s is not None and wish_s > WAIT_S


def long_wait_hint(wish_s: float, now: float) -> str:
    """What to do where that is so. `now`: seconds since the epoch."""
    if wish_s > _YEAR_S:
        return "The server asks to wait for more than a year. Try again then, or pick another model."
    then = time.strftime("%Y-%m-%d %H:%M", time.localtime(now + wish_s))
    return f"The server asks to wait {format_duration(wish_s)}, until {then}. Try again then, or pick another model."


def format_duration(seconds: float) -> str:
    """A time in its largest unit, rounded up so that it is not too short: "90 s", "5 min", "3 h", "2 days"."""
    for unit, name, most in ((1, "s", 120), (60, "min", 120), (3_600, "h", 48)):
        count = -int(-seconds // unit)
        if count <= most:
            return f"{count} {name}"
    return f"{-int(-seconds // 86_400)} days"
