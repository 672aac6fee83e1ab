"""The tools of a chat under these settings, made when they are first needed: the first paint waits for none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    from tui.tools.toolbox import Box

_EVERYDAY = frozenset(("HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"))
"""Variables that hold no secret, and that commands need, though a `${…}` in the configuration names them."""


def load_tools() -> None:
    """Loads what the tools are made of. That takes some 20 ms, on whatever thread it is called."""
    for name in ("built_in", "command", "permission", "toolbox"):
        import_module(f"tui.tools.{name}")


class Belt:
    """What a session is given as its toolbox: the built-in tools, for the folder that the program runs in."""

    def __init__(
        self, settings: Settings, model: Callable[[], Model], warn: Callable[[str], None], *, access: Access, asks: bool
    ) -> None:
        """`model` sees what tools find. `warn` is told, from any thread, what went wrong beside a call. Without `asks`,
        whatever would ask the user is refused.
        """
        self._settings = settings
        self._model = model
        self._warn = warn
        self._access: Access = access
        self._asks = asks

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
        return () if self._access == "none" else (*self._box.tools, *self._of_the_server)

    async def run(self, call: ToolUse, tell: Callable[[ToolEvent], None]) -> ToolResult:
        return await self._box.run(call, tell)

    def answer(self, call_id: str, verdict: Verdict) -> None:
        """Answers a question that waits, from any thread. One that does not is left alone."""
        if "_box" in self.__dict__:
            self._box.gate.answer(call_id, verdict)

    @property
    def _of_the_server(self) -> tuple[Tool, ...]:
        """What Anthropic carries out. It needs no leave: it reads pages, and nothing of the user's."""
        said = self._settings.tools.web_search
        if said is None:
            return ()
        from tui.anthropic.server_tools import web_search

        return (web_search(said.max_uses, said.allowed_domains, said.blocked_domains),)

    @cached_property
    def _box(self) -> Box:
        from tui.tools.built_in import built_in
        from tui.tools.command import CREDENTIALS
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
        )
        return Box(kinds, Gate(said.allow, self._access, self._keep, asks=self._asks))

    async def _see(self, data: bytes, name: str) -> Image | Document:
        from tui.images.attach import attachment_of

        return await asyncio.to_thread(attachment_of, data, name, self._model())

    def _keep(self, rule: str) -> None:
        from tui.config.writing import add_rule

        try:
            add_rule(self._settings.file, rule)
        except TuiError as error:
            self._warn(error.message)
