"""A reply of the simulator's server as data: status, headers, and the steps in which the body is sent.

The service creates replies and knows nothing of sockets; the server carries them out, step by step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tui.inputs.bounded import decode_json


@dataclass(frozen=True)
class Pause:
    """Send nothing for a while."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """End the connection here, whatever was to follow. `reset` ends it with RST instead of FIN."""

    reset: bool = False


class Gate:
    """Stop the reply until the gate is opened. With a gate that is never opened, the server falls silent."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._lock = threading.Lock()
        self._is_open = False
        self._waiting: list[Callable[[], None]] = []

    def open(self) -> None:
        """Let the reply continue. May be called from any thread, also before the reply reaches the gate."""
        with self._lock:
            self._is_open = True
            waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def wait_until_reached(self, timeout_s: float = 30.0) -> None:
        """Wait until everything before the gate was passed to the socket. Raises TimeoutError."""
        if not self._reached.wait(timeout_s):
            raise TimeoutError("the reply did not get to its gate")

    def arrive(self, when_open: Callable[[], None]) -> None:
        """Notify the waiting test, and have `when_open` called, at once if the gate is already open. For the server."""
        self._reached.set()
        with self._lock:
            if not self._is_open:
                self._waiting.append(when_open)
                return
        when_open()


Step = bytes | Pause | Cut | Gate


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Reply:
    """One HTTP response. If `chunked`, its length is not known in advance, as for every stream."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    chunked: bool = False
    before: tuple[Step, ...] = ()
    """Steps before the status line is sent: pauses, gates or a cut."""
    began: Callable[[], None] = field(default=_nothing, repr=False, compare=False)
    """Called when the status line is sent. From then on, another request can read what this one wrote to the cache."""

    def header(self, name: str) -> str:
        """Return the value of a header, or ""."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def read(self) -> bytes:
        """Return the body as a patient client receives it: without pauses and gates, up to a cut."""
        self.began()
        return b"".join(self._bytes())

    def json(self) -> dict[str, object]:
        """Return the body as a JSON object. Raises ValueError if it is not one."""
        value = decode_json(self.read())
        if not isinstance(value, dict):
            raise ValueError("the body is no JSON object")
        return value

    def _bytes(self) -> Iterator[bytes]:
        for step in self.steps:
            if isinstance(step, Cut):
                return
            if isinstance(step, bytes):
                yield step
