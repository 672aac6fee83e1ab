"""The HTTP client for servers with a URL, with a bound on the size of bodies."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping

import httpx2

from tui.inputs.bounded import require_regular_certificate_files
from tui.inputs.proxies import BadProxy, route_for
from tui.inputs.unpacking import CannotUnpack, Unpacker
from tui.mcp.message_size import EXCEEDED, LONGEST

_TIMEOUT = httpx2.Timeout(30.0, read=300.0)


def client(url: str, headers: Mapping[str, str], answered: Callable[[int], None]) -> httpx2.AsyncClient:
    """Return a client for this URL that sends these headers with every request. Raises BadProxy.

    Reading more than LONGEST bytes of a body raises `httpx2.StreamError`. `answered` is called with the status of each
    response, which the SDK does not tell.
    """

    async def tell(response: httpx2.Response) -> None:
        if response.request.method == "POST":
            answered(response.status_code)

    require_regular_certificate_files(os.environ)
    route = route_for(url, os.environ)
    try:
        return httpx2.AsyncClient(
            headers={"accept-encoding": "identity", **headers},
            timeout=_TIMEOUT,
            event_hooks={"response": [_limit, tell]},
            proxy=route.proxy or None,
            verify=httpx2.create_ssl_context(),
            trust_env=False,  # it would fail on environment variables that it cannot parse
        )
    except (ValueError, httpx2.InvalidURL):
        raise BadProxy(route.variable) from None


class _Limited(httpx2.AsyncByteStream):
    """A body, decompressed in small steps, since a small one may become large. `left`: how many bytes it may still have."""

    def __init__(self, response: httpx2.Response, left: float) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        self._stream = response.stream
        self._packing = response.headers.get("content-encoding", "")
        self._left = left

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            unpacker = Unpacker(self._packing)
            async for packed in self._stream:
                for piece in unpacker.feed(packed):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise httpx2.StreamError(f"The body exceeded the {EXCEEDED}.")
                    yield piece
        except CannotUnpack as error:
            raise httpx2.StreamError(f"The body {error}.") from error

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _limit(response: httpx2.Response) -> None:
    response.stream = _Limited(response, float("inf") if _is_read_by_event(response) else LONGEST)
    response.headers.pop("content-encoding", None)


def _is_read_by_event(response: httpx2.Response) -> bool:
    """True if the body may continue forever. The SDK reads such a body event by event, and each event has its own limit."""
    kind = response.headers.get("content-type", "").lower()
    return response.status_code == 200 and response.request.method != "DELETE" and kind.startswith("text/event-stream")
