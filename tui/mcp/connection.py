"""One connection to a server, made with the official SDK. Only this module and `stdio` import the SDK, when a server
starts.
"""

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
from tui.mcp.message_size import EXCEEDED, LONGEST
from tui.mcp.redaction import Redactor
from tui.mcp.repairing_transport import repaired

if TYPE_CHECKING:
    from mcp_types import CallToolResult, Tool

_MAX_PAGES = 50
_PLAIN = {"TERM": "dumb", "NO_COLOR": "1"}

for _name in ("mcp", "client", "httpx2"):  # the SDK's loggers, which would write to the terminal if they had no handler
    logging.getLogger(_name).addHandler(logging.NullHandler())


class ServerEnded(Exception):
    """The server has ended, or can no longer be reached."""


class ServerError(Exception):
    """The server answered with an error of the protocol. The message is the server's."""


class MessageTooLarge(Exception):
    """The server sent more than is read. Nothing of it was kept."""


class Connection:
    """A started server."""

    def __init__(
        self,
        client: Client,
        tools: tuple[Tool, ...],
        left_out: list[str],
        ended: asyncio.Event,
        changed: asyncio.Event,
    ) -> None:
        """`left_out` names the tools of the last list that cannot be offered, with the reasons."""
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
        """Wait until the server says that its tools have changed."""
        await self._changed.wait()
        self._changed.clear()

    async def refresh(self) -> None:
        """Request the list of tools again. Raises whatever goes wrong."""
        self.left_out.clear()
        self.tools = await _listed(self._client)

    async def call(self, name: str, arguments: dict[str, Any], tell: Callable[[str], None]) -> CallToolResult:
        """Return the result of a tool. `tell` is called with the progress.

        Raises ServerEnded, ServerError and MessageTooLarge.
        """

        async def progress(progress: float, total: float | None, message: str | None) -> None:
            tell(f"{message or 'at'} {progress:g}{f' of {total:g}' if total else ''}\n")

        try:
            return await self._client.call_tool(name, arguments, progress_callback=progress)
        except MCPError as error:
            if EXCEEDED in error.message:
                raise MessageTooLarge(EXCEEDED) from error
            if error.code == CONNECTION_CLOSED:
                self._ended.set()
                raise ServerEnded(error.message) from error
            raise ServerError(error.message) from error
        except (httpx2.HTTPError, OSError) as error:
            self._ended.set()
            raise ServerEnded(str(error) or type(error).__name__) from error
        except (RuntimeError, ValueError) as error:  # the result does not fit the protocol, or the tool's own schema
            raise ServerError(str(error)) from error


@asynccontextmanager
async def connect(
    config: McpServer, *, folder: Path, log: Path, redact: Redactor, answered: Callable[[int], None]
) -> AsyncIterator[Connection]:
    """Yield the server once it has answered and listed its tools. Leaving the block ends it. Raises whatever goes wrong.

    `answered` is called with the status of each HTTP response.
    """
    ended = asyncio.Event()
    async with AsyncExitStack() as stack:
        if config.url:
            client = await stack.enter_async_context(http.client(config.url, config.headers, answered))
            transport: Any = streamable_http_client(config.url, http_client=client, max_sse_event_size=LONGEST)
        else:
            transport = _program(config, folder, stdio.Log(log, redact), ended)
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
        listening.add_done_callback(
            lambda task: task.cancelled() or task.exception()
        )  # marks the exception as retrieved
        stack.callback(listening.cancel)
        yield Connection(speaker, tools, left_out, ended, changed)


async def _listen(client: Client, changed: asyncio.Event) -> None:
    """Be notified of changed tools, where a client has to ask for that (protocols since 2026).

    Raises if that is not supported, or when the server ends. Then changes are not noticed, and nothing else is lost.
    """
    async with client.listen(tools_list_changed=True) as events:
        changed.set()  # they may have changed before this listened
        async for _ in events:
            changed.set()


def _program(config: McpServer, folder: Path, log: stdio.Log, ended: asyncio.Event) -> Any:
    env = get_default_environment() | _PLAIN | config.env
    found = shutil.which(config.command, path=env.get("PATH", os.defpath))
    if found is None:
        raise stdio.CannotStart(f"there is no program {config.command}")
    return stdio.program([found, *config.args], env=env, folder=folder, log=log, ended=ended)


async def _listed(client: Client) -> tuple[Tool, ...]:
    found: list[Tool] = []
    left = LONGEST
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        left -= len(page.model_dump_json())
        if left < 0:
            raise MessageTooLarge(EXCEEDED)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tuple(found)
