"""Where a credential may be sent: over https, or to this machine; and the login of Claude Code only to few hosts.

A key or token that the user gave goes to the address that the user gave. A login that we found goes to Anthropic, to this
machine, and to the hosts that the configuration names (`oauth_hosts`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from tui.anthropic.credentials import Credential, OAuthToken
from tui.errors import TuiError

ANTHROPIC_HOST = "api.anthropic.com"
TOKEN_HOSTS = (ANTHROPIC_HOST, "platform.claude.com", "console.anthropic.com")
"""Anthropic's own, that renew the login of Claude Code."""


class Misdirected(TuiError):
    """A credential would have gone where it must not."""


class NotAnAddress(Misdirected):
    """`api_url` names no host that could be reached over HTTP."""


class Unencrypted(Misdirected):
    """Plain http to another machine."""


class ForeignHost(Misdirected):
    """Claude Code's login, and a host that is not one of its own."""


def check_destination(credential: Credential, url: str, oauth_hosts: Sequence[str] = ()) -> None:
    """Raises a `Misdirected` unless the credential may be sent to that URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https") or not url.strip().isprintable():
        raise NotAnAddress(
            "api_url is not an address that a request can be sent to.",
            "It begins with https:// and names a host, as https://api.anthropic.com does; it is set in config.toml, or by "
            "ANTHROPIC_BASE_URL.",
        )
    check_host(credential, parts.scheme, host, port, oauth_hosts)


def check_host(
    credential: Credential, scheme: str, host: str, port: int | None = None, oauth_hosts: Sequence[str] = ()
) -> None:
    """As `check_destination`, for a URL that is already in parts; the host without brackets."""
    host = host.lower()
    if scheme != "https" and not is_loopback(host):
        raise Unencrypted(
            f"A credential is not sent to {host} over plain http: everyone on the way could read it.",
            "Use https:// in api_url. Plain http is for this machine only (localhost, 127.0.0.1).",
        )
    if not (isinstance(credential, OAuthToken) and credential.is_claude_code_login):
        return
    if host != ANTHROPIC_HOST and not _is_named(host, port, oauth_hosts):
        raise ForeignHost(
            f"Claude Code's login is not sent to {host}: it belongs to {ANTHROPIC_HOST}.",
            f'Set an api_key for that server, or allow it: oauth_hosts = ["{host}"] under [providers.anthropic].',
        )


def check_token_url(url: str, oauth_hosts: Sequence[str] = ()) -> None:
    """Raises a `Misdirected` unless the login of Claude Code may be renewed at that URL."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https") or not url.strip().isprintable():
        raise NotAnAddress(
            "oauth_token_url is not an address that a request can be sent to.",
            "Without it in config.toml the login is renewed at platform.claude.com.",
        )
    if parts.scheme != "https" and not is_loopback(host):
        raise Unencrypted(
            f"Claude Code's login is not renewed at {host} over plain http: everyone on the way could read it.",
            "Use https:// in oauth_token_url.",
        )
    if host not in TOKEN_HOSTS and not _is_named(host, port, oauth_hosts):
        raise ForeignHost(
            f"Claude Code's login is not renewed at {host}: it belongs to platform.claude.com.",
            f'Remove oauth_token_url, or allow its host: oauth_hosts = ["{host}"] under [providers.anthropic].',
        )


def _is_named(host: str, port: int | None, oauth_hosts: Sequence[str]) -> bool:
    """Whether Claude Code's login may go there without being Anthropic's: this machine, or a host that the user named."""
    named = {one.strip().lower() for one in oauth_hosts}
    return is_loopback(host) or bool({host, f"{host}:{port}"} & named)


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
