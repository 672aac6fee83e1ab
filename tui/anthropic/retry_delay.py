"""How long to wait before a retry, as requested by the server or by backoff. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from tui.inputs.limits import WAIT_S

_YEAR_S = 365 * 86_400.0


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the wait that a server requests in seconds, or None. `now` is in seconds since the epoch."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "")
        try:
            wish = float(value) / unit
        except ValueError:
            continue
        return wish if 0 < wish < float("inf") else None
    try:
        wish = parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError, OSError):  # not a valid date
        return None
    return wish if wish > 0 else None


def delay_s(wish_s: float | None, attempt: int, chance: float) -> float:
    """Return the wait before the next attempt: as requested, else exponential backoff with jitter (`chance` is 0 to 1)."""
    return min(0.5 * 2.0 ** (attempt - 1), 8.0) * (1 - 0.25 * chance) if wish_s is None else wish_s


def is_too_long(wish_s: float | None) -> bool:
    """True if the server requests a longer wait than prx waits by itself."""
    return wish_s is not None and wish_s > WAIT_S


def long_wait_hint(wish_s: float, now: float) -> str:
    """Return what to do if the wait is too long. `now` is in seconds since the epoch."""
    if wish_s > _YEAR_S:
        return "The server asks to wait for more than a year. Choose another model."
    then = time.strftime("%Y-%m-%d %H:%M", time.localtime(now + wish_s))
    return f"The server asks to wait {format_duration(wish_s)}, until {then}. Try again then, or choose another model."


def format_duration(seconds: float) -> str:
    """Format a duration in its largest unit, rounded up: "90 s", "5 min", "3 h", "2 days"."""
    for unit, name, most in ((1, "s", 120), (60, "min", 120), (3_600, "h", 48)):
        count = -int(-seconds // unit)
        if count <= most:
            return f"{count} {name}"
    return f"{-int(-seconds // 86_400)} days"
