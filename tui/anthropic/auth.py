"""Each credential as an `httpx.Auth`: sign requests, and refresh a login that another program keeps.

The destination of every request is checked again, as httpx itself parsed it, so that neither a misread URL nor another
caller can send a credential to the wrong place.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import suppress

import httpx

from tui.anthropic.credentials import ApiKey, BearerToken, Credential, OAuthToken, read_keychain
from tui.anthropic.destinations import check_destination, check_host, profile_token_url
from tui.anthropic.token_endpoint import OAUTH_BETA, TOKEN_URL, exchange_refresh_token
from tui.anthropic.token_refresh import TokenRefresher

PATIENCE_S = 5.0
"""How long a request waits for a token refresh while its token is still valid."""


def _ignore(_: str) -> None:
    pass


def auth_for(
    credential: Credential,
    api_url: str,
    oauth_hosts: Sequence[str] = (),
    *,
    token_url: str = TOKEN_URL,
    warn: Callable[[str], None] = _ignore,
    now: Callable[[], float] = time.time,
) -> httpx.Auth:
    """Return what signs requests to that address. Raises `destinations.Misdirected` if the credential may not be sent
    there.

    The login of Claude Code is refreshed at `token_url`, that of a profile at its own API. `warn` receives warnings about
    that, from any thread.
    """
    check_destination(credential, api_url, oauth_hosts)
    if not isinstance(credential, OAuthToken) or not credential.is_found:
        return CredentialAuth(credential, oauth_hosts)
    service = credential.keychain
    url = profile_token_url(credential, api_url) if credential.profile else token_url
    refresher = TokenRefresher(
        credential,
        lambda login: exchange_refresh_token(login, url, now, oauth_hosts),
        now=now,
        warn=warn,
        reread=(lambda: read_keychain(service, now_s=now())) if service else None,
    )
    return LoginAuth(refresher, oauth_hosts)


class CredentialAuth(httpx.Auth):
    """Sign with one fixed credential."""

    def __init__(self, credential: Credential, oauth_hosts: Sequence[str] = ()) -> None:
        self._credential = credential
        self._oauth_hosts = tuple(oauth_hosts)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sign(request, self._credential, self._oauth_hosts)
        yield request


class LoginAuth(httpx.Auth):
    """Sign with a login that is refreshed before it expires, and once per request after a 401."""

    requires_response_body = False  # True would make httpx buffer the whole stream

    def __init__(
        self, refresher: TokenRefresher, oauth_hosts: Sequence[str] = (), *, patience_s: float = PATIENCE_S
    ) -> None:
        self._refresher = refresher
        self._oauth_hosts = tuple(oauth_hosts)
        self._patience_s = patience_s

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._refresher.before_request() if self._refresher.is_due() else self._refresher.current()
        sign(request, token, self._oauth_hosts)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            sign(request, self._refresher.after_unauthorized(token), self._oauth_hosts)
            yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._token()
        sign(request, token, self._oauth_hosts)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            sign(request, await _in_thread(lambda: self._refresher.after_unauthorized(token)), self._oauth_hosts)
            yield request

    async def _token(self) -> OAuthToken:
        if not self._refresher.is_due():
            return self._refresher.current()
        refresh = _in_thread(self._refresher.before_request)
        if self._refresher.is_valid():  # do not wait for a slow endpoint: the refresh continues in the background
            done, _ = await asyncio.wait([refresh], timeout=self._patience_s)
            if not done:
                return self._refresher.current()
        return await refresh


def _in_thread(work: Callable[[], OAuthToken]) -> asyncio.Future[OAuthToken]:
    """Run `work` in a thread that finishes even if nobody waits for the result any more.

    Stopping an answer or quitting must not lose new tokens: the thread does not belong to the loop, and the program waits
    for it.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[OAuthToken] = loop.create_future()
    outcome.add_done_callback(lambda _: outcome.cancelled() or outcome.exception())  # retrieved even if nobody waits

    def run() -> None:
        token, failure = None, None
        try:
            token = work()
        except BaseException as error:  # noqa: BLE001 - raised where the outcome is awaited
            failure = error
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(deliver, token, failure)

    def deliver(token: OAuthToken | None, failure: BaseException | None) -> None:
        if outcome.done():
            return
        if token is not None:
            outcome.set_result(token)
        else:
            outcome.set_exception(failure or RuntimeError("no outcome"))

    threading.Thread(target=run, name="login-renewal").start()
    return outcome


def sign(request: httpx.Request, credential: Credential, oauth_hosts: Sequence[str] = ()) -> None:
    """Set the credential's headers on the request and remove any others. Raises `destinations.Misdirected`.

    Never sends both headers, since the API rejects that. Source: Anthropic, authentication.
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
