"""The conversation pane: one widget that has a transcript model, a reader's cursor, a finder and an image cache.

It takes messages and events in small steps and draws at a calm pace: keys never wait for text. `TranscriptView` scrolls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from textual import events
from textual.binding import Binding
from textual.message import Message as TextualMessage
from textual.timer import Timer

from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.tools import ToolEvent
from tui.chat.transcript import Failure, Image, Message
from tui.widgets.bindings import bindings_of
from tui.widgets.conversation.backlog import Step
from tui.widgets.conversation.cursor import ReaderCursor, code_at, image_at, images_of
from tui.widgets.conversation.pace import Pace
from tui.widgets.conversation.parts import Collapsible, Line
from tui.widgets.conversation.transcript import TranscriptModel
from tui.widgets.conversation.transcript_view import TranscriptView
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import RowPosition
from tui.widgets.gallery import Gallery
from tui.widgets.timers import LoopTimer

if TYPE_CHECKING:
    from tui.render.strips import CodeBlock
    from tui.widgets.conversation.finder import Finder
    from tui.widgets.conversation.image_cache import ImageCache

Branching = Literal["edit", "regenerate", "fork", "older", "newer"]
SCHEMES = ("http://", "https://", "mailto:")
"""The links that can be opened."""


class Conversation(TranscriptView):
    """The transcript of one chat. Give it messages and events; it posts what the reader wants."""

    BINDINGS = [
        *bindings_of("conversation"),
        Binding("up,k", "previous", "Previous message", show=False),
        Binding("down,j", "next", "Next message", show=False),
        Binding("left", "choose(-1)", "Previous folded line", show=False),
        Binding("right", "choose(1)", "Next folded line", show=False),
        Binding("enter", "open", "Open images, open or fold thinking and tools", show=False),
    ]

    class CopyRequested(TextualMessage):
        """The reader wants to copy a text, or "" where there is none. `what` names it: "message", "python code"."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class LinkOpened(TextualMessage):
        """The reader has clicked a link: http, https or mailto."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    class RetryRequested(TextualMessage):
        """The reader wants to retry the failed answer."""

    class BranchRequested(TextualMessage):
        """The reader wants to edit, regenerate or fork at a message, given by its index, or to see another branch."""

        def __init__(self, how: Branching, message: int) -> None:
            super().__init__()
            self.how = how
            self.message = message

    class ImageOpened(TextualMessage):
        """The reader wants to open an image: the one of that number among those of its message."""

        def __init__(self, images: tuple[Image, ...], number: int) -> None:
            super().__init__()
            self.images = images
            self.number = number

    def __init__(
        self,
        names: Callable[[str], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`names` maps a model ID to a display name. `clock` is monotonic, in seconds."""
        super().__init__(id=id, classes=classes)
        self.gallery = Gallery()
        """Draws images as the terminal can show them."""
        self.gallery.late.add(self.redraw_images)
        self.cursor = ReaderCursor(self.viewport)
        self.transcript = TranscriptModel(self.viewport, names, clock, shows_images=lambda: self.gallery.is_open)
        self._finder: Finder | None = None
        """Made by the first search."""
        self._images: ImageCache | None = None
        """Made by the first image in view."""
        self.pace = Pace(self._take, self._paint, set_timer=LoopTimer(self), clock=clock)
        self._ticker: Timer | None = None
        """Set while the transcript counts seconds."""
        self.is_marked = self.cursor.covers
        self.decorators = [self._with_caret, self._with_images, self.painter.with_copy_hint, self._with_matches]

    # What arrives. Each step is taken after all that arrived before it.

    @property
    def streaming(self) -> bool:
        """True while an answer is streaming, or still being drawn."""
        return self.transcript.is_live or self.pace.behind

    def show(self, messages: Sequence[Message], *, siblings: Sequence[str] = (), is_end: bool = False) -> None:
        """Show a chat from its end; with `is_end`, no more than that. `siblings`: each message's branch, e.g. 2/3, or ""."""
        self.pace.clear()
        self.cursor.clear()
        self.transcript.show(messages, siblings, is_end=is_end)
        if self._finder is not None:
            self._finder.search(())
        if self.has_focus:
            self.cursor.mark_visible()
        self.sync(redraw=True)
        self._sync_ticker()

    async def complete(self, messages: Sequence[Message], *, siblings: Sequence[str] = ()) -> int:
        """Add what is missing of a chat that is shown from its end, given all of it. Return how many messages that were."""
        missing = max(0, len(messages) + self.transcript.first_message(0))
        if (turns := await self.transcript.complete(messages, siblings)) is not None:
            self.cursor.shift(turns)
            self.turns_added(turns)
        return missing

    def label(self, siblings: Sequence[str]) -> None:
        """Set the branch of each message, e.g. 2/3, or ""."""
        self.pace.then(partial(self.transcript.label, siblings))
        self.pace.then(self.redraw)

    def add(self, message: Message) -> None:
        """Add a whole message: a prompt, the results of tools, a finished answer."""
        self.pace.then(partial(self.transcript.add, message))

    def begin(self, model_name: str, *, ago_s: float = 0.0) -> None:
        """Begin an answer that was requested `ago_s` ago. It continues a finished answer under the same speaker line."""
        self.pace.then(partial(self.transcript.begin, model_name, ago_s))

    def grow(self, message: Message, events: Sequence[StreamEvent]) -> None:
        """Take the answer as it is now, and the events that came since the last call."""
        self.pace.arrive(message, events)

    def wait(self, waiting: RetryScheduled) -> None:
        """Show the countdown to the next attempt in place of the answer."""
        self.pace.then(partial(self.transcript.wait, waiting))

    def settle(self, message: Message) -> None:
        """End the answer as this message; `message.state` says how it ended."""
        self.pace.then(partial(self.transcript.settle, message))

    def follow(self, event: ToolEvent, *, ago_s: float = 0.0) -> None:
        """Show an event, `ago_s` old, of a tool call of the last answer."""
        self.pace.then(partial(self.transcript.follow, event, ago_s))

    def fail(self, failure: Failure) -> None:
        """Show why the turn has failed. The next prompt replaces a failed turn that has no answer at all."""
        self.pace.then(partial(self.transcript.fail, failure))

    def withdraw(self) -> None:
        """Remove the last prompt, and the answer that never came."""
        self.pace.then(self.transcript.withdraw)

    def note(self, text: str) -> None:
        """Add a dim line below the last turn."""
        self.pace.then(partial(self.transcript.note, text))

    def catch_up(self) -> None:
        """Draw all that has arrived, at once and however long that takes."""
        self.pace.catch_up()

    def toggle_thinking(self) -> None:
        """Open or fold all thinking, now and in later answers."""
        self.transcript.toggle_thinking()
        self.sync(redraw=True)

    def _take(self, step: Step) -> None:
        if callable(step):
            step()
        else:
            self.transcript.take(step, drawn=not self.pace.is_far_behind)

    def _paint(self) -> None:
        """Draw the rows that changed."""
        if change := self.transcript.take_change():
            if change.removed:
                self.cursor.clear()
            self.sync(redraw=change.removed, first=change.row, follow_only=self.transcript.is_live)
        self._sync_ticker()

    def _sync_ticker(self) -> None:
        """Let the ticker run while there is something to count."""
        if self.transcript.needs_ticks and self._ticker is None:
            self._ticker = self.set_interval(1.0, self._tick)
        elif self._ticker is not None and not self.transcript.needs_ticks:
            self._ticker.stop()
            self._ticker = None

    def _tick(self) -> None:
        rows = self.transcript.tick(animated=self.app.animation_level != "none")
        if self.transcript.is_live:
            self.report_follow()
        for row in rows:
            self.refresh_rows(row, row + 1)

    # Search

    @property
    def is_finding(self) -> bool:
        """True while matches are highlighted."""
        return self._finder is not None and self._finder.is_active

    def find(self, words: str) -> int:
        """Search for a text, ignoring case, and go to the last match. Return the number of matches. "" ends the search."""
        if not words and self._finder is None:
            return 0
        finder = self._search()
        if count := finder.find(words):
            self._show_match(finder)
        else:
            self.sync(redraw=True)
        return count

    def find_next(self, step: int) -> None:
        """Go to the next match down, or up with -1; after the last one, go on from the other end."""
        if self._finder is not None and self._finder.go(step):
            self._show_match(self._finder)

    def show_message(self, index: int, words: Sequence[str] = ()) -> None:
        """Mark the turn with a message, given by its index, and scroll to it; with words, to the row that has them."""
        if (turn := self.transcript.turn_of(index)) is None:
            return
        if words:
            finder = self._search()
            finder.search(words)
            if finder.go_in_turn(turn):
                self._show_match(finder)
                return
        self.cursor.mark(turn)
        self.viewport.show_turn(turn)
        self.scrolled()

    def _search(self) -> Finder:
        from tui.widgets.conversation.finder import Finder  # not needed for the first paint

        if self._finder is None:
            self._finder = Finder(self.viewport)
        return self._finder

    def _show_match(self, finder: Finder) -> None:
        if finder.turn is not None:
            self.cursor.mark(finder.turn)
        self.scrolled()

    # What is added to a row

    def _with_caret(self, line: Line, turn: Turn, position: RowPosition) -> Line:
        has_caret = self.transcript.has_caret(turn, position.row) and self.app.animation_level != "none"
        return self.painter.with_caret(line) if has_caret else line

    def _with_images(self, line: Line, turn: Turn, position: RowPosition) -> Line:
        return self.images.line(line, turn, position.row) if line.is_image else line

    @property
    def images(self) -> ImageCache:
        """The drawn images."""
        from tui.widgets.conversation.image_cache import ImageCache  # not needed for the first paint

        if self._images is None:
            run = partial(self.run_worker, group="pictures")
            self._images = ImageCache(self.gallery, run=run, changed=self.redraw)
        return self._images

    def _with_matches(self, line: Line, turn: Turn, position: RowPosition) -> Line:
        if self._finder is None or self.painter.palette is None:
            return line
        return self._finder.highlight(line, turn, position, self.painter.palette)

    def redraw_images(self) -> None:
        """Draw the images in view again: the terminal may have lost them."""
        if self._images is not None:
            self._images.clear()

    def on_unmount(self) -> None:
        self.redraw_images()

    # Keys

    def on_focus(self) -> None:
        self.cursor.choose_all()
        self.cursor.mark_visible()
        self.redraw()

    def action_previous(self) -> None:
        self.cursor.move(-1)
        self.scrolled()

    def action_next(self) -> None:
        self.cursor.move(1)
        self.scrolled()

    def action_choose(self, step: int) -> None:
        self.cursor.choose(step)
        self.scrolled()

    def action_open(self) -> None:
        """Open the images of the marked message; else open or fold its lines."""
        turn = self.cursor.turn
        if turn is not None and self.cursor.chosen is None and (images := images_of(turn)):
            self.post_message(self.ImageOpened(images, 0))
        elif self.cursor.open():
            self.scrolled()

    def action_copy_message(self) -> None:
        if (turn := self.cursor.turn) is not None and turn.source:
            self.post_message(self.CopyRequested(turn.source, "message"))

    def action_copy_code(self) -> None:
        """Copy the code block in view; at the next call the one after it."""
        if (block := self.cursor.next_code()) is not None:
            self._copy_code(block)
        elif self.cursor.turn is not None:
            self.post_message(self.CopyRequested("", "code"))

    def _copy_code(self, block: CodeBlock) -> None:
        self.post_message(self.CopyRequested(block.source, f"{block.language} code".strip()))

    def action_retry(self) -> None:
        if self.transcript.can_retry:
            self.post_message(self.RetryRequested())

    def action_edit(self) -> None:
        self._branch("edit")

    def action_regenerate(self) -> None:
        self._branch("regenerate")

    def action_fork(self) -> None:
        self._branch("fork")

    def action_older_branch(self) -> None:
        self._branch("older")

    def action_newer_branch(self) -> None:
        self._branch("newer")

    def _branch(self, how: Branching) -> None:
        if self.cursor.turn is not None and self.cursor.index is not None:
            self.post_message(self.BranchRequested(how, self.transcript.first_message(self.cursor.index)))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # Textual's own answer to a double click is to select everything
        if (found := self.viewport.at(event.y)) is None:
            return
        turn, position = found
        if event.chain in (2, 3):
            x = event.x - self.painter.left
            if selection := self.selector.around(turn, position, x, rows=event.chain == 3):
                self.screen.selections = {self: selection}
                self.screen.post_message(events.TextSelected())
        elif self.text_selection is None and not self._open_link(event):
            if self.cursor.mark(position.turn):
                self.redraw()
            self._press(turn, position, event.x)

    def _open_link(self, event: events.Click) -> bool:
        url = event.style.link
        if url is None or not url.lower().startswith(SCHEMES):
            return False
        self.post_message(self.LinkOpened(url))
        return True

    def _press(self, turn: Turn, position: RowPosition, x: int) -> None:
        """Do what a click on a row does: open its image, open or fold it, copy its code."""
        index, y = turn.at(position.row)
        part = turn.parts[index]
        if (number := image_at(turn, position.row, x - self.painter.left)) is not None:
            self.post_message(self.ImageOpened(images_of(turn), number))
        elif isinstance(part, Collapsible) and part.opens_at(y):
            with self.viewport.reshaping(turn):
                part.press(y)
            self.sync(redraw=True)
        elif self.painter.is_copy_hint(x) and (block := code_at(turn, position.row)) is not None:
            self._copy_code(block)
