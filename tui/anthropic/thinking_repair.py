"""Repair a request whose thinking the API rejects: drop the thinking and send it again.

Signed thinking is bound to everything before it. A chat that was edited elsewhere, imported, or moved between accounts may
contain thinking that is no longer valid. The chat can continue without it. Source: Anthropic, preserved thinking.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from tui.anthropic.errors import BadRequest, ProviderError
from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.thinking import signatures_in, without_thinking
from tui.chat.transcript import Transcript

Stream = AsyncGenerator[StreamEvent | RetryScheduled, None]


class ThinkingRepair:
    """Remembers which thinking was rejected, so that no later request sends it again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._refused: frozenset[str] = frozenset()
        self._clock = clock

    def without_rejected(self, transcript: Transcript) -> Transcript:
        """Return the conversation without the thinking that was rejected before."""
        return without_thinking(transcript, self._refused) if self._refused else transcript

    async def stream(
        self,
        send: Callable[[bytes], Stream],
        transcript: Transcript,
        body: bytes,
        build: Callable[[Transcript], bytes],
    ) -> Stream:
        """Yield the answer to `body`. If its thinking is rejected, send the conversation once more without any."""
        try:
            async with aclosing(send(body)) as events:
                async for event in events:
                    yield event
            return
        except ProviderError as error:
            if not self._learns(error, transcript):
                raise
            failure = error.failure()
        yield RetryScheduled(failure=failure, attempt=2, attempts=2, until=self._clock())
        async with aclosing(send(build(without_thinking(transcript)))) as events:
            async for event in events:
                yield event

    async def count_tokens(
        self, count: Callable[[bytes], Awaitable[int]], transcript: Transcript, build: Callable[[Transcript], bytes]
    ) -> int:
        """Return the token count of the conversation. Counting validates thinking as sending does."""
        try:
            return await count(build(transcript))
        except ProviderError as error:
            if not self._learns(error, transcript):
                raise
        return await count(build(without_thinking(transcript)))

    def _learns(self, error: ProviderError, transcript: Transcript) -> bool:
        """True if the error rejects the conversation's thinking, which is then remembered."""
        signatures = signatures_in(transcript)
        if not (signatures and is_thinking_rejection(error)):
            return False
        self._refused |= signatures
        return True


def is_thinking_rejection(error: ProviderError) -> bool:
    """True if the API rejects a thinking block because of its signature or an earlier change. No answer has started then."""
    words = error.message.lower()
    return isinstance(error, BadRequest) and "thinking" in words and ("signature" in words or "modified" in words)
