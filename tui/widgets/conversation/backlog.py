"""What has arrived and is not drawn yet, handed out in pieces that are small enough for one frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from tui.chat.events import StreamEvent, TextDelta, ThinkingDelta
from tui.chat.transcript import Message

SLICE_CHARS = 800
"""How much text is taken at a time, so that no step outlasts a frame's budget by much."""

Step = StreamEvent | Message | Callable[[], None]
"""An event, the message as it stands after the events that follow, or something to do once all before it is drawn."""


class _Standing:
    """The message as it stands, for all steps of one reply."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Backlog:
    """First in, first out. A long delta comes out in slices; cutting them costs no copy of the rest."""

    def __init__(self) -> None:
        self._steps: deque[Step | _Standing] = deque()
        self._standing: _Standing | None = None
        """Of the reply that arrives: its message is kept once, however many steps wait."""
        self._cut = 0

    def __bool__(self) -> bool:
        return bool(self._steps)

    def put(self, *steps: Step) -> None:
        self._steps.extend(steps)
        self._standing = None

    def put_events(self, message: Message, events: Iterable[StreamEvent]) -> None:
        """Puts events, and the message after them. Earlier steps of the same reply get the newer message, too."""
        if self._standing is None:
            self._standing = _Standing(message)
        self._standing.message = message
        self._steps.append(self._standing)
        self._steps.extend(events)

    def clear(self) -> None:
        self._steps.clear()
        self._standing = None
        self._cut = 0

    def take(self) -> Step:
        """The next step, or the next slice of it."""
        step = self._steps[0]
        if isinstance(step, _Standing):
            step = step.message
        if isinstance(step, TextDelta | ThinkingDelta):
            text = step.text if isinstance(step, TextDelta) else step.thinking
            if self._cut + SLICE_CHARS < len(text):
                piece = text[self._cut : self._cut + SLICE_CHARS]
                self._cut += SLICE_CHARS
                return type(step)(step.index, piece)
            if self._cut:
                step = type(step)(step.index, text[self._cut :])
        self._cut = 0
        self._steps.popleft()
        return step
