"""One stream, read so that whatever is there at once is taken as one batch."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from tui.chat.asking import Stream
from tui.chat.events import StreamEvent, Waiting

_REST_S = 1 / 30  # before a drained stream is read again
_WAITED_S = 0.001  # a read that took longer than this found nothing there
_MANY = 50  # events between two waits: reads are well filled without a rest


class StreamReader:
    """Reads a stream in a task of its own."""

    def __init__(self, stream: Stream) -> None:
        self._held: list[StreamEvent | Waiting] = []
        self._fresh = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read(stream))
        self._task.add_done_callback(self._ended)

    async def has_more(self) -> bool:
        """True once something can be taken; False at the end. Raises what ended the stream, when all is taken."""
        while not self._held:
            if self._task.done():
                self._task.result()
                return False
            self._fresh.clear()
            await self._fresh.wait()
        return True

    def take(self) -> list[StreamEvent | Waiting]:
        taken, self._held = self._held, []
        return taken

    def close(self) -> None:
        """Stops reading, which closes the connection."""
        self._task.cancel()

    async def _read(self, stream: Stream) -> None:
        """Rests whenever it had to wait, so that the next read finds many tokens: each read costs much more than a token.

        The token that ended the wait is handed on first, so nothing is ever late by more than the rest.
        """
        time_s = asyncio.get_running_loop().time
        async with aclosing(stream):
            count, asked_s = 0, time_s()
            async for event in stream:
                self._held.append(event)
                self._fresh.set()
                if time_s() - asked_s > _WAITED_S:
                    if count < _MANY:
                        await asyncio.sleep(_REST_S)
                    count = 0
                count, asked_s = count + 1, time_s()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fresh.set()
        if not task.cancelled():
            task.exception()  # counts as seen: when the turn was stopped meanwhile, nobody asks for it any more
