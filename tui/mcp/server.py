"""One configured server: started on first use, restarted after a crash, and ended with the app.

Everything runs on the engine's loop; `status` may be read from any thread. The connection is opened and closed in one
task, as the SDK requires.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from tui.chat.schemas import inline_references
from tui.chat.transcript import Tool
from tui.config import McpServer
from tui.inputs.bounded import decode_json, read_file
from tui.inputs.limits import LOG_BYTES
from tui.mcp.argument_names import with_offered_names
from tui.mcp.message_size import TOO_MUCH
from tui.mcp.redaction import redactor_for
from tui.mcp.start_errors import reason
from tui.mcp.tool_names import name_of
from tui.tools.tool import Failed

if TYPE_CHECKING:
    from mcp_types import CallToolResult
    from mcp_types import Tool as Listed

    from tui.mcp.connection import Connection

State = Literal["not started", "starting", "ready", "failed", "ended"]
_MAX_DESCRIPTION = 4000
_MAX_REASON = 300
_NOT_AT_THE_ROOT = ("oneOf", "anyOf", "allOf", "$schema", "$id")  # the API rejects the first three at the top level
_CLOSE_S = 4.0
_REFRESH_S = 3.0
_PAUSE_S = 0.2


class Status(NamedTuple):
    """The state of a server, for display."""

    name: str
    state: State
    tools: int = 0
    error: str = ""
    """Why the last start failed, or which tools are left out."""


class Server:
    def __init__(
        self, name: str, config: McpServer, *, folder: Path, log: Path, call_limit_s: float, warn: Callable[[str], None]
    ) -> None:
        """`log` receives the server's standard error. `warn` is called when the server had to be restarted."""
        self.name = name
        self.definitions: tuple[Tool, ...] = ()
        """The tools as they are offered, from the first start on."""
        self.log = log
        self._config = config
        self._redact = redactor_for(config)
        self._folder = folder
        self._call_limit_s = call_limit_s
        self._warn = warn
        self._last_status = deque([0], maxlen=1)
        """Of the last HTTP response."""
        self._own_names: dict[str, str] = {}
        self._connection: Connection | None = None
        self._state: State = "not started"
        self._error = ""
        self._start: asyncio.Task[Connection] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def status(self) -> Status:
        has_ended = self._state == "ready" and self._connection is not None and self._connection.has_ended
        return Status(self.name, "ended" if has_ended else self._state, len(self.definitions), self._error)

    async def connection(self) -> Connection:
        """Return the connection, started if needed. Several callers may wait for the same start. Raises Failed."""
        if self._connection is not None and not self._connection.has_ended:
            return self._connection
        if self._start is None or self._start.done():
            self._start = asyncio.get_running_loop().create_task(self._begin())
            self._start.add_done_callback(_seen)
        return await asyncio.shield(self._start)

    async def refresh(self) -> None:
        """Update the list of tools if the server runs and answers at once; otherwise keep the previous list."""
        if self._connection is None or self._connection.has_ended:
            return
        await self._refresh_tools(self._connection)

    async def _refresh_tools(self, connection: Connection) -> None:
        try:
            await asyncio.wait_for(connection.refresh(), _REFRESH_S)
        except Exception:  # noqa: BLE001  (the next call reports what is wrong with the server)
            return
        self._note_tools(connection)

    async def _watch(self, connection: Connection) -> None:
        """Update the tools whenever the server says that they changed, with a pause after each update."""
        while True:
            await connection.until_changed()
            await self._refresh_tools(connection)
            await asyncio.sleep(_PAUSE_S)

    async def call(self, name: str, arguments: dict[str, Any], tell: Callable[[str], None]) -> CallToolResult:
        """Return the result of the tool that is offered under that name. Raises Failed.

        If the server ends during a call, the call is not repeated: it may have been carried out.
        """
        has_crashed = self._connection is not None and self._connection.has_ended
        connection = await self.connection()
        from tui.mcp.connection import MessageTooLarge, ServerEnded, ServerError

        if has_crashed:
            self._warn(f"The MCP server {self.name} had ended, and was started again.")
        if name not in self._own_names:
            raise Failed(f"The server {self.name} has no such tool any more. It has: {', '.join(self._own_names)}.")
        try:
            return await asyncio.wait_for(connection.call(self._own_names[name], arguments, tell), self._call_limit_s)
        except asyncio.TimeoutError as error:
            raise Failed(f"The server {self.name} did not answer within {self._call_limit_s:g} seconds.") from error
        except ServerError as error:
            raise Failed(f"The server {self.name} refused: {self._message(str(error))}") from error
        except MessageTooLarge as error:
            raise Failed(f"The server {self.name} {TOO_MUCH}, which was not read.") from error
        except ServerEnded as error:
            raise Failed(
                f"The server {self.name} ended during the call, which may have been carried out in part. It is started "
                "again with the next call."
            ) from error

    async def restart(self) -> None:
        """End the server if it runs, and start it again. Raises Failed."""
        await self.close()
        self._connection = None
        await self.connection()

    async def close(self) -> None:
        """End the server and every process that it started."""
        self._closing.set()
        if self._keeper is not None:
            await asyncio.wait({self._keeper}, timeout=_CLOSE_S)
        self._state = "not started"

    async def _begin(self) -> Connection:
        if self._keeper is not None and not self._keeper.done():
            await self.close()
        self._state, self._error = "starting", ""
        self._closing = asyncio.Event()
        ready: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.get_running_loop().create_task(self._keep(ready))
        limit_s = self._config.start_timeout_s
        try:
            connection = await asyncio.wait_for(asyncio.shield(ready), limit_s)
        except asyncio.TimeoutError:
            self._keeper.cancel()
            raise self._failed(f"it did not answer within {limit_s} seconds{await self._last_words()}") from None
        except Exception as error:
            raise self._failed(f"{reason(error, self._last_status[0])}{await self._last_words()}") from error
        self._note_tools(connection)
        self._connection, self._state = connection, "ready"
        return connection

    def _note_tools(self, connection: Connection) -> None:
        left_out = list(connection.left_out)
        self._own_names, defined = {}, []
        for tool in connection.tools:
            try:
                defined.append(_defined(self.name, tool))
            except (ValueError, RecursionError):
                left_out.append(f"{tool.name} (the API would not take its schema)")
            else:
                self._own_names[name_of(self.name, tool.name)] = tool.name
        self.definitions = tuple(defined)
        self._error = self._message(f"left out: {', '.join(left_out)}") if left_out else ""

    async def _last_words(self) -> str:
        last = await asyncio.to_thread(_last_line, self.log) if self._config.command else ""
        return f" (last output: {last})" if last else ""

    def _failed(self, reason: str) -> Failed:
        self._state, self._error = "failed", self._message(reason)
        return Failed(f"The MCP server {self.name} did not start: {self._error}.")

    def _message(self, text: str) -> str:
        """Format a message of the server as one short line, without secrets of the configuration."""
        return _short(self._redact(text))

    async def _keep(self, ready: asyncio.Future[Connection]) -> None:
        """Hold the connection open until it ends, or until the server is to be closed."""
        try:
            await asyncio.to_thread(import_module, "tui.mcp.connection")  # takes most of a second, so not on the loop
            from tui.mcp.connection import connect

            self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.log.unlink(missing_ok=True)  # each start has a log of its own
            async with connect(
                self._config,
                folder=self._folder,
                log=self.log,
                redact=self._redact,
                answered=self._last_status.append,
            ) as connection:
                ready.set_result(connection)
                waits = (connection.until_ended(), self._closing.wait(), self._watch(connection))
                ends = [asyncio.ensure_future(end) for end in waits]
                try:
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for end in ends:
                        end.cancel()
        except Exception as error:  # noqa: BLE001  (as above: the next call reports what happens after the start)
            if not ready.done():
                ready.set_exception(error)
                ready.exception()  # marks the exception as retrieved: whoever waited may be gone


def _seen(task: asyncio.Task[Connection]) -> None:
    if not task.cancelled():
        task.exception()


def _defined(server: str, tool: Listed) -> Tool:
    """Return the tool as it is offered. Raises ValueError if the API would reject it."""
    schema = decode_json(inline_references(msgspec.json.encode(tool.input_schema).decode()), type=dict[str, Any])
    schema = with_offered_names(schema)
    kept = {"type": "object", **{key: value for key, value in schema.items() if key not in _NOT_AT_THE_ROOT}}
    description = (tool.description or tool.title or "")[:_MAX_DESCRIPTION]
    return Tool(
        name=name_of(server, tool.name),
        description=description.encode("utf-8", "replace").decode(),
        input_schema=msgspec.json.encode(kept | {"type": "object"}).decode(),
    )


def _last_line(log: Path) -> str:
    """Return the last line that a program wrote to standard error."""
    try:
        lines = read_file(log, LOG_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _short(text: str) -> str:
    words = " ".join(text.split()).rstrip(".")
    return words if len(words) <= _MAX_REASON else words[: _MAX_REASON - 1] + "…"
