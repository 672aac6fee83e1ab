"""The transcript model: the turns of one chat, and what a running answer, its tool calls and retries change in them.

It takes messages and events and lays turns out in a viewport. Afterwards it says which rows have changed. The clock comes
from outside; there is no widget and no timer here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.tools import ToolEvent
from tui.chat.transcript import Failure, Message, ToolResult
from tui.widgets.conversation import captions
from tui.widgets.conversation.live import LiveAnswer
from tui.widgets.conversation.parts import PlainText, failure_parts
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import Viewport

if TYPE_CHECKING:
    from tui.widgets.conversation.call import CallsUnderWay


_AT_ONCE = 100
"""The turns that are made at once, within about a millisecond, while a chat is being completed."""


class Change(NamedTuple):
    """What has changed since the last frame."""

    row: int
    """The first row that changed, counted from the start of the transcript."""
    removed: bool
    """True if turns were removed: what is below the end of the transcript has changed, too."""


class TranscriptModel:
    """The turns of a chat, grown by what arrives."""

    def __init__(
        self,
        viewport: Viewport,
        names: Callable[[str], str],
        clock: Callable[[], float],
        *,
        shows_images: Callable[[], bool] = lambda: True,
    ) -> None:
        """`names` maps a model ID to a display name. `clock` is monotonic, in seconds."""
        self._viewport = viewport
        self._names = names
        self._clock = clock
        self._shows_images = shows_images
        self._live: LiveAnswer | None = None
        self._waiting: tuple[RetryScheduled, PlainText] | None = None
        """The retry that is waited for, and its countdown."""
        self._thinking_open = False
        self._thinking_since: float | None = None
        self._calls: CallsUnderWay | None = None
        self._begun = 0.0
        self._changed: tuple[int, int] | None = None
        """The first turn that changed, and the row within it."""
        self._removed = False
        self._drawn_caret: int | None = None
        """The row of the last turn in which the caret was drawn."""

    @property
    def turns(self) -> list[Turn]:
        return self._viewport.turns

    @property
    def is_live(self) -> bool:
        """True while an answer is streaming."""
        return self._live is not None

    @property
    def needs_ticks(self) -> bool:
        """True while `tick` has something to count: an answer, a countdown or running calls."""
        return self._live is not None or bool(self._calls)

    @property
    def can_retry(self) -> bool:
        """True if the last turn has failed, or has no answer."""
        last = self.turns[-1] if self.turns else None
        return last is not None and (last.failure is not None or not last.is_answer)

    def has_caret(self, turn: Turn, row: int) -> bool:
        """True if the caret of the running answer is in this row."""
        live = self._live
        return live is not None and turn is live.turn and row == live.caret_row

    # Messages and turns

    def first_message(self, turn: int) -> int:
        """Return the index of a turn's first message, among all messages; counted from the end (-1 is the last one) while
        only the end is shown."""
        missing = sum(len(one.messages) for one in self.turns) if self._viewport.is_end else 0
        return sum(len(one.messages) for one in self.turns[:turn]) - missing

    def turn_of(self, message: int) -> int | None:
        """Return the index of the turn that has a message, given the message's index."""
        for number in range(len(self.turns)):
            if self.first_message(number + 1) > message:
                return number
        return None

    # What arrives

    def show(self, messages: Sequence[Message], siblings: Sequence[str] = (), *, is_end: bool = False) -> None:
        """Replace all turns. `siblings` gives the branch of each message, e.g. 2/3, or "". `is_end`: `complete` follows."""
        self.end_live()
        self._viewport.replace(list(self._grouped(messages, siblings)), is_end=is_end)
        self._changed, self._removed = None, False

    async def complete(self, messages: Sequence[Message], siblings: Sequence[str] = ()) -> int | None:
        """Add what is missing above the end of a chat, given all of it, a little at a time so that keys need not wait.

        Turns that are the same stay as they are. Return how many turns were added; None if another chat is shown by now.
        """
        viewport, shown, width, is_open = self._viewport, self.turns, self._viewport.width, self._thinking_open
        turns: list[Turn] = []
        heights: list[int] = []
        for turn in self._grouped(messages, siblings):
            turns.append(turn)
            heights.append(turn.estimated_height(width))
            if len(turns) % _AT_ONCE == 0:
                await asyncio.sleep(0)
                if self.turns is not shown:
                    return None
        self.take_change()
        pairs = zip(reversed(shown), reversed(turns), strict=False)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0].messages == pair[1].messages, pairs))
        for before, turn in zip(shown[len(shown) - kept :], turns[len(turns) - kept :], strict=True):
            before.messages = turn.messages
            if before.sibling != turn.sibling:
                before.sibling = turn.sibling
                before.update_speaker()
        earlier = turns[: len(turns) - kept]
        if self._thinking_open != is_open:
            for turn in earlier:
                turn.show_thinking(self._thinking_open)
        if viewport.width != width:
            heights = [turn.estimated_height(viewport.width) for turn in earlier]
        viewport.complete(earlier, heights[: len(earlier)], len(shown) - kept)
        return len(turns) - len(shown)

    def _grouped(self, messages: Sequence[Message], siblings: Sequence[str]) -> Iterator[Turn]:
        """Yield the turns of these messages."""
        turn: Turn | None = None
        for message, sibling in zip_longest(messages, siblings[: len(messages)], fillvalue=""):
            assert isinstance(message, Message)
            if turn is not None and _continues(turn, message):
                turn.join(message)
            else:
                if turn is not None:
                    yield turn
                turn = self._turn([message])
            turn.sibling = turn.sibling or sibling
        if turn is not None:
            yield turn

    def add(self, message: Message) -> None:
        """Add a whole message: a prompt, the results of tools, a finished answer."""
        if self._live is not None:
            self.end_live()
        last = self.turns[-1] if self.turns else None
        if last is not None and _continues(last, message):
            last.join(message)
            self._touch(0)
            return
        stayed = last is not None and last.failure is not None and bool(last.failure.rejected_blocks)
        if last is not None and not last.messages and len(self.turns) > 1 and not stayed:
            self.withdraw()
        self._viewport.append(self._turn([message]))
        self._touch(0)

    def label(self, siblings: Sequence[str]) -> None:
        """Set the branch of each message, e.g. 2/3, or "". No row moves; `take_change` does not report it."""
        index = 0
        for turn in self.turns:
            found = next((one for one in siblings[index : index + len(turn.messages)] if one), "")
            index += len(turn.messages)
            if found != turn.sibling:
                turn.sibling = found
                turn.update_speaker()

    def begin(self, model_name: str, ago_s: float = 0.0) -> None:
        """Begin an answer that was requested `ago_s` ago. It continues a finished answer under the same speaker line."""
        self.end_live()
        last = self.turns[-1] if self.turns else None
        if last is None or not last.is_answer:
            last = self._turn([])
            last.name = model_name
            self._viewport.append(last)
        if not last.parts:
            last.build()
        if last.failure is not None:
            last.end_with()
            last.failure = None
        self._live = LiveAnswer(last)
        self._begun = self._clock() - ago_s - sum(message.elapsed_s for message in last.messages)
        last.update_speaker(captions.live_figures(self._clock() - self._begun, self._live.tokens))
        self._touch(0)

    def take(self, step: StreamEvent | Message, *, drawn: bool = True) -> None:
        """Take one event of the answer, or the message as it is after the next events.

        `drawn`: False if so much is waiting that this text scrolls by unseen.
        """
        live = self._ensure_live(step.model if isinstance(step, Message) else "")
        if isinstance(step, Message):
            live.stands_at(step)
            return
        if self._waiting is not None:
            self._waiting = None
            self._touch(live.expect())
        live.draws = drawn
        row = live.take(step)
        if row is not None:
            self._touch(row)
        if (thinks := live.thinks) is None:
            self._thinking_since = None
        elif self._thinking_since is None:
            self._thinking_since = self._clock()
            thinks.set_summary("thinking")

    def wait(self, waiting: RetryScheduled) -> None:
        """Show the countdown to the next attempt in place of the answer."""
        live = self._ensure_live()
        countdown = PlainText(self._countdown(waiting), hang=2)
        reason = PlainText(((waiting.failure.message, "warning"),), hang=2)
        self._touch(live.show_instead(reason, countdown))
        self._waiting = waiting, countdown

    def settle(self, message: Message) -> None:
        """End the answer as this message; `message.state` says how it ended."""
        self._touch(self._ensure_live(message.model).settle(message))
        self.end_live()

    def follow(self, event: ToolEvent, ago_s: float) -> None:
        """Show an event, `ago_s` old, of a tool call of the last answer."""
        from tui.widgets.conversation.call import CallsUnderWay, id_of  # with the first call

        turn = self.turns[-1] if self.turns else None
        if turn is None:
            return
        if not turn.parts:
            turn.build()
        call = turn.call_of(id_of(event))
        if call is None:
            return
        if self._calls is None:
            self._calls = CallsUnderWay()
        self._calls.take(call, event, self._clock(), ago_s)
        turn.changed()
        self._touch(turn.top_of(call))

    def fail(self, failure: Failure) -> None:
        """Show why the turn has failed. The next prompt replaces a failed turn that has no answer at all."""
        if self._live is None and (not self.turns or not self.turns[-1].is_answer):
            self.begin("")
        turn = self.turns[-1]
        self.end_live()
        if not any(message.failure for message in turn.messages[-1:]):
            turn.end_with(*failure_parts(failure, above=0 if turn.is_bare else 1))
        turn.failure = failure
        self._touch(0)

    def withdraw(self) -> None:
        """Remove the last prompt, and the answer that never came."""
        self.end_live()
        if self.turns and not self.turns[-1].messages:
            self._viewport.pop()
        if self.turns and not self.turns[-1].is_answer:
            self._viewport.pop()
        self._removed = True
        self._viewport.update()

    def note(self, text: str) -> None:
        """Add a dim line below the last turn."""
        if not self.turns:
            turn = self._turn([])
            turn.name = "Note"
            self._viewport.append(turn)
        if not self.turns[-1].parts:
            self.turns[-1].build()
        self.turns[-1].note(text)
        self._touch(0)

    def toggle_thinking(self) -> None:
        """Open or fold all thinking, now and in later answers. The reader's position stays."""
        self._thinking_open = not self._thinking_open
        anchor = self._viewport.anchor()
        for turn in self.turns:
            turn.show_thinking(self._thinking_open)
        for index, turn in enumerate(self.turns):
            if turn.parts:
                self._viewport.changed(index)
        self._viewport.restore(anchor)

    def end_live(self) -> None:
        """End the running answer as it is. Nothing needs ticks afterwards."""
        if self._live is not None:
            self._live.leave()
            self._touch(0)
        self._live = self._waiting = self._thinking_since = self._drawn_caret = self._calls = None

    def _ensure_live(self, model: str = "") -> LiveAnswer:
        """Return the running answer; begin one if there is none."""
        if self._live is None:
            self.begin(self._names(model) if model else "")
        assert self._live is not None
        return self._live

    def _turn(self, messages: Iterable[Message]) -> Turn:
        return Turn(list(messages), self._names, thinking_open=self._thinking_open, shows_images=self._shows_images())

    # What changed

    def take_change(self) -> Change | None:
        """Return what changed since the last call, with the viewport up to date; None if nothing did."""
        removed, self._removed = self._removed, False
        if self._changed is None or not self.turns:
            return Change(0, removed) if removed else None
        (turn, row), self._changed = self._changed, None
        last = len(self.turns) - 1
        turn, row = (turn, row) if turn <= last else (last, 0)
        if self._live is not None and self._live.caret_row != self._drawn_caret:
            if self._drawn_caret is not None and turn == last:
                row = min(row, self._drawn_caret)
            self._drawn_caret = self._live.caret_row
        for index in range(turn, last + 1):
            self._viewport.changed(index)
        self._viewport.update()
        return Change(self._viewport.heights.top(turn) + row, removed)

    def tick(self, *, animated: bool = True) -> list[int]:
        """Update, once a second, the times of answer, calls and countdown. Return the rows that changed.

        `animated`: False if only a countdown may move.
        """
        rows: list[int] = []
        if not self.turns:
            return rows
        turn, now = self.turns[-1], self._clock()
        if self._calls and animated:
            rows += [turn.top_of(call) for call in self._calls.tick(now)]
        live = self._live
        if live is not None and (animated or self._waiting is not None):
            turn = live.turn
            turn.update_speaker(captions.live_figures(now - self._begun, live.tokens))
            rows.append(0)
            fold = live.thinks
            if fold is not None and self._thinking_since is not None:
                fold.set_summary(f"thinking for {max(1, round(now - self._thinking_since))} s")
                rows.append(turn.top_of(fold))
            if self._waiting is not None:
                waiting, countdown = self._waiting
                countdown.set_caption(self._countdown(waiting))
                rows.append(turn.top_of(countdown))
        top = self._viewport.heights.top(len(self.turns) - 1)
        return [top + row for row in rows]

    def _countdown(self, waiting: RetryScheduled) -> captions.Caption:
        return captions.waiting_line(waiting.until - self._clock(), waiting.attempt, waiting.attempts)

    def _touch(self, row: int) -> None:
        """Note the first row of the last turn that changed. More turns may follow before it is drawn."""
        position = (len(self.turns) - 1, row)
        self._changed = position if self._changed is None else min(position, self._changed)


def _continues(turn: Turn, message: Message) -> bool:
    """True if a message belongs under the speaker line of the turn before it: an answer may take several responses."""
    if not turn.is_answer:
        return False
    holds_results = bool(message.blocks) and all(isinstance(block, ToolResult) for block in message.blocks)
    return message.role == "assistant" or holds_results
