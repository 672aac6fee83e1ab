"""Small dialogs over the chat: a question, and the help screen made from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.actions import ACTIONS, GROUPS, Action, key_name, keys_of, short_key_name
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.bindings import closing
from tui.widgets.panel import PanelHead

_WAYS, _FEW_WAYS = 26, 18
"""Cells for the keys and the command of an action, on a wide page and on a narrow one."""
_WIDE = 68


class Question(Modal[bool]):
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
            yield Static(Content(safe(text)), classes="panel--text")
            yield Static(Content(answers), classes="panel--foot")


class HelpScreen(Modal[None]):
    """Every action with its keys and its slash command."""

    BINDINGS = [Binding("escape,enter,q", "dismiss(None)", show=False), closing("help")]

    def __init__(self, remapped: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._remapped = remapped

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -help"):
            yield PanelHead("Keys and commands")
            with VerticalScroll(classes="panel--scroll"):
                yield Static()
            yield Static("↑↓ scroll   esc close", classes="panel--foot")

    def on_resize(self) -> None:
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        page = self.query_one(VerticalScroll)
        page.query_one(Static).update(help_text(self._remapped, page.outer_size.width - 1))  # but for its scrollbar


def help_text(remapped: Mapping[str, tuple[str, ...]], width: int = 80) -> Content:
    """The table of actions for reading, group by group."""
    lines: list[Content] = []
    for group, word in GROUPS.items():
        said = wrap(f"{group} · {word}" if word else group, width)
        lines += [Content(""), *(Content.styled(line, "$accent") for line in said)]
        for action in ACTIONS:
            if action.group == group:
                lines += _rows(action, keys_of(action, remapped), width)
    return Content("\n").join(lines[1:])


def _rows(action: Action, keys: tuple[str, ...], width: int) -> list[Content]:
    """One action: its keys and its command, and beside them what it does; each wrapped within its column."""
    left = _WAYS if width >= _WIDE else _FEW_WAYS
    ways = [*map(key_name, keys), *([f"/{action.slash}"] if action.slash else [])]
    rows = zip_longest(wrap("  ".join(ways), left - 2), wrap(action.line, max(10, width - left)), fillvalue="")
    return [Content.assemble((f"{way:<{left}}", "$foreground"), (said, "$dim")) for way, said in rows]
