"""An image as large as its drawing, which is shown a few rows at a time."""

from __future__ import annotations

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.images.cell_size import CellSize
from tui.widgets.gallery import Drawing, Gallery
from tui.widgets.workers import later

_CELLS_AT_ONCE = 800
"""Cells that are shown at a time. Each has colours of its own: more of them would let keys wait."""
_STEP_S = 0.01


class Picture(Widget):
    """An image in the best way that the terminal can show it."""

    DEFAULT_CSS = """
    Picture { width: auto; height: auto; }
    """

    def __init__(self, gallery: Gallery) -> None:
        super().__init__()
        self._gallery = gallery
        self._drawing: Drawing | None = None
        self._source: tuple[str | bytes, int, int, CellSize] | None = None
        self._shown = 0
        self._timer: Timer | None = None

    async def load(self, data: str | bytes, width: int, height: int, room: CellSize) -> None:
        """Show an image, given its size in pixels, as large as fits into `room`. Until it is drawn the one before stays."""
        self._source = data, width, height, room
        self._show(await self._gallery.draw_whole(data, width, height, room))

    def clear(self) -> None:
        """Show no image."""
        self._source = None
        self._show(None)

    def _reload(self) -> None:
        if self._source is not None:
            self.run_worker(later(self.load, *self._source), exclusive=True)

    def on_mount(self) -> None:
        self._gallery.late.add(self._reload)

    def on_unmount(self) -> None:
        self._gallery.late.discard(self._reload)
        self._gallery.release(self._drawing)

    def _show(self, drawing: Drawing | None) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._gallery.release(self._drawing)
        self._drawing, self._shown, self._timer = drawing, 0, None
        self.set_class(drawing is not None, "-drawn")
        self._show_more()
        self.refresh(layout=True)

    @property
    def is_whole(self) -> bool:
        """True if all of an image is on the screen."""
        return self._drawing is not None and self._shown >= len(self._drawing.rows)

    def _show_more(self) -> None:
        """Show some more rows."""
        if self._drawing is None or self._shown >= len(self._drawing.rows):
            return
        first, rows = self._shown, len(self._drawing.rows)
        self._shown += rows if self._drawing.is_light else max(1, _CELLS_AT_ONCE // self._drawing.room.columns)
        self.refresh(Region(0, first, self.size.width, self._shown - first))
        self._timer = self.set_timer(_STEP_S, self._show_more)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self._drawing.room.columns if self._drawing is not None else 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._drawing.rows) if self._drawing is not None else 0

    def render_line(self, y: int) -> Strip:
        if self._drawing is None or y >= min(self._shown, len(self._drawing.rows)):
            return Strip.blank(self.size.width, self.rich_style)
        return self._drawing.rows[y]
