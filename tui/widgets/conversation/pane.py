"""The conversation pane: what is said in a chat, as it is being said.

It takes what arrives in small steps and draws at a calm pace, so that keys never wait for text. What rows look like is left
to `turn`, which of them are in view to `viewport`, bringing them to the screen to `view`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip
from textual.timer import Timer

from tui.chat.events import StreamEvent, Waiting
from tui.chat.tools import ToolEvent
from tui.chat.transcript import Failure, Message, ToolResult
from tui.widgets.conversation import captions
from tui.widgets.conversation.backlog import Step
from tui.widgets.conversation.live import CARET, LiveAnswer
from tui.widgets.conversation.looking import LookingView
from tui.widgets.conversation.pace import Pace
from tui.widgets.conversation.parts import Line, Words, failure_parts
from tui.widgets.conversation.turn import Turn
from tui.widgets.conversation.viewport import Place

if TYPE_CHECKING:
    from tui.widgets.conversation.call import CallsUnderWay


class Conversation(LookingView):
    """The transcript of one chat. Give it messages; it posts what the reader wants."""

    def __init__(
        self,
        names: Callable[[str], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`names` gives a model ID its name as people say it; `clock` is in seconds and never goes back."""
        super().__init__(id=id, classes=classes)
        self._names = names
        self._clock = clock
        self._pace = Pace(self._do, self._paint, set_timer=self.set_timer, clock=clock)
        self._live: LiveAnswer | None = None
        self._waiting: tuple[Waiting, Words] | None = None
        self._thinking_open = False
        self._thinking_since: float | None = None
        self._calls: CallsUnderWay | None = None
        self._begun = 0.0
        self._changed: tuple[int, int] | None = None
        """The first turn, and the row in it, that is to be drawn again."""
        self._ticker: Timer | None = None
        self._caret_row: int | None = None

    # What the screen calls

    @property
    def empty(self) -> bool:
        return not self.view.turns and not self._pace.behind

    @property
    def streaming(self) -> bool:
        """Whether an answer is under way, or still being drawn."""
        return self._live is not None or self._pace.behind

    def show(self, messages: Sequence[Message], *, siblings: Sequence[str] = ()) -> None:
        """Opens a stored conversation at its end. Only what is looked at is parsed and drawn.

        `siblings` says of each message which branch it is, as 2/3, or "".
        """
        self._pace.clear()
        self._end_live()
        self.marked = None
        self.find("")
        turns: list[Turn] = []
        for index, message in enumerate(messages):
            if turns and _continues(turns[-1], message):
                turns[-1].join(message)
            else:
                turns.append(self._turn([message]))
            turns[-1].sibling = turns[-1].sibling or (siblings[index] if index < len(siblings) else "")
        self.view.replace(turns)
        if self.has_focus:
            self.mark_something()
        self.place(redraw=True)

    def label(self, siblings: Sequence[str]) -> None:
        """Says anew of each message which branch it is."""
        self._pace.then(partial(self._label, siblings))

    def show_message(self, index: int, words: Sequence[str] = ()) -> None:
        """Marks the turn of that message and brings it into view; where there are words, at the row in which they stand."""
        for number in range(len(self.view.turns)):
            if self.first_message(number + 1) > index:
                if not (words and self.find_in_turn(number, words)):
                    self.marked = number
                    self.view.show_turn(number)
                    self.after_moving()
                return

    def first_message(self, turn: int) -> int:
        """The number of a turn's first message, among all."""
        return sum(len(one.messages) for one in self.view.turns[:turn])

    def add(self, message: Message) -> None:
        """A message that stands in the transcript: a prompt, a tool's results, a settled answer."""
        self._pace.then(partial(self._add, message))

    def begin(self, model_name: str, *, ago_s: float = 0.0) -> None:
        """An answer is coming. After a settled answer it goes on under the same speaker line.

        `ago_s`: how long it has been coming already.
        """
        self._pace.then(partial(self._begin, model_name, ago_s))

    def grow(self, message: Message, events: Sequence[StreamEvent]) -> None:
        """The answer as it stands, and what was added since the last time."""
        self._pace.arrive(message, events)

    def wait(self, waiting: Waiting) -> None:
        """A failed attempt will be repeated: counts down where the answer would be."""
        self._pace.then(partial(self._wait, waiting))

    def settle(self, message: Message) -> None:
        """The answer has ended, in whatever way `message.state` says. It is drawn after all that came before it."""
        self._pace.then(partial(self._settle, message))

    def follow(self, event: ToolEvent, *, ago_s: float = 0.0) -> None:
        """Something happens, or happened so long ago, to a call of the answer that was settled last."""
        self._pace.then(partial(self._follow, event, ago_s))

    def fail(self, failure: Failure) -> None:
        """The turn has failed. The next prompt takes the place of one that got no answer at all."""
        self._pace.then(partial(self._fail, failure))

    def withdraw(self) -> None:
        """The last prompt has left the transcript again: it goes, with the answer that never came."""
        self._pace.then(self._withdraw)

    def note(self, text: str) -> None:
        """A dim line under what was said last."""
        self._pace.then(partial(self._note, text))

    def catch_up(self) -> None:
        """Draws all that has arrived, at once and however long that takes."""
        self._pace.catch_up()

    def toggle_thinking(self) -> None:
        """Opens or folds all thinking, now and to come."""
        self._thinking_open = not self._thinking_open
        mark = self.view.mark()
        for turn in self.view.turns:
            turn.show_thinking(self._thinking_open)
        for index, turn in enumerate(self.view.turns):
            if turn.parts:
                self.view.changed(index)
        self.view.return_to(mark)
        self.place(redraw=True)

    # Steps: each happens once all that arrived before it is drawn

    def _add(self, message: Message) -> None:
        if self._live is not None:
            self._end_live()
        last = self.view.turns[-1] if self.view.turns else None
        if last is not None and _continues(last, message):
            last.join(message)
            self._touch(0)
            return
        stayed = last is not None and last.failure is not None and bool(last.failure.refused)
        if last is not None and not last.messages and len(self.view.turns) > 1 and not stayed:
            self._withdraw()
        self.view.append(self._turn([message]))
        self._touch(0)

    def _label(self, siblings: Sequence[str]) -> None:
        index = 0
        for turn in self.view.turns:
            found = next((one for one in siblings[index : index + len(turn.messages)] if one), "")
            index += len(turn.messages)
            if found != turn.sibling:
                turn.sibling = found
                turn.say()
        self.refresh(self.size.region)

    def _begin(self, model_name: str, ago_s: float = 0.0) -> None:
        self._end_live()
        last = self.view.turns[-1] if self.view.turns else None
        if last is None or not last.is_answer:
            last = self._turn([])
            last.name = model_name
            self.view.append(last)
        if not last.parts:
            last.build()
        if last.failure is not None:
            last.end_with()
            last.failure = None
        self._live = LiveAnswer(last)
        self._begun = self._clock() - ago_s - sum(message.elapsed_s for message in last.messages)
        last.say(captions.live_figures(self._clock() - self._begun, self._live.tokens))
        self._touch(0)
        self._tick_on()

    def _wait(self, waiting: Waiting) -> None:
        if self._live is None:
            self._begin("")
        assert self._live is not None
        countdown = Words(
            captions.waiting_line(waiting.until - self._clock(), waiting.attempt, waiting.attempts), hang=2
        )
        reason = Words(((waiting.failure.message, "warning"),), hang=2)
        self._touch(self._live.show_instead(reason, countdown))
        self._waiting = waiting, countdown
        self._tick_on()

    def _settle(self, message: Message) -> None:
        if self._live is None:
            self._begin(self._names(message.model))
        assert self._live is not None
        self._touch(self._live.settle(message))
        self._end_live()

    def _follow(self, event: ToolEvent, ago_s: float) -> None:
        from tui.widgets.conversation.call import CallsUnderWay, id_of  # with the first call

        turn = self.view.turns[-1] if self.view.turns else None
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
        self._tick_on()

    def _fail(self, failure: Failure) -> None:
        if self._live is None and (not self.view.turns or not self.view.turns[-1].is_answer):
            self._begin("")
        turn = self.view.turns[-1]
        self._end_live()
        if not any(message.failure for message in turn.messages[-1:]):
            turn.end_with(*failure_parts(failure, above=0 if turn.is_bare else 1))
        turn.failure = failure
        self._touch(0)

    def _withdraw(self) -> None:
        self._end_live()
        if self.view.turns and not self.view.turns[-1].messages:
            self.view.pop()
        if self.view.turns and not self.view.turns[-1].is_answer:
            self.view.pop()
        self.marked = None
        self.view.settle()
        self.place(redraw=True)

    def _note(self, text: str) -> None:
        if not self.view.turns:
            turn = self._turn([])
            turn.name = "Note"
            self.view.append(turn)
        if not self.view.turns[-1].parts:
            self.view.turns[-1].build()
        self.view.turns[-1].note(text)
        self._touch(0)

    def _end_live(self) -> None:
        """Nothing is alive any more, and no timer runs."""
        if self._live is not None:
            self._live.leave()
            self._touch(0)
        self._live = self._waiting = self._thinking_since = self._caret_row = self._calls = None
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _turn(self, messages: Iterable[Message]) -> Turn:
        return Turn(list(messages), self._names, thinking_open=self._thinking_open, pictures=self.gallery.is_open)

    def decorated(self, line: Line, turn: Turn, place: Place) -> Line:
        if self._live is not None and turn is self._live.turn and place.row == self._live.caret_row:
            room = line.strip.cell_length + line.indent < self.column
            if room and self.app.animation_level != "none" and self.palette is not None:
                caret = Segment(CARET, self.palette.style("accent"))
                return line._replace(strip=Strip([*line.strip, caret]), end=len(line.strip.text))
        return super().decorated(line, turn, place)

    # Drawing

    def _do(self, step: Step) -> None:
        if callable(step):
            step()
            return
        if self._live is None:
            self._begin(self._names(step.model) if isinstance(step, Message) else "")
        assert self._live is not None
        if isinstance(step, Message):
            self._live.stands_at(step)
            return
        if self._waiting is not None:
            self._waiting = None
            self._touch(self._live.expect())
        self._live.draws = not self._pace.is_far_behind
        row = self._live.take(step)
        if row is not None:
            self._touch(row)
        if (thinks := self._live.thinks) is None:
            self._thinking_since = None
        elif self._thinking_since is None:
            self._thinking_since = self._clock()
            thinks.say("thinking")

    def _touch(self, row: int) -> None:
        """Notes the first row of the last turn that is to be drawn again. More turns may follow before it is."""
        place = (len(self.view.turns) - 1, row)
        self._changed = place if self._changed is None else min(place, self._changed)

    def _paint(self) -> None:
        """Draws the rows that changed."""
        if self._changed is None or not self.view.turns:
            return
        (turn, row), self._changed = self._changed, None
        last = len(self.view.turns) - 1
        turn, row = (turn, row) if turn <= last else (last, 0)
        if self._live is not None and self._live.caret_row != self._caret_row:
            if self._caret_row is not None and turn == last:
                row = min(row, self._caret_row)
            self._caret_row = self._live.caret_row
        for index in range(turn, last + 1):
            self.view.changed(index)
        self.view.settle()
        self.place(first=self.view.heights.top(turn) + row, calmly=self._live is not None)

    def _tick_on(self) -> None:
        if self._ticker is None:
            self._ticker = self.set_interval(1.0, self._tick)

    def _tick_calls(self, calls: CallsUnderWay) -> None:
        turn = self.view.turns[-1]
        top = self.view.heights.top(len(self.view.turns) - 1)
        for call in calls.tick(self._clock()):
            row = top + turn.top_of(call)
            self.refresh_rows(row, row + 1)

    def _tick(self) -> None:
        """Once a second: the seconds and tokens of the answer under way, those of calls that run, and the countdown."""
        if self._calls and self.app.animation_level != "none":
            self._tick_calls(self._calls)
        if self._live is None or (self.app.animation_level == "none" and self._waiting is None):
            return
        turn = self._live.turn
        turn.say(captions.live_figures(self._clock() - self._begun, self._live.tokens))
        rows = [0]
        fold = self._live.thinks
        if fold is not None and self._thinking_since is not None:
            fold.say(f"thinking for {max(1, round(self._clock() - self._thinking_since))} s")
            rows.append(turn.top_of(fold))
        if self._waiting is not None:
            waiting, words = self._waiting
            words.say(captions.waiting_line(waiting.until - self._clock(), waiting.attempt, waiting.attempts))
            rows.append(turn.top_of(words))
        self.tell()
        top = self.view.heights.top(len(self.view.turns) - 1)
        for row in rows:
            self.refresh_rows(top + row, top + row + 1)


def _continues(turn: Turn, message: Message) -> bool:
    """Whether a message stands under the speaker line of the turn before it: an answer may take several responses."""
    if not turn.is_answer:
        return False
    holds_results = bool(message.blocks) and all(isinstance(block, ToolResult) for block in message.blocks)
    return message.role == "assistant" or holds_results
