"""A server that is a local program: messages are lines on its standard input and output, and the watcher supervises it.

The SDK's own way to start a program is not used, for three reasons: no process of a server may outlive the app, even if
the app is killed; a line without end must not fill the memory; and standard error goes to a file, up to a limit.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import mcp_types
from mcp.shared.message import SessionMessage

from tui.errors import TuiError
from tui.inputs.bounded import open_to_write
from tui.mcp.message_size import LONGEST
from tui.mcp.redaction import Redactor
from tui.tools import processes

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams

_MAX_LOG = 1024 * 1024  # bytes of standard error
_CHUNK = 64 * 1024
_REFRESH_S = 0.02
_LAST_WORDS_S = 0.2  # for the last output before the program ended
_END_S = 3.0  # the watcher needs less, whatever the program does


class CannotStart(TuiError):
    """The program of a server cannot be run."""


class Log:
    """A file with what a program writes to standard error, without the secrets that it was given."""

    def __init__(self, file: Path, redact: Redactor) -> None:
        self._file = file
        self._redact = redact
        self._left = _MAX_LOG
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        """Text that may be the beginning of a secret."""

    def take(self, data: bytes) -> None:
        """Add to the file. Raises OSError."""
        text = self._held + self._decode(data)
        safe_length = self._redact.safe_length(text)
        self._held = text[safe_length:]
        self._write(text[:safe_length])

    def end(self) -> None:
        """Write the rest. Raises OSError."""
        self._write(self._held + self._decode(b"", final=True))
        self._held = ""

    def _write(self, text: str) -> None:
        if not text or self._left <= 0:
            return
        data = self._redact(text).encode()[: self._left]
        self._left -= len(data)
        with os.fdopen(open_to_write(self._file, os.O_APPEND), "wb") as file:
            file.write(data)


@asynccontextmanager
async def program(
    argv: Sequence[str], *, env: dict[str, str], folder: Path, log: Log, ended: asyncio.Event
) -> AsyncIterator[TransportStreams]:
    """Yield streams of messages from and to the program. Leaving the block ends it. Raises CannotStart.

    `ended` is set when the program sends nothing more.
    """
    process = await asyncio.to_thread(_started, argv, env, folder)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    loop = asyncio.get_running_loop()
    received = asyncio.StreamReader(LONGEST)
    reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(received), process.stdout)
    errors = asyncio.StreamReader()
    grumbling, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(errors), process.stderr)
    writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, process.stdin)
    writer = asyncio.StreamWriter(writing, protocol, None, loop)

    incoming, messages = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    answers, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_listen(received, incoming, ended)),
        asyncio.create_task(_send(writer, outgoing)),
        asyncio.create_task(_note(errors, log)),
    ]
    try:
        yield messages, answers
    finally:
        if not writing.is_closing():  # it is closed if the program has ended
            writing.abort()  # closing its input ends the program
        for stream in (messages, answers, incoming, outgoing):
            stream.close()
        await _gone(process)
        await asyncio.wait(tasks, timeout=_LAST_WORDS_S)
        for task in tasks:
            task.cancel()
        reading.close()
        grumbling.close()


def _started(argv: Sequence[str], env: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    if not processes.IS_SUPPORTED:
        raise CannotStart("programs are started on Linux and macOS only; here a server needs a url")
    try:
        return subprocess.Popen(
            processes.watched(argv, shares_input=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=env,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        raise CannotStart(f"it cannot be run: {error}") from error


async def _gone(process: subprocess.Popen[bytes]) -> None:
    """Wait for the watcher, which has ended the program by then; on this loop, so that the app can quit meanwhile."""
    left_s = _END_S
    while process.poll() is None and left_s > 0:
        await asyncio.sleep(_REFRESH_S)
        left_s -= _REFRESH_S


async def _listen(
    received: asyncio.StreamReader, incoming: MemoryObjectSendStream[SessionMessage | Exception], ended: asyncio.Event
) -> None:
    """Send each line on as a message, until the program ends or a line is too long."""
    async with incoming:
        with suppress(asyncio.LimitOverrunError, ValueError, anyio.BrokenResourceError, ConnectionError):
            while (line := await received.readline()).endswith(b"\n"):
                await incoming.send(_message(line))
        ended.set()


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:  # the SDK reports it: some servers print other things as well
        return error


async def _send(writer: asyncio.StreamWriter, outgoing: MemoryObjectReceiveStream[SessionMessage]) -> None:
    with suppress(ConnectionError, anyio.EndOfStream):
        async for message in outgoing:
            writer.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            await writer.drain()


async def _note(errors: asyncio.StreamReader, log: Log) -> None:
    """Write to the log until it is full. The rest is read and dropped, because the program would block otherwise."""
    with suppress(OSError):
        try:
            while data := await errors.read(_CHUNK):
                await asyncio.to_thread(log.take, data)
        finally:
            log.end()
