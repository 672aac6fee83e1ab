"""How much of a reply has arrived, and where it is ended: no server can fill the memory with one."""

from __future__ import annotations

from collections.abc import Iterable

from tui.chat.events import BlockStart, CitationDelta, InputDelta, SignatureDelta, StreamEvent, TextDelta, ThinkingDelta
from tui.chat.transcript import Opaque, RedactedThinking, Text, Thinking, ToolUse
from tui.errors import TuiError
from tui.inputs.limits import MIB, REPLY_BYTES, REPLY_PARTS

_DELTAS = (TextDelta, ThinkingDelta, InputDelta, SignatureDelta)


class ReplyTooLong(TuiError):
    """A reply is longer than any that a model writes."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This reply has more than {what}, so prx ended it.", "What had arrived is kept.")


class ReplySize:
    """Counts what the events of one reply bring."""

    def __init__(self) -> None:
        self._chars = 0
        self._width = 1
        """Bytes that a character takes in memory: as many as the widest so far."""
        self._parts = 0
        self._indices: set[int] = set()
        """Of the blocks that deltas were for."""

    def note(self, events: Iterable[StreamEvent]) -> None:
        for event in events:
            text = _text_of(event)
            self._chars += len(text)
            self._width = max(self._width, _width_of(text))
            if isinstance(event, BlockStart | CitationDelta):
                self._parts += 1
            elif isinstance(event, _DELTAS) and event.index not in self._indices:  # which begins a block by itself
                self._indices.add(event.index)
                self._parts += 1

    def check(self) -> None:
        """Raise ReplyTooLong if that is more than `limits` allows."""
        if self._chars * self._width > REPLY_BYTES:
            raise ReplyTooLong(f"{REPLY_BYTES // MIB} MB")
        if self._parts > REPLY_PARTS:
            raise ReplyTooLong(f"{REPLY_PARTS:,} parts")


def event_size(event: StreamEvent) -> int:
    """About how many bytes an event adds to the reply."""
    return len(_text_of(event))


def _text_of(event: StreamEvent) -> str:
    """What an event adds to the reply."""
    match event:
        case TextDelta(text=text) | ThinkingDelta(thinking=text) | InputDelta(partial_json=text):
            return text
        case SignatureDelta(signature=text) | CitationDelta(citation=text):
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
