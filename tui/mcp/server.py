"""One configured server: started when it is first needed, asked, started again after a crash, and ended with the app.

Everything here happens on the engine's loop; `status` may be looked at from anywhere. The connection lives in a task of its
own, since the SDK wants it left where it was entered.
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
from tui.mcp.concealing import concealer
from tui.mcp.keys import renamed
from tui.mcp.names import name_of
from tui.mcp.reasons import reason
from tui.mcp.sizes import TOO_MUCH
from tui.tools.tool import Failed

if TYPE_CHECKING:
    from mcp_types import CallToolResult
    from mcp_types import Tool as Listed

    from tui.mcp.link import Link

State = Literal["not started", "starting", "ready", "failed", "ended"]
_LONGEST_DESCRIPTION = 4000
_LONGEST_REASON = 300
_NOT_AT_THE_ROOT = ("oneOf", "anyOf", "allOf", "$schema", "$id")  # the first three are refused there by the API
_LEAVE_S = 4.0
_LOOK_S = 3.0
_BREATH_S = 0.2


class Status(NamedTuple):
    """How a server stands."""

    name: str
    state: State
    tools: int = 0
    error: str = ""
    """Why it failed last, or which of its tools are left out."""


class Server:
    def __init__(
        self, name: str, said: McpServer, *, folder: Path, log: Path, call_limit_s: float, warn: Callable[[str], None]
    ) -> None:
        """`log` gets what it says on standard error; `warn` is told when it has to be started again."""
        self.name = name
        self.definitions: tuple[Tool, ...] = ()
        """Its tools as they are offered, from when it has started on."""
        self.log = log
        self._said = said
        self._conceal = concealer(said)
        self._folder = folder
        self._call_limit_s = call_limit_s
        self._warn = warn
        self._last_status = deque([0], maxlen=1)
        """Of the answers of its address."""
        self._own_names: dict[str, str] = {}
        self._link: Link | None = None
        self._state: State = "not started"
        self._error = ""
        self._start: asyncio.Task[Link] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._leaving = asyncio.Event()

    @property
    def status(self) -> Status:
        has_ended = self._state == "ready" and self._link is not None and self._link.has_ended
        return Status(self.name, "ended" if has_ended else self._state, len(self.definitions), self._error)

    async def started(self) -> Link:
        """The connection, made if there is none. Many may wait for one start. Raises Failed."""
        if self._link is not None and not self._link.has_ended:
            return self._link
        if self._start is None or self._start.done():
            self._start = asyncio.get_running_loop().create_task(self._begin())
            self._start.add_done_callback(_seen)
        return await asyncio.shield(self._start)

    async def look_again(self) -> None:
        """Notes what tools it has now, if it runs and says so at once; else it has those that it had."""
        if self._link is None or self._link.has_ended:
            return
        await self._look(self._link)

    async def _look(self, link: Link) -> None:
        try:
            await asyncio.wait_for(link.look_again(), _LOOK_S)
        except Exception:  # noqa: BLE001  (what is wrong with it is found by the next call)
            return
        self._note_tools(link)

    async def _watch(self, link: Link) -> None:
        """Keeps up with its tools, as often as it says that they have changed, but not all the time."""
        while True:
            await link.until_changed()
            await self._look(link)
            await asyncio.sleep(_BREATH_S)

    async def call(self, name: str, arguments: dict[str, Any], tell: Callable[[str], None]) -> CallToolResult:
        """The result of the tool that is offered under that name. Raises Failed.

        A call during which the server goes away is not made again: it may have been carried out.
        """
        has_crashed = self._link is not None and self._link.has_ended
        link = await self.started()
        from tui.mcp.link import Ended, Refused, TooMuch

        if has_crashed:
            self._warn(f"The MCP server {self.name} had ended, and was started again.")
        if name not in self._own_names:
            raise Failed(f"The server {self.name} has no such tool any more. It has: {', '.join(self._own_names)}.")
        try:
            return await asyncio.wait_for(link.call(self._own_names[name], arguments, tell), self._call_limit_s)
        except asyncio.TimeoutError as error:
            raise Failed(f"The server {self.name} gave no answer within {self._call_limit_s:g} seconds.") from error
        except Refused as error:
            raise Failed(f"The server {self.name} refused: {self._told(str(error))}") from error
        except TooMuch as error:
            raise Failed(f"The server {self.name} {TOO_MUCH}, which was not read.") from error
        except Ended as error:
            raise Failed(
                f"The server {self.name} ended during the call, which may have been carried out in part. It is started "
                "again with the next call."
            ) from error

    async def restart(self) -> None:
        """Ends it, if it runs, and starts it anew. Raises Failed."""
        await self.close()
        self._link = None
        await self.started()

    async def close(self) -> None:
        """Ends it. What it has started itself ends with it."""
        self._leaving.set()
        if self._keeper is not None:
            await asyncio.wait({self._keeper}, timeout=_LEAVE_S)
        self._state = "not started"

    async def _begin(self) -> Link:
        if self._keeper is not None and not self._keeper.done():
            await self.close()
        self._state, self._error = "starting", ""
        self._leaving = asyncio.Event()
        ready: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.get_running_loop().create_task(self._keep(ready))
        limit_s = self._said.start_timeout_s
        try:
            link = await asyncio.wait_for(asyncio.shield(ready), limit_s)
        except asyncio.TimeoutError:
            self._keeper.cancel()
            raise self._failed(f"it did not answer within {limit_s} seconds{await self._last_words()}") from None
        except Exception as error:
            raise self._failed(f"{reason(error, self._last_status[0])}{await self._last_words()}") from error
        self._note_tools(link)
        self._link, self._state = link, "ready"
        return link

    def _note_tools(self, link: Link) -> None:
        left_out = list(link.left_out)
        self._own_names, defined = {}, []
        for tool in link.tools:
            try:
                defined.append(_defined(self.name, tool))
            except (ValueError, RecursionError):
                left_out.append(f"{tool.name} (the API would not take its schema)")
            else:
                self._own_names[name_of(self.name, tool.name)] = tool.name
        self.definitions = tuple(defined)
        self._error = self._told(f"left out: {', '.join(left_out)}") if left_out else ""

    async def _last_words(self) -> str:
        last = await asyncio.to_thread(_last_line, self.log) if self._said.command else ""
        return f" (it said: {last})" if last else ""

    def _failed(self, reason: str) -> Failed:
        self._state, self._error = "failed", self._told(reason)
        return Failed(f"The MCP server {self.name} did not start: {self._error}.")

    def _told(self, text: str) -> str:
        """Words of a server in one short line, without what the configuration gives to it and may be secret."""
        return _short(self._conceal(text))

    async def _keep(self, ready: asyncio.Future[Link]) -> None:
        """Holds the connection open until it ends by itself, or is to be left."""
        try:
            await asyncio.to_thread(import_module, "tui.mcp.link")  # most of a second, on no loop
            from tui.mcp.link import connected

            self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.log.unlink(missing_ok=True)  # each start has its own
            async with connected(
                self._said,
                folder=self._folder,
                log=self.log,
                conceal=self._conceal,
                answered=self._last_status.append,
            ) as link:
                ready.set_result(link)
                waits = (link.until_ended(), self._leaving.wait(), self._watch(link))
                ends = [asyncio.ensure_future(end) for end in waits]
                try:
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for end in ends:
                        end.cancel()
        except Exception as error:  # noqa: BLE001  (the same; what comes after the start is found by the next call)
            if not ready.done():
                ready.set_exception(error)
                ready.exception()  # counts as seen: whoever waited may have gone


def _seen(task: asyncio.Task[Link]) -> None:
    if not task.cancelled():
        task.exception()


def _defined(server: str, tool: Listed) -> Tool:
    """The tool as it is offered. Raises ValueError where it cannot be."""
    schema = decode_json(inline_references(msgspec.json.encode(tool.input_schema).decode()), type=dict[str, Any])
    schema = renamed(schema)
    kept = {"type": "object", **{key: value for key, value in schema.items() if key not in _NOT_AT_THE_ROOT}}
    description = (tool.description or tool.title or "")[:_LONGEST_DESCRIPTION]
    return Tool(
        name=name_of(server, tool.name),
        description=description.encode("utf-8", "replace").decode(),
        input_schema=msgspec.json.encode(kept | {"type": "object"}).decode(),
    )


def _last_line(log: Path) -> str:
    """What a program said last on standard error before it ended."""
    try:
        lines = read_file(log, LOG_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _short(text: str) -> str:
    words = " ".join(text.split()).rstrip(".")
    return words if len(words) <= _LONGEST_REASON else words[: _LONGEST_REASON - 1] + "…"
