"""A server that is a program: messages as lines on its standard input and output, under the watcher.

Not the SDK's own way to start one, for three reasons: nothing of a server may outlive the app, even one that is killed; a
line without end must not fill the memory; and what it says on standard error belongs in a file, up to a limit.
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
from tui.mcp.concealing import Concealer
from tui.mcp.sizes import LONGEST
from tui.tools import processes

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams

_MOST_LOG = 1024 * 1024  # bytes of what it says on standard error
_CHUNK = 64 * 1024
_LOOK_S = 0.02
_LAST_WORDS_S = 0.2  # for what a program said just before it ended
_END_S = 3.0  # the watcher needs less, whatever the program does


class CannotStart(TuiError):
    """The program of a server cannot be run."""


class Log:
    """A file with what a program says on standard error, as it says it, without what was given to it as a secret."""

    def __init__(self, file: Path, conceal: Concealer) -> None:
        self._file = file
        self._conceal = conceal
        self._left = _MOST_LOG
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        """What may be the beginning of a secret."""

    def take(self, data: bytes) -> None:
        """Raises OSError."""
        text = self._held + self._decode(data)
        settled = self._conceal.settled(text)
        self._held = text[settled:]
        self._write(text[:settled])

    def end(self) -> None:
        """Writes what is left. Raises OSError."""
        self._write(self._held + self._decode(b"", final=True))
        self._held = ""

    def _write(self, text: str) -> None:
        if not text or self._left <= 0:
            return
        told = self._conceal(text).encode()[: self._left]
        self._left -= len(told)
        with os.fdopen(open_to_write(self._file, os.O_APPEND), "wb") as file:
            file.write(told)


@asynccontextmanager
async def program(
    argv: Sequence[str], *, env: dict[str, str], folder: Path, log: Log, ended: asyncio.Event
) -> AsyncIterator[TransportStreams]:
    """Streams of messages from and to the program. Leaving the block has it ended. Raises CannotStart.

    `ended` is set when it says no more.
    """
    process = await asyncio.to_thread(_started, argv, env, folder)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    loop = asyncio.get_running_loop()
    said = asyncio.StreamReader(LONGEST)
    heard, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(said), process.stdout)
    errors = asyncio.StreamReader()
    grumbling, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(errors), process.stderr)
    telling, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, process.stdin)
    told = asyncio.StreamWriter(telling, protocol, None, loop)

    incoming, messages = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    answers, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_listen(said, incoming, ended)),
        asyncio.create_task(_tell(told, outgoing)),
        asyncio.create_task(_note(errors, log)),
    ]
    try:
        yield messages, answers
    finally:
        if not telling.is_closing():  # it is, where the program has gone
            telling.abort()  # the end of its input is what ends it
        for stream in (messages, answers, incoming, outgoing):
            stream.close()
        await _gone(process)
        await asyncio.wait(tasks, timeout=_LAST_WORDS_S)
        for task in tasks:
            task.cancel()
        heard.close()
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
    """Waits for the watcher, which has ended the program then; on this loop, so that the app can end meanwhile."""
    left_s = _END_S
    while process.poll() is None and left_s > 0:
        await asyncio.sleep(_LOOK_S)
        left_s -= _LOOK_S


async def _listen(
    said: asyncio.StreamReader, incoming: MemoryObjectSendStream[SessionMessage | Exception], ended: asyncio.Event
) -> None:
    """Hands on each line as a message. Ends with the program, or with a line that is too long."""
    async with incoming:
        with suppress(asyncio.LimitOverrunError, ValueError, anyio.BrokenResourceError, ConnectionError):
            while (line := await said.readline()).endswith(b"\n"):
                await incoming.send(_message(line))
        ended.set()


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:  # the SDK takes note of it: some servers print other things as well
        return error


async def _tell(told: asyncio.StreamWriter, outgoing: MemoryObjectReceiveStream[SessionMessage]) -> None:
    with suppress(ConnectionError, anyio.EndOfStream):
        async for message in outgoing:
            told.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            await told.drain()


async def _note(errors: asyncio.StreamReader, log: Log) -> None:
    """Writes what comes to the log, until that is full; the rest is read all the same, or the program would wait."""
    with suppress(OSError):
        try:
            while data := await errors.read(_CHUNK):
                await asyncio.to_thread(log.take, data)
        finally:
            log.end()
