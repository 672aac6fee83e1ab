"""Read a stream in batches: everything that is available is taken at once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.request import Stream


class StreamReader:
    """Reads a stream in a task of its own. How often it is read from the network is the stream's own concern."""

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
        async with aclosing(stream):
            async for event in stream:
                self._held.append(event)
                self._fresh.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fresh.set()
        if not task.cancelled():
            task.exception()  # mark it as retrieved: nobody reads it after the turn was stopped
