"""Claude Code's credentials file as values: two spellings, and times in whatever unit they were written.

Claude Code writes `claudeAiOauth` with camelCase names and milliseconds; other tools write snake_case, at the top level, and
seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timezone

import msgspec

_MILLISECONDS = 1e11
"""Above this a time since the epoch is in milliseconds: as seconds it would be after the year 5000."""


@dataclass(frozen=True)
class Unusable:
    """Why there is no credential in a place, as the end of a sentence that begins with the place."""

    reason: str


@dataclass(frozen=True)
class Login:
    """What the file says. One of the tokens may be empty, not both."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at_s: float | None
    """Seconds since the epoch; None: not said."""
    plan: str = ""


def parse_login(raw: bytes) -> Login | Unusable:
    """The login that the file holds."""
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unusable("is not JSON")
    if not isinstance(data, dict):
        return Unusable("holds no login")
    inner = data.get("claudeAiOauth")
    fields = inner if isinstance(inner, dict) else data
    access, refresh = (_token(fields, *names) for names in (("accessToken", "access_token"), _REFRESH))
    if access is None or refresh is None:
        return Unusable("holds a token with characters that no token has")
    if not access and not refresh:
        named = any(name in fields for name in ("accessToken", "access_token"))
        return Unusable("is signed out: open Claude Code and sign in" if named else "holds no login")
    expires_at_s = _seconds(fields.get("expiresAt", fields.get("expires_at")))
    plan = fields.get("subscriptionType")
    return Login(
        access_token=access,
        refresh_token=refresh,
        expires_at_s=expires_at_s if access else 0.0,
        plan=plan if isinstance(plan, str) else "",
    )


_REFRESH = ("refreshToken", "refresh_token")


def _token(fields: dict[str, object], *names: str) -> str | None:
    """The token under the first name that has one; None where it could not be sent in a header."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and (token := value.strip()):
            return token if token.isascii() and token.isprintable() and " " not in token else None
    return ""


def _seconds(value: object) -> float | None:
    """A time since the epoch in seconds, from seconds, milliseconds, their text, or an ISO date; None: no time."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        time = float(value)
    except ValueError:
        return _iso_seconds(str(value))
    except OverflowError:
        return None
    if not math.isfinite(time):
        return None
    return time / 1000 if time > _MILLISECONDS else time


def _iso_seconds(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
