"""Small dialogs over the chat: a confirmation, and the help screen made from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.actions import ACTIONS, ALWAYS, GROUPS, Action, Availability, key_name, keys_of, short_key_name
from tui.render.safe import safe
from tui.screens.modal import Modal
from tui.widgets.bindings import closing
from tui.widgets.panel import PanelFoot, PanelHead

_KEYS_WIDE, _KEYS_NARROW = 26, 18
"""Cells for the keys and the slash command of an action, on a wide page and on a narrow one."""
_WIDE = 68
"""Cells from which a page is wide."""


class ConfirmDialog(Modal[bool]):
    """Asks for a confirmation. Returns True for yes."""

    BINDINGS = [Binding("escape,n", "dismiss(False)", show=False)]

    def __init__(self, title: str, text: str, *, yes: str, no: str, key: str = "enter", also_yes: str = "") -> None:
        """`yes` and `no` are the labels of the two answers.

        `key` confirms. Where it is Enter, y confirms too, and so does `also_yes`, the key that opened the dialog.
        """
        super().__init__()
        self._texts = (title, text)
        self._answers = ((short_key_name(key), yes), ("esc", no))
        for one in filter(None, (key, "y" if key == "enter" else "", also_yes)):
            self._bindings.bind(one, "dismiss(True)", show=False)

    def compose(self) -> ComposeResult:
        title, text = self._texts
        with Vertical(classes="panel -small"):
            yield PanelHead(title)
            yield Static(Content(safe(text)), classes="panel--text")
            yield PanelFoot(*self._answers)


class HelpScreen(Modal[None]):
    """Lists every action with its keys, its slash command, and the reason if it is not available now."""

    BINDINGS = [Binding("escape,enter,q", "dismiss(None)", show=False), closing("help")]

    def __init__(self, remapped: Mapping[str, tuple[str, ...]], availability: Availability = ALWAYS) -> None:
        """`remapped` holds the keys that the user chose in `[keys]`, by the name of the action."""
        super().__init__()
        self._remapped = remapped
        self._availability = availability

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -help"):
            yield PanelHead("Keys and commands")
            with VerticalScroll(classes="panel--scroll"):
                yield Static()
            yield PanelFoot(("↑↓", "scroll"), ("esc", "close"))

    def on_resize(self) -> None:
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        page = self.query_one(VerticalScroll)
        width = page.outer_size.width - 1  # one column is the scrollbar's
        page.query_one(Static).update(help_text(self._remapped, width, self._availability))


def help_text(remapped: Mapping[str, tuple[str, ...]], width: int = 80, availability: Availability = ALWAYS) -> Content:
    """Format the table of actions for reading, group by group, in lines of at most `width` cells."""
    lines: list[Content] = []
    for group, note in GROUPS.items():
        heading = Content.assemble((group, "bold"), (f"  {note}" if note else "", "$dim"))
        lines += [Content(""), *heading.wrap(width)]
        for action in ACTIONS:
            if action.group == group:
                lines += _rows(action, keys_of(action, remapped), width, availability.disabled_reason(action.name))
    return Content("\n").join(lines[1:])


def _rows(action: Action, keys: tuple[str, ...], width: int, reason: str) -> list[Content]:
    """Format one action: its keys and its command, and beside them the label; each wrapped within its column."""
    left = _KEYS_WIDE if width >= _WIDE else _KEYS_NARROW
    ways = [*map(key_name, keys), *([f"/{action.slash}"] if action.slash else [])]
    room = max(10, width - left)
    label = Content.assemble(action.label, (f" · {reason}", "italic")) if reason else Content(action.label)
    if label.cell_length > room and reason:  # below the label, rather than broken somewhere in it
        labels = [*Content(action.label).wrap(room), *Content.styled(reason, "italic").wrap(room)]
    else:
        labels = label.wrap(room)
    rows = zip_longest(wrap("  ".join(ways), left - 2), labels, fillvalue="")
    key_style, label_style = ("$dim", "$dim") if reason else ("$accent", "$foreground")
    return [
        Content.assemble((f"{way:<{left}}", key_style), Content.assemble(text).stylize_before(label_style))
        for way, text in rows
    ]
