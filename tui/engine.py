"""The worker thread with its own event loop. Everything that waits for the network runs there, so the screen never waits.

A generation is one turn as a task of that loop. Stopping it cancels the task, which takes effect at once even while the
server is silent. Events are queued until the screen drains them; a wake-up tells it to, at most one per frame. The thread
calls only that one function of the screen and touches no widget.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import aclosing, suppress
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from itertools import groupby
from types import TracebackType
from typing import Any, Protocol, TypeVar

from tui.chat.events import AnswerUpdated, TurnEnded, TurnEvent
from tui.chat.reducer import coalesce
from tui.chat.session import Busy
from tui.chat.tools import ToolOutput
from tui.errors import TuiError
from tui.frames import ANSWER_FRAMES_PER_S

_GRACE_S = 0.04  # for cancelling tasks, and again for closing connections, when the program ends
_FIRST_STEPS = 9
"""Iterations of the loop for tasks that start others, e.g. to connect, when the program ends."""

Result = TypeVar("Result")


class Turn(Protocol):
    """What a generation runs. `conclude` is called after it ended, however it ended, and returns the remaining events."""

    def __aiter__(self) -> AsyncGenerator[TurnEvent, None]: ...

    def conclude(self, error: BaseException | None = None) -> tuple[TurnEvent, ...]: ...


class Generation:
    """A running turn, as seen from the screen's thread. Nothing here blocks."""

    def __init__(self, engine: Engine, key: str, turn: Turn, wake: Callable[[], None]) -> None:
        self.key = key
        self._engine = engine
        self._turn = turn
        self._wake = wake
        self._lock = threading.Lock()
        self._queue: list[TurnEvent] = []
        self._held_end: tuple[TurnEnded, ...] = ()
        self._is_woken = False
        self._woken_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._crash: BaseException | None = None
        self._done = False

    @property
    def done(self) -> bool:
        """True after the turn has ended; its last events may still wait to be drained."""
        return self._done

    def stop(self) -> None:
        """End the turn now, with what it has. Does nothing if it has ended."""
        self._engine.call(self._cancel)

    def drain(self) -> tuple[TurnEvent, ...]:
        """Return the new events; the last event of all is TurnEnded. Raises what crashed the turn, after that event."""
        with self._lock:
            events, self._queue = _joined(self._queue), []
            self._is_woken = False
            crash = self._crash
            self._crash = crash if events else None
        if crash is not None and not events:
            raise crash
        if crash is not None:  # the screen has to drain once more to get it
            self._engine.call(self._wake_now)
        return tuple(events)

    # The following methods run on the engine's loop only.

    def launch(self) -> None:
        """Start the task of the turn."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._finish)

    def finish(self, error: BaseException | None) -> None:
        """End the turn; every end comes through here. A second call does nothing."""
        if self._done:
            return
        events = (*self._held_end, *self._turn.conclude(error))
        self._engine.forget(self)  # first: the screen may start the next turn as soon as it sees the end
        with self._lock:
            for event in events:
                self._append(event)
            if error is not None and not isinstance(error, (asyncio.CancelledError, TuiError)):
                self._crash = error
            self._done = True
        self._wake_now()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        async with aclosing(self._turn.__aiter__()) as events:
            async for event in events:
                if isinstance(event, TurnEnded):
                    self._held_end = (event,)
                else:
                    self._put(event)

    def _finish(self, task: asyncio.Task[None]) -> None:
        # A callback, since a task that is cancelled before its first step runs none of its code.
        self.finish(asyncio.CancelledError() if task.cancelled() else task.exception())

    def _put(self, event: TurnEvent) -> None:
        with self._lock:
            self._append(event)
        if self._timer is None and not self._is_woken:
            wait_s = self._woken_at + self._engine.frame_s - self._engine.clock()
            if wait_s <= 0:
                self._wake_now()
            else:
                self._timer = asyncio.get_running_loop().call_later(wait_s, self._wake_now)

    def _append(self, event: TurnEvent) -> None:
        last = self._queue[-1] if self._queue else None
        if isinstance(last, AnswerUpdated) and isinstance(
            event, AnswerUpdated
        ):  # keep only the latest message while the screen waits
            self._queue[-1] = AnswerUpdated(event.message, last.events)
        self._queue.append(event)

    def _wake_now(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._lock:
            is_due = bool(self._queue or self._crash) and (self._done or not self._is_woken)
            self._is_woken = self._is_woken or is_due
        if is_due and not self._engine.is_closing:  # the screen is gone
            self._woken_at = self._engine.clock()
            with suppress(RuntimeError):  # the screen's loop was closed meanwhile
                self._wake()


def _joined(events: Iterable[TurnEvent]) -> list[TurnEvent]:
    """Return the events with adjacent Grew and ToolOutput events joined."""
    joined: list[TurnEvent] = []
    for kind, run in groupby(events, _kind):
        same = list(run)
        if kind == (AnswerUpdated, ""):
            grown = [event for event in same if isinstance(event, AnswerUpdated)]
            joined.append(AnswerUpdated(grown[-1].message, coalesce(one for event in grown for one in event.events)))
        elif kind[0] is ToolOutput:
            joined.append(ToolOutput(kind[1], "".join(one.text for one in same if isinstance(one, ToolOutput))))
        else:
            joined += same
    return joined


def _kind(event: TurnEvent) -> tuple[type[TurnEvent], str]:
    """Return the grouping key of an event."""
    return type(event), event.id if isinstance(event, ToolOutput) else ""


class Engine:
    """Runs the thread: `with Engine() as engine`. Leaving the block stops every turn within 100 ms."""

    def __init__(
        self, *, frame_s: float = 1 / ANSWER_FRAMES_PER_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.frame_s = frame_s
        """The shortest time between two wake-ups of a generation."""
        self.clock = clock
        self.is_closing = False
        self._generations: dict[str, Generation] = {}
        self._closers: list[Callable[[], Awaitable[object]]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="engine")

    def __enter__(self) -> Engine:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closing = True
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop)
        self._thread.join()

    def start(self, key: str, turn: Callable[[], Turn], wake: Callable[[], None]) -> Generation:
        """Start a turn in the chat `key` and return its generation. Raises Busy if the chat has one, and what `turn` raises.

        `wake` is called on the engine's thread and must not block; then call `drain`. `turn` is called here.
        """
        if key in self._generations:
            raise Busy
        generation = Generation(self, key, turn(), wake)
        self._generations[key] = generation
        self.call(generation.launch)
        return generation

    def running(self, key: str) -> Generation | None:
        """Return the running generation of the chat, or None."""
        return self._generations.get(key)

    def submit(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Future[Result]:
        """Run other work on the loop, such as fetching the model list. Leaving the engine cancels it."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def at_exit(self, close: Callable[[], Awaitable[object]]) -> None:
        """Await `close` on the loop when the engine ends, as far as time allows, e.g. to close connections."""
        self._closers.append(close)

    def call(self, function: Callable[[], object]) -> None:
        """Call a function on the loop. Does nothing once the loop has ended."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def forget(self, generation: Generation) -> None:
        """Remove the generation, so that its chat can start the next one."""
        self._generations.pop(generation.key, None)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _shut_down(self) -> None:
        for task in (tasks := await _all_started()):
            task.cancel()
        await _within(_GRACE_S, tasks)
        self._loop.set_exception_handler(_ignored)  # tasks that did not end in time are abandoned silently
        for generation in list(self._generations.values()):
            generation.finish(asyncio.CancelledError())
        await _within(_GRACE_S, {asyncio.ensure_future(_awaited(close)) for close in self._closers})
        await asyncio.sleep(0)  # closed transports release their sockets in the next iteration of the loop
        self._loop.stop()


def _ignored(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    pass


async def _all_started() -> set[asyncio.Task[Any]]:
    """Return all other tasks, once each has taken its first step.

    If a task is cancelled before that, its coroutine is never awaited, and Python prints a warning on the user's terminal.
    """
    for _ in range(_FIRST_STEPS):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        coroutines = (task.get_coro() for task in tasks)
        if not any(iscoroutine(one) and getcoroutinestate(one) == CORO_CREATED for one in coroutines):
            break
        await asyncio.sleep(0)
    return tasks


async def _within(limit_s: float, tasks: set[asyncio.Task[Any]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=limit_s)


async def _awaited(close: Callable[[], Awaitable[object]]) -> None:
    await close()
