"""The queue of what has arrived and is not drawn yet. Long texts come out in slices that fit into a frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from tui.chat.events import InputDelta, StreamEvent, TextDelta, ThinkingDelta
from tui.chat.transcript import Message

SLICE_CHARS = 800
"""Characters that are taken at a time, so that no step exceeds the budget of a frame by much."""
_SLICE_LINES = 40
_FAR_CHARS = 50_000
"""With more characters waiting, text scrolls by too fast to be read."""

Step = StreamEvent | Message | Callable[[], None]
"""An event, the message as it is after the next events, or a function to call once all before it is drawn."""


class _Latest:
    """The latest message of one answer, shared by all its steps."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Backlog:
    """First in, first out. A long delta comes out in slices, without copying its rest."""

    def __init__(self) -> None:
        self._steps: deque[Step | _Latest] = deque()
        self._latest: _Latest | None = None
        """The message of the running answer: stored once, however many steps are waiting."""
        self._cut = 0
        self._chars = 0
        """Characters that are waiting, including those of the first step that were taken already."""

    def __bool__(self) -> bool:
        return bool(self._steps)

    @property
    def is_far_behind(self) -> bool:
        """True if so much text is waiting that what is taken now has scrolled by with the next frame."""
        return self._chars - self._cut > _FAR_CHARS

    def put(self, *steps: Step) -> None:
        """Add steps."""
        self._steps.extend(steps)
        self._latest = None

    def put_events(self, message: Message, events: Iterable[StreamEvent]) -> None:
        """Add events and the message after them. Earlier steps of the same answer get the newer message, too."""
        if self._latest is None:
            self._latest = _Latest(message)
        self._latest.message = message
        self._steps.append(self._latest)
        for event in events:
            self._steps.append(event)
            self._chars += len(_text_of(event))

    def clear(self) -> None:
        """Drop all steps."""
        self._steps.clear()
        self._latest = None
        self._cut = self._chars = 0

    def take(self) -> Step:
        """Return the next step, or the next slice of it."""
        step = self._steps[0]
        if isinstance(step, _Latest):
            step = step.message
        if (text := _text_of(step)) and isinstance(step, TextDelta | ThinkingDelta | InputDelta):
            piece = text[self._cut : self._cut + SLICE_CHARS]
            if piece.count("\n") > _SLICE_LINES:
                piece = "".join(piece.splitlines(keepends=True)[:_SLICE_LINES])
            if self._cut + len(piece) < len(text):
                self._cut += len(piece)
                return type(step)(step.index, piece)
            if self._cut:
                step = type(step)(step.index, piece)
            self._chars -= len(text)
        self._cut = 0
        self._steps.popleft()
        return step


def _text_of(step: Step) -> str:
    """Return the text of a delta, else ""."""
    match step:
        case TextDelta(text=text) | ThinkingDelta(thinking=text) | InputDelta(partial_json=text):
            return text
    return ""
