"""Each credential as an `httpx.Auth`: the headers it signs a request with.

The address is checked again for every request, as httpx itself understood it, so that no misreading of a URL and no other
caller can send a credential astray.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import httpx

from tui.anthropic.credentials import ApiKey, BearerToken, Credential, OAuthToken
from tui.anthropic.destinations import check, check_host

OAUTH_BETA = "oauth-2025-04-20"


def auth_for(credential: Credential, api_url: str, oauth_hosts: Sequence[str] = ()) -> httpx.Auth:
    """What signs requests to that address. Raises `destinations.Misdirected` where the credential may not go."""
    check(credential, api_url, oauth_hosts)
    return CredentialAuth(credential, oauth_hosts)


class CredentialAuth(httpx.Auth):
    """Signs with one credential, for as long as it lives."""

    def __init__(self, credential: Credential, oauth_hosts: Sequence[str] = ()) -> None:
        self._credential = credential
        self._oauth_hosts = tuple(oauth_hosts)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sign(request, self._credential, self._oauth_hosts)
        yield request


def sign(request: httpx.Request, credential: Credential, oauth_hosts: Sequence[str] = ()) -> None:
    """Puts the credential's headers on the request, in place of any other's. Raises `destinations.Misdirected`.

    Never both headers at once: the API refuses that. Source: Anthropic's pages on authentication.
    """
    check_host(credential, request.url.scheme, request.url.host, request.url.port, oauth_hosts)
    request.headers.pop("x-api-key", None)
    request.headers.pop("authorization", None)
    match credential:
        case ApiKey():
            request.headers["x-api-key"] = credential.key
        case BearerToken():
            request.headers["authorization"] = f"Bearer {credential.token}"
        case OAuthToken():
            request.headers["authorization"] = f"Bearer {credential.access_token}"
            request.headers["anthropic-beta"] = _joined(request.headers.get("anthropic-beta", ""), OAUTH_BETA)


def _joined(betas: str, more: str) -> str:
    named = [beta.strip() for beta in betas.split(",") if beta.strip()]
    return ",".join(named if more in named else [*named, more])
