"""An image of the conversation on a screen of its own, as large as fits, with its size, tokens and format."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from tui.chat.transcript import Image
from tui.images.cell_size import CellSize
from tui.images.kinds import short_name
from tui.render import figures
from tui.render.safe import safe
from tui.widgets.facts import facts_of
from tui.widgets.gallery import Gallery
from tui.widgets.panel import PanelHead, format_hints
from tui.widgets.picture import Picture


class PictureScreen(Screen[None]):
    DEFAULT_CSS = """
    PictureScreen {
        padding: 0 1;
        & PanelHead { margin-bottom: 1; }
        & .frame { height: 1fr; align: center middle; }
        & .foot { height: 1; margin-top: 1; color: $dim; }
        & .facts { width: 1fr; }
        & .keys { width: auto; }
    }
    """
    BINDINGS = [
        Binding("escape,enter,q", "dismiss(None)", show=False),
        Binding("left,up,k", "go(-1)", show=False),
        Binding("right,down,j,space", "go(1)", show=False),
    ]

    def __init__(self, images: Sequence[Image], number: int, gallery: Gallery) -> None:
        """Show the image of that number (from 0) first."""
        super().__init__()
        self._images = tuple(images)
        self._number = number
        self._gallery = gallery
        self._drawn_for: Size | None = None

    def compose(self) -> ComposeResult:
        yield PanelHead("")
        with Vertical(classes="frame"):
            yield Picture(self._gallery)
        with Horizontal(classes="foot"):
            yield Static("", classes="facts")
            hints = [("←→", "switch"), ("esc", "close")]
            yield Static(
                format_hints(hints if len(self._images) > 1 else hints[-1:], self.app.size.width), classes="keys"
            )

    def on_mount(self) -> None:
        self.app.app_resume_signal.subscribe(self, lambda _: self._look())  # the terminal has lost the image

    def on_resize(self, event: events.Resize) -> None:
        if self._drawn_for not in (None, event.size):
            self._gallery.forget()  # the size of the cells may have changed too
        self._drawn_for = event.size
        self.call_after_refresh(self._look)

    def action_go(self, step: int) -> None:
        number = max(0, min(self._number + step, len(self._images) - 1))
        if number != self._number:
            self._number = number
            self._look()

    def _look(self) -> None:
        """Show the facts of the current image at once, and the image when it is drawn."""
        image = self._images[self._number]
        head = self.query_one(PanelHead)
        head.set_title(safe(image.name, keep_newlines=False) or "image")
        head.set_note(f"{self._number + 1} of {len(self._images)}" if len(self._images) > 1 else "")
        self.query_one(".facts", Static).update(Content(facts_line(image)))
        self._draw(image)

    @work(group="picture", exclusive=True)
    async def _draw(self, image: Image) -> None:
        picture, room = self.query_one(Picture), CellSize(*self.query_one(".frame").size)
        if room.columns and room.rows:
            await picture.load(image.data, image.width, image.height, room)


def facts_line(image: Image) -> str:
    """Format the facts of an image, e.g. 2576×1449 · 4.7k tokens · 812 KB JPEG."""
    size = figures.size(len(image.data) // 4 * 3)
    return f"{facts_of(image)} · {size} {short_name(image.media_type)}"
