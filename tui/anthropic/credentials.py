"""Find the credential to use, where it comes from, and why others are not used.

This only reads: the environment, the given files and, on macOS, the Keychain. `destinations` decides where a credential may
be sent, and `auth` signs requests with it. Secrets never appear in a `repr` or a reason.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from tui.anthropic.confidential import Confidential
from tui.anthropic.key_file import NOTHING_STORED, read_key
from tui.anthropic.login import Login, Unusable, parse_login
from tui.errors import TuiError
from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES

ALIASES = ("anthropic", "claude-code", "claude-cli")
"""Names of this provider. As an `api_key`, each means the login of Claude Code."""
SETUP_TOKEN = "sk-ant-oat01-"
CONFIGURED = "api_key in config.toml"
LOGIN = "Claude Code's login"
"""Start of the source of a Claude Code login."""
NO_FILE = "there is no such file"
_EMPTY = ("not set", NOTHING_STORED, NO_FILE)


class CredentialsMissing(TuiError):
    """Raised if there is no credential. `causes` are sentences that say why the ones that exist cannot be used."""

    def __init__(self, causes: Sequence[str] = ()) -> None:
        super().__init__(
            "Anthropic credentials not set",
            "".join(f"{cause}. " for cause in causes)
            + "Set the ANTHROPIC_API_KEY environment variable, or api_key in config.toml under [providers.anthropic], or "
            "sign in with Claude Code, which leaves a valid ~/.claude/.credentials.json.",
        )


class ApiKey(Confidential, frozen=True):
    """A key of Anthropic's Console or of a gateway."""

    kind: ClassVar[Literal["api_key"]] = "api_key"
    secrets: ClassVar = ("key",)
    key: str
    source: str
    workspace_id: str = ""
    """The workspace that was stored with this key, or "". Not validated yet."""


class BearerToken(Confidential, frozen=True):
    """A gateway's token (`ANTHROPIC_AUTH_TOKEN`)."""

    kind: ClassVar[Literal["bearer"]] = "bearer"
    secrets: ClassVar = ("token",)
    token: str
    source: str


class OAuthToken(Confidential, frozen=True):
    """A token of a Claude account: a setup token from the user, or the login that Claude Code keeps."""

    kind: ClassVar[Literal["oauth"]] = "oauth"
    secrets: ClassVar = ("access_token", "refresh_token")
    access_token: str
    source: str
    refresh_token: str = ""
    expires_at_s: float | None = None
    """Seconds since the epoch, or None if unknown."""
    file: Path | None = None
    """Claude Code's credentials file, if the token was found there. Such a token may be sent to few hosts only."""
    keychain: str = ""
    """Service in the macOS Keychain, if the token was found there. It is restricted in the same way, and prx cannot write
    it.
    """
    plan: str = ""
    """The subscription as Claude Code names it: max, pro, …"""

    @property
    def is_claude_code_login(self) -> bool:
        """True for Claude Code's login, False for a token that the user gave to prx."""
        return self.file is not None or bool(self.keychain)


Credential = ApiKey | BearerToken | OAuthToken


class Candidate(msgspec.Struct, frozen=True):
    """One place where a credential could be."""

    source: str
    used: bool
    reason: str
    """Why it is used or not. Never contains the secret."""


class Discovery(msgspec.Struct, frozen=True):
    """The credential in use, and every place that was checked, in the order of precedence."""

    credential: Credential | None = None
    considered: tuple[Candidate, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """One sentence for each credential that exists but cannot be used."""
        return tuple(
            f"{one.source} {one.reason}" for one in self.considered if not one.used and one.reason not in _EMPTY
        )

    def require(self) -> Credential:
        """Return the credential. Raises `CredentialsMissing` if there is none."""
        if self.credential is None:
            raise CredentialsMissing(self.causes)
        return self.credential


def discover(
    api_key: str,
    env: Mapping[str, str],
    home: Path,
    *,
    stored: Path | None = None,
    now_s: float | None = None,
    platform: str = sys.platform,
) -> Discovery:
    """Return the first usable credential: `api_key`, three environment variables, the stored key, the login of Claude Code.

    `api_key` is the configured value with its variables filled in, or "". `stored` is the file of `prx auth login`. `now_s`
    is the time since the epoch that decides whether a login has expired; by default, the current time. `platform` is
    `sys.platform`.
    """
    now_s = time.time() if now_s is None else now_s
    used: Credential | None = None
    considered: list[Candidate] = []
    for source, found in _candidates(api_key.strip(), env, home, stored, now_s, platform):
        if isinstance(found, Unusable):
            considered.append(Candidate(source, False, found.reason))
        elif used is not None:
            considered.append(Candidate(source, False, f"set, but {used.source} comes first"))
        else:
            used = found
            considered.append(Candidate(source, True, _described(found)))
    return Discovery(used, tuple(considered))


def credentials_file(env: Mapping[str, str], home: Path) -> Path:
    """Return the file in which Claude Code keeps its login. Source: Claude Code, authentication."""
    folder = env.get("CLAUDE_CONFIG_DIR", "").strip()
    return (Path(folder) if folder else home / ".claude") / ".credentials.json"


def credential_from_text(secret: str, source: str, workspace_id: str = "") -> Credential | Unusable:
    """Return the credential that a text is, by its prefix. Any key that is not Anthropic's is a gateway's, sent like an API
    key.

    `workspace_id` is the one that was stored with it.
    """
    if not secret:
        return Unusable("not set")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        return Unusable("contains characters that are not allowed in a key")
    if secret.startswith(SETUP_TOKEN):
        return OAuthToken(access_token=secret, source=source)
    return ApiKey(key=secret, source=source, workspace_id=workspace_id)


def read_login(file: Path, *, now_s: float) -> OAuthToken | Unusable:
    """Read the login of Claude Code from its file. It may have to be refreshed before use."""
    try:
        login = parse_login(read_file(file, SETTINGS_FILE_BYTES))
    except FileNotFoundError:
        return Unusable(NO_FILE)
    except OSError as error:
        return Unusable(f"cannot be read: {error.strerror or 'unknown error'}")
    if isinstance(login, Login) and _is_over(login, now_s) and not login.refresh_token:
        return Unusable("has expired and has no refresh token: open Claude Code")
    return login if isinstance(login, Unusable) else _token(login, _file_source(file), file=file)


def read_keychain(service: str, *, now_s: float) -> OAuthToken | Unusable:
    """Read the login of Claude Code from the macOS Keychain. Only Claude Code can refresh it there."""
    from tui.anthropic.keychain import read_secret  # on macOS only

    secret = read_secret(service)
    login = secret if isinstance(secret, Unusable) else parse_login(secret)
    if isinstance(login, Login) and _is_over(login, now_s):
        return Unusable("has expired: open Claude Code, which refreshes it")
    return login if isinstance(login, Unusable) else _token(login, _KEYCHAIN, keychain=service)


def _is_over(login: Login, now_s: float) -> bool:
    return login.expires_at_s is not None and login.expires_at_s <= now_s


def _token(login: Login, source: str, *, file: Path | None = None, keychain: str = "") -> OAuthToken:
    return OAuthToken(
        access_token=login.access_token,
        refresh_token=login.refresh_token,
        expires_at_s=login.expires_at_s,
        source=source,
        file=file,
        keychain=keychain,
        plan=login.plan,
    )


def _candidates(
    api_key: str, env: Mapping[str, str], home: Path, stored: Path | None, now_s: float, platform: str
) -> Iterator[tuple[str, Credential | Unusable]]:
    """Yield every place in the order of precedence, with its credential or the reason why there is none."""
    if api_key in ALIASES:
        # The user chose this account: no other one may be billed instead.
        reason = Unusable(f"not used: {CONFIGURED} selects Claude Code's login")
        yield CONFIGURED, Unusable(f'is "{api_key}": the login of Claude Code')
        yield from _logins(env, home, now_s, platform, is_wanted=True)
        yield from ((name, reason) for name in _VARIABLES if env.get(name, "").strip())
        if stored is not None and stored.exists():
            yield _stored_source(stored), reason
        return
    given = [(CONFIGURED, credential_from_text(api_key, CONFIGURED))]
    given += [(name, _by_variable(name, env.get(name, "").strip())) for name in _VARIABLES]
    if stored is not None:
        source, kept = _stored_source(stored), read_key(stored)
        given.append(
            (
                source,
                kept if isinstance(kept, Unusable) else credential_from_text(kept.secret, source, kept.workspace_id),
            )
        )
    yield from given
    is_wanted = all(isinstance(found, Unusable) for _, found in given)
    yield from _logins(env, home, now_s, platform, is_wanted=is_wanted)


def _by_variable(name: str, value: str) -> Credential | Unusable:
    found = credential_from_text(value, name)
    if isinstance(found, ApiKey) and name == "ANTHROPIC_AUTH_TOKEN":
        return BearerToken(token=found.key, source=name)
    if isinstance(found, ApiKey) and name == "CLAUDE_CODE_OAUTH_TOKEN":
        return OAuthToken(access_token=found.key, source=name)
    return found


def _logins(
    env: Mapping[str, str], home: Path, now_s: float, platform: str, *, is_wanted: bool
) -> Iterator[tuple[str, Credential | Unusable]]:
    """Yield where Claude Code keeps its login. On macOS the Keychain counts, and the file may be an old copy."""
    if platform == "darwin":
        from tui.anthropic.keychain import service_name

        # Reading it runs a program and may prompt the user, so do it only if needed.
        found = read_keychain(service_name(env), now_s=now_s) if is_wanted else Unusable("not read: not needed")
        yield _KEYCHAIN, found
    file = credentials_file(env, home)
    yield _file_source(file), read_login(file, now_s=now_s)


def _file_source(file: Path) -> str:
    return f"{LOGIN} ({file})"


def _stored_source(file: Path) -> str:
    return f"prx auth login ({file})"


_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
_KEYCHAIN = f"{LOGIN} (macOS Keychain)"


def _described(credential: Credential) -> str:
    match credential:
        case ApiKey():
            return "used, as an API key"
        case BearerToken():
            return "used, as a bearer token"
        case OAuthToken():
            return "used, as Claude Code's login" if credential.is_claude_code_login else "used, as a setup token"
