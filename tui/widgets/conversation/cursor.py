"""The reader's cursor: the message that keys act on, and one of its folded lines. It moves the viewport; no widget."""

from __future__ import annotations

from tui.chat.transcript import Image
from tui.render.strips import CodeBlock
from tui.widgets.conversation.parts import Collapsible, MarkdownText
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import RowPosition, Viewport


class ReaderCursor:
    """A mark that moves from turn to turn."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self.index: int | None = None
        """The marked turn; None until the reader first uses the keys."""
        self._chosen: Collapsible | None = None
        """The folded line of the marked turn that Enter acts on; None: all of them."""
        self._copied_code = (-1, -1)
        """Turn and number of the code block that was copied last: the next copy takes the one after it."""

    def clear(self) -> None:
        """Mark nothing."""
        self.index = self._chosen = None

    def shift(self, turns: int) -> None:
        """Stay at the marked turn, before which so many were added."""
        if self.index is not None:
            self.index += turns

    def mark(self, index: int) -> bool:
        """Mark a turn. False if it was marked already, with all of its lines."""
        if self.index == index and self._chosen is None:
            return False
        self.index, self._chosen = index, None
        return True

    def mark_visible(self) -> None:
        """Mark the turn that the reader most likely looks at, unless one is marked already."""
        turns = self._viewport.turns
        if turns and (self.index is None or self.index >= len(turns)):
            self.index = self._viewport.last_turn_in_view()

    def choose_all(self) -> None:
        """Let Enter act on all folded lines of the marked turn."""
        self._chosen = None

    @property
    def turn(self) -> Turn | None:
        """The marked turn; marks one if none is."""
        self.mark_visible()
        return self._viewport.turns[self.index] if self.index is not None else None

    @property
    def chosen(self) -> Collapsible | None:
        """The chosen line, if it belongs to the marked turn."""
        turn = self.turn
        return self._chosen if turn is not None and self._chosen in _folds(turn) else None

    def covers(self, turn: Turn, position: RowPosition) -> bool:
        """True if a row belongs to what keys act on."""
        if self.index != position.turn or position.row >= turn.height - 1:
            return False
        chosen = self._chosen
        if chosen is None or chosen not in turn.parts:
            return True
        index, y = turn.at(position.row)
        return turn.parts[index] is chosen and 0 <= y < chosen.height

    # Moving

    def move(self, step: int) -> None:
        """Move to the next turn (1) or the previous one (-1); within the marked one first, if it does not fit the view."""
        self._chosen = None
        viewport, marked = self._viewport, self.index
        if marked is None:
            self.mark_visible()
            return
        top = viewport.heights.top(marked)
        bottom = top + viewport.heights.height(marked) - 1
        page = max(1, viewport.rows // 2)
        hidden = bottom - (viewport.top + viewport.rows) if step > 0 else viewport.top - top
        if hidden > 0 and bottom > viewport.top and top < viewport.top + viewport.rows:
            viewport.scroll(step * min(page, hidden))
            return
        self.index = min(max(marked + step, 0), len(viewport.turns) - 1)
        if self.index == marked and step > 0:
            viewport.scroll_to_end()
        else:
            viewport.show_turn(self.index, at_end=step < 0)

    def choose(self, step: int) -> None:
        """Choose the next folded line of the marked turn; after the last one, and before the first, all of them."""
        turn = self.turn
        folds: list[Collapsible | None] = [None, *_folds(turn)] if turn else [None]
        self._chosen = folds[(folds.index(self.chosen) + step) % len(folds)]
        self._show_chosen()

    def open(self) -> bool:
        """Open the chosen line, or all folded ones; then all of what is longer; then fold. False if there is none."""
        turn, chosen = self.turn, self.chosen
        folds = [chosen] if chosen else _folds(turn) if turn else []
        if turn is None or not folds:
            return False
        with self._viewport.reshaping(turn):
            some_open = any(fold.open for fold in folds)
            hides = some_open and any(fold.open and fold.hides for fold in folds)
            for fold in folds:
                fold.show(hides or not some_open, whole=hides)
        self._show_chosen()
        return True

    def _show_chosen(self) -> None:
        """Scroll the chosen line into view, with its content as far as there is room."""
        turn, chosen, viewport = self.turn, self.chosen, self._viewport
        if turn is None or chosen is None or self.index is None:
            return
        above = viewport.heights.top(self.index) + turn.top_of(chosen) - viewport.top
        if rows := min(above, max(0, above + chosen.height - viewport.rows)):
            viewport.scroll(rows)

    # Code

    def next_code(self) -> CodeBlock | None:
        """Return the code block in view of the marked turn; at the next call the one after it. None if there is none."""
        turn = self.turn
        if turn is None or self.index is None:
            return None
        top = self._viewport.top - self._viewport.heights.top(self.index)
        texts = [part for part in turn.parts if isinstance(part, MarkdownText)]
        blocks = [(turn.top_of(text) + block.top, block) for text in texts for block in text.code_blocks()]
        if not blocks:
            return None
        in_view = next((number for number, (row, block) in enumerate(blocks) if row + block.height > top), 0)
        last_turn, last = self._copied_code
        number = (last + 1) % len(blocks) if last_turn == turn.serial else in_view
        self._copied_code = turn.serial, number
        return blocks[number][1]


def images_of(turn: Turn) -> tuple[Image, ...]:
    """Return all images that a turn shows."""
    return tuple(image for part in turn.parts for image in part.images)


def image_at(turn: Turn, row: int, x: int) -> int | None:
    """Return the number, among `images_of`, of the image in a row of a turn, at cell `x` of the column; None if none is."""
    index, y = turn.at(row)
    part = turn.parts[index]
    if not part.images or not 0 <= y < part.height:
        return None
    return sum(len(before.images) for before in turn.parts[:index]) + part.image_number(y, x)


def code_at(turn: Turn, row: int) -> CodeBlock | None:
    """Return the code block that starts in a row of a turn."""
    index, y = turn.at(row)
    part = turn.parts[index]
    return part.code_at(y) if isinstance(part, MarkdownText) else None


def _folds(turn: Turn) -> list[Collapsible]:
    return [part for part in turn.parts if isinstance(part, Collapsible) and part.can_open]
