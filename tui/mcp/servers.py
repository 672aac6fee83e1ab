"""All servers of the configuration. The SDK is not loaded before one of them starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from tui.chat.transcript import Tool
from tui.config import McpServer
from tui.mcp.names import server_of
from tui.mcp.reasons import MISSING
from tui.mcp.server import Server, Status
from tui.tools.tool import Failed

CALL_LIMIT_S = 120.0


class Servers:
    """To be used on one loop; `statuses` may be looked at from anywhere."""

    def __init__(
        self,
        said: Mapping[str, McpServer],
        *,
        folder: Path,
        logs: Path,
        call_limit_s: float = CALL_LIMIT_S,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Programs are started in `folder`; what they say on standard error goes to files in `logs`. `warn` is told of
        one that had to be started again.
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
            for name, one in said.items()
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
        """The tools of all that have started, in the order of the configuration."""
        return tuple(tool for server in self._servers.values() for tool in server.definitions)

    def of_tool(self, name: str) -> Server | None:
        """The server that a tool belongs to; None for one that the configuration does not have any more."""
        return self._servers.get(server_of(name))

    async def start(self) -> tuple[str, ...]:
        """Starts what was not tried yet, and looks at what tools the others have by now.

        Returns a sentence for each that did not start, which is left out from then on, or has tools that cannot be offered.
        """
        waiting = [server for server in self._servers.values() if server.status.state in ("not started", "starting")]
        if waiting and find_spec("mcp") is None:
            return (f"{MISSING}. Until then the tools of {', '.join(self._servers)} are left out.",)
        known = [server.look_again() for server in self._servers.values() if server not in waiting]
        starts = asyncio.gather(*(server.started() for server in waiting), return_exceptions=True)
        outcomes, _ = await asyncio.gather(starts, asyncio.gather(*known))
        failed = (f"{one.text} Its tools are left out of this chat." for one in outcomes if isinstance(one, Failed))
        started = (server.status for server in waiting if server.status.state == "ready")
        return (*failed, *(f"The MCP server {one.name} works; {one.error}." for one in started if one.error))

    async def restart(self, name: str) -> str:
        """Starts one anew; what became of it, in a sentence."""
        server = self._servers[name]
        try:
            await server.restart()
        except Failed as failed:
            return failed.text
        return f"The MCP server {name} has started."

    async def aclose(self) -> None:
        """Ends all."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))
