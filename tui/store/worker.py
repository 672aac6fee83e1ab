"""The store's thread: runs jobs from a queue, one after the other. Callers that only write never wait.

What changes many times a second (an answer that arrives, a draft that is typed) has a key: only the latest job of a key is
written. The first is written at once, later ones at an interval.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from tui.store.database import RETRY_S, Database
from tui.store.errors import Closed, InternalError, StoreProblem
from tui.store.files import Job, Result
from tui.store.watch import WATCH_S, Watch

PACE_S = 0.2
"""Interval between two writes of the same key: at most a quarter of a second is lost, writing included."""
_REST = 4
"""Large jobs, which take long, are written less often, so that they take at most a quarter of the time."""


class _Item(NamedTuple):
    job: Job[Any]
    future: Future[Any] | None
    is_read: bool
    flush: bool = False
    key: str = ""
    is_transient: bool = False
    chat_id: str = ""


class Worker:
    """The thread. It starts with the first job, so that SQLite is not loaded earlier."""

    def __init__(
        self,
        database: Database,
        report: Callable[[StoreProblem], None],
        *,
        beat: Job[None],
        beat_s: float,
        on_exit: Job[None],
        watch: Watch,
    ) -> None:
        self._database = database
        self._report = report
        self._beat, self._beat_s, self._on_exit = beat, beat_s, on_exit
        self._watch = watch
        self._queue: queue.SimpleQueue[_Item | str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[Job[Any], str]] = {}
        """For each key: the job to write, and the chat whose text it contains."""
        self._ready: set[str] = set()
        """Keys whose turn in the queue has come: everything queued before them is done."""
        self._due: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def enqueue(self, job: Job[Any], *, instead_of: str = "", is_transient: bool = False, chat_id: str = "") -> None:
        """Queue a job. `instead_of`: the key of a pending job that it replaces.

        `is_transient`: nothing is lost if it is never written. `chat_id`: the chat whose text would be lost.
        """
        with self._lock:
            self._latest.pop(instead_of, None)
            self._put(_Item(job, None, is_read=False, key=instead_of, is_transient=is_transient, chat_id=chat_id))

    def enqueue_latest(self, key: str, job: Job[Any], chat_id: str = "") -> None:
        """Queue a job that a later one with the same key replaces."""
        with self._lock:
            is_new = key not in self._latest
            self._latest[key] = job, chat_id
            if is_new:
                self._put(key)

    def write(self, job: Job[Result], *, flush: bool = False) -> Future[Result]:
        """Return the result of a job that writes; with `flush`, after everything that is pending."""
        return self._asked(job, is_read=False, flush=flush)

    def read(self, job: Job[Result], *, flush: bool = False) -> Future[Result]:
        """Return the result of a job that only reads; with `flush`, after everything that is pending."""
        return self._asked(job, is_read=True, flush=flush)

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _asked(self, job: Job[Result], *, is_read: bool, flush: bool = False) -> Future[Result]:
        future: Future[Result] = Future()
        with self._lock:
            if self._is_closed:
                future.set_exception(Closed())
            else:
                self._put(_Item(job, future, is_read, flush))
        return future

    def _put(self, item: _Item | str) -> None:
        if self._is_closed:
            return
        self._queue.put(item)
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="store")
            self._thread.start()

    # The following methods run on the thread only.

    def _serve(self) -> None:
        self._guarded(self._database.open)
        now = time.monotonic()
        next_beat, next_retry, next_glance = now + self._beat_s, now + RETRY_S, now + WATCH_S
        while not (self._is_closed and self._queue.empty()):
            retries = [next_retry] if self._database.has_backlog else []
            glances = [next_glance] if self._watch.chat_id else []
            item = self._next(min([next_beat, *retries, *glances, *self._times()]))
            if isinstance(item, str):
                self._ready.add(item)
            elif item is not None:
                self._do(item)
            self._write_due(time.monotonic())
            if (now := time.monotonic()) >= next_beat:
                self._write(self._beat, "beat", is_transient=True)
                next_beat = now + self._beat_s
            if now >= next_retry:
                self._guarded(self._database.catch_up)
                next_retry = time.monotonic() + RETRY_S
            if self._watch.chat_id and now >= next_glance:
                self._guarded(lambda: self._database.read(self._watch.check))
                next_glance = time.monotonic() + WATCH_S
        self._write_due(float("inf"))
        self._write(self._on_exit, "on_exit", is_transient=True)
        self._guarded(self._database.close)

    def _next(self, until: float) -> _Item | str | None:
        try:
            return self._queue.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None

    def _times(self) -> list[float]:
        with self._lock:
            return [self._due.get(key, 0.0) for key in self._latest if key in self._ready]

    def _write_due(self, now: float) -> None:
        with self._lock:
            keys = [key for key in self._latest if key in self._ready and self._due.get(key, 0.0) <= now]
            jobs = [(key, *self._latest.pop(key)) for key in keys]
            self._ready &= self._latest.keys()
            self._due = {key: at for key, at in self._due.items() if at > now}
        for key, job, chat_id in jobs:
            began = time.monotonic()
            self._write(job, key, chat_id=chat_id)
            ended = time.monotonic()
            self._due[key] = began + max(PACE_S, _REST * (ended - began))

    def _do(self, item: _Item) -> None:
        if item.flush:
            self._write_due(float("inf"))
        if item.future is None:
            self._write(item.job, item.key, is_transient=item.is_transient, chat_id=item.chat_id)
            return
        if not item.future.set_running_or_notify_cancel():
            return
        try:
            work = self._database.read if item.is_read else self._database.write
            item.future.set_result(work(item.job))
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            item.future.set_exception(error)

    def _write(self, job: Job[Any], key: str, *, is_transient: bool = False, chat_id: str = "") -> None:
        self._guarded(lambda: self._database.write(job, key, is_transient=is_transient, chat_id=chat_id))

    def _guarded(self, work: Callable[[], object]) -> None:
        """Run the work and report any exception: the thread must continue to store later answers."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - reported to the user
            self._report(InternalError(error))
