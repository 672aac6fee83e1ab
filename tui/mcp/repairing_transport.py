"""A transport that repairs the server's answers before the SDK reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tui.mcp.response_repair import repair

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, Transport, TransportStreams
    from mcp.shared.message import SessionMessage

_NEW = "2026"
"""Prefix of the protocol versions in which structured results may have any type."""


@asynccontextmanager
async def repaired(transport: Transport, left_out: Callable[[list[str]], None]) -> AsyncIterator[TransportStreams]:
    """Return the same transport with repaired answers. `left_out` is called with the tools that cannot be offered, and
    why.
    """
    async with transport as (incoming, outgoing):
        yield _Repaired(incoming, left_out), outgoing


class _Repaired:
    """The stream of messages from the server, each answer repaired."""

    def __init__(self, inner: ReadStream[SessionMessage | Exception], left_out: Callable[[list[str]], None]) -> None:
        self._inner = inner
        self._left_out = left_out
        self._is_old = False
        """True if the server uses a protocol from before 2026."""

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        return self._seen(await self._inner.receive())

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> _Repaired:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return self._seen(await self._inner.__anext__())

    async def __aenter__(self) -> _Repaired:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)

    def _seen(self, message: SessionMessage | Exception) -> SessionMessage | Exception:
        result = getattr(getattr(message, "message", None), "result", None)
        if isinstance(result, dict):
            if isinstance(version := result.get("protocolVersion"), str):
                self._is_old = version < _NEW
            if left_out := repair(result, self._is_old):
                self._left_out(left_out)
        return message
