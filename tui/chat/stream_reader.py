"""Read a stream in batches: everything that is available is taken at once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.request import Stream

_PAUSE_S = 1 / 30  # the pause before a drained stream is read again
_WAIT_THRESHOLD_S = 0.001  # a read that takes longer than this had to wait
_FULL_BATCH = 50  # with this many events between two waits, batches are large enough without a pause


class StreamReader:
    """Reads a stream in a task of its own."""

    def __init__(self, stream: Stream) -> None:
        self._held: list[StreamEvent | RetryScheduled] = []
        self._fresh = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read(stream))
        self._task.add_done_callback(self._ended)

    async def has_more(self) -> bool:
        """Wait until an event is available; return False at the end. Raises what ended the stream, once all events are
        taken.
        """
        while not self._held:
            if self._task.done():
                self._task.result()
                return False
            self._fresh.clear()
            await self._fresh.wait()
        return True

    def take(self) -> list[StreamEvent | RetryScheduled]:
        """Return the events that were read since the last call."""
        taken, self._held = self._held, []
        return taken

    def close(self) -> None:
        """Stop reading, which closes the connection."""
        self._task.cancel()

    async def _read(self, stream: Stream) -> None:
        """Pause after each read that had to wait, so that the next read finds many tokens: a read costs far more than a
        token.

        The token that ended the wait is delivered first, so nothing is delayed by more than the pause.
        """
        time_s = asyncio.get_running_loop().time
        async with aclosing(stream):
            count, asked_s = 0, time_s()
            async for event in stream:
                self._held.append(event)
                self._fresh.set()
                if time_s() - asked_s > _WAIT_THRESHOLD_S:
                    if count < _FULL_BATCH:
                        await asyncio.sleep(_PAUSE_S)
                    count = 0
                count, asked_s = count + 1, time_s()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fresh.set()
        if not task.cancelled():
            task.exception()  # mark it as retrieved: nobody reads it after the turn was stopped
