"""Head and foot of a dialog: its title with a note on the right, and the keys that work in it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.render.safe import safe

Hint = tuple[str, str]
"""A key and what it does, e.g. ("esc", "close")."""

_GAP = 3
"""Cells between two hints."""


class PanelHead(Horizontal):
    """The title of a dialog, and on the right a note that changes, such as the text that was typed to filter."""

    DEFAULT_CSS = """
    PanelHead {
        height: 1;
        margin-bottom: 1;
        & > .title { width: 1fr; text-style: bold; }
        & > .note { width: auto; color: $dim; }
    }
    """

    def __init__(self, title: str, note: str = "") -> None:
        super().__init__()
        self._texts = (_line(title), _line(note))

    def compose(self) -> ComposeResult:
        title, note = self._texts
        yield Static(Content(title), classes="title")
        yield Static(Content(note), classes="note")

    def set_title(self, title: str) -> None:
        self.query_one(".title", Static).update(Content(_line(title)))

    def set_note(self, note: str, *, warns: bool = False) -> None:
        self.query_one(".note", Static).update(Content.styled(_line(note), "$warning" if warns else "$dim"))


class PanelFoot(Widget):
    """The keys of a dialog, the most useful first and that to close it last; or a notice in their place."""

    DEFAULT_CSS = """
    PanelFoot {
        height: 1;
        margin-top: 1;
        color: $dim;
    }
    """

    def __init__(self, *hints: Hint) -> None:
        super().__init__()
        self._hints: tuple[Hint, ...] = hints
        self._notice: Content | None = None

    def set_hints(self, *hints: Hint) -> None:
        """Show these hints in place of the others, or of a notice."""
        self._hints, self._notice = hints, None
        self.refresh()

    def set_notice(self, notice: str | Content) -> None:
        """Show a notice until the next hints."""
        self._notice = notice if isinstance(notice, Content) else Content(_line(notice))
        self.refresh()

    def render(self) -> Content:
        if self._notice is not None:
            return self._notice.truncate(max(1, self.content_size.width), ellipsis=True)
        return format_hints(self._hints, self.content_size.width)


def format_hints(hints: Sequence[Hint], width: int) -> Content:
    """Format as many hints as fit into `width` cells. The last but one is dropped first: the last one closes the dialog."""
    shown = list(hints)
    while len(shown) > 1 and _format(shown).cell_length > width:
        shown.pop(-2)
    return _format(shown)


def _format(hints: Sequence[Hint]) -> Content:
    parts = [Content.assemble((key, "$foreground"), f" {label}") for key, label in hints]
    return Content(" " * _GAP).join(parts)


def _line(text: str) -> str:
    """Return text that is safe to draw, in one line: titles, names and typed text may hold anything."""
    return safe(text, keep_newlines=False)
