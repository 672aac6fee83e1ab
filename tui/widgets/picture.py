"""A picture, once it is drawn: as wide and high as its drawing, which comes to the screen a few rows at a time."""

from __future__ import annotations

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.widgets.gallery import Drawing

_CELLS_AT_ONCE = 800
"""Every cell has colours of its own: more than so many take longer than a key should wait."""
_STEP_S = 0.01


class Picture(Widget):
    DEFAULT_CSS = """
    Picture { width: 100%; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._drawing: Drawing | None = None
        self._shown = 0
        self._timer: Timer | None = None

    def show(self, drawing: Drawing | None) -> None:
        """Another picture, or none."""
        if self._timer is not None:
            self._timer.stop()
        self._drawing, self._shown, self._timer = drawing, 0, None
        self._show_more()
        self.refresh(layout=True)

    @property
    def is_whole(self) -> bool:
        """Whether all of a picture is on the screen."""
        return self._drawing is not None and self._shown >= len(self._drawing.rows)

    def _show_more(self) -> None:
        """Lets some more of its rows be seen."""
        if self._drawing is None or self._shown >= len(self._drawing.rows):
            return
        first = self._shown
        self._shown += max(1, _CELLS_AT_ONCE // self._drawing.room.columns)
        self.refresh(Region(0, first, self.size.width, self._shown - first))
        self._timer = self.set_timer(_STEP_S, self._show_more)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._drawing.rows) if self._drawing is not None else 0

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if self._drawing is None or y >= min(self._shown, len(self._drawing.rows)):
            return Strip.blank(width, base)
        left = max(0, width - self._drawing.room.columns) // 2
        return Strip.join([Strip.blank(left, base), self._drawing.rows[y]]).adjust_cell_length(width, base)
