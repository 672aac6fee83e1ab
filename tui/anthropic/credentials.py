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
from tui.anthropic.login import NO_FILE, Login, Unusable, login_folder, parse_login
from tui.errors import TuiError
from tui.inputs.bounded import read_file
from tui.inputs.limits import SETTINGS_FILE_BYTES

ALIASES = ("anthropic", "claude-code", "claude-cli")
"""Names of this provider. As an `api_key`, each means the login of Claude Code."""
SETUP_TOKEN = "sk-ant-oat01-"
CONFIGURED = "api_key in config.toml"
DEFAULT_PROFILE = "default"
PROFILE = "the profile of ant auth login"
LOGIN = "Claude Code's login"
"""Start of the source of a Claude Code login."""
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
    """A token of a Claude account: a setup token from the user, a profile of `ant auth login`, or Claude Code's login."""

    kind: ClassVar[Literal["oauth"]] = "oauth"
    secrets: ClassVar = ("access_token", "refresh_token")
    access_token: str
    source: str
    refresh_token: str = ""
    expires_at_s: float | None = None
    """Seconds since the epoch, or None if unknown."""
    file: Path | None = None
    """The credentials file of Claude Code or of the profile, if the token was found there. Such a token may be sent to few
    hosts only.
    """
    keychain: str = ""
    """Service in the macOS Keychain, if the token was found there. It is restricted in the same way, and prx cannot write
    it.
    """
    plan: str = ""
    """The subscription as Claude Code names it: max, pro, …"""
    profile: str = ""
    """Name of the profile of `ant auth login`, or ""."""
    client_id: str = ""
    """The client that the refresh token was issued to. "": Claude Code's usual one, or none for a profile that another
    program renews.
    """
    base_url: str = ""
    """The API that the profile belongs to, or "" for Anthropic's."""
    workspace_id: str = ""
    """The workspace of the profile, or "". Not validated yet."""

    @property
    def is_found(self) -> bool:
        """True for a login that another program keeps on this computer, False for a token that the user gave to prx."""
        return self.file is not None or bool(self.keychain)

    @property
    def is_claude_code_login(self) -> bool:
        """True for Claude Code's login."""
        return self.is_found and not self.profile


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
    """Return the first usable credential: `api_key`, the environment, the stored key, the active profile of `ant auth
    login`, the login of Claude Code.

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
    folder = login_folder(env).strip()
    return (Path(folder) if folder else home / ".claude") / ".credentials.json"


def profile_folder(env: Mapping[str, str], home: Path, platform: str) -> Path:
    """Return the folder in which `ant auth login` keeps its profiles. Source: SDK 2.14, lib/credentials."""
    if folder := env.get("ANTHROPIC_CONFIG_DIR", ""):
        return Path(folder)
    if platform == "win32":
        return Path(env.get("APPDATA") or home / "AppData" / "Roaming") / "Anthropic"
    return home / ".config" / "anthropic"


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


def reread_profile(login: OAuthToken, *, now_s: float) -> OAuthToken | Unusable:
    """Return the login of a profile with the tokens that are in its file now."""
    from tui.anthropic.profiles import read_tokens

    assert login.file is not None
    read = read_tokens(login.file, login.client_id, now_s=now_s)
    if isinstance(read, Unusable):
        return read
    return msgspec.structs.replace(
        login, access_token=read.access_token, refresh_token=read.refresh_token, expires_at_s=read.expires_at_s
    )


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
        client_id=login.client_id,
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
    given = [(CONFIGURED, credential_from_text(api_key, CONFIGURED), False)]
    given += [(name, _by_variable(name, env.get(name, "").strip()), False) for name in _VARIABLES]
    if stored is not None:
        source, kept = _stored_source(stored), read_key(stored)
        key = kept if isinstance(kept, Unusable) else credential_from_text(kept.secret, source, kept.workspace_id)
        given.append((source, key, False))
    is_named = bool(env.get("ANTHROPIC_PROFILE", ""))
    given.insert(_VARIABLES.index(_SETUP_TOKEN) + 1 if is_named else len(given), _profile(env, home, now_s, platform))
    is_wanted, selected = True, ""
    for source, found, is_final in given:
        yield source, _unless(selected, found)
        if is_wanted and is_final and isinstance(found, Unusable):
            selected = source
        is_wanted = is_wanted and isinstance(found, Unusable)
    for source, found in _logins(env, home, now_s, platform, is_wanted=is_wanted and not selected):
        yield source, _unless(selected, found)


def _unless(selected: str, found: Credential | Unusable) -> Credential | Unusable:
    """Return a credential, or why it is not used: the user selected another one, and no other account may be billed."""
    return found if not selected or isinstance(found, Unusable) else Unusable(f"not used: {selected} is selected")


def _profile(
    env: Mapping[str, str], home: Path, now_s: float, platform: str
) -> tuple[str, Credential | Unusable, bool]:
    """Return where the profile of `ant auth login` is, its login, and whether it was selected by the user."""
    folder = profile_folder(env, home, platform)
    name, is_chosen = env.get("ANTHROPIC_PROFILE", ""), bool(env.get("ANTHROPIC_CONFIG_DIR"))
    if not name and not folder.exists():
        return _profile_source(folder, DEFAULT_PROFILE), Unusable(NO_FILE), is_chosen
    from tui.anthropic.profiles import active_profile, read_profile  # few have one

    name = name or active_profile(folder)
    is_chosen = is_chosen or bool(name)
    name = name or DEFAULT_PROFILE
    source, found = _profile_source(folder, name), read_profile(name, folder, now_s=now_s)
    if isinstance(found, Unusable):
        return source, found, is_chosen
    token = OAuthToken(
        access_token=found.tokens.access_token,
        refresh_token=found.tokens.refresh_token,
        expires_at_s=found.tokens.expires_at_s,
        source=source,
        file=found.file,
        profile=name,
        client_id=found.client_id,
        base_url=found.base_url,
        workspace_id=found.workspace_id,
    )
    return source, token, is_chosen


def _profile_source(folder: Path, name: str) -> str:
    return f"{PROFILE} ({folder / 'configs' / f'{name}.json'})"


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


_SETUP_TOKEN = "CLAUDE_CODE_OAUTH_TOKEN"
_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", _SETUP_TOKEN)
_KEYCHAIN = f"{LOGIN} (macOS Keychain)"


def _described(credential: Credential) -> str:
    match credential:
        case ApiKey():
            return "used, as an API key"
        case BearerToken():
            return "used, as a bearer token"
        case OAuthToken():
            if credential.is_found:
                return f"used, as {'a profile of ant auth login' if credential.profile else LOGIN}"
            return "used, as a setup token"
