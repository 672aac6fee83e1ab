"""Repair a request whose `system` messages the server rejects: send it again with all settings at its start.

Gateways and other servers may not know such messages, or not pass on the beta headers that some need.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tui.anthropic.errors import BadRequest, ProviderError
from tui.chat.events import RetryScheduled, StreamEvent

Stream = AsyncGenerator[StreamEvent | RetryScheduled, None]

REJECTED = (
    "This server takes no system messages within a chat. Another system prompt, effort or tools go to the start of the "
    "request, which loses the cache."
)
_SIGNS = ("role 'system'", "anthropic-beta", "output_config", "tool_addition", "tool_removal", "per-message effort")


async def stream_without_changes_if_rejected(
    first: Stream, body: bytes, again: Callable[[], Stream], clock: Callable[[], float] = time.monotonic
) -> Stream:
    """Yield the answer to `body`, which `first` sends. If its `system` messages are rejected, yield that of `again`."""
    try:
        async with aclosing(first) as events:
            async for event in events:
                yield event
        return
    except ProviderError as error:
        if not (isinstance(error, BadRequest) and has_system_message(body) and _is_rejection(error)):
            raise
        failure = error.failure()
    yield RetryScheduled(failure=failure, attempt=2, attempts=2, until=clock())
    async with aclosing(again()) as events:
        async for event in events:
            yield event


def has_system_message(body: bytes) -> bool:
    """True if the conversation of a request contains a `system` message."""
    return b'{"role":"system",' in body


def _is_rejection(error: ProviderError) -> bool:
    words = error.message.lower()
    return any(sign in words for sign in _SIGNS)
