"""A viewport on the screen: its rows are drawn, scrolled and selected with the mouse. What they say is left to others.

It uses Textual's line API: one widget however long the transcript is, and only rows that changed are drawn again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.geometry import Offset, Region, Size
from textual.message import Message as TextualMessage
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer

from tui.frames import BREATH_S, BUDGET_S
from tui.widgets.conversation.palette import palette_of
from tui.widgets.conversation.parts import Line
from tui.widgets.conversation.row_painter import RowPainter, filtered
from tui.widgets.conversation.scroll_bar import TranscriptScrollBar
from tui.widgets.conversation.selector import Selector, moved
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import FollowTracker, RowPosition, Viewport

Decorator = Callable[[Line, Turn, RowPosition], Line]
"""Adds something to a row: a caret, a hint, a highlight."""


class TranscriptView(ScrollView, can_focus=True):
    """A scroll view over the turns of a viewport. It follows their end until the reader scrolls away."""

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
        """The view follows the end, or has left it with `lines_below`, of which `new_lines` have come since."""

        def __init__(self, following: bool, lines_below: int, new_lines: int) -> None:
            super().__init__()
            self.following = following
            self.lines_below = lines_below
            self.new_lines = new_lines

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.viewport = Viewport()
        self.painter = RowPainter()
        self.selector = Selector(self.viewport)
        self.decorators: list[Decorator] = []
        """What is added to a row before it is drawn, in this order."""
        self.is_marked: Callable[[Turn, RowPosition], bool] = lambda turn, position: False
        """True for a row that gets the bar of the reader's cursor while the view has the focus."""
        self._follow_tracker = FollowTracker(self.viewport)
        self._is_syncing = False
        """True while the scroll position is set here, and not by the reader."""
        self._parse_timer: Timer | None = None
        """Set while a long text in view is parsed piece by piece."""

    # Size and colours

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._resize())

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Wrap before the first frame at another size, rather than after it, when the event comes."""
        updated = super()._size_updated(size, virtual_size, container_size, layout)
        if size != self.painter.size:
            self._resize()
        return updated

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.painter.size and self.visual_style.rich_style != self.painter.base:
            self._resize()

    def _resize(self) -> None:
        """Apply the current width and theme. The reader's position stays."""
        app: App[Any] = self.app
        palette = palette_of(app.current_theme, app.theme_variables)
        self.painter.resize(self.size, palette, self.visual_style.rich_style)
        if self.size:
            self.viewport.resize(self.painter.column, self.size.height, palette)
        self.sync(redraw=True)

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = TranscriptScrollBar(thickness=self.scrollbar_size_vertical)
            self._vertical_scrollbar.display = False
            self.app._start_widget(self, self._vertical_scrollbar)
        return self._vertical_scrollbar

    # Drawing

    def sync(self, *, redraw: bool = False, first: int | None = None, follow_only: bool = False) -> None:
        """Bring Textual's scroll position in line with the viewport, and draw what moved or changed.

        `first` is the first row that changed, counted from the start of the transcript. The virtual size is set without a
        layout: the length of the transcript changes no other widget, and a layout would repaint everything.
        """
        top = self.viewport.top
        self._is_syncing = True
        try:
            size = Size(self.size.width, self.viewport.total)
            if size != self.virtual_size:
                self.set_reactive(TranscriptView.virtual_size, size)
                self._scroll_update(size)
            moved = round(self.scroll_y) != top
            if moved:
                self.scroll_y = self.scroll_target_y = top
        finally:
            self._is_syncing = False
        if redraw or moved:
            self.redraw()
        elif first is not None:
            self.refresh_rows(first, self.viewport.total)
        self.report_follow(follow_only=follow_only)
        if self._parse_timer is None and self.viewport.unparsed() is not None:
            self._parse_timer = self.set_timer(BREATH_S, self._parse_more)

    def _parse_more(self) -> None:
        """Parse more of a long text in view, for about as long as keys may wait."""
        self._parse_timer = None
        if self.viewport.parse_more(time.monotonic, BUDGET_S):
            self.sync(redraw=True, follow_only=True)

    def redraw(self) -> None:
        """Draw all rows in view again."""
        self.refresh(self.size.region)

    def refresh_rows(self, first: int, stop: int) -> None:
        """Draw rows again, as far as they are in view."""
        top = self.viewport.top
        start, end = max(0, first - top), min(self.size.height, stop - top)
        if start < end:
            self.refresh(Region(0, start, self.size.width, end - start))

    def render_line(self, y: int) -> Strip:
        found = self.viewport.at(y) if self.painter.size else None
        if found is None:
            return self.painter.blank()
        turn, position = found
        line = turn.line(position.row)
        for decorate in self.decorators:
            line = decorate(line, turn, position)
        if (selection := self.text_selection) is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            line = self.selector.highlight(line, position, selection, style)
        return self.painter.paint(line, turn, position, marked=self.has_focus and self.is_marked(turn, position))

    def direct_lines(self, first: int, count: int) -> list[Strip] | None:
        """Return rows as the compositor shows them; None if a style changes how they look."""
        styles = self.styles
        if self.opacity < 1 or styles.text_opacity < 1 or styles.tint.a or styles.gutter or styles.has_rule("hatch"):
            return None
        strips = [self.render_line(y) for y in range(first, first + count)]
        background = self.background_colors[1]
        for change in self.get_line_filters():
            strips = [filtered(strip, change, background) for strip in strips]
        return strips

    def text_offset(self, x: int, y: int) -> Offset | None:
        """Return the offset in a selection of a cell; None below the end of the transcript."""
        if (found := self.viewport.at(y)) is None:
            return None
        turn, position = found
        line = turn.line(position.row)
        return self.selector.offset_at(line, position, x - self.painter.left - line.indent)

    def on_blur(self) -> None:
        self.redraw()

    # Selection

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return self.selector.text(selection), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.redraw()

    def turns_added(self, count: int) -> None:
        """Show the same rows and the same selection after so many turns were added before the others."""
        if count and (selection := self.text_selection) is not None:
            self.screen.selections = {**self.screen.selections, self: moved(selection, count)}
        self.sync(redraw=True)

    # Scrolling

    @property
    def following(self) -> bool:
        """True while the view stays at the end."""
        return self.viewport.following

    @property
    def scroll_position(self) -> float | None:
        """The scroll position as a number that is valid at any width; None at the end, which is followed."""
        return None if self.viewport.following or not self.viewport.turns else self.viewport.position

    def scroll_to_position(self, at: float) -> None:
        """Scroll to where `scroll_position` was."""
        self.viewport.scroll_to_position(at)
        self.scrolled()

    def scroll_rows(self, rows: int) -> None:
        """Scroll down by so many rows; up if negative."""
        self.viewport.scroll(rows)
        self.scrolled()

    def scrolled(self) -> None:
        """Show where the viewport was scrolled to for the reader."""
        self._follow_tracker.scrolled()
        self.sync(redraw=True)

    def jump_to_end(self) -> None:
        """Show the end, and follow it."""
        self.viewport.scroll_to_end()
        self.sync(redraw=True)

    def action_scroll_home(self) -> None:
        self.viewport.scroll_to_start()
        self.scrolled()

    def action_scroll_end(self) -> None:
        self.jump_to_end()

    def report_follow(self, *, follow_only: bool = False) -> None:
        """Post how far the end is, if that has changed; with `follow_only`, only if following has changed."""
        if (state := self._follow_tracker.take_change(follow_only=follow_only)) is not None:
            self.post_message(self.FollowChanged(*state))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self._is_syncing:
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.position = new_value
            return
        super().watch_scroll_y(old_value, new_value)
        if self.size.height != self.viewport.rows:
            return  # Textual has clamped the position to a view that has just grown; `_resize` will follow
        if rows := round(new_value) - self.viewport.top:
            self.scroll_rows(rows)

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> None:
        """Scroll at once: an animation would have to measure all rows that it passes."""
        if y is not None and y < 0:
            self.viewport.owe(round(-y))
        super().scroll_to(x, y, **{**options, "animate": False})

    def scroll_page_up(self, **options: Any) -> None:
        """Scroll a page up. Two rows stay in view, which help the reader to go on."""
        self.scroll_to(y=self.scroll_y - max(1, self.viewport.rows - 2))

    def scroll_page_down(self, **options: Any) -> None:
        """Scroll a page down. Two rows stay in view, which help the reader to go on."""
        self.scroll_to(y=self.scroll_y + max(1, self.viewport.rows - 2))
