"""Exchange a refresh token for new tokens, in one POST that is never repeated: a refresh token works only once.

Each error says whether the token may have been used up. Blocking, on a connection of its own, so that a response in transit
is not lost with the request that needed it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpx
import msgspec

from tui import __version__
from tui.anthropic import bounded_body
from tui.anthropic.credentials import OAuthToken
from tui.anthropic.destinations import check_destination, check_token_url
from tui.anthropic.environment import http_environment
from tui.anthropic.errors import AuthenticationFailed, clean, parse_error_body
from tui.anthropic.login import TokenGrant
from tui.inputs.bounded import decode_json
from tui.inputs.limits import SMALL_REPLY_BYTES

TOKEN_URL = "https://platform.claude.com/v1/oauth/token"
CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
"""The client that Claude Code's refresh tokens were issued to, unless it stored another one; the endpoint accepts them for
no other.
"""
OAUTH_BETA = "oauth-2025-04-20"
SIGN_IN_HINT = "Run `prx auth login --provider anthropic`, or open Claude Code."
DEFAULT_LIFETIME_S = 3600.0
"""Assumed lifetime of a token without `expires_in`. Too short costs one refresh, too long one 401."""
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)


class Keeper(msgspec.Struct, frozen=True):
    """How messages name a login, and what they advise if it cannot be refreshed."""

    login: str
    sign_in: str


CLAUDE_CODE = Keeper("Claude Code's login", SIGN_IN_HINT)


def keeper_of(login: OAuthToken) -> Keeper:
    """Return the names for a login."""
    if not login.profile:
        return CLAUDE_CODE
    return Keeper(f"The login of the profile {login.profile}", "Run `ant auth login`.")


class RefreshFailed(AuthenticationFailed):
    """The login was not refreshed. The refresh token is still valid."""


class NotSent(RefreshFailed):
    """No connection: the endpoint did not receive the token."""


class GrantRefused(RefreshFailed):
    """`invalid_grant`: the refresh token was already used, has expired, or was revoked."""

    def __init__(self, keeper: Keeper = CLAUDE_CODE) -> None:
        super().__init__(f"{keeper.login} can no longer be refreshed", keeper.sign_in)


class ReplyLost(RefreshFailed):
    """The token was sent, and the outcome is unknown. It must never be sent again."""

    def __init__(self, keeper: Keeper = CLAUDE_CODE) -> None:
        super().__init__(
            f"{keeper.login} was being refreshed when the response was lost, and the request cannot be repeated",
            keeper.sign_in,
        )


class _Reply(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None
    expires_in: msgspec.Raw = msgspec.Raw(b"null")
    refresh_token_expires_in: msgspec.Raw = msgspec.Raw(b"null")


def exchange_refresh_token(
    login: OAuthToken, url: str, now: Callable[[], float], oauth_hosts: Sequence[str] = ()
) -> TokenGrant:
    """Return the tokens for the refresh token of a login. Raises RefreshFailed, or Misdirected for the address."""
    keeper = keeper_of(login)
    headers = {"accept": "application/json", "content-type": "application/json", "user-agent": f"prx/{__version__}"}
    if login.profile:
        check_destination(login, url, oauth_hosts)
        headers["anthropic-beta"] = OAUTH_BETA
    else:
        check_token_url(url, oauth_hosts)
    client_id = login.client_id or os.environ.get("CLAUDE_CODE_OAUTH_CLIENT_ID", "").strip() or CLIENT_ID
    body = {"grant_type": "refresh_token", "refresh_token": login.refresh_token, "client_id": client_id}
    hooks = {"response": [bounded_body.limit_body]}
    within = {bounded_body.MAX_BYTES_KEY: SMALL_REPLY_BYTES}
    try:
        with http_environment(url) as around:
            client = httpx.Client(
                proxy=around.proxy,
                verify=around.verify,
                trust_env=False,
                timeout=_TIMEOUT,
                follow_redirects=False,
                event_hooks=hooks,
            )
        with client:
            content = msgspec.json.encode(body)
            response = client.post(
                url, content=content, headers={**headers, **bounded_body.REQUEST_HEADERS}, extensions=within
            )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol, httpx.InvalidURL):
        host = urlsplit(url).hostname
        raise NotSent(
            f"{keeper.login} was not refreshed: no connection to {host}", "Check the network.", retryable=True
        ) from None
    except httpx.HTTPError:
        raise ReplyLost(keeper) from None  # without the cause, whose request contains the token
    if not response.is_success:
        raise _refused(response, keeper)
    return _granted(response.content, now(), keeper)


def _granted(body: bytes, now_s: float, keeper: Keeper) -> TokenGrant:
    try:
        reply = decode_json(body, type=_Reply)
    except msgspec.DecodeError:
        raise ReplyLost(keeper) from None
    tokens = (reply.access_token, reply.refresh_token or "")
    if not tokens[0] or not all(token.isascii() and token.isprintable() and " " not in token for token in tokens):
        raise ReplyLost(keeper)
    refresh_life_s = _duration_s(reply.refresh_token_expires_in)
    return TokenGrant(
        access_token=tokens[0],
        refresh_token=tokens[1],
        expires_at_s=now_s + (_duration_s(reply.expires_in) or DEFAULT_LIFETIME_S),
        refresh_expires_at_s=now_s + refresh_life_s if refresh_life_s else None,
    )


def _duration_s(raw: msgspec.Raw) -> float | None:
    """Parse a number of seconds; None if it is invalid, which is no reason to lose the tokens."""
    try:
        value = decode_json(raw)
    except msgspec.DecodeError:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds < 1e10 else None


def _refused(response: httpx.Response, keeper: Keeper) -> RefreshFailed:
    try:
        parsed = decode_json(response.content)
    except msgspec.DecodeError:
        parsed = None
    code = parsed.get("error") if isinstance(parsed, dict) else None
    if code == "invalid_grant" or (isinstance(code, dict) and code.get("type") == "invalid_grant"):
        return GrantRefused(keeper)
    message = parse_error_body(response.content, response.headers.get("content-type", "")).message
    return RefreshFailed(
        f"{keeper.login} was not refreshed: {clean(response.url.host)} answered {response.status_code}"
        + (f", {message}" if message else ""),
        keeper.sign_in,
        status=response.status_code,
    )
