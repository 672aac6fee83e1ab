"""What has arrived and is not drawn yet, handed out in pieces that are small enough for one frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from tui.chat.events import InputDelta, StreamEvent, TextDelta, ThinkingDelta
from tui.chat.transcript import Message

SLICE_CHARS = 800
"""How much text is taken at a time, so that no step outlasts a frame's budget by much."""
_SLICE_LINES = 40
_FAR_CHARS = 50_000
"""With so much text waiting, what is taken flies by: nobody reads it as it comes."""

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
        self._chars = 0
        """Of text that waits."""

    def __bool__(self) -> bool:
        return bool(self._steps)

    @property
    def is_far_behind(self) -> bool:
        """True if so much text waits that what is taken now is out of sight with the next frame."""
        return self._chars - self._cut > _FAR_CHARS

    def put(self, *steps: Step) -> None:
        self._steps.extend(steps)
        self._standing = None

    def put_events(self, message: Message, events: Iterable[StreamEvent]) -> None:
        """Puts events, and the message after them. Earlier steps of the same reply get the newer message, too."""
        if self._standing is None:
            self._standing = _Standing(message)
        self._standing.message = message
        self._steps.append(self._standing)
        for event in events:
            self._steps.append(event)
            self._chars += len(_text_of(event))

    def clear(self) -> None:
        self._steps.clear()
        self._standing = None
        self._cut = self._chars = 0

    def take(self) -> Step:
        """The next step, or the next slice of it."""
        step = self._steps[0]
        if isinstance(step, _Standing):
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
    """The text of a delta."""
    match step:
        case TextDelta(text=text) | ThinkingDelta(thinking=text) | InputDelta(partial_json=text):
            return text
    return ""
