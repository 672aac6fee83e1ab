"""Receive one answer: read and fold its stream, and measure its time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from itertools import groupby

from msgspec.structs import replace

from tui.chat.events import AnswerUpdated, MessageStop, RetryScheduled, StreamEvent, TurnEvent
from tui.chat.reducer import Partial, coalesce, finish, fold_all, start
from tui.chat.reply_size import ReplySize
from tui.chat.request import Stream
from tui.chat.stream_reader import StreamReader
from tui.chat.thinking_timer import ThinkingTimer
from tui.chat.transcript import Failure, Message, State


class Reply:
    """An answer that is being received.

    `at` is the time of its request in seconds since the epoch; `clock` is monotonic.
    """

    def __init__(self, model: str, at: float, clock: Callable[[], float]) -> None:
        self._partial: Partial = start(model, at)
        self._clock = clock
        self._began = clock()
        self._thoughts = ThinkingTimer()
        self._extent = ReplySize()
        self._is_whole = False
        self._inflow: StreamReader | None = None

    async def read(self, stream: Stream) -> AsyncGenerator[TurnEvent, None]:
        """Yield Waiting and Grew events until the answer ends. Raises what the stream raises, after all events that
        arrived.

        Raises ReplyTooLong if the answer exceeds its limits.
        """
        self._inflow = inflow = StreamReader(stream)
        try:
            while not self._is_whole and await inflow.has_more():
                for event in self.drain():
                    yield event
                self._extent.check()
        finally:
            if not self._is_whole:  # a complete stream is read to its end, so that its connection can be reused
                inflow.close()

    def drain(self) -> Iterator[TurnEvent]:
        """Return the events that have arrived and were not delivered yet."""
        if self._inflow is None:
            return
        for is_waiting, run in groupby(self._inflow.take(), lambda event: isinstance(event, RetryScheduled)):
            if is_waiting:
                yield from (event for event in run if isinstance(event, RetryScheduled))
            else:
                yield self._grow(tuple(event for event in run if not isinstance(event, RetryScheduled)))

    def finished(self, state: State, failure: Failure | None) -> Message:
        """Return the final message."""
        self._thoughts.end(self._clock())
        return self._timed(finish(self._partial, state, failure))

    def _grow(self, events: tuple[StreamEvent, ...]) -> AnswerUpdated:
        joined = coalesce(events)
        self._partial = fold_all(self._partial, joined)
        self._thoughts.note(joined, self._clock())
        self._extent.note(joined)
        self._is_whole = self._is_whole or MessageStop() in joined
        return AnswerUpdated(self._timed(self._partial.message), joined)

    def _timed(self, message: Message) -> Message:
        now = self._clock()
        return replace(message, elapsed_s=now - self._began, thought_s=self._thoughts.spent_s(now))
