"""Claude Code's credentials file as values.

Claude Code writes `claudeAiOauth` with camelCase names and milliseconds. Other tools write snake_case, at the top level, in
seconds. Both spellings and units are read and preserved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, ClassVar

import msgspec

from tui.anthropic.confidential import Confidential
from tui.inputs.bounded import decode_json

NO_FILE = "there is no such file"
_MILLISECONDS = 1e11
"""Times since the epoch above this are in milliseconds: as seconds they would be after the year 5000."""


class Unusable(msgspec.Struct, frozen=True):
    """Why a place has no usable credential, as the end of a sentence that starts with the place."""

    reason: str


class Login(Confidential, frozen=True):
    """The content of the file. One of the tokens may be empty, but not both."""

    secrets: ClassVar = ("access_token", "refresh_token")
    access_token: str
    refresh_token: str
    expires_at_s: float | None
    """Seconds since the epoch, or None if unknown."""
    plan: str = ""
    client_id: str = ""
    """The client that the refresh token was issued to, or "" if the file names none."""


def login_folder(env: Mapping[str, str]) -> str:
    """Return the folder in which Claude Code keeps its login as the environment names it, or "" for ~/.claude.

    CLAUDE_SECURESTORAGE_CONFIG_DIR counts before CLAUDE_CONFIG_DIR, also if it is empty. Source: observed behaviour.
    """
    return env.get("CLAUDE_SECURESTORAGE_CONFIG_DIR", env.get("CLAUDE_CONFIG_DIR", ""))


def parse_login(raw: bytes) -> Login | Unusable:
    """Return the login in the file."""
    try:
        data = decode_json(raw)
    except msgspec.DecodeError:
        return Unusable("is not JSON")
    if not isinstance(data, dict):
        return Unusable("contains no login")
    inner = data.get("claudeAiOauth")
    fields = inner if isinstance(inner, dict) else data
    access, refresh = (_token(fields, *names) for names in (("accessToken", "access_token"), _REFRESH))
    if access is None or refresh is None:
        return Unusable("contains a token with invalid characters")
    if not access and not refresh:
        if fields.get("loginEnded") == "time_limit":
            return Unusable("has reached its time limit: open Claude Code and sign in")
        if "keychainOverflow" in data:  # encrypted, in a second item
            return Unusable(
                "is split over two items, which only Claude Code can read: use `claude setup-token`, or a key"
            )
        named = any(name in fields for name in ("accessToken", "access_token"))
        return Unusable("is signed out: open Claude Code and sign in" if named else "contains no login")
    expires_at_s = _seconds(fields.get("expiresAt", fields.get("expires_at")))
    plan, client_id = fields.get("subscriptionType"), fields.get("clientId")
    return Login(
        access_token=access,
        refresh_token=refresh,
        expires_at_s=expires_at_s if access else 0.0,
        plan=plan if isinstance(plan, str) else "",
        client_id=client_id.strip() if isinstance(client_id, str) else "",
    )


class TokenGrant(Confidential, frozen=True):
    """New tokens from the token endpoint."""

    secrets: ClassVar = ("access_token", "refresh_token")
    access_token: str
    refresh_token: str
    """Empty if the old one remains valid."""
    expires_at_s: float
    """Seconds since the epoch."""
    refresh_expires_at_s: float | None = None
    """Expiry of the refresh token in seconds since the epoch, or None if unknown."""


def with_new_tokens(raw: bytes, grant: TokenGrant) -> bytes:
    """Return the file with the new tokens, in its own spelling and units; everything else is kept byte for byte.

    Only for a file that `parse_login` accepted.
    """
    outer = decode_json(raw, type=dict[str, msgspec.Raw])
    nested = outer.get("claudeAiOauth", msgspec.Raw(b"null"))
    if bytes(nested).lstrip()[:1] == b"{":
        inner = decode_json(nested, type=dict[str, msgspec.Raw])
        outer["claudeAiOauth"] = msgspec.Raw(msgspec.json.encode(_with(inner, grant)))
    else:
        outer = _with(outer, grant)
    written = msgspec.json.encode(outer)
    return msgspec.json.format(written, indent=2) if b"\n" in raw.strip() else written


def _with(fields: dict[str, msgspec.Raw], grant: TokenGrant) -> dict[str, msgspec.Raw]:
    camel = "accessToken" in fields or "access_token" not in fields
    new: dict[str, Any] = {}
    for value, names in (
        (grant.access_token, ("accessToken", "access_token")),
        (grant.refresh_token, _REFRESH),
        (grant.expires_at_s, _EXPIRY),
        (grant.refresh_expires_at_s, _REFRESH_EXPIRY),
    ):
        if not value or (names is _REFRESH_EXPIRY and not _is_sooner(float(value), fields)):
            continue
        present = [name for name in names if name in fields]
        for name in present or ([names[0] if camel else names[-1]] if len(names) > 1 else []):
            new[name] = value if isinstance(value, str) else _in_the_unit_of(fields.get(name), value, camel)
    return fields | {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in new.items()}


def _is_sooner(time_s: float, fields: dict[str, msgspec.Raw]) -> bool:
    """True unless the refresh token ends earlier by the file. Claude Code only ever lowers that time, too."""
    before = _seconds(decode_json(fields.get(_REFRESH_EXPIRY[0], msgspec.Raw(b"null"))))
    return before is None or time_s < before


def _in_the_unit_of(old: msgspec.Raw | None, time_s: float, milliseconds: bool) -> int | str:
    """Return the time in the format of the old one: milliseconds or seconds, as a number, a string or a date."""
    before = decode_json(old) if old is not None else None
    if isinstance(before, bool) or not isinstance(before, str | int | float):
        return int(time_s * 1000) if milliseconds else int(time_s)
    try:
        number = float(before)
    except (ValueError, OverflowError):
        if isinstance(before, str) and _iso_seconds(before) is not None:
            return datetime.fromtimestamp(time_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        milliseconds = number > _MILLISECONDS if number > 0 else milliseconds
    written = int(time_s * 1000) if milliseconds else int(time_s)
    return str(written) if isinstance(before, str) else written


_REFRESH = ("refreshToken", "refresh_token")
_EXPIRY = ("expiresAt", "expires_at")
_REFRESH_EXPIRY = ("refreshTokenExpiresAt",)


def _token(fields: dict[str, object], *names: str) -> str | None:
    """Return the token under the first name that has one, or None if it cannot be sent in a header."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and (token := value.strip()):
            return token if token.isascii() and token.isprintable() and " " not in token else None
    return ""


def _seconds(value: object) -> float | None:
    """Parse a time since the epoch from seconds, milliseconds, a numeric string or an ISO date; None if it is none."""
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
