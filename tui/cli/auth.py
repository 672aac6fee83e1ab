"""`prx auth`: signing in and out at the command line, and which credential is used."""

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
from tui.services.connection import discovered, key_file, workspace_of

_LONGEST_SECRET = 64_000
_SHOWN = 4
_LONG_ENOUGH = 16  # for four characters of it to give nothing away


class Refused(TuiError):
    """Signing in came to nothing."""


class Place(TypedDict):
    source: str
    used: bool
    reason: str


class Status(TypedDict):
    """What `prx auth status --json` prints."""

    provider: str
    signed_in: bool
    kind: str | None
    """api_key, oauth (a setup token, or Claude Code's login), or bearer."""
    source: str | None
    tail: str | None
    """The last characters of the secret."""
    expires_at: str | None
    """In UTC; null where it is not known."""
    expired: bool
    """A login that is due to be renewed by the next request."""
    plan: str | None
    claude_code: bool
    """Whether it is Claude Code's login."""
    api_url: str
    workspace_id: str | None
    """The workspace that requests name, and where its ID comes from."""
    workspace_source: str | None
    problem: str | None
    """Why it cannot be used, or that there is none."""
    considered: list[Place]


# Signing in


def login(settings: Settings, env: Mapping[str, str], stdin: IO[str] | None) -> int:
    """Takes a key or setup token, or Claude Code's login, checks it, and stores what is to be stored. Raises TuiError."""
    is_terminal = stdin is not None and stdin.isatty()
    existing = sign_in.claude_code_login(env)
    program = shutil.which("claude", path=env.get("PATH")) if is_terminal else None
    secret = _asked(existing, program) if is_terminal else _piped(stdin)
    if secret:
        return _take_key(settings, env, secret, asks=is_terminal)
    if isinstance(existing, OAuthToken):
        try:
            return _take_login(settings, env, existing)
        except AuthenticationFailed as error:
            if program is None or error.retryable:  # no connection is no reason to sign in anew
                raise
            say(f"{error.message}. Claude Code signs in anew:", err=True)
    if program is not None:
        return _sign_in_elsewhere(settings, env, program)
    raise Refused(
        "No key was given, and Claude Code is not signed in here",
        "prx auth login --provider anthropic < FILE-WITH-THE-KEY, or run it in a terminal.",
    )


def _asked(existing: OAuthToken | Unusable, program: str | None) -> str:
    """The secret that the user typed or pasted, unseen; "" for Claude Code's login."""
    if isinstance(existing, OAuthToken):
        other = f"; or press Enter for Claude Code's login ({sign_in.described(existing)})"
    else:
        other = "; or press Enter to sign in with Claude Code" if program else ""
    if other:
        say(_TERMS, err=True)
    label = f"API key or setup token (not shown){other}"
    text: str = click.prompt(label, default="" if other else None, hide_input=True, show_default=False, err=True)
    return sign_in.bare(text)


_TERMS = (
    "Anthropic intends Claude Code's login for Claude Code, and may refuse or bill it here; a key is the supported way."
)


def _piped(stdin: IO[str] | None) -> str:
    if stdin is None or stdin.closed:
        return ""
    try:
        text = stdin.read(_LONGEST_SECRET + 1)
    except UnicodeDecodeError:
        raise Refused("stdin is no UTF-8 text", "It holds the key and nothing else.") from None
    if len(text) > _LONGEST_SECRET:
        raise Refused("stdin holds more than a key", "It holds the key and nothing else.")
    return sign_in.bare(text.removeprefix("\ufeff"))


def _take_key(settings: Settings, env: Mapping[str, str], secret: str, *, asks: bool) -> int:
    checked = _checked(settings, secret, asks=asks)
    file = sign_in.store(settings, secret, checked.workspace_id)
    proved = "" if checked.models is not None else " It could not be checked: the server has no list of models."
    where = f" in the workspace {checked.workspace_id}" if checked.workspace_id else ""
    say(f"Signed in with {_kind(checked.credential)}{where}, stored in {file} for you alone (0600).{proved}")
    if other := sign_in.overruled_by(settings, env):
        say(f"It is not used as long as another one comes first: {other}.", err=True)
    return 0


def _checked(settings: Settings, secret: str, *, asks: bool) -> sign_in.Checked:
    """What the server says of the key; `asks`: the user is asked for the workspace of a key that belongs to none."""
    workspace_id = ""
    while True:
        try:
            return asyncio.run(sign_in.check(settings, secret, workspace_id))
        except sign_in.WorkspaceWanted as error:
            if not asks:
                raise Refused(error.message, _WORKSPACE_IN_SCRIPTS) from error
            say(error.sentences, err=True)
        except NotAWorkspace as error:
            if not workspace_id:  # it is in the settings
                raise
            say(error.sentences, err=True)
        workspace_id = click.prompt("Workspace ID (wrkspc_…)", err=True)


_WORKSPACE_IN_SCRIPTS = (
    "Set ANTHROPIC_WORKSPACE_ID to the ID of the workspace (wrkspc_…, in the Console under Workspaces) while signing in: it "
    "is stored with the key."
)


def _take_login(settings: Settings, env: Mapping[str, str], found: OAuthToken) -> int:
    asyncio.run(sign_in.check_credential(settings, found))
    renewed = sign_in.claude_code_login(env)
    shown = renewed if isinstance(renewed, OAuthToken) else found
    say(f"Signed in with Claude Code's login{_until(shown.expires_at_s)}.")
    if other := sign_in.overruled_by(settings, env, login=True):
        say(f'It is not used as long as {other} is set; api_key = "claude-code" puts it first.', err=True)
    return 0


def _sign_in_elsewhere(settings: Settings, env: Mapping[str, str], program: str) -> int:
    ended = subprocess.run([program, "auth", "login"], check=False).returncode
    found = sign_in.claude_code_login(env)
    if ended != 0 or isinstance(found, Unusable):
        raise Refused("Claude Code did not sign in", "Run `claude` and sign in there, or paste an API key.")
    return _take_login(settings, env, found)


# Signing out


def logout(settings: Settings, env: Mapping[str, str]) -> int:
    """Forgets the stored key, and says what is used from now on. Raises TuiError."""
    file = key_file(settings)
    say(f"Removed {file}." if remove_key(file) else "prx had stored no key.")
    left = discovered(settings, env).credential
    if isinstance(left, OAuthToken) and left.is_claude_code_login:
        say("Claude Code is still signed in, and prx uses that; to end it, sign out in Claude Code.", err=True)
    elif left is not None:
        say(f"Still used: {left.source}.", err=True)
    return 0


# Which credential is used


def status(settings: Settings, env: Mapping[str, str], *, as_json: bool) -> int:
    """Shows the credential in use; 1 where there is none, or none that may be sent to `api_url`."""
    told = status_of(settings, discovered(settings, env))
    if as_json:
        say(json_text(told, indent=2))
    else:
        say("\n".join(_lines(told)))
    return 0 if told["signed_in"] and told["problem"] is None else 1


def status_of(settings: Settings, found: Discovery) -> Status:
    """The credential in use as plain values, without the secret."""
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
        api_url=masked_url(settings.anthropic.api_url) if settings.obstacle is None else "",
        workspace_id=workspace.id if workspace else None,
        workspace_source=workspace.source if workspace else None,
        problem=_problem(settings, used),
        considered=[Place(source=one.source, used=one.used, reason=one.reason) for one in found.considered],
    )


def tail(credential: Credential) -> str:
    """The end of the secret, by which its owner knows it."""
    match credential:
        case ApiKey(key=secret) | BearerToken(token=secret) | OAuthToken(access_token=secret):
            return f"…{secret[-_SHOWN:]}" if len(secret) >= _LONG_ENOUGH else "…"


def _workspace(settings: Settings, used: Credential | None) -> Workspace | None:
    try:
        return workspace_of(settings, used) if used is not None else None
    except NotAWorkspace:  # the problem says so
        return None


def _problem(settings: Settings, used: Credential | None) -> str | None:
    try:
        if (mistake := settings.obstacle) is not None:
            raise mistake
        if used is None:
            raise CredentialsMissing
        check_destination(used, settings.anthropic.api_url, settings.anthropic.oauth_hosts)
        workspace_of(settings, used)
    except TuiError as error:
        return f"{error.message.rstrip('.')}. {error.hint}".strip()
    return None


def _lines(told: Status) -> list[str]:
    lines = [told["problem"]] if told["problem"] else []
    if told["signed_in"]:
        lines += [
            f"kind     {_NAMES[told['kind'] or '']}" + (", Claude Code's login" if told["claude_code"] else ""),
            f"source   {told['source']}",
            f"ends in  {told['tail']}",
        ]
        if told["plan"]:
            lines.append(f"plan     {told['plan']}")
        if told["expires_at"]:
            lines.append(f"expires  {told['expires_at']}" + (", renewed by the next request" * told["expired"]))
        if told["api_url"]:
            lines.append(f"sent to  {told['api_url']}")
        if told["workspace_id"]:
            lines.append(f"workspace {told['workspace_id']}, from {told['workspace_source']}")
        if told["claude_code"]:
            lines.append(_TERMS)
    others = [place for place in told["considered"] if not place["used"]]
    return [*lines, "", "Not used:", *(f"  {place['source']}: {place['reason']}" for place in others)]


_NAMES = {"api_key": "API key", "oauth": "OAuth token", "bearer": "bearer token"}


def _kind(credential: Credential) -> str:
    return "a setup token" if isinstance(credential, OAuthToken) else "an API key"


def _moment(at_s: float) -> str:
    try:
        return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "never"


def _until(expires_at_s: float | None) -> str:
    return f", good until {_moment(expires_at_s)}" if expires_at_s is not None else ""
