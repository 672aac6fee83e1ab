"""The MCP servers of the configuration: how they stand, to be started anew; and what adding their tools to a chat does."""

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
from tui.widgets.panel import PanelHead

ADD = "+"
"""No server is called that."""
_ADDING = "add to this chat"
_LOOK_S = 0.5
_WIDEST = 26
_WORDS = {
    "not started": "It starts with the first prompt of a chat that may use it.",
    "ended": "It starts again with the next call of one of its tools.",
}
"""What a state means, where that can be said in a sentence."""


class ServerPicker(Modal[str | None]):
    """Gives the name of a server that is to be started anew, "+" to add what is new to the chat, or None."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, servers: Callable[[], Sequence[ToolServer]], adding: Callable[[], tuple[str, str]]) -> None:
        """`servers`: how they stand now. `adding`: what adding their tools to this chat changes in it, and what it costs."""
        super().__init__()
        self._look = servers
        self._adding = adding
        self._servers: dict[str, ToolServer] = {}
        self._news = self._cost = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("MCP servers", "type to filter")
            yield FilterList(self._rows(), empty=lambda typed: f'no server with "{typed}"')
            yield Static(id="word", classes="panel--foot")
            yield Static("⏎ start anew, or add   esc close", classes="panel--foot")

    def on_mount(self) -> None:
        self.watch(self.query_one(FilterList), "chosen", self._explain)
        self.set_interval(_LOOK_S, self._look_again)

    def on_filter_list_filtered(self) -> None:
        self._explain()

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.dismiss(event.key)

    def _rows(self) -> list[Item]:
        """A row for each server as it stands now, and one for this chat."""
        self._servers = {server.name: server for server in self._look()}
        self._news, self._cost = self._adding()
        rows = {name: (name, described(server)) for name, server in self._servers.items()}
        rows[ADD] = (_ADDING, self._news)
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
        """Says below the list what the row under the cursor has no room for."""
        picked = self.query_one(FilterList).picked
        server = self._servers.get(picked)
        if server is not None:
            words = f"{server.error[:1].upper()}{server.error[1:]}." if server.error else _WORDS.get(server.state, "")
        else:
            words = self._cost if picked == ADD else ""
        self.query_one("#word", Static).update(Content(safe(words, keep_newlines=False)))


def described(server: ToolServer) -> str:
    """How it stands, in one line."""
    tools = figures.plural(server.tools, "tool") if server.tools else ""
    return safe(" · ".join(filter(None, (server.state, tools, server.error))), keep_newlines=False)


def _row(name: str, said: str, column: int) -> Callable[[int], Content]:
    def draw(width: int) -> Content:
        room = max(1, width - column)
        text = said if len(said) <= room else said[: room - 1] + "…"
        shown = name if len(name) < column else f"{name[: column - 2]}…"
        return Content.assemble((f"{shown:<{column}}", "$foreground"), (text, "$dim"))

    return draw
