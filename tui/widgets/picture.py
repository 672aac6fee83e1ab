"""A picture, once it is drawn: as wide and high as its drawing, which comes to the screen a few rows at a time."""

from __future__ import annotations

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.images.cell_size import CellSize
from tui.widgets.gallery import Drawing, Gallery
from tui.widgets.workers import later

_CELLS_AT_ONCE = 800
"""Every cell has colours of its own: more than so many take longer than a key should wait."""
_STEP_S = 0.01


class Picture(Widget):
    DEFAULT_CSS = """
    Picture { width: auto; height: auto; }
    """

    def __init__(self, gallery: Gallery) -> None:
        super().__init__()
        self._gallery = gallery
        self._drawing: Drawing | None = None
        self._looked_at: tuple[str | bytes, int, int, CellSize] | None = None
        self._shown = 0
        self._timer: Timer | None = None

    async def look_at(self, data: str | bytes, width: int, height: int, room: CellSize) -> None:
        """Shows another picture, of that size in pixels, as large as it fits. The one before it stays until then."""
        self._looked_at = data, width, height, room
        self._show(await self._gallery.draw_whole(data, width, height, room))

    def clear(self) -> None:
        self._looked_at = None
        self._show(None)

    def _look_again(self) -> None:
        if self._looked_at is not None:
            self.run_worker(later(self.look_at, *self._looked_at), exclusive=True)

    def on_mount(self) -> None:
        self._gallery.late.add(self._look_again)

    def on_unmount(self) -> None:
        self._gallery.late.discard(self._look_again)
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
        """Whether all of a picture is on the screen."""
        return self._drawing is not None and self._shown >= len(self._drawing.rows)

    def _show_more(self) -> None:
        """Lets some more of its rows be seen."""
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
