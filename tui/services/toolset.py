"""The tools of a chat under these settings, made when they are first needed: the first paint waits for none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.model import Model
from tui.chat.tools import Access, ToolEvent, Verdict
from tui.chat.transcript import Document, Image, Tool, ToolResult, ToolUse
from tui.config import Settings
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.mcp.servers import Servers
    from tui.tools.toolbox import Box

_EVERYDAY = frozenset(("HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"))
"""Variables that hold no secret, and that commands need, though a `${…}` in the configuration names them."""


def load_tools() -> None:
    """Loads what the tools are made of. That takes some 20 ms, on whatever thread it is called."""
    for name in ("built_in", "command", "permission", "toolbox"):
        import_module(f"tui.tools.{name}")


class Toolset:
    """What a session is given as its toolbox: the built-in tools, for the folder that the program runs in."""

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
        """`model` sees what tools find. `warn` is told, from any thread, what went wrong beside a call. Without `asks`,
        whatever would ask the user is refused. `servers` have further tools.
        """
        self._settings = settings
        self._model = model
        self._warn = warn
        self._access: Access = access
        self.allowed_always: Callable[[str], None] = lambda _: None
        """Is told, from any thread, of each rule that the user allows always."""
        self._learned: list[str] = []
        self._asks = asks
        self._servers = servers
        self._forgone: frozenset[str] = frozenset()
        """Tools of the provider that it will not have offered."""
        self._of_servers: tuple[Tool, ...] | None = None
        """Their tools in this chat, as it began with them. None: it has not begun, or nobody has looked yet."""
        self.offered: Callable[[], tuple[Tool, ...]] = tuple
        """What the conversation offers now."""

    @property
    def access(self) -> Access:
        """What Claude may do. A change counts from the next call on; what is offered, from the session's next `equip` on."""
        return self._access

    @access.setter
    def access(self, access: Access) -> None:
        self._access = access
        if "_box" in self.__dict__:
            self._box.gate.access = access

    @property
    def tools(self) -> tuple[Tool, ...]:
        self._remember()
        return () if self._access == "none" else (*self._box.tools, *self._of_the_provider)

    async def prepare(self) -> tuple[str, ...]:
        """Starts the servers, for a chat that begins. Returns a sentence for each that did not start."""
        if self._servers is None or self._access != "ask":
            return ()
        said = await self._servers.start()
        self.renew()
        return said

    def renew(self) -> None:
        """Takes the tools that the servers have now, to be offered from `Session.use_tools` on.

        Those of a server that has not started stay.
        """
        now = self._renewed()
        if now != (self._of_servers or ()):
            self._take(now)

    @property
    def news(self) -> tuple[int, int]:
        """What `renew` would change: how many tools are new, or others than they were, and how many are gone."""
        now, had = self._renewed(), self._of_servers or ()
        return sum(tool not in had for tool in now), len({one.name for one in had} - {one.name for one in now})

    def _renewed(self) -> tuple[Tool, ...]:
        self._remember()
        if self._servers is None:
            return ()
        from tui.mcp.names import server_of

        had, now = self._of_servers or (), self._servers.definitions
        started = {server_of(tool.name) for tool in now}
        return (*(tool for tool in had if server_of(tool.name) not in started), *now)

    def forgo(self, names: Collection[str]) -> None:
        self._forgone |= frozenset(names)

    async def run(self, call: ToolUse, tell: Callable[[ToolEvent], None]) -> ToolResult:
        self._remember()
        return await self._box.run(call, tell)

    def _remember(self) -> None:
        """A chat that was kept has the tools that it began with, whether or not their servers have started."""
        if self._of_servers is None and self._servers is not None:
            from tui.mcp.names import server_of

            kept = tuple(tool for tool in self.offered() if server_of(tool.name))
            if kept:
                self._take(kept)

    def _take(self, definitions: tuple[Tool, ...]) -> None:
        from tui.mcp.tool import RemoteTool

        assert self._servers is not None
        self._of_servers = definitions
        homes = ((one, self._servers.of_tool(one.name)) for one in definitions)
        self._box.extend([RemoteTool(one, server, self._see) for one, server in homes if server is not None])

    def answer(self, call_id: str, verdict: Verdict) -> None:
        """Answers a question that waits, from any thread. One that does not is left alone."""
        if "_box" in self.__dict__:
            self._box.gate.answer(call_id, verdict)

    @property
    def _of_the_provider(self) -> tuple[Tool, ...]:
        """What Anthropic carries out. It needs no leave: it reads pages, and nothing of the user's."""
        said = self._settings.tools.web_search
        if said is None or "web_search" in self._forgone:
            return ()
        from tui.anthropic.server_tools import web_search

        return (web_search(said.max_uses, said.allowed_domains, said.blocked_domains),)

    @cached_property
    def _box(self) -> Box:
        from tui.tools.built_in import built_in
        from tui.tools.environment import CREDENTIALS
        from tui.tools.permission import Gate
        from tui.tools.toolbox import Box

        settings, said = self._settings, self._settings.tools
        kinds = built_in(
            Path.cwd(),
            [Path(folder).expanduser() for folder in said.folders],
            see=self._see,
            private_hosts=said.private_hosts,
            command_timeout_s=said.command_timeout_s,
            ours=[settings.file, *(getattr(settings.folders, name) for name in settings.folders.__struct_fields__)],
            withheld=(CREDENTIALS | settings.variables) - _EVERYDAY - set(said.command_env),
            given=said.command_env,
        )
        return Box(kinds, Gate((*said.allow, *self._learned), self._access, self._keep, asks=self._asks))

    async def _see(self, data: bytes, name: str) -> Image | Document:
        from tui.images.attach import attach_bytes

        return await asyncio.to_thread(attach_bytes, data, name, self._model())

    def learn(self, rules: Iterable[str]) -> None:
        """Allows what the user has allowed always in another chat, since the settings were read. From any thread."""
        for rule in rules:
            self._learned.append(rule)
            if "_box" in self.__dict__:
                self._box.gate.learn(rule)

    def _keep(self, rule: str) -> None:
        from tui.config.writing import add_rule

        self.allowed_always(rule)
        try:
            add_rule(self._settings.file, rule)
        except TuiError as error:
            self._warn(error.message)
