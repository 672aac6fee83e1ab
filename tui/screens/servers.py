"""The MCP servers of the configuration: their state, restarting one, and adding their tools to the open chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.render import figures
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.services.ports import ToolServer
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.panel import PanelFoot, PanelHead

ADD = "+"
"""The result for the row that adds tools. No server has this name."""
_ADD_LABEL = "+ Add to this chat"
_LOOK_S = 0.5
_WIDEST = 26
_EXPLAINED = {
    "not started": "Starts with the first prompt of a chat whose tools are on.",
    "ended": "Restarts with the next call of one of its tools.",
}
"""A sentence that explains a state, where one is needed."""


class ServerPicker(Modal[str | None]):
    """Returns the name of a server to restart, "+" to add new tools to the chat, or None."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, servers: Callable[[], Sequence[ToolServer]], adding: Callable[[], tuple[str, str]]) -> None:
        """`servers` returns their current state; `adding` what adding their tools changes in this chat, and the cost."""
        super().__init__()
        self._look = servers
        self._adding = adding
        self._servers: dict[str, ToolServer] = {}
        self._news = self._cost = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("MCP servers", "type to filter")
            yield FilterList(self._rows(), empty=lambda typed: f'No server matches "{typed}"')
            yield Static(id="details", classes="panel--note")
            yield PanelFoot()

    def on_mount(self) -> None:
        self.watch(self.query_one(FilterList), "chosen", self._explain)
        self.set_interval(_LOOK_S, self._look_again)

    def on_filter_list_filtered(self) -> None:
        self._explain()

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)

    def _rows(self) -> list[Item]:
        """Return a row for each server in its current state, and one to add tools to this chat."""
        self._servers = {server.name: server for server in self._look()}
        self._news, self._cost = self._adding()
        rows = {name: (name, described(server)) for name, server in self._servers.items()}
        rows[ADD] = (_ADD_LABEL, self._news)
        column = min(_WIDEST, max(len(name) for name, _ in rows.values()) + 2)
        return [Item(draw=_row(*row, column), words=" ".join(row), key=key) for key, row in rows.items()]

    def _look_again(self) -> None:
        listed = self.query_one(FilterList)
        if not listed.typed:
            before = self._servers, self._news, self._cost
            rows = self._rows()
            if (self._servers, self._news, self._cost) != before:
                listed.replace(rows, at=listed.picked)
                self._explain()

    def _explain(self) -> None:
        """Show below the list the details of the row under the cursor."""
        picked = self.query_one(FilterList).picked
        server = self._servers.get(picked)
        if server is not None:
            details = (
                f"{server.error[:1].upper()}{server.error[1:]}." if server.error else _EXPLAINED.get(server.state, "")
            )
        else:
            details = self._cost if picked == ADD else ""
        self.query_one("#details", Static).update(Content(safe(details, keep_newlines=False)))
        self.query_one(PanelFoot).set_hints(("⏎", "restart" if server else "add tools"), ("esc", "close"))


def described(server: ToolServer) -> str:
    """Format the state of a server in one line."""
    tools = figures.plural(server.tools, "tool") if server.tools else ""
    return safe(" · ".join(filter(None, (server.state, tools, server.error))), keep_newlines=False)


def _row(name: str, state: str, column: int) -> Callable[[int], Content]:
    def draw(width: int) -> Content:
        room = max(1, width - column)
        text = state if len(state) <= room else state[: room - 1] + "…"
        shown = name if len(name) < column else f"{name[: column - 2]}…"
        return Content.assemble((f"{shown:<{column}}", "$foreground"), (text, "$dim"))

    return draw
