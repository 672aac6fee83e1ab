"""The tools of a chat: built-in tools, MCP tools and web search. Created on first use, after the first paint."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.model import Model
from tui.chat.tools import Access, PermissionDecision, ToolEvent
from tui.chat.transcript import Document, Image, Tool, ToolResult, ToolUse
from tui.config import Settings
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.mcp.servers import Servers
    from tui.tools.toolbox import Toolbox

_HARMLESS = frozenset(("HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"))
"""Variables that commands get even if the configuration refers to them by `${…}`: they hold no secrets."""


def load_tools() -> None:
    """Import the modules of the tools. Takes about 20 ms, on any thread."""
    for name in ("built_in", "command", "permission", "toolbox"):
        import_module(f"tui.tools.{name}")


class Toolset:
    """The toolbox of a session. The built-in tools work in the current folder."""

    def __init__(
        self,
        settings: Settings,
        model: Callable[[], Model],
        warn: Callable[[str], None],
        *,
        access: Access,
        asks: bool,
        servers: Servers | None = None,
    ) -> None:
        """Create the toolbox.

        `model` returns the model that reads the results. `warn` is called with warnings, from any thread. With `asks` False,
        calls that need permission are refused. `servers` are the MCP servers.
        """
        self._settings = settings
        self._model = model
        self._warn = warn
        self._access: Access = access
        self.allowed_always: Callable[[str], None] = lambda _: None
        """Called with each rule that the user allows permanently, from any thread."""
        self._added_rules: list[str] = []
        self._asks = asks
        self._servers = servers
        self._excluded: frozenset[str] = frozenset()
        """Server-side tools that the provider rejects."""
        self._mcp_tools: tuple[Tool, ...] | None = None
        """The MCP tools that this chat offers. None before the first request."""
        self.offered: Callable[[], tuple[Tool, ...]] = tuple
        """Return the tools that the conversation offers now."""

    @property
    def access(self) -> Access:
        """What Claude may do. A change applies to the next call; offered tools change with `Session.offer_tools`."""
        return self._access

    @access.setter
    def access(self, access: Access) -> None:
        self._access = access
        if "_box" in self.__dict__:
            self._box.gate.access = access

    @property
    def tools(self) -> tuple[Tool, ...]:
        self._restore_mcp_tools()
        return () if self._access == "none" else (*self._box.tools, *self._server_side_tools)

    async def prepare(self) -> tuple[str, ...]:
        """Start the MCP servers for a new chat. Return a message for each that did not start."""
        if self._servers is None or self._access != "ask":
            return ()
        messages = await self._servers.start()
        self.renew()
        return messages

    def renew(self) -> None:
        """Update the MCP tools to those that the servers have now. Offered from the next `Session.use_tools` on.

        The tools of a server that is not running stay.
        """
        tools = self._current_mcp_tools()
        if tools != (self._mcp_tools or ()):
            self._use_mcp_tools(tools)

    @property
    def pending_changes(self) -> tuple[int, int]:
        """How many tools `renew` would add or change, and how many it would remove."""
        now, had = self._current_mcp_tools(), self._mcp_tools or ()
        return sum(tool not in had for tool in now), len({one.name for one in had} - {one.name for one in now})

    def _current_mcp_tools(self) -> tuple[Tool, ...]:
        self._restore_mcp_tools()
        if self._servers is None:
            return ()
        from tui.mcp.tool_names import server_of

        had, now = self._mcp_tools or (), self._servers.definitions
        started = {server_of(tool.name) for tool in now}
        return (*(tool for tool in had if server_of(tool.name) not in started), *now)

    def disable(self, names: Collection[str]) -> None:
        self._excluded |= frozenset(names)

    async def run(self, call: ToolUse, tell: Callable[[ToolEvent], None]) -> ToolResult:
        self._restore_mcp_tools()
        return await self._box.run(call, tell)

    def _restore_mcp_tools(self) -> None:
        """Offer the MCP tools of a stored chat, whether or not their servers are running."""
        if self._mcp_tools is None and self._servers is not None:
            from tui.mcp.tool_names import server_of

            kept = tuple(tool for tool in self.offered() if server_of(tool.name))
            if kept:
                self._use_mcp_tools(kept)

    def _use_mcp_tools(self, definitions: tuple[Tool, ...]) -> None:
        from tui.mcp.tool import RemoteTool

        assert self._servers is not None
        self._mcp_tools = definitions
        homes = ((one, self._servers.of_tool(one.name)) for one in definitions)
        self._box.extend([RemoteTool(one, server, self._prepare_file) for one, server in homes if server is not None])

    def answer(self, call_id: str, verdict: PermissionDecision) -> None:
        """Answer a pending permission request, from any thread. Others are ignored."""
        if "_box" in self.__dict__:
            self._box.gate.answer(call_id, verdict)

    @property
    def _server_side_tools(self) -> tuple[Tool, ...]:
        """Tools that Anthropic runs. They need no permission: they do not read the user's data."""
        search = self._settings.tools.web_search
        if search is None or "web_search" in self._excluded:
            return ()
        from tui.anthropic.server_tools import web_search

        return (web_search(search.max_uses, search.allowed_domains, search.blocked_domains),)

    @cached_property
    def _box(self) -> Toolbox:
        from tui.tools.built_in import built_in
        from tui.tools.environment import CREDENTIALS
        from tui.tools.permission import PermissionGate
        from tui.tools.toolbox import Toolbox

        settings, options = self._settings, self._settings.tools
        kinds = built_in(
            Path.cwd(),
            [Path(folder).expanduser() for folder in options.folders],
            see=self._prepare_file,
            private_hosts=options.private_hosts,
            command_timeout_s=options.command_timeout_s,
            ours=[settings.file, *(getattr(settings.folders, name) for name in settings.folders.__struct_fields__)],
            withheld=(CREDENTIALS | settings.variables) - _HARMLESS - set(options.command_env),
            given=options.command_env,
        )
        return Toolbox(
            kinds, PermissionGate((*options.allow, *self._added_rules), self._access, self._store_rule, asks=self._asks)
        )

    async def _prepare_file(self, data: bytes, name: str) -> Image | Document:
        import asyncio  # not needed by a new chat

        from tui.images.attach import attach_bytes

        return await asyncio.to_thread(attach_bytes, data, name, self._model())

    def learn(self, rules: Iterable[str]) -> None:
        """Add rules that the user allowed permanently in another chat. From any thread."""
        for rule in rules:
            self._added_rules.append(rule)
            if "_box" in self.__dict__:
                self._box.gate.learn(rule)

    def _store_rule(self, rule: str) -> None:
        from tui.config.writing import add_rule

        self.allowed_always(rule)
        try:
            add_rule(self._settings.file, rule)
        except TuiError as error:
            self._warn(error.message)


def mcp_servers(settings: Settings, warn: Callable[[str], None]) -> Servers | None:
    """Return the MCP servers of the configuration, or None without any. They are started by the first chat."""
    if not settings.mcp:
        return None
    from tui.mcp.servers import Servers

    return Servers(
        settings.mcp,
        folder=Path.cwd(),
        logs=settings.folders.state / "mcp",
        call_limit_s=settings.tools.command_timeout_s,
        warn=warn,
    )
