"""All servers of the configuration. The SDK is loaded when the first of them starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from tui.chat.transcript import Tool
from tui.config import McpServer
from tui.mcp.server import Server, Status
from tui.mcp.start_errors import MISSING
from tui.mcp.tool_names import server_of
from tui.tools.tool import Failed

CALL_LIMIT_S = 120.0


class Servers:
    """The configured servers. To be used on one loop; `statuses` may be read from any thread."""

    def __init__(
        self,
        config: Mapping[str, McpServer],
        *,
        folder: Path,
        logs: Path,
        call_limit_s: float = CALL_LIMIT_S,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Programs are started in `folder`, and their standard error goes to files in `logs`. `warn` is called when a
        server had to be restarted.
        """
        self._servers = {
            name: Server(
                name,
                one,
                folder=folder,
                log=logs / f"{name}.log",
                call_limit_s=call_limit_s,
                warn=lambda text: warn(text),
            )
            for name, one in config.items()
            if one.enabled
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._servers)

    @property
    def statuses(self) -> tuple[Status, ...]:
        return tuple(server.status for server in self._servers.values())

    @property
    def definitions(self) -> tuple[Tool, ...]:
        """The tools of all started servers, in the order of the configuration."""
        return tuple(tool for server in self._servers.values() for tool in server.definitions)

    def of_tool(self, name: str) -> Server | None:
        """Return the server that a tool belongs to; None if it is no longer configured."""
        return self._servers.get(server_of(name))

    async def start(self) -> tuple[str, ...]:
        """Start the servers that were not tried yet, and update the tools of the others.

        Return a sentence for each server that did not start, and for each that has tools which cannot be offered.
        """
        waiting = [server for server in self._servers.values() if server.status.state in ("not started", "starting")]
        if waiting and find_spec("mcp") is None:
            return (f"{MISSING}. Until then the tools of {', '.join(self._servers)} are left out.",)
        known = [server.refresh() for server in self._servers.values() if server not in waiting]
        starts = asyncio.gather(*(server.connection() for server in waiting), return_exceptions=True)
        outcomes, _ = await asyncio.gather(starts, asyncio.gather(*known))
        failed = (f"{one.text} Its tools are left out of this chat." for one in outcomes if isinstance(one, Failed))
        started = (server.status for server in waiting if server.status.state == "ready")
        return (*failed, *(f"The MCP server {one.name} works; {one.error}." for one in started if one.error))

    async def restart(self, name: str) -> str:
        """Restart one server. Return the outcome as a sentence."""
        server = self._servers[name]
        try:
            await server.restart()
        except Failed as failed:
            return failed.text
        return f"The MCP server {name} has started."

    async def aclose(self) -> None:
        """End all servers."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))
