"""Decide where a credential may be sent: over https, or to this machine; a login that prx found only to a few hosts.

A key or token from the user goes to the address that the user configured. A login that prx found goes to Anthropic (that of
a profile to the profile's own address), to this machine, and to the configured `oauth_hosts`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from tui.anthropic.credentials import Credential, OAuthToken
from tui.errors import TuiError

ANTHROPIC_HOST = "api.anthropic.com"
TOKEN_HOSTS = (ANTHROPIC_HOST, "platform.claude.com", "console.anthropic.com")
"""Anthropic's hosts that refresh the login of Claude Code."""


class Misdirected(TuiError):
    """Raised before a credential would be sent to the wrong place."""


class NotAnAddress(Misdirected):
    """`api_url` names no host that can be reached over HTTP."""


class Unencrypted(Misdirected):
    """Plain http to another machine."""


class ForeignHost(Misdirected):
    """A host that Claude Code's login must not be sent to."""


def check_destination(credential: Credential, url: str, oauth_hosts: Sequence[str] = ()) -> None:
    """Raise a `Misdirected` unless the credential may be sent to that URL."""
    parts = _parse(url)
    if parts is None:
        raise NotAnAddress(
            "api_url is not a valid address.",
            "It starts with https:// and names a host, e.g. https://api.anthropic.com. It is set in config.toml or by "
            "ANTHROPIC_BASE_URL.",
        )
    check_host(credential, *parts, oauth_hosts)


def check_host(
    credential: Credential, scheme: str, host: str, port: int | None = None, oauth_hosts: Sequence[str] = ()
) -> None:
    """Like `check_destination`, for a URL that is already parsed; the host without brackets."""
    host = host.lower()
    if scheme != "https" and not is_loopback(host):
        raise Unencrypted(
            f"Credentials are not sent to {host} over plain http, where others could read them.",
            "Use https:// in api_url. Plain http is allowed for this machine only (localhost, 127.0.0.1).",
        )
    if not (isinstance(credential, OAuthToken) and credential.is_found):
        return
    parts = _parse(credential.base_url)
    own = parts[1] if parts is not None else ANTHROPIC_HOST
    if host != own and not _is_named(host, port, oauth_hosts):
        login = f"The login of the profile {credential.profile}" if credential.profile else "Claude Code's login"
        raise ForeignHost(
            f"{login} is not sent to {host}: it belongs to {own}.",
            f'Set an api_key for that server, or allow it: oauth_hosts = ["{host}"] under [providers.anthropic].',
        )


def profile_token_url(login: OAuthToken, api_url: str) -> str:
    """Return where a profile's login is refreshed: at its own address, else at that of its requests."""
    return f"{(login.base_url or api_url).rstrip('/')}/v1/oauth/token"


def check_token_url(url: str, oauth_hosts: Sequence[str] = ()) -> None:
    """Raise a `Misdirected` unless the login of Claude Code may be refreshed at that URL."""
    parts = _parse(url)
    if parts is None:
        raise NotAnAddress(
            "oauth_token_url is not a valid address.",
            "Without it in config.toml, the login is refreshed at platform.claude.com.",
        )
    scheme, host, port = parts
    if scheme != "https" and not is_loopback(host):
        raise Unencrypted(
            f"Claude Code's login is not refreshed at {host} over plain http, where others could read it.",
            "Use https:// in oauth_token_url.",
        )
    if host not in TOKEN_HOSTS and not _is_named(host, port, oauth_hosts):
        raise ForeignHost(
            f"Claude Code's login is not refreshed at {host}: it belongs to platform.claude.com.",
            f'Remove oauth_token_url, or allow its host: oauth_hosts = ["{host}"] under [providers.anthropic].',
        )


def _parse(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an http or https URL, or None if it is invalid."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    is_valid = bool(host) and parts.scheme in ("http", "https") and url.strip().isprintable()
    return (parts.scheme, host.lower(), port) if is_valid else None


def _is_named(host: str, port: int | None, oauth_hosts: Sequence[str]) -> bool:
    """True if the login may be sent to a host other than Anthropic's: this machine, or a configured host."""
    named = {one.strip().lower() for one in oauth_hosts}
    return is_loopback(host) or bool({host, f"{host}:{port}"} & named)


def is_loopback(host: str) -> bool:
    """True if a host name is this machine's."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
