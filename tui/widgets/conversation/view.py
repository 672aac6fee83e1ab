"""A transcript on the screen: rows drawn from a viewport, scrolled by whoever reads, selected with the mouse.

It uses Textual's line API: one widget however long the transcript is, and only rows that changed are drawn again. What the
rows say, and when they change, is left to `pane`.
"""

from __future__ import annotations

import time
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message as TextualMessage
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.widgets.conversation.backlog import SLICE_CHARS
from tui.widgets.conversation.pace import BREATH_S, BUDGET_S
from tui.widgets.conversation.palette import Palette, palette_of
from tui.widgets.conversation.parts import Line, Part
from tui.widgets.conversation.selecting import highlighted, row_number, selected_text, span_in
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import Place, Viewport

MEASURE = 100
"""The widest column, in cells: longer lines are hard to read."""
MARGIN = 1
"""On either side of the column, at least; the scrollbar stands in the right one."""
BAR = "▎"


class TranscriptView(ScrollView, can_focus=True):
    """Turns as rows. It follows the end until the reader scrolls away."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    TranscriptView {
        background: $background;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    class FollowChanged(TextualMessage, namespace="conversation"):
        """The view follows the end, or does not; `lines_below` are under it, of which `new_lines` came since it let go."""

        def __init__(self, following: bool, lines_below: int, new_lines: int) -> None:
            super().__init__()
            self.following = following
            self.lines_below = lines_below
            self.new_lines = new_lines

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.view = Viewport()
        self.marked: int | None = None
        """The turn that has the reader's attention, if any."""
        self.palette: Palette | None = None
        self.base = Style.null()
        """The page's own colours."""
        self.column = 1
        """The width of the text, in cells."""
        self.left = MARGIN
        """Cells before it."""
        self._dressed = Size()
        self._drawn: LRUCache[tuple[int, int], tuple[Strip, bool, Strip]] = LRUCache(512)
        self._placing = False
        self._reads_on = False
        """A timer is set for the rest of a long text."""
        self._total_when_let_go = 0
        self._told: tuple[bool, int] = (True, 0)

    # Size and colours

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.dress())

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Wraps anew before the first frame at another size, rather than after it, when the event comes."""
        updated = super()._size_updated(size, virtual_size, container_size, layout)
        if size != self._dressed:
            self.dress()
        return updated

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._dressed and self.visual_style.rich_style != self.base:
            self.dress()

    def dress(self) -> None:
        """Takes the width and the theme that hold now. The reader's place stays where it is."""
        app: App[Any] = self.app
        self.palette = palette_of(app.current_theme, app.theme_variables)
        self.base = self.visual_style.rich_style
        self._drawn.clear()
        self._dressed = self.size
        self.column = max(1, min(MEASURE, self.size.width - 2 * MARGIN))
        self.left = max(0, (self.size.width - self.column) // 2)
        if self.size:
            self.view.resize(self.column, self.size.height, self.palette)
        self.place(redraw=True)

    # Scrolling

    def place(self, *, redraw: bool = False, first: int | None = None, calmly: bool = False) -> None:
        """Puts the screen where the viewport is, and draws again what moved or changed.

        `first` is the first row that changed, counted from the beginning; those above it are as they were. The new size
        is set past the layout: how long the transcript is changes no other widget, and a layout would repaint everything.
        """
        top = self.view.top
        self._placing = True
        try:
            size = Size(self.size.width, self.view.total)
            if size != self.virtual_size:
                self.set_reactive(TranscriptView.virtual_size, size)
                self._scroll_update(size)
            moved = round(self.scroll_y) != top
            if moved:
                self.scroll_y = self.scroll_target_y = top
        finally:
            self._placing = False
        if redraw or moved:
            self.refresh(self.size.region)
        elif first is not None:
            self.refresh_rows(first, self.view.total)
        self.tell(calmly=calmly)
        if not self._reads_on and self._half_read() is not None:
            self._reads_on = True
            self.set_timer(BREATH_S, self._read_on)

    def _half_read(self) -> tuple[int, Part] | None:
        """A text in view that is too long to be parsed at once, with the number of its turn."""
        for index in self.view.in_view:
            for part in self.view.turns[index].parts:
                if part.is_half_read:
                    return index, part
        return None

    def _read_on(self) -> None:
        """Parses more of a long text, for about as long as keys may wait, and shows what came of it."""
        self._reads_on = False
        if (found := self._half_read()) is None:
            return
        index, part = found
        end = time.monotonic() + BUDGET_S
        while part.is_half_read and time.monotonic() < end:
            part.read(SLICE_CHARS)
        self.view.turns[index].changed()
        self.view.changed(index)
        self.view.settle()
        self.place(redraw=True, calmly=True)

    def refresh_rows(self, first: int, stop: int) -> None:
        """Draws rows again, as far as they are in view."""
        top = self.view.top
        start, end = max(0, first - top), min(self.size.height, stop - top)
        if start < end:
            self.refresh(Region(0, start, self.size.width, end - start))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self._placing:
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.position = new_value
            return
        super().watch_scroll_y(old_value, new_value)
        if self.size.height != self.view.rows:
            return  # Textual pulls the place into a view that has just grown; `dress` will follow
        if rows := round(new_value) - self.view.top:
            self.scroll_rows(rows)

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> None:
        """Scrolls at once: rows that rush past would all have to be made exact."""
        super().scroll_to(x, y, **{**options, "animate": False})

    def scroll_page_up(self, **options: Any) -> None:
        """A page up, with the two rows in common that a reader needs to find the place again."""
        self.scroll_to(y=self.scroll_y - max(1, self.view.rows - 2))

    def scroll_page_down(self, **options: Any) -> None:
        self.scroll_to(y=self.scroll_y + max(1, self.view.rows - 2))

    def action_scroll_home(self) -> None:
        self.view.to_start()
        self.after_moving()

    def action_scroll_end(self) -> None:
        self.jump_to_end()

    def jump_to_end(self) -> None:
        """Shows the end, and follows it from here on."""
        self.view.to_end()
        self.place(redraw=True)

    def scroll_rows(self, rows: int) -> None:
        """Goes down so many rows, or up."""
        self.view.move(rows)
        self.after_moving()

    def after_moving(self) -> None:
        """The viewport was moved for the reader: counts new lines from here if that let go of the end."""
        if self._told[0]:
            self._total_when_let_go = self.view.total
        self.place(redraw=True)

    @property
    def reading_at(self) -> float | None:
        """Where the reader is, in a number that holds at any width; None at the end, which is followed."""
        return None if self.view.following or not self.view.turns else self.view.share()

    def read_at(self, at: float) -> None:
        """Goes back to where `reading_at` was."""
        self.view.to_share(at)
        self.after_moving()

    @property
    def following(self) -> bool:
        return self.view.following

    def tell(self, *, calmly: bool = False) -> None:
        """Says how far the end is, if that has changed; `calmly`: only whether it is followed."""
        state = (self.view.following, self.view.below)
        if state != self._told and not (calmly and state[0] == self._told[0]):
            self._told = state
            new_lines = 0 if self.view.following else max(0, self.view.total - self._total_when_let_go)
            self.post_message(self.FollowChanged(*state, new_lines))

    # Drawing

    def render_line(self, y: int) -> Strip:
        width, view = self._dressed.width, self.view
        row = view.top + y
        if not width or row >= view.total:
            return Strip.blank(width, self.base)
        place = Place(*view.heights.at(row))
        turn = view.turns[place.turn]
        line = self.decorated(turn.line(place.row), turn, place)
        selection = self.text_selection
        if selection is not None and (span := span_in(line, place, selection)) is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            line = line._replace(strip=highlighted(line.strip, *span, style))
        barred = self.has_focus and self.is_barred(turn, place)
        kept = self._drawn.get((turn.serial, place.row))
        if kept is not None and kept[0] is line.strip and kept[1] == barred:
            return kept[2]
        drawn = self._draw(line, place, barred)
        self._drawn[turn.serial, place.row] = (line.strip, barred, drawn)
        return drawn

    def is_barred(self, turn: Turn, place: Place) -> bool:
        """Whether a row is one of those that keys are for."""
        return self.marked == place.turn and place.row < turn.height - 1

    def decorated(self, line: Line, turn: Turn, place: Place) -> Line:
        """A row with what stands on top of it just now."""
        return line

    def _draw(self, line: Line, place: Place, barred: bool) -> Strip:
        """A row with its margins, and with what a selection needs to know of it."""
        number, left = row_number(place), self.left + line.indent
        base, margin = self.base, _margin(left, number)
        if barred and self.palette is not None:
            bar = Segment(BAR, base + self.palette.style("accent"))
            segments = [Segment(" " * (self.left - 1), base + margin), bar, Segment(" " * line.indent, base + margin)]
        else:
            segments = [Segment(" " * left, base + margin)]
        at = 0
        if line.is_picture:
            segments += [Segment(text, style or base) for text, style, _ in line.strip]
        for text, style, _ in () if line.is_picture else line.strip:
            offset = Style.from_meta({"offset": (at, number)})
            segments.append(Segment(text, (base + style if style else base) + offset))
            at += len(text)
        if (rest := self._dressed.width - left - line.strip.cell_length) > 0:
            segments.append(Segment(" " * rest, base))
        return Strip([segment for segment in segments if segment.text], left + line.strip.cell_length + max(0, rest))

    # Selecting

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selected_text(self.view, selection), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh(self.size.region)

    def line_at(self, y: int) -> tuple[Turn, Place] | None:
        """What stands in a row of the screen's."""
        row = self.view.top + y
        if not self.view.turns or row >= self.view.total:
            return None
        place = Place(*self.view.heights.at(row))
        return self.view.turns[place.turn], place

    def on_blur(self) -> None:
        self.refresh(self.size.region)


def _margin(cells: int, number: int) -> Style:
    """Marks cells as lying before the first character of a row. Textual reads an end at -1 as the end of the row, so the
    offsets stay clear of it.
    """
    return Style.from_meta({"offset": (-cells - 2, number)})
