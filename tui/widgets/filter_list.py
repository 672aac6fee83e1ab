"""A list that typing filters and Enter picks from. Only the rows in view are drawn, so the first frame is immediate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.render.safe import safe
from tui.widgets.graphemes import before

AROUND = 10
"""Rows of a dialog around its list: padding, head, titles, foot, and some of the screen behind it."""


@dataclass(frozen=True)
class Item:
    """One row. `words` is matched with what is typed. A heading has no `key`, and the cursor skips it."""

    draw: Callable[[int], Content]
    """Formats the row for a width in cells, without the sign of the cursor."""
    words: str = ""
    key: str = ""
    lead: str = ""
    """A word that moves the row to the top if it starts with what is typed."""


def fits(item: Item, typed: str) -> bool:
    """True if every word typed occurs in the words of the row."""
    words = item.words.casefold()
    return all(part in words for part in typed.casefold().split())


class FilterList(ScrollView, can_focus=True):
    """The rows that match what is typed, with a cursor."""

    DEFAULT_CSS = """
    FilterList {
        height: auto;
        max-height: 100%;
        scrollbar-size-vertical: 1;
        & .list--chosen { background: $block-cursor-background; }
    }
    """
    COMPONENT_CLASSES = {"list--chosen"}
    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("home", "move(-999999)", show=False),
        Binding("end", "move(999999)", show=False),
        Binding("enter", "pick", show=False),
        Binding("backspace", "delete_left", show=False),
        Binding("ctrl+u", "delete_left(True)", show=False),
    ]

    typed: reactive[str] = reactive("", init=False)
    chosen: reactive[int] = reactive(0, init=False)
    """The row of the cursor, among those shown."""

    @dataclass
    class Picked(Message):
        """A row was picked."""

        key: str

    @dataclass
    class Filtered(Message):
        """Something else was typed; `count` rows match, unless the owner searches."""

        typed: str
        count: int

    def __init__(
        self, items: Sequence[Item], *, at: str = "", empty: Callable[[str], str], searches: bool = False
    ) -> None:
        """`at` is the key of the row to start on. `empty` returns the text to show when no row matches what was typed.

        `searches`: the owner searches for what is typed, and replaces the rows by what it finds.
        """
        super().__init__()
        self._searches = searches
        self._is_behind = False
        """True while the owner searches for what is typed."""
        self._picks = False
        """True if the first row found is to be picked."""
        self._items = items
        self._empty = empty
        self._shown: Sequence[Item] = items
        keys = [item.key for item in items]
        self.set_reactive(FilterList.chosen, keys.index(at) if at and at in keys else self._nearest(0, 1))
        self.virtual_size = Size(0, len(items))

    @property
    def picked(self) -> str:
        """The key of the row under the cursor, or "" if no row matches."""
        return self._shown[self.chosen].key if self._shown else ""

    def on_mount(self) -> None:
        self.call_after_refresh(self._show_chosen)

    def replace(self, items: Sequence[Item], *, typed: str | None = None, at: str = "", row: int | None = None) -> None:
        """Replace the rows. The cursor goes to the row with key `at`, else to number `row`, else to the first one.

        `typed` is what they were found for: they are dropped if something else is typed by now.
        """
        if typed is not None and typed != self.typed:
            return
        self._items = self._shown = items
        self.virtual_size = Size(0, max(1, len(items)))
        if at:
            row = next((number for number, item in enumerate(items) if item.key == at), None)
        self.chosen = self._nearest(0, 1) if row is None else row
        self._show_chosen()
        self.refresh()
        picks, self._is_behind, self._picks = self._picks, False, False
        if picks:
            self.action_pick()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        # Filtering must not move the frame around the list, and that frame has to fit the screen.
        room = viewport.height - AROUND
        return max(1, room if self._searches else min(len(self._items), room))

    def watch_typed(self, typed: str) -> None:
        if self._searches:
            self._is_behind, self._picks = True, False
            self.post_message(self.Filtered(typed, len(self._shown)))
            return
        self._shown = self._fitting(typed) if typed else self._items
        self.virtual_size = Size(0, max(1, len(self._shown)))
        self.chosen = self._nearest(0, 1)
        self.refresh()
        self.post_message(self.Filtered(typed, sum(bool(item.key) for item in self._shown)))

    def _fitting(self, typed: str) -> list[Item]:
        rows = [item for item in self._items if item.key and fits(item, typed)]
        return sorted(rows, key=lambda item: not (item.lead and item.lead.startswith(typed.casefold().lstrip("/"))))

    def watch_chosen(self) -> None:
        self._show_chosen()
        self.refresh()

    def _show_chosen(self) -> None:
        self.scroll_to_region(Region(0, self.chosen, 1, 1), animate=False, force=True)

    def _nearest(self, at: int, step: int) -> int:
        """Return the closest row that is not a heading, first in the direction of the step."""
        if not self._shown:
            return 0
        last = len(self._shown) - 1
        at = max(0, min(at, last))
        ahead, behind = range(at, last + 1), range(at, -1, -1)
        order: list[int] = [*ahead, *behind] if step > 0 else [*behind, *ahead]
        return next((row for row in order if self._shown[row].key), 0)

    def action_move(self, step: int) -> None:
        self.chosen = self._nearest(self.chosen + step, 1 if step > 0 else -1)

    def action_pick(self) -> None:
        """Pick the row under the cursor; while the owner searches, the first row that it finds."""
        if self._is_behind:
            self._picks = True
        elif self.picked:
            self.post_message(self.Picked(self.picked))

    def action_delete_left(self, everything: bool = False) -> None:
        self.typed = "" if everything else self.typed[: before(self.typed, len(self.typed))]

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.is_printable:
            event.stop()
            self.typed += event.character

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.typed += " ".join(event.text.split())[:100]

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row: int = offset.y + self.scroll_offset.y
        if row < len(self._shown) and self._shown[row].key:
            self.chosen = row
            self._is_behind = False  # the user means this row
            self.action_pick()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        base = self.rich_style
        if not self._shown:
            text = f"  {safe(self._empty(self.typed), keep_newlines=False)}" if y == 0 else ""
            return Strip([Segment(text, base)]).adjust_cell_length(width, base)
        if row >= len(self._shown):
            return Strip.blank(width, base)
        item = self._shown[row]
        chosen = row == self.chosen and bool(item.key)
        visual = self.get_visual_style("list--chosen") if chosen else self.visual_style
        content = Content.assemble(("› " if chosen else "  ", "$accent"), item.draw(max(1, width - 2)))
        return Strip(content.render_segments(visual)).adjust_cell_length(width, visual.rich_style)
