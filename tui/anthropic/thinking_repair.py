"""The one repair that a request gets by itself: thinking that the API says no longer fits is left out, and it is sent again.

Signed thinking is bound to all that stood before it. A chat that was edited elsewhere, imported, or moved between accounts
can hold some that fits no more; without it the chat goes on as well. Source: Anthropic's page on preserved thinking.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from tui.anthropic.errors import BadRequest, ProviderError
from tui.chat.events import StreamEvent, Waiting
from tui.chat.thinking import signatures_in, without_thinking
from tui.chat.transcript import Transcript

Stream = AsyncGenerator[StreamEvent | Waiting, None]


class ThinkingRepair:
    """Remembers which thinking was refused, so that no later request brings it up again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._refused: frozenset[str] = frozenset()
        self._clock = clock

    def fitting(self, transcript: Transcript) -> Transcript:
        """The conversation without the thinking that was refused before."""
        return without_thinking(transcript, self._refused) if self._refused else transcript

    async def stream(
        self,
        send: Callable[[bytes], Stream],
        transcript: Transcript,
        body: bytes,
        build: Callable[[Transcript], bytes],
    ) -> Stream:
        """The answer to `body`; where its thinking is refused, once more to the same conversation without any."""
        try:
            async with aclosing(send(body)) as events:
                async for event in events:
                    yield event
            return
        except ProviderError as error:
            if not self._learns(error, transcript):
                raise
            failure = error.failure()
        yield Waiting(failure=failure, attempt=2, attempts=2, until=self._clock())
        async with aclosing(send(build(without_thinking(transcript)))) as events:
            async for event in events:
                yield event

    async def counted(
        self, count: Callable[[bytes], Awaitable[int]], transcript: Transcript, build: Callable[[Transcript], bytes]
    ) -> int:
        """How many tokens the conversation has. Counting checks its thinking as sending does."""
        try:
            return await count(build(transcript))
        except ProviderError as error:
            if not self._learns(error, transcript):
                raise
        return await count(build(without_thinking(transcript)))

    def _learns(self, error: ProviderError, transcript: Transcript) -> bool:
        """Whether the error is a refusal of the conversation's thinking, which is remembered then."""
        signatures = signatures_in(transcript)
        if not (signatures and is_thinking_rejection(error)):
            return False
        self._refused |= signatures
        return True


def is_thinking_rejection(error: ProviderError) -> bool:
    """Whether the API refuses a thinking block for its signature or its past. Nothing of an answer has come then."""
    words = error.message.lower()
    return isinstance(error, BadRequest) and "thinking" in words and ("signature" in words or "modified" in words)
