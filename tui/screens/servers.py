"""The MCP servers of the configuration: how they stand, to be started anew; and what adding their tools to a chat does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.screens.provider import ToolServer
from tui.widgets import figures
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelHead

ADD = "+"
"""No server is called that."""


class ServerPicker(Modal[str | None]):
    """Gives the name of a server that is to be started anew, "+" to add what is new to the chat, or None."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, servers: Sequence[ToolServer], cost: str) -> None:
        """`cost`: what adding their tools to this chat does to its cache."""
        super().__init__()
        self._servers = servers
        self._cost = cost

    def compose(self) -> ComposeResult:
        rows = {one.name: (one.name, described(one)) for one in self._servers}
        rows[ADD] = ("add to this chat", self._cost)
        items = [Item(draw=_row(*row), words=" ".join(row), key=key) for key, row in rows.items()]
        with Vertical(classes="panel"):
            yield PanelHead("MCP servers", "type to filter")
            yield FilterList(items, empty=lambda typed: f'no server with "{typed}"')
            yield Static("⏎ start anew, or add   esc close", classes="panel--foot")

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)


def described(server: ToolServer) -> str:
    """How it stands, in one line."""
    tools = figures.plural(server.tools, "tool") if server.tools else ""
    return safe(" · ".join(filter(None, (server.state, tools, server.error))), keep_newlines=False)


def _row(name: str, said: str) -> Callable[[int], Content]:
    def draw(width: int) -> Content:
        room = max(1, width - 26)
        text = said if len(said) <= room else said[: room - 1] + "…"
        return Content.assemble((f"{name:<26}", "$foreground"), (text, "$dim"))

    return draw
