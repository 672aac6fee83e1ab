"""One answer while it arrives: its stream is read and folded, and its time is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from itertools import groupby

from msgspec.structs import replace

from tui.chat.asking import Stream
from tui.chat.events import Grew, MessageStop, StreamEvent, TurnEvent, Waiting
from tui.chat.reducer import Partial, coalesce, finish, fold_all, start
from tui.chat.reply_size import ReplySize
from tui.chat.stream_reader import StreamReader
from tui.chat.thinking_timer import ThinkingTimer
from tui.chat.transcript import Failure, Message, State


class Reply:
    """`at`: when its request began, in seconds since the epoch; `clock` is monotonic."""

    def __init__(self, model: str, at: float, clock: Callable[[], float]) -> None:
        self._partial: Partial = start(model, at)
        self._clock = clock
        self._began = clock()
        self._thoughts = ThinkingTimer()
        self._extent = ReplySize()
        self._is_whole = False
        self._inflow: StreamReader | None = None

    async def read(self, stream: Stream) -> AsyncGenerator[TurnEvent, None]:
        """Waiting and Grew, until the answer has ended. Raises what the stream raises, after everything that came.

        Raises ReplyTooLong once it is longer than `limits` allows.
        """
        self._inflow = inflow = StreamReader(stream)
        try:
            while not self._is_whole and await inflow.has_more():
                for event in self.rest():
                    yield event
                self._extent.check()
        finally:
            if not self._is_whole:  # a whole one is read out in peace, so that its connection can be used again
                inflow.close()

    def rest(self) -> Iterator[TurnEvent]:
        """What has arrived and was not told yet."""
        if self._inflow is None:
            return
        for is_waiting, run in groupby(self._inflow.take(), lambda event: isinstance(event, Waiting)):
            if is_waiting:
                yield from (event for event in run if isinstance(event, Waiting))
            else:
                yield self._grow(tuple(event for event in run if not isinstance(event, Waiting)))

    def finished(self, state: State, failure: Failure | None) -> Message:
        """The message as it is kept."""
        self._thoughts.end(self._clock())
        return self._timed(finish(self._partial, state, failure))

    def _grow(self, events: tuple[StreamEvent, ...]) -> Grew:
        joined = coalesce(events)
        self._partial = fold_all(self._partial, joined)
        self._thoughts.note(joined, self._clock())
        self._extent.note(joined)
        self._is_whole = self._is_whole or MessageStop() in joined
        return Grew(self._timed(self._partial.message), joined)

    def _timed(self, message: Message) -> Message:
        now = self._clock()
        return replace(message, elapsed_s=now - self._began, thought_s=self._thoughts.spent_s(now))
