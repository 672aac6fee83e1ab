"""Send requests to the provider: streams, retries, timeouts, and conversion of httpx errors.

A failed attempt is retried only before any part of an answer has arrived. Each wait is announced (`RetryScheduled`), so
that it can be shown and cancelled. Cancelling the task that reads a stream closes its connection. Redirects are never
followed, since the credential would be sent along.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import anyio
import httpx
import msgspec

from tui import __version__
from tui.anthropic import bounded_body, errors, network, response_stream, retry_delay, wire
from tui.anthropic.environment import certificate_hint, http_environment, route_and_hint
from tui.anthropic.errors import ConnectionFailed, ProtocolError, ProviderError, TimedOut
from tui.anthropic.hints import CredentialKind
from tui.anthropic.model_listing import TooManyModels, from_listing
from tui.anthropic.workspace import WORKSPACE_HEADER, Workspace
from tui.chat.events import MessageDelta, MessageStart, MessageStop, RetryScheduled, StreamEvent
from tui.chat.model import Model
from tui.inputs.bounded import decode_json
from tui.inputs.limits import (
    ERROR_BODY_BYTES,
    MIB,
    MODELS,
    REQUEST_DEPTH,
    SMALL_REPLY_BYTES,
    SMALL_REPLY_S,
    UPLOAD_BYTES_PER_S,
)
from tui.inputs.proxies import Route
from tui.masking import masked_name, masked_url

API_VERSION = "2023-06-01"  # the version that most gateways support
ANTHROPIC_URL = "https://api.anthropic.com"
ATTEMPTS = 3
_CONNECT_S = 10.0
_WRITE_S = 60.0  # for one chunk of the body, not for all of it
_LIMITS = httpx.Limits(
    max_connections=None,
    max_keepalive_connections=4,
    keepalive_expiry=60.0,  # users read an answer before they write the next prompt
)
_LISTING_S = 30.0
_PAGES = 20


def base_url(api_url: str) -> str:
    """Return the base of an API address, without `/v1`, `/messages`, query or fragment."""
    url = api_url.strip().partition("#")[0].partition("?")[0].rstrip("/")
    for ending in ("/messages", "/v1"):
        url = url.removesuffix(ending).rstrip("/")
    return url


_COUNTED = frozenset(
    ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed")
)
"""The fields that the token count endpoint accepts; it rejects any others. Source: SDK 2.12, message_count_tokens_params."""


class Client:
    """The provider at one address, with one credential. Use and close it on one event loop.

    `auth` signs requests; `credential` is its kind, for hints in errors. Requests are made in `workspace`, if set. `warn`
    receives warnings about ignored environment variables. `clock` is monotonic, `now` counts from the epoch, both in
    seconds.
    """

    def __init__(
        self,
        api_url: str,
        auth: httpx.Auth,
        *,
        credential: CredentialKind = "",
        workspace: Workspace | None = None,
        warn: Callable[[str], None] | None = None,
        idle_timeout_s: float = 180.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.api_url = base_url(api_url)
        self._auth = auth
        self._credential: CredentialKind = credential
        self._workspace = workspace
        self._warn = warn
        self._route = Route()
        self._idle_timeout_s = idle_timeout_s
        self._clock = clock
        self._now = now
        self._chance = chance
        self._sleep = sleep
        self._transport = transport
        self._opened: httpx.AsyncClient | None = None

    async def stream(
        self, body: bytes, betas: tuple[str, ...] = ()
    ) -> AsyncGenerator[StreamEvent | RetryScheduled, None]:
        """Yield the answer to a request as it arrives, starting with MessageStart.

        Raises a ProviderError if the last attempt fails, or if the answer breaks off after it has started.
        """
        for attempt in range(1, ATTEMPTS + 1):
            begun = False
            try:
                async with aclosing(self._attempt(body, betas)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except ProviderError as error:
                is_too_long = retry_delay.is_too_long(error.retry_after_s)
                if begun or attempt == ATTEMPTS or not error.retryable or is_too_long:
                    raise
                failed = error
            delay_s = retry_delay.delay_s(failed.retry_after_s, attempt, self._chance())
            until = self._clock() + delay_s
            yield RetryScheduled(failure=failed.failure(), attempt=attempt + 1, attempts=ATTEMPTS, until=until)
            await self._sleep(delay_s)

    async def count_tokens(self, body: bytes, betas: tuple[str, ...] = ()) -> int:
        """Return the provider's estimate of a request's input tokens. `body` is that of a message request.

        Counting is free and has its own rate limit. Raises ProviderError; NoTokenCount if the server does not support it.
        """
        fields = decode_json(body, type=dict[str, msgspec.Raw], depth=REQUEST_DEPTH)
        asked = msgspec.json.encode({name: fields[name] for name in fields if name in _COUNTED})
        try:
            answer = await self._fetch("POST", "/v1/messages/count_tokens", content=asked, betas=betas)
        except errors.NotFound as error:
            if decode_json(fields["model"], type=str) in error.message:  # the model is missing, not the endpoint
                raise
            raise errors.NoTokenCount from error
        return wire.parse_count(answer)

    async def list_models(self) -> tuple[Model, ...]:
        """Return the models that this server offers, newest first, from all pages."""
        found: list[Model] = []
        after = ""
        for _ in range(_PAGES):
            page = await self._fetch(
                "GET", "/v1/models", params={"limit": "1000", **({"after_id": after} if after else {})}
            )
            found += from_listing(page)
            if len(found) > MODELS:
                raise TooManyModels
            last, after = after, wire.parse_next_page(page)
            if not after or after == last:
                break
        return tuple(found)

    async def aclose(self) -> None:
        """Close idle connections."""
        if self._opened is not None:
            await self._opened.aclose()

    # One attempt

    async def _attempt(self, body: bytes, betas: tuple[str, ...]) -> AsyncGenerator[StreamEvent, None]:
        request = self._request("POST", "/v1/messages", content=body, betas=betas, accept="text/event-stream")
        try:
            response = await self._sent(request, self._idle_timeout_s, stream=True)
        except (httpx.HTTPError, UnicodeError) as error:
            raise self._converted(error, began=False) from _harmless(error)
        try:
            async with aclosing(self._events(response)) as events:
                async for event in events:
                    yield event
        except httpx.HTTPError as error:
            raise self._converted(error, began=True) from error
        except wire.ErrorSent as sent:
            words = _without_credential(sent.details.message, response.request)
            raise errors.from_event(
                msgspec.structs.replace(sent.details, message=words),
                request_id=_request_id(response),
                credential=self._credential,
                custom_url=self._is_custom,
            ) from None
        finally:
            await response.aclose()

    async def _events(self, response: httpx.Response) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of a response. A complete response ends with MessageStop or has a stop reason."""
        if not response.is_success:
            raise await self._refused(response)
        if not bounded_body.is_event_stream(response):
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            for event in response_stream.parse_whole_message(kind, await response.aread()):
                yield _signed(event, response)
            return
        began = has_reason = False
        async with aclosing(response_stream.parse_events(response)) as events:
            async for parsed in events:
                if not began:
                    began = True
                    if not isinstance(parsed, MessageStart):
                        yield _signed(MessageStart(), response)
                yield _signed(parsed, response)
                if isinstance(parsed, MessageStop):
                    await response_stream.drain(events)
                    return
                has_reason = has_reason or (isinstance(parsed, MessageDelta) and parsed.stop_reason != "")
        if not has_reason:
            raise ProtocolError(
                "The answer ended before it was complete" if began else "The server ended the stream without an answer",
                "Send again.",
                request_id=_request_id(response),
                retryable=not began,
            )

    async def _refused(self, response: httpx.Response) -> ProviderError:
        try:
            body = await response.aread()
        except httpx.HTTPError:  # the status is enough
            body = b""
        error = errors.from_response(
            response.status_code,
            response.headers,
            _without_credential(body.decode("utf-8", "replace"), response.request).encode(),
            credential=self._credential,
            custom_url=self._is_custom,
            retry_after_s=retry_delay.retry_after_s(response.headers, self._now()),
        )
        if error.retryable and error.retry_after_s is not None and retry_delay.is_too_long(error.retry_after_s):
            error.hint = retry_delay.long_wait_hint(error.retry_after_s, self._now())
        if bounded_body.TRUNCATED_KEY in response.extensions:
            error.hint = (
                f"{error.hint} Only the first {ERROR_BODY_BYTES // MIB} MB of its error message were read.".lstrip()
            )
        return error

    async def _fetch(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        betas: tuple[str, ...] = (),
        params: dict[str, str] | None = None,
    ) -> bytes:
        """Return a small response, in one attempt."""
        request = self._request(method, path, content=content, betas=betas, params=params)
        request.extensions["timeout"] = httpx.Timeout(_LISTING_S, connect=_CONNECT_S).as_dict()
        request.extensions[bounded_body.MAX_BYTES_KEY] = SMALL_REPLY_BYTES
        try:
            response = await self._sent(request, _LISTING_S)
        except (httpx.HTTPError, UnicodeError) as error:
            raise self._converted(error, began=False, idle_s=_LISTING_S) from _harmless(error)
        if not response.is_success:
            raise await self._refused(response)
        return response.content

    async def _sent(self, request: httpx.Request, idle_s: float, *, stream: bool = False) -> httpx.Response:
        """Return the response to a request. The time until its headers are complete is limited.

        `idle_s` is the longest silence allowed; a response that does not `stream` also has time for its body.
        """
        limit_s = 2 * idle_s + len(request.content) / UPLOAD_BYTES_PER_S + (0 if stream else SMALL_REPLY_S)
        try:
            with anyio.fail_after(limit_s):
                return await self._http().send(request, auth=self._auth, stream=stream)
        except TimeoutError as error:
            host = masked_name(errors.clean(request.url.netloc.decode("ascii", "replace")))
            raise TimedOut(f"{host} did not start to answer within {limit_s:.0f} s", "Send again.") from error

    def _request(
        self,
        method: str,
        path: str,
        *,
        content: bytes,
        betas: tuple[str, ...],
        accept: str = "application/json",
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        headers = {"anthropic-version": API_VERSION, "accept": accept, "user-agent": f"prx/{__version__}"}
        if content:
            headers["content-type"] = "application/json"
        if self._workspace is not None:
            headers[WORKSPACE_HEADER] = self._workspace.id
        if betas:
            headers["anthropic-beta"] = ",".join(betas)
        try:
            return self._http().build_request(
                method, self.api_url + path, content=content or None, headers=headers, params=params
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ConnectionFailed(f"{masked_url(self.api_url)} is not a valid address", "Check `api_url`.") from error

    def _http(self) -> httpx.AsyncClient:
        """Return the httpx client, created at first use on the loop that uses it, with the environment's proxy and
        certificates.
        """
        if self._opened is None:
            with http_environment(self.api_url) as surroundings:
                self._route = surroundings.route if self._transport is None else Route()
                self._opened = httpx.AsyncClient(
                    trust_env=False,
                    timeout=httpx.Timeout(self._idle_timeout_s, connect=_CONNECT_S, write=_WRITE_S),
                    follow_redirects=False,
                    headers=bounded_body.REQUEST_HEADERS,
                    event_hooks={"response": [bounded_body.limit_body_async]},
                    transport=self._transport
                    or network.transport(verify=surroundings.verify, limits=_LIMITS, proxy=surroundings.proxy),
                )
            if self._route.remark and self._warn:
                self._warn(errors.clean(self._route.remark))
        return self._opened

    # Failures

    @property
    def _is_custom(self) -> bool:
        return self.api_url != ANTHROPIC_URL

    def _converted(
        self, error: httpx.HTTPError | UnicodeError, *, began: bool, idle_s: float | None = None
    ) -> ProviderError:
        """Return our error for one of httpx's. `began`: a response was arriving. `idle_s`: the longest silence allowed."""
        host = masked_name(errors.clean(httpx.URL(self.api_url).netloc.decode("ascii", "replace")))
        way, advice = route_and_hint(host, self._route, names_skipped=self._warn is None)
        match error:
            case UnicodeError() | httpx.LocalProtocolError():  # its text would show the header
                return errors.AuthenticationFailed(
                    "The credential contains a character that is not allowed in a header",
                    "Paste it again, without quotes or line breaks.",
                )
            case httpx.ConnectTimeout():
                return TimedOut(f"No connection to {way} within {_CONNECT_S:.0f} s", advice, retryable=True)
            case httpx.TimeoutException():
                silence = f"{idle_s or self._idle_timeout_s:g} s"
                return TimedOut(f"{host} sent nothing for {silence}", "Send again.", retryable=True)
            case httpx.UnsupportedProtocol():
                return ConnectionFailed(
                    f"{masked_url(self.api_url)} is not a valid address", "Check `api_url`: it starts with https://."
                )
            case httpx.ProxyError():
                return ConnectionFailed(
                    f"The proxy rejected the connection: {errors.clean(str(error))}",
                    f"Check {self._route.variable}.",
                    retryable=True,
                )
            case httpx.ConnectError():
                if "certificate" in str(error).lower():  # from the host, so the proxy works
                    way, advice = route_and_hint(host, Route())
                return ConnectionFailed(f"No connection to {way}: {_reason(error)}", advice, retryable=True)
            case bounded_body.BodyRejected():
                kept = "The part that was received is kept. " if began else ""
                return ProtocolError(f"{host} {error}", f"{kept}Check `api_url`.")
            case httpx.RemoteProtocolError() if "buffer too long" in str(error):
                return ProtocolError(f"{host} sent more than 100 KB of headers", "Check `api_url`.")
            case httpx.RemoteProtocolError() if "location header" in str(error):  # httpx reads it, followed or not
                return errors.redirect_error(0, "an invalid address")
        what = f"The connection to {host} broke" + (" in the middle of the answer" if began else "")
        return ConnectionFailed(what, "Send again.", retryable=True)


def _reason(error: Exception) -> str:
    text = errors.clean(str(error))
    if "certificate" in text.lower():
        return f"{text}. {certificate_hint()}"
    if "Name or service not known" in text or "nodename nor servname" in text or "getaddrinfo" in text:
        return "the host name is unknown"
    return "the host does not answer" if "All connection attempts failed" in text or not text else text


def _harmless(error: Exception) -> Exception | None:
    """Return the error if it may be shown in a traceback, or None if its text could contain a header."""
    return None if isinstance(error, (UnicodeError, httpx.LocalProtocolError)) else error


def _without_credential(text: str, request: httpx.Request) -> str:
    """Return a server's error text without the credential that was sent: some gateways repeat what they reject."""
    for name in ("x-api-key", "authorization"):
        secret = request.headers.get(name, "").removeprefix("Bearer ").strip()
        if secret and not secret.startswith("sk-ant-"):  # such keys are masked anyway
            text = text.replace(secret, "…")
    return text


def _request_id(response: httpx.Response) -> str:
    return errors.clean(response.headers.get("request-id", ""))


def _signed(event: StreamEvent, response: httpx.Response) -> StreamEvent:
    """Return a MessageStart with the response's request id; other events unchanged."""
    if isinstance(event, MessageStart):
        return msgspec.structs.replace(event, request_id=_request_id(response))
    return event
