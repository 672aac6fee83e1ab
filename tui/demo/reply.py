"""What the pretend server answers, as data: a status, headers, and the steps in which the body leaves.

The service builds replies and knows nothing of sockets; a shell carries them out, step by step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tui.inputs.bounded import decode_json


@dataclass(frozen=True)
class Pause:
    """Nothing leaves for a while."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """The connection ends here, whatever was still to come. `reset` ends it rudely (RST instead of FIN)."""

    reset: bool = False


class Gate:
    """A point where the reply stands still until somebody opens it. A gate that nobody opens is a server gone silent."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._lock = threading.Lock()
        self._is_open = False
        self._waiting: list[Callable[[], None]] = []

    def open(self) -> None:
        """Lets the reply go on; may be called from any thread, also before the reply gets here."""
        with self._lock:
            self._is_open = True
            waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def wait_until_reached(self, timeout_s: float = 30.0) -> None:
        """Returns once everything before the gate was handed to the socket; TimeoutError if that takes too long."""
        if not self._reached.wait(timeout_s):
            raise TimeoutError("the reply did not get to its gate")

    def arrive(self, when_open: Callable[[], None]) -> None:
        """For the shell: tells the waiting test, and has `when_open` called, at once if the gate is open already."""
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
    """One HTTP response. With `chunked` its length is not told beforehand, as with every stream."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    chunked: bool = False
    before: tuple[Step, ...] = ()
    """What happens before even the status line leaves: pauses, gates or a cut."""
    began: Callable[[], None] = field(default=_nothing, repr=False, compare=False)
    """To be called when the status line leaves: from then on a later request can read what this one put in the cache."""

    def header(self, name: str) -> str:
        """The value of a header, or ""."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def read(self) -> bytes:
        """The body as a patient client gets it: pauses passed over, open or not every gate, up to a cut."""
        self.began()
        return b"".join(self._bytes())

    def json(self) -> dict[str, object]:
        """The body as a JSON object. Raises ValueError where it is none."""
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
