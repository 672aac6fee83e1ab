"""Small dialogs over the chat: a question, and the help screen made from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import ACTIONS, key_name, keys_of, short_key_name
from tui.widgets.bindings import closing
from tui.widgets.panel import PanelHead


class Question(ModalScreen[bool]):
    """Something that cannot be taken back, asked plainly. Gives True for yes."""

    BINDINGS = [Binding("escape,n", "dismiss(False)", show=False)]

    def __init__(self, title: str, text: str, *, yes: str, no: str, key: str = "enter", also_yes: str = "") -> None:
        """`yes` and `no` name the two answers. `key` means yes, and if it is Enter, so does y; as does `also_yes`, the key
        that asked."""
        super().__init__()
        self._texts = (title, text, f"{short_key_name(key)} {yes}   esc {no}")
        for one in filter(None, (key, "y" if key == "enter" else "", also_yes)):
            self._bindings.bind(one, "dismiss(True)", show=False)

    def compose(self) -> ComposeResult:
        title, text, answers = self._texts
        with Vertical(classes="panel -small"):
            yield PanelHead(title)
            yield Static(Content(text), classes="panel--text")
            yield Static(Content(answers), classes="panel--foot")


class HelpScreen(ModalScreen[None]):
    """Every action with its keys and its slash command."""

    BINDINGS = [Binding("escape,enter,q", "dismiss(None)", show=False), closing("help")]

    def __init__(self, remapped: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._remapped = remapped

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield PanelHead("Keys and commands")
            with VerticalScroll(classes="panel--scroll"):
                yield Static(help_text(self._remapped))
            yield Static("↑↓ scroll   esc close", classes="panel--foot")


def help_text(remapped: Mapping[str, tuple[str, ...]]) -> Content:
    """The table of actions for reading, group by group."""
    lines: list[Content] = []
    group = ""
    for action in ACTIONS:
        if action.group != group:
            group = action.group
            lines += [Content(""), Content.styled(group, "$accent")] if lines else [Content.styled(group, "$accent")]
        keys = ", ".join(key_name(key) for key in keys_of(action, remapped))
        slash = f"/{action.slash}" if action.slash else ""
        lines.append(Content.assemble((f"{keys:<24}", "$foreground"), (f"{slash:<11}", "$dim"), (action.line, "$dim")))
    return Content("\n").join(lines)
