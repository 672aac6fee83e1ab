"""`prx auth`: sign in, sign out, and show which credential is used."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import IO, TypedDict

import click

from tui.anthropic.credentials import ApiKey, BearerToken, Credential, CredentialsMissing, Discovery, OAuthToken
from tui.anthropic.destinations import check_destination
from tui.anthropic.errors import AuthenticationFailed
from tui.anthropic.key_file import remove_key
from tui.anthropic.login import Unusable
from tui.anthropic.workspace import NotAWorkspace, Workspace
from tui.cli.printing import say
from tui.config import Settings
from tui.errors import TuiError
from tui.masking import masked_url
from tui.render.json_text import json_text
from tui.services import sign_in
from tui.services.connection import api_url_for, find_credential, key_file, workspace_of

_LONGEST_SECRET = 64_000
_TAIL_CHARS = 4
_MIN_CHARS = 16
"""The shortest secret of which the tail is shown."""


class Refused(TuiError):
    """Signing in failed."""


class ConsideredSource(TypedDict):
    source: str
    used: bool
    reason: str


class Status(TypedDict):
    """The object that `prx auth status --json` prints."""

    provider: str
    signed_in: bool
    kind: str | None
    """api_key, oauth (a setup token, a profile, or Claude Code's login), or bearer."""
    source: str | None
    tail: str | None
    """The last characters of the secret."""
    expires_at: str | None
    """ISO 8601 in UTC; null if unknown."""
    expired: bool
    """True for a login that the next request has to renew."""
    plan: str | None
    claude_code: bool
    """True for Claude Code's login."""
    profile: str | None
    """Name of the profile of `ant auth login`, if one is used."""
    api_url: str
    workspace_id: str | None
    """The workspace that requests are made in."""
    workspace_source: str | None
    """Where its ID comes from."""
    problem: str | None
    """Why nothing can be sent, or null."""
    considered: list[ConsideredSource]


# Signing in


def login(settings: Settings, env: Mapping[str, str], stdin: IO[str] | None) -> int:
    """Sign in with an API key, a setup token or Claude Code's login: check it and store it. Raises TuiError."""
    is_terminal = stdin is not None and stdin.isatty()
    existing = sign_in.claude_code_login(env)
    program = shutil.which("claude", path=env.get("PATH")) if is_terminal else None
    secret = _ask_for_secret(existing, program) if is_terminal else _read_secret(stdin)
    if secret:
        return _sign_in_with_key(settings, env, secret, asks=is_terminal)
    if isinstance(existing, OAuthToken):
        try:
            return _sign_in_with_login(settings, env, existing)
        except AuthenticationFailed as error:
            if program is None or error.retryable:  # without a connection, signing in again does not help
                raise
            say(f"{error.message}. Starting Claude Code to sign in again:", err=True)
    if program is not None:
        return _sign_in_with_claude_code(settings, env, program)
    raise Refused(
        "No key was given, and Claude Code is not signed in on this computer",
        "Run prx auth login in a terminal, or: prx auth login < FILE-WITH-THE-KEY",
    )


def _ask_for_secret(existing: OAuthToken | Unusable, program: str | None) -> str:
    """Ask for the key without showing it. Return "" to use Claude Code's login."""
    if isinstance(existing, OAuthToken):
        other = f"; press Enter to use Claude Code's login ({sign_in.describe_login(existing)})"
    else:
        other = "; press Enter to sign in with Claude Code" if program else ""
    if other:
        say(_TERMS, err=True)
    label = f"API key or setup token (not shown){other}"
    text: str = click.prompt(label, default="" if other else None, hide_input=True, show_default=False, err=True)
    return sign_in.strip_key(text)


_TERMS = (
    "Anthropic intends Claude Code's login for Claude Code and may refuse it or bill it here; an API key is the supported "
    "way."
)


def _read_secret(stdin: IO[str] | None) -> str:
    if stdin is None or stdin.closed:
        return ""
    try:
        text = stdin.read(_LONGEST_SECRET + 1)
    except UnicodeDecodeError:
        raise Refused("stdin is not UTF-8 text", "Pass the key on stdin, and nothing else.") from None
    if len(text) > _LONGEST_SECRET:
        raise Refused("stdin is longer than a key", "Pass the key on stdin, and nothing else.")
    return sign_in.strip_key(text.removeprefix("\ufeff"))


def _sign_in_with_key(settings: Settings, env: Mapping[str, str], secret: str, *, asks: bool) -> int:
    checked = _check_key(settings, secret, asks=asks)
    file = sign_in.store_key(settings, secret, checked.workspace_id)
    unchecked = "" if checked.models is not None else " It could not be checked: the server has no list of models."
    where = f" in the workspace {checked.workspace_id}" if checked.workspace_id else ""
    say(f"Signed in with {_kind(checked.credential)}{where}, stored in {file} readable only by you (0600).{unchecked}")
    if other := sign_in.overriding_source(settings, env):
        say(f"It is not used while another credential comes first: {other}.", err=True)
    return 0


def _check_key(settings: Settings, secret: str, *, asks: bool) -> sign_in.CheckedCredential:
    """Check the key with the server. With `asks`, ask the user for a workspace if the key needs one."""
    workspace_id = ""
    while True:
        try:
            return asyncio.run(sign_in.check_key(settings, secret, workspace_id))
        except sign_in.WorkspaceRequired as error:
            if not asks:
                raise Refused(error.message, _WORKSPACE_IN_SCRIPTS) from error
            say(error.sentences, err=True)
        except NotAWorkspace as error:
            if not workspace_id:  # it is in the settings
                raise
            say(error.sentences, err=True)
        workspace_id = click.prompt("Workspace ID (wrkspc_…)", err=True)


_WORKSPACE_IN_SCRIPTS = (
    "Set ANTHROPIC_WORKSPACE_ID to the ID of the workspace (wrkspc_…, in the Console under Workspaces) and sign in again. "
    "The ID is stored with the key."
)


def _sign_in_with_login(settings: Settings, env: Mapping[str, str], found: OAuthToken) -> int:
    asyncio.run(sign_in.check_credential(settings, found))
    renewed = sign_in.claude_code_login(env)
    shown = renewed if isinstance(renewed, OAuthToken) else found
    say(f"Signed in with Claude Code's login{_valid_until(shown.expires_at_s)}.")
    if other := sign_in.overriding_source(settings, env, login=True):
        say(f'It is not used while {other} is set. To use it first, set api_key = "claude-code".', err=True)
    return 0


def _sign_in_with_claude_code(settings: Settings, env: Mapping[str, str], program: str) -> int:
    ended = subprocess.run([program, "auth", "login"], check=False).returncode
    found = sign_in.claude_code_login(env)
    if ended != 0 or isinstance(found, Unusable):
        raise Refused("Claude Code did not sign in", "Run `claude` and sign in there, or use an API key.")
    return _sign_in_with_login(settings, env, found)


# Signing out


def logout(settings: Settings, env: Mapping[str, str]) -> int:
    """Delete the stored key and report which credential is used from now on. Raises TuiError."""
    file = key_file(settings)
    say(f"Removed {file}." if remove_key(file) else "No key was stored.")
    left = find_credential(settings, env).credential
    if isinstance(left, OAuthToken) and left.is_claude_code_login:
        say("Claude Code is still signed in, and prx uses its login. To end that, sign out in Claude Code.", err=True)
    elif left is not None:
        say(f"Still in use: {left.source}.", err=True)
    return 0


# Which credential is used


def status(settings: Settings, env: Mapping[str, str], *, as_json: bool) -> int:
    """Print the credential in use. Return exit code 1 if there is none, or if it must not be sent to `api_url`."""
    found = status_of(settings, find_credential(settings, env))
    if as_json:
        say(json_text(found, indent=2))
    else:
        say("\n".join(_lines(found)))
    return 0 if found["signed_in"] and found["problem"] is None else 1


def status_of(settings: Settings, found: Discovery) -> Status:
    """Return the credential in use as plain values, without the secret."""
    used = found.credential
    login = used if isinstance(used, OAuthToken) else None
    expires_at_s = login.expires_at_s if login else None
    workspace = _workspace(settings, used)
    return Status(
        provider="anthropic",
        signed_in=used is not None,
        kind=used.kind if used else None,
        source=used.source if used else None,
        tail=tail(used) if used else None,
        expires_at=_moment(expires_at_s) if expires_at_s is not None else None,
        expired=expires_at_s is not None and expires_at_s <= time.time(),
        plan=(login.plan or None) if login else None,
        claude_code=login is not None and login.is_claude_code_login,
        profile=(login.profile or None) if login else None,
        api_url=masked_url(api_url_for(settings, used)) if settings.obstacle is None else "",
        workspace_id=workspace.id if workspace else None,
        workspace_source=workspace.source if workspace else None,
        problem=_problem(settings, used),
        considered=[ConsideredSource(source=one.source, used=one.used, reason=one.reason) for one in found.considered],
    )


def tail(credential: Credential) -> str:
    """Return the last characters of the secret, by which its owner recognises it."""
    match credential:
        case ApiKey(key=secret) | BearerToken(token=secret) | OAuthToken(access_token=secret):
            return f"…{secret[-_TAIL_CHARS:]}" if len(secret) >= _MIN_CHARS else "…"


def _workspace(settings: Settings, used: Credential | None) -> Workspace | None:
    try:
        return workspace_of(settings, used) if used is not None else None
    except NotAWorkspace:  # reported as the problem
        return None


def _problem(settings: Settings, used: Credential | None) -> str | None:
    try:
        if (mistake := settings.obstacle) is not None:
            raise mistake
        if used is None:
            raise CredentialsMissing
        check_destination(used, api_url_for(settings, used), settings.anthropic.oauth_hosts)
        workspace_of(settings, used)
    except TuiError as error:
        return f"{error.message.rstrip('.')}. {error.hint}".strip()
    return None


def _lines(status: Status) -> list[str]:
    lines = [status["problem"]] if status["problem"] else []
    if status["signed_in"]:
        lines += [
            f"kind     {_NAMES[status['kind'] or '']}{_keeper(status)}",
            f"source   {status['source']}",
            f"ends in  {status['tail']}",
        ]
        if status["plan"]:
            lines.append(f"plan     {status['plan']}")
        if status["expires_at"]:
            lines.append(f"expires  {status['expires_at']}" + (", the next request renews it" * status["expired"]))
        if status["api_url"]:
            lines.append(f"sent to  {status['api_url']}")
        if status["workspace_id"]:
            lines.append(f"workspace {status['workspace_id']}, from {status['workspace_source']}")
        if status["claude_code"]:
            lines.append(_TERMS)
    others = [one for one in status["considered"] if not one["used"]]
    return [*lines, "", "Not used:", *(f"  {one['source']}: {one['reason']}" for one in others)]


def _keeper(status: Status) -> str:
    if status["profile"]:
        return f", the profile {status['profile']}"
    return ", Claude Code's login" if status["claude_code"] else ""


_NAMES = {"api_key": "API key", "oauth": "OAuth token", "bearer": "bearer token"}


def _kind(credential: Credential) -> str:
    return "a setup token" if isinstance(credential, OAuthToken) else "an API key"


def _moment(at_s: float) -> str:
    try:
        return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "never"


def _valid_until(expires_at_s: float | None) -> str:
    return f", valid until {_moment(expires_at_s)}" if expires_at_s is not None else ""
