"""Limit the size of a reply, so that no server can fill the memory."""

from __future__ import annotations

from collections.abc import Iterable

from tui.chat.events import BlockStart, CitationDelta, InputDelta, SignatureDelta, StreamEvent, TextDelta, ThinkingDelta
from tui.chat.transcript import Compaction, Opaque, RedactedThinking, Text, Thinking, ToolUse
from tui.errors import TuiError
from tui.inputs.limits import MIB, REPLY_BYTES, REPLY_PARTS

_DELTAS = (TextDelta, ThinkingDelta, InputDelta, SignatureDelta)


class ReplyTooLong(TuiError):
    """Raised when a reply is longer than any that a model writes."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This reply has more than {what}, so prx stopped it.", "The part that was received is kept.")


class ReplySize:
    """Adds up the size of the events of one reply."""

    def __init__(self) -> None:
        self._chars = 0
        self._width = 1
        """Bytes per character in memory, for the widest character so far."""
        self._parts = 0
        self._indices: set[int] = set()
        """Indices of the blocks that had deltas."""

    def note(self, events: Iterable[StreamEvent]) -> None:
        """Add the size of these events."""
        for event in events:
            text = _text_of(event)
            self._chars += len(text)
            self._width = max(self._width, _width_of(text))
            if isinstance(event, BlockStart | CitationDelta):
                self._parts += 1
            elif isinstance(event, _DELTAS) and event.index not in self._indices:  # starts a block
                self._indices.add(event.index)
                self._parts += 1

    def check(self) -> None:
        """Raise ReplyTooLong if the reply exceeds REPLY_BYTES or REPLY_PARTS."""
        if self._chars * self._width > REPLY_BYTES:
            raise ReplyTooLong(f"{REPLY_BYTES // MIB} MB")
        if self._parts > REPLY_PARTS:
            raise ReplyTooLong(f"{REPLY_PARTS:,} parts")


def event_size(event: StreamEvent) -> int:
    """Return the approximate number of bytes that an event adds to the reply."""
    return len(_text_of(event))


def _text_of(event: StreamEvent) -> str:
    """Return the text that an event adds to the reply."""
    match event:
        case TextDelta(text=text) | ThinkingDelta(thinking=text) | InputDelta(partial_json=text):
            return text
        case SignatureDelta(signature=text) | CitationDelta(citation=text):
            return text
        case BlockStart(block=Compaction(content=text)):
            return text
        case BlockStart(block=Text(text=text) | Thinking(thinking=text) | RedactedThinking(data=text)):
            return text
        case BlockStart(block=ToolUse(input=text) | Opaque(json=text)):
            return text
    return ""


def _width_of(text: str) -> int:
    if text.isascii():
        return 1
    widest = max(text)
    return 4 if widest > "\uffff" else 2 if widest > "\xff" else 1
