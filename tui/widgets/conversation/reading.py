"""What a reader can do with a transcript: go from message to message, open folded lines, copy, follow links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.message import Message as TextualMessage
from textual.strip import Strip

from tui.render.strips import CodeBlock
from tui.widgets.bindings import bindings_of
from tui.widgets.conversation.parts import Line, Opening, Prose
from tui.widgets.conversation.selecting import selection_of, word_at
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.view import TranscriptView
from tui.widgets.conversation.viewport import Place

Branching = Literal["edit", "regenerate", "fork", "older", "newer"]
COPY_HINT = " u copy"
SCHEMES = ("http://", "https://", "mailto:")


class ReadingView(TranscriptView):
    """A transcript with a mark that goes from turn to turn, and keys for the marked one."""

    BINDINGS = [
        *bindings_of("conversation"),
        Binding("up,k", "previous", "Previous message", show=False),
        Binding("down,j", "next", "Next message", show=False),
        Binding("left", "choose(-1)", "Previous folded line of the message", show=False),
        Binding("right", "choose(1)", "Next folded line of the message", show=False),
        Binding("enter", "open", "Open pictures, open or fold thinking and tools", show=False),
    ]

    class CopyRequested(TextualMessage, namespace="conversation"):
        """The reader wants a text in the clipboard; "" where there is none.

        `what` names it for a notice: "message", "python code".
        """

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class LinkOpened(TextualMessage, namespace="conversation"):
        """The reader has clicked a link: http, https or mailto."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    class RetryRequested(TextualMessage, namespace="conversation"):
        """The reader wants the failed answer to be tried again."""

    class BranchWanted(TextualMessage, namespace="conversation"):
        """The reader wants another branch at the message of that number: to write it, to have it written, to see it."""

        def __init__(self, how: Branching, message: int) -> None:
            super().__init__()
            self.how = how
            self.message = message

    _copied_code = (-1, -1)
    """Turn and number of the code block that was copied last: the next `u` takes the one after it."""

    _chosen: Opening | None = None
    """The line of the marked turn that Enter is for; None: all of them."""

    # The mark

    def on_focus(self) -> None:
        self._chosen = None
        self.mark_something()
        self.refresh(self.size.region)

    def mark_something(self) -> None:
        """Marks what the reader most likely looks at, unless a turn is marked already."""
        if self.view.turns and (self.marked is None or self.marked >= len(self.view.turns)):
            self.marked = self.view.turn_at_end()

    def action_previous(self) -> None:
        self._go(-1)

    def action_next(self) -> None:
        self._go(1)

    def _go(self, step: int) -> None:
        """To the next message; through the marked one first, where it does not fit the screen."""
        self._chosen = None
        view, marked = self.view, self.marked
        if marked is None:
            self.mark_something()
            self.refresh(self.size.region)
            return
        top, bottom = view.heights.top(marked), view.heights.top(marked) + view.heights.height(marked) - 1
        page = max(1, view.rows // 2)
        hidden = bottom - (view.top + view.rows) if step > 0 else view.top - top
        if hidden > 0 and bottom > view.top and top < view.top + view.rows:
            self.scroll_rows(step * min(page, hidden))
            return
        self.marked = min(max(marked + step, 0), len(view.turns) - 1)
        if self.marked == marked and step > 0:
            self.jump_to_end()
        else:
            view.show_turn(self.marked, at_end=step < 0)
            self.after_moving()

    # Copying and opening

    def action_copy_message(self) -> None:
        if (turn := self.marked_turn()) is not None and turn.source:
            self.post_message(self.CopyRequested(turn.source, "message"))

    def action_copy_code(self) -> None:
        """The code block in view; again for the one after it."""
        turn = self.marked_turn()
        if turn is None or self.marked is None:
            return
        top = self.view.top - self.view.heights.top(self.marked)
        blocks = [(turn.top_of(prose) + block.top, block) for prose in _prose(turn) for block in prose.code_blocks()]
        if not blocks:
            self.post_message(self.CopyRequested("", "code"))
            return
        in_view = next((number for number, (row, block) in enumerate(blocks) if row + block.height > top), 0)
        last_turn, last = self._copied_code
        number = (last + 1) % len(blocks) if last_turn == turn.serial else in_view
        self._copied_code = turn.serial, number
        self._copy_code(blocks[number][1])

    def _copy_code(self, block: CodeBlock) -> None:
        self.post_message(self.CopyRequested(block.source, f"{block.language} code".strip()))

    def action_retry(self) -> None:
        last = self.view.turns[-1] if self.view.turns else None
        if last is not None and (last.failure is not None or not last.is_answer):
            self.post_message(self.RetryRequested())

    # Branches

    def action_edit(self) -> None:
        self._want("edit")

    def action_regenerate(self) -> None:
        self._want("regenerate")

    def action_fork(self) -> None:
        self._want("fork")

    def action_older_branch(self) -> None:
        self._want("older")

    def action_newer_branch(self) -> None:
        self._want("newer")

    def _want(self, how: Branching) -> None:
        if self.marked_turn() is not None and self.marked is not None:
            message = sum(len(turn.messages) for turn in self.view.turns[: self.marked])
            self.post_message(self.BranchWanted(how, message))

    def action_choose(self, step: int) -> None:
        """Of the folded lines of the marked message the next one; after the last, and before the first, all of them."""
        turn = self.marked_turn()
        lines: list[Opening | None] = [None, *_lines(turn)] if turn else [None]
        self._chosen = lines[(lines.index(self.chosen()) + step) % len(lines)]
        self._show_chosen()
        self.refresh(self.size.region)

    def _show_chosen(self) -> None:
        """Brings the chosen line into view, with what it has opened to as far as there is room."""
        turn, chosen = self.marked_turn(), self.chosen()
        if turn is None or chosen is None or self.marked is None:
            return
        above = self.view.heights.top(self.marked) + turn.top_of(chosen) - self.view.top
        if rows := min(above, max(0, above + chosen.height - self.view.rows)):
            self.scroll_rows(rows)

    def chosen(self) -> Opening | None:
        """The line that keys are for, if it is one of the marked message."""
        turn = self.marked_turn()
        return self._chosen if turn is not None and self._chosen in _lines(turn) else None

    def is_barred(self, turn: Turn, place: Place) -> bool:
        chosen = self._chosen
        if chosen is None or not super().is_barred(turn, place) or chosen not in turn.parts:
            return super().is_barred(turn, place)
        index, y = turn.at(place.row)
        return turn.parts[index] is chosen and 0 <= y < chosen.height

    def action_open(self) -> None:
        """Opens the chosen line, or all that are folded in the marked message; then all of what is longer; then folds."""
        turn, chosen = self.marked_turn(), self.chosen()
        folds = [chosen] if chosen else _lines(turn) if turn else []
        if turn is None or not folds:
            return
        with self._reshaping(turn):
            some_open = any(fold.open for fold in folds)
            hides = some_open and any(fold.open and fold.hides for fold in folds)
            for fold in folds:
                fold.show(hides or not some_open, whole=hides)
        self._show_chosen()

    @contextmanager
    def _reshaping(self, turn: Turn) -> Iterator[None]:
        """Parts of a turn are opened or folded. The reader's place stays."""
        mark = self.view.mark()
        yield
        turn.changed()
        self.view.changed(self.view.turns.index(turn))
        self.view.return_to(mark)
        self.place(redraw=True)

    def marked_turn(self) -> Turn | None:
        self.mark_something()
        return self.view.turns[self.marked] if self.marked is not None else None

    # The mouse

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # Textual's own answer to a double click is to select everything
        found = self.line_at(event.y)
        if found is None:
            return
        turn, place = found
        if event.chain == 2 or event.chain == 3:
            self._select_around(turn, place, event)
        elif self.text_selection is None and not self._follow_link(event):
            if self.marked != place.turn or self._chosen is not None:
                self.marked, self._chosen = place.turn, None
                self.refresh(self.size.region)
            self.press(turn, place, event.x)

    def _follow_link(self, event: events.Click) -> bool:
        url = event.style.link
        if url is None or not url.lower().startswith(SCHEMES):
            return False
        self.post_message(self.LinkOpened(url))
        return True

    def press(self, turn: Turn, place: Place, x: int) -> None:
        index, y = turn.at(place.row)
        part = turn.parts[index]
        if isinstance(part, Opening) and part.opens_at(y):
            with self._reshaping(turn):
                part.press(y)
        elif isinstance(part, Prose) and (block := part.code_at(y)) and x >= self.left + self.column - len(COPY_HINT):
            self._copy_code(block)

    def _select_around(self, turn: Turn, place: Place, event: events.Click) -> None:
        """Two clicks select the word, three the row and what it was wrapped from."""
        line = turn.line(place.row)
        first = last = place.row
        start, end = word_at(line, event.x - self.left - line.indent)
        if event.chain == 3:
            while first > 0 and turn.line(first).soft:
                first -= 1
            while last + 1 < turn.height and turn.line(last + 1).soft:
                last += 1
            start, end = 0, len(turn.line(last).strip.text)
        if (first, start) < (last, end):
            selection = selection_of(Place(place.turn, first), start, Place(place.turn, last), end)
            self.screen.selections = {self: selection}
            self.screen.post_message(events.TextSelected())

    def decorated(self, line: Line, turn: Turn, place: Place) -> Line:
        """Code says in its first row how it is copied."""
        if self.palette is None or not line.start or line.start < line.strip.cell_length:
            return line  # such a row is decoration from end to end
        index, y = turn.at(place.row)
        part = turn.parts[index]
        if not isinstance(part, Prose) or part.code_at(y) is None:
            return line
        room = self.column - len(COPY_HINT)
        strip = line.strip.adjust_cell_length(max(room, line.strip.cell_length))
        if strip.text[room:].strip():
            return line
        fill = next((segment.style for segment in reversed(list(strip)) if segment.style), Style.null())
        hint = Segment(COPY_HINT, fill + self.palette.style("dim"))
        return line._replace(strip=Strip([*strip.crop(0, room), hint]), end=len(line.strip.text.rstrip()))


def _lines(turn: Turn) -> list[Opening]:
    return [part for part in turn.parts if isinstance(part, Opening) and part.can_open]


def _prose(turn: Turn) -> list[Prose]:
    return [part for part in turn.parts if isinstance(part, Prose)]
