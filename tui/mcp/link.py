"""One connection to a server, by the official SDK. This module and `stdio` alone import it: when a server starts."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client
from mcp.client import IncomingMessage
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, Implementation, ToolListChangedNotification

import tui
from tui.config import McpServer
from tui.mcp import http, stdio
from tui.mcp.concealing import Concealer
from tui.mcp.repairing import repaired
from tui.mcp.sizes import EXCEEDED, LONGEST

if TYPE_CHECKING:
    from mcp_types import CallToolResult, Tool

_MOST_PAGES = 50
_PLAIN = {"TERM": "dumb", "NO_COLOR": "1"}

for _name in ("mcp", "client", "httpx2"):  # the SDK's loggers, which would write to the terminal if nobody listened
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Ended(Exception):
    """The server has gone, or cannot be reached any more."""


class Refused(Exception):
    """The server answered with an error of the protocol. The text is its own."""


class TooMuch(Exception):
    """The server gave more than is read, and nothing of it was kept."""


class Link:
    """A server that has started."""

    def __init__(
        self,
        client: Client,
        tools: tuple[Tool, ...],
        left_out: list[str],
        ended: asyncio.Event,
        changed: asyncio.Event,
    ) -> None:
        """`left_out` names the tools of the last look that cannot be offered, with the reasons."""
        self.tools = tools
        self.left_out = left_out
        self._client = client
        self._ended = ended
        self._changed = changed

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    async def until_ended(self) -> None:
        await self._ended.wait()

    async def until_changed(self) -> None:
        """Waits for its word that its tools are others."""
        await self._changed.wait()
        self._changed.clear()

    async def look_again(self) -> None:
        """Asks for its tools once more. Raises whatever goes wrong."""
        self.left_out.clear()
        self.tools = await _listed(self._client)

    async def call(self, name: str, arguments: dict[str, Any], tell: Callable[[str], None]) -> CallToolResult:
        """The result of a tool. `tell` is told how far it has come. Raises Ended, Refused and TooMuch."""

        async def progress(progress: float, total: float | None, message: str | None) -> None:
            tell(f"{message or 'at'} {progress:g}{f' of {total:g}' if total else ''}\n")

        try:
            return await self._client.call_tool(name, arguments, progress_callback=progress)
        except MCPError as error:
            if EXCEEDED in error.message:
                raise TooMuch(EXCEEDED) from error
            if error.code == CONNECTION_CLOSED:
                self._ended.set()
                raise Ended(error.message) from error
            raise Refused(error.message) from error
        except (httpx2.HTTPError, OSError) as error:
            self._ended.set()
            raise Ended(str(error) or type(error).__name__) from error
        except (RuntimeError, ValueError) as error:  # what it gave does not fit the protocol, or its own schema
            raise Refused(str(error)) from error


@asynccontextmanager
async def connected(
    said: McpServer, *, folder: Path, log: Path, conceal: Concealer, answered: Callable[[int], None]
) -> AsyncIterator[Link]:
    """The server once it has answered and named its tools. Leaving the block ends it. Raises whatever goes wrong.

    `answered` is told the status of each answer of its address.
    """
    ended = asyncio.Event()
    async with AsyncExitStack() as stack:
        if said.url:
            client = await stack.enter_async_context(http.client(said.url, said.headers, answered))
            transport: Any = streamable_http_client(said.url, http_client=client, max_sse_event_size=LONGEST)
        else:
            transport = _program(said, folder, stdio.Log(log, conceal), ended)
        changed = asyncio.Event()

        async def hear(message: IncomingMessage) -> None:
            if isinstance(message, ToolListChangedNotification):
                changed.set()

        ours = Implementation(name="prx", version=tui.__version__)
        left_out: list[str] = []
        transport = repaired(transport, left_out.extend)
        speaker = await stack.enter_async_context(Client(transport, client_info=ours, message_handler=hear))
        tools = await _listed(speaker)
        listening = asyncio.create_task(_listen(speaker, changed))
        listening.add_done_callback(lambda task: task.cancelled() or task.exception())  # counts as seen
        stack.callback(listening.cancel)
        yield Link(speaker, tools, left_out, ended, changed)


async def _listen(client: Client, changed: asyncio.Event) -> None:
    """Hears of changed tools where that has to be asked for, as since 2026.

    Raises where that cannot be asked for, and when the server goes: less is heard then, and nothing else is lost.
    """
    async with client.listen(tools_list_changed=True) as events:
        changed.set()  # they may have, before it listened
        async for _ in events:
            changed.set()


def _program(said: McpServer, folder: Path, log: stdio.Log, ended: asyncio.Event) -> Any:
    env = get_default_environment() | _PLAIN | said.env
    found = shutil.which(said.command, path=env.get("PATH", os.defpath))
    if found is None:
        raise stdio.CannotStart(f"there is no program {said.command}")
    return stdio.program([found, *said.args], env=env, folder=folder, log=log, ended=ended)


async def _listed(client: Client) -> tuple[Tool, ...]:
    found: list[Tool] = []
    left = LONGEST
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        left -= len(page.model_dump_json())
        if left < 0:
            raise TooMuch(EXCEEDED)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tuple(found)
