"""The queued prompts, shown above the prompt: they are sent in order when the running answer ends."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.chat.transcript import Draft

ROWS = 4
"""Prompts that are shown at a time. If there are more, a line says how many there are."""
WIDE = 70
"""From this width on every line shows its keys; below it only the chosen one does."""
EDIT, REMOVE = "⏎ edit", "del remove"


class QueueList(Widget, can_focus=True):
    """One line for each queued prompt. The screen owns the queue."""

    DEFAULT_CSS = """
    QueueList {
        height: auto;
        color: $dim;
        display: none;
        &.-any { display: block; }
        & .queue--chosen { color: $foreground; background: $block-cursor-background; }
        & .queue--held { color: $warning; }
    }
    """
    COMPONENT_CLASSES = {"queue--chosen", "queue--held"}
    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("enter", "edit", show=False),
        Binding("delete,backspace", "remove", show=False),
    ]

    drafts: reactive[tuple[Draft, ...]] = reactive((), layout=True)
    held: reactive[bool] = reactive(False, layout=True)
    """True after a failure or a stop: nothing is sent by itself."""
    chosen: reactive[int] = reactive(0)

    class EditRequested(Message):
        """The user wants to edit a prompt, given by its index."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class RemoveRequested(Message):
        """The user wants to remove a prompt, given by its index."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class Left(Message):
        """Down was pressed on the last prompt: the focus goes back to the prompt area."""

    def watch_drafts(self, drafts: tuple[Draft, ...]) -> None:
        self.set_class(bool(drafts), "-any")
        self.chosen = max(0, min(self.chosen, len(drafts) - 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows())

    def action_move(self, step: int) -> None:
        if self.chosen + step >= len(self.drafts):
            self.post_message(self.Left())
        else:
            self.chosen = max(0, self.chosen + step)

    def action_edit(self) -> None:
        self.post_message(self.EditRequested(self.chosen))

    def action_remove(self) -> None:
        self.post_message(self.RemoveRequested(self.chosen))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        rows = self._rows()
        if offset is None or offset.y >= len(rows) or rows[offset.y] is None:
            return
        index = rows[offset.y]
        assert index is not None
        width = self.content_size.width
        if offset.x >= width - len(REMOVE) and (width >= WIDE or index == self.chosen):
            self.post_message(self.RemoveRequested(index))
        else:
            self.post_message(self.EditRequested(index))

    def _rows(self) -> Sequence[int | None]:
        """Return what each row shows: the index of a prompt, or None for the summary."""
        count = len(self.drafts)
        top = max(0, min(self.chosen - ROWS + 1, count - ROWS)) if count > ROWS else 0
        rows: list[int | None] = list(range(top, min(count, top + ROWS)))
        return [*rows, None] if self.held or count > ROWS else rows

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        base = self.rich_style
        rows = self._rows()
        if y >= len(rows):
            return Strip.blank(width, base)
        index = rows[y]
        if index is None:
            text = self._summary()
            style = base + self.get_component_rich_style("queue--held", partial=True) if self.held else base
            return Strip([Segment(text, style)]).adjust_cell_length(width, style)
        style = base
        if self.has_focus and index == self.chosen:
            style = base + self.get_component_rich_style("queue--chosen", partial=True)
        return self._row(index, width, style)

    def _row(self, index: int, width: int, style: Style) -> Strip:
        label = f"queued {index + 1}  "
        keys = f"  {EDIT} · {REMOVE}" if width >= WIDE or index == self.chosen else ""
        text = Strip([Segment(" ".join(self.drafts[index].text[:500].split()), style)])
        room = max(0, width - len(label) - len(keys))
        if text.cell_length > room:
            text = Strip.join([text.crop(0, max(0, room - 1)), Strip([Segment("…", style)])])
        return Strip.join(
            [Strip([Segment(label, style)]), text.adjust_cell_length(room, style), Strip([Segment(keys, style)])]
        )

    def _summary(self) -> str:
        more = f"{len(self.drafts)} in all" if len(self.drafts) > ROWS else ""
        held = "held · ⏎ on the empty prompt sends the next" if self.held else ""
        return " · ".join(part for part in (more, held) if part)
