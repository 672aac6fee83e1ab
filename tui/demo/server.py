"""The service on a real loopback port: HTTP/1.1 with keep-alive and streams, on an event loop in a thread of its own.

Used by `prx demo` and the tests. The socket is bound before the thread starts, so that the address is known at once and
an early client waits in the queue. Requests are recorded, also whether the client closed the connection early.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tui.demo.http1 import BadRequest, Request, RequestReader, chunk, head_bytes
from tui.demo.reply import Cut, Gate, Pause, Reply, Step
from tui.inputs.bounded import decode_json
from tui.inputs.limits import REQUEST_DEPTH

if TYPE_CHECKING:
    from tui.demo.service import FakeAnthropic


class Service(Protocol):
    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply: ...


AnyService = TypeVar("AnyService", bound=Service)


class Recorded:
    """One received request. The flags are set by the server's thread; the server has methods that wait for them."""

    def __init__(self, request: Request, at: float) -> None:
        self.method = request.method
        self.path = request.path
        self.headers = request.headers
        """Names in lower case."""
        self.body = request.body
        self.at = at
        """Arrival on the monotonic clock, in seconds."""
        self.answered = False
        """The complete reply was passed to the socket, or was cut as scripted."""
        self.closed_early = False
        """The client closed the connection before the reply was complete."""

    @property
    def json(self) -> dict[str, object]:
        """Return the body as a JSON object."""
        value = decode_json(self.body, depth=REQUEST_DEPTH)
        assert isinstance(value, dict), "the body is no JSON object"
        return value


_LAST_ROUNDS = 8
"""Rounds of the loop in which accepted clients become connections, and transports close their sockets."""


class Server(Generic[AnyService]):
    """`with Server(FakeAnthropic()) as server:` serves at `server.url` until the block ends, even if streams are open."""

    def __init__(self, service: AnyService, *, port: int = 0) -> None:
        self.service = service
        self.requests: list[Recorded] = []
        """All received requests, in order."""
        self.connection_count = 0
        self._socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._changed = threading.Condition()
        self._connections: set[_Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-server", daemon=True)

    def __enter__(self) -> Server[AnyService]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections at once and stop the thread. A second call does nothing."""
        if self._thread.ident is None:  # never started
            self._socket.close()
            return
        self._is_up.wait()
        if self._thread.is_alive() and self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has already ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def wait_for_request(self, number: int = 1, timeout_s: float = 30.0) -> Recorded:
        """Return request `number` (from 1) once it was received completely. Raises TimeoutError."""
        self._wait(lambda: len(self.requests) >= number, f"request {number} did not arrive", timeout_s)
        return self.requests[number - 1]

    def wait_until_closed(self, number: int = 1, timeout_s: float = 30.0) -> Recorded:
        """Return this request once its client has closed the connection early. Raises TimeoutError."""
        recorded = self.wait_for_request(number, timeout_s)
        self._wait(lambda: recorded.closed_early, f"the client of request {number} did not hang up", timeout_s)
        return recorded

    def wait_until_answered(self, number: int = 1, timeout_s: float = 30.0) -> Recorded:
        """Return this request once its complete reply was sent. Raises TimeoutError."""
        recorded = self.wait_for_request(number, timeout_s)
        self._wait(lambda: recorded.answered, f"request {number} was not answered", timeout_s)
        return recorded

    def _wait(self, condition: Callable[[], bool], complaint: str, timeout_s: float) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise TimeoutError(complaint)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._is_up.set()
            self._socket.close()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        listener = await loop.create_server(lambda: _Connection(self), sock=self._socket)
        self._loop = loop
        self._is_up.set()
        await self._stop.wait()
        with contextlib.suppress(NotImplementedError):  # as on Windows
            loop.remove_reader(
                self._socket
            )  # no client is accepted any more, but accepted ones need the listener for a moment
        for _ in range(_LAST_ROUNDS):
            for connection in list(self._connections):
                connection.abort()
            await asyncio.sleep(0)
        listener.close()

    # The following methods are called by connections, on the server's loop.

    def opened(self, connection: _Connection) -> None:
        self._connections.add(connection)
        self.connection_count += 1

    def closed(self, connection: _Connection) -> None:
        self._connections.discard(connection)

    def arrived(self, request: Request) -> Recorded:
        recorded = Recorded(request, time.monotonic())
        with self._changed:
            self.requests.append(recorded)
            self._changed.notify_all()
        return recorded

    def ended(self, recorded: Recorded, *, early: bool) -> None:
        with self._changed:
            recorded.closed_early = early
            recorded.answered = not early
            self._changed.notify_all()


def start_demo() -> Server[FakeAnthropic]:
    """Return the server of `prx demo`, at the speed of a real model: `with start_demo() as server`, and DEMO_KEY as the
    key.
    """
    from tui.demo.scenarios import Pace
    from tui.demo.service import FakeAnthropic  # only the demo needs its answers

    return Server(FakeAnthropic(pace=Pace()))


class _Connection(asyncio.Protocol):
    """The connection of one client. Requests are answered one after the other, each completely before the next."""

    _transport: asyncio.Transport

    def __init__(self, server: Server[AnyService]) -> None:
        self._server = server
        self._reader = RequestReader()
        self._pending: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._pending.extend(self._reader.feed(data))
        except BadRequest as error:
            body = f"{error}\n".encode()
            self._transport.write(head_bytes(Reply(400, (("connection", "close"),), (body,))) + body)
            self._transport.close()
            return
        if self._reader.wants_continue:
            self._reader.wants_continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._pending and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._answer_all())

    def eof_received(self) -> bool:
        self.abort()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._may_write.set()
        if self._task is not None:
            self._task.cancel()
        self._server.closed(self)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def abort(self) -> None:
        """End the connection at once."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

    async def _answer_all(self) -> None:
        while self._pending and not self._transport.is_closing():
            request = self._pending.popleft()
            recorded = self._server.arrived(request)
            finished = False
            try:
                reply = self._server.service.respond(request.method, request.path, request.headers, request.body)
                await self._carry_out(reply)
                finished = True
            finally:
                self._server.ended(recorded, early=not finished)
                if not finished:  # never let a client wait for the rest, even after an error of ours
                    self._transport.abort()
            if request.headers.get("connection", "").lower() == "close":
                self._transport.close()
        self._task = None

    async def _carry_out(self, reply: Reply) -> None:
        for step in reply.before:
            if await self._take(step, reply):
                return
        reply.began()
        self._transport.write(head_bytes(reply))
        for step in reply.steps:
            if await self._take(step, reply):
                return
        if reply.chunked:
            self._transport.write(chunk(b""))

    async def _take(self, step: Step, reply: Reply) -> bool:
        """Carry out one step. Return True if it ends the connection."""
        match step:
            case bytes():
                # Give the loop a turn before every write: the client may have closed the connection, and split bytes
                # should be sent in separate packets. Not after it: a client that has all it wants would seem to leave early.
                await asyncio.sleep(0)
                await self._may_write.wait()
                if step:
                    self._transport.write(chunk(step) if reply.chunked else step)
            case Pause():
                await asyncio.sleep(step.seconds)
            case Gate():
                await self._wait_at(step)
            case Cut():
                if step.reset:
                    self._transport.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                self._transport.close()
                return True
        return False

    async def _wait_at(self, gate: Gate) -> None:
        loop = asyncio.get_running_loop()
        opened = asyncio.Event()

        def when_open() -> None:
            with contextlib.suppress(RuntimeError):  # the server has ended, and its loop with it
                loop.call_soon_threadsafe(opened.set)

        gate.arrive(when_open)
        await opened.wait()
