"""Profiles of `ant auth login`, Anthropic's way to sign in for programs other than Claude Code.

A profile is a pair of files: its settings in `configs/NAME.json`, and its tokens in `credentials/NAME.json`. They are found,
checked and renewed as the official SDK does it. Source: SDK 2.14, lib/credentials.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from tui.anthropic.confidential import Confidential
from tui.anthropic.login import NO_FILE, Unusable
from tui.inputs.bounded import decode_json, read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES

SIGN_IN = "run `ant auth login`"
_OTHERS_WRITE, _OTHERS_READ_OR_WRITE = 0o022, 0o077
_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")


class Tokens(Confidential, frozen=True):
    """The tokens of a profile."""

    secrets: ClassVar = ("access_token", "refresh_token")
    access_token: str
    refresh_token: str
    """Empty if another program renews the tokens."""
    expires_at_s: float | None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile, and the tokens that are in its file now."""

    tokens: Tokens
    file: Path
    """Where the tokens are."""
    client_id: str
    base_url: str
    workspace_id: str


def active_profile(folder: Path) -> str:
    """Return the name of the profile that is active in the folder, or ""."""
    try:
        return read_file(folder / "active_config", SETTINGS_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def read_profile(name: str, folder: Path, *, now_s: float) -> Profile | Unusable:
    """Return the profile of that name. Its login may have to be refreshed before use."""
    if mistake := _mistake_in_name(name):
        return Unusable(f"cannot be used: its name {mistake}")
    settings = _settings(folder / "configs" / f"{name}.json")
    if isinstance(settings, Unusable):
        return settings
    authentication = settings.get("authentication")
    if not isinstance(authentication, dict):
        return Unusable(f'has no "authentication": {SIGN_IN}')
    if (kind := authentication.get("type")) != "user_oauth":
        known = "workload identity" if kind == "oidc_federation" else "a way"
        return Unusable(f"signs in by {known} that prx does not support")
    base_url = _text(settings, "base_url").rstrip("/")
    if base_url and not _is_safe(base_url):
        return Unusable("has a base_url that does not start with https:// and name a host")
    own = _text(authentication, "credentials_path")
    file = Path(own).expanduser() if own else folder / "credentials" / f"{name}.json"
    client_id = _text(authentication, "client_id")
    tokens = read_tokens(file, client_id, now_s=now_s)
    if isinstance(tokens, Unusable):
        return tokens
    return Profile(
        tokens=tokens,
        file=file,
        client_id=client_id,
        base_url=base_url,
        workspace_id=_text(settings, "workspace_id"),
    )


def read_tokens(file: Path, client_id: str, *, now_s: float) -> Tokens | Unusable:
    """Return the tokens in a profile's file. Without a client ID, another program renews them."""
    read = _tokens(file)
    if isinstance(read, Unusable):
        return read
    access, refresh, expires_at = (_text(read, "access_token"), _text(read, "refresh_token"), read.get("expires_at"))
    if read.get("type", "oauth_token") != "oauth_token":
        return Unusable(f"has credentials of another type: {SIGN_IN}")
    if not access:
        return Unusable(f"is signed out: {SIGN_IN}")
    if not all(token.isascii() and token.isprintable() and " " not in token for token in (access, refresh)):
        return Unusable("contains a token with invalid characters")
    try:
        expires_at_s = float(int(expires_at)) if expires_at is not None else None
    except (TypeError, ValueError, OverflowError):
        return Unusable("has an expires_at that is not a number of seconds")
    if client_id and not refresh:
        return Unusable(f"has no refresh token: {SIGN_IN}")
    if not client_id and expires_at_s is not None and expires_at_s <= now_s:
        return Unusable("has expired, and another program has to renew it")
    return Tokens(access_token=access, refresh_token=refresh if client_id else "", expires_at_s=expires_at_s)


def with_new_profile_tokens(raw: bytes, access_token: str, refresh_token: str, expires_at_s: float) -> bytes:
    """Return the file of a profile's tokens with new ones; other fields are kept."""
    fields = decode_json(raw, type=dict[str, msgspec.Raw])
    new = {"version": "1.0", "type": "oauth_token", "access_token": access_token, "expires_at": int(expires_at_s)}
    if refresh_token:
        new["refresh_token"] = refresh_token
    encoded = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in new.items()}
    return msgspec.json.format(msgspec.json.encode(fields | encoded), indent=2)


def _is_safe(url: str) -> bool:
    """True if tokens may be sent there: over https, or to this computer."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_COMPUTER))


def _mistake_in_name(name: str) -> str:
    """Return what is wrong with a name that is to be the name of a file, or ""."""
    if name != name.strip() or not name.isprintable():
        return "contains a space or a character that is not allowed"
    if name.startswith("."):
        return "starts with a dot"
    return "contains a path separator" if "/" in name or "\\" in name else ""


def _settings(file: Path) -> dict[str, Any] | Unusable:
    try:
        if os.name == "posix" and (mode := stat.S_IMODE(file.stat().st_mode)) & _OTHERS_WRITE:
            return Unusable(f"can be changed by others (mode {mode:o}): run chmod go-w on it")
        return _object(read_file(file, SETTINGS_FILE_BYTES))
    except FileNotFoundError:
        return Unusable(NO_FILE)
    except OSError as error:
        return Unusable(f"cannot be read: {error.strerror or 'unknown error'}")


def _tokens(file: Path) -> dict[str, Any] | Unusable:
    try:
        if os.name == "posix":
            found = file.lstat()
            if stat.S_ISLNK(found.st_mode):
                return Unusable("has a link in place of its credentials file, which is not followed")
            if (mode := stat.S_IMODE(found.st_mode)) & _OTHERS_READ_OR_WRITE:
                return Unusable(f"has credentials that others can read (mode {mode:o}): run chmod 600 {file}")
        return _object(read_file(file, SETTINGS_FILE_BYTES))
    except FileNotFoundError:
        return Unusable(f"has no credentials file: {SIGN_IN}")
    except OSError as error:
        return Unusable(f"has credentials that cannot be read: {error.strerror or 'unknown error'}")


def _object(raw: bytes) -> dict[str, Any] | Unusable:
    try:
        read = decode_json(raw)
    except msgspec.DecodeError:
        return Unusable("is not JSON")
    return read if isinstance(read, dict) else Unusable("is not a JSON object")


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""
