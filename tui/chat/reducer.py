"""Fold the events of a stream into a message. Pure: one value in, one value out.

`Partial.message` can be shown after every step. Blocks are kept in the order in which they started and are found by the
index in the stream, so interleaved blocks and missing stops are harmless; a delta for an unknown block starts one. Folding
copies the block that it changes, so join bursts with `coalesce` first. A long text is joined only after it has grown by an
eighth, which keeps the work linear. Until then the message lacks the newest part; `finish` includes everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import groupby

import msgspec
from msgspec.structs import replace

from tui.chat.events import (
    BlockStart,
    BlockStop,
    CitationDelta,
    InputDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    SignatureDelta,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    Unknown,
)
from tui.chat.ledger import Usage, merged
from tui.chat.tokens import written_tokens
from tui.chat.transcript import Block, Failure, Message, Opaque, State, Text, Thinking, ToolUse
from tui.inputs.bounded import decode_json

_LONG_CHARS = 1 << 21
"""From this length on, a text is not joined with each piece that arrives. No current model writes a longer one."""
_SHARE = 8
_Pieces = tuple[str, ...]


class Partial(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is still arriving."""

    message: Message
    indices: tuple[int, ...] = ()
    """The stream index of each block. If a server uses an index twice, it means the later block."""
    inputs: tuple[str, ...] = ()
    """The streamed input text of each block; "" for most."""
    pending: tuple[_Pieces, ...] = ()
    """Pieces of each block that are not joined with its text or input yet; empty for all but long ones."""


def start(model: str, at: float) -> Partial:
    """Return an empty answer. `at` is the time of its request, in seconds since the epoch."""
    return Partial(message=Message(role="assistant", state="streaming", model=model, at=at))


def fold(partial: Partial, event: StreamEvent) -> Partial:
    """Return the answer after one more event."""
    match event:
        case TextDelta(index, text):
            return _with_text(partial, index, text)
        case ThinkingDelta(index, thinking):
            return _with_thinking(partial, index, thinking)
        case InputDelta(index, text):
            return _with_input(partial, index, text)
        case SignatureDelta(index, signature):
            at = _position(partial, index)
            if at is not None and isinstance(block := partial.message.blocks[at], Thinking):
                return _with_block(partial, at, Thinking(block.thinking, block.signature + signature))
            return partial
        case CitationDelta(index, citation):
            at = _position(partial, index)
            if at is not None and isinstance(text_block := partial.message.blocks[at], Text):
                return _with_block(partial, at, Text(text_block.text, (*text_block.citations, citation)))
            return partial
        case BlockStart(index, block):
            return _with_new_block(partial, index, block)
        case BlockStop(index):
            at = _position(partial, index)
            if at is None:
                return partial
            partial = _joined(partial, at)
            return _with_block(partial, at, _closed(partial, at))
        case MessageStart() | MessageDelta():
            return replace(partial, message=_with_facts(partial.message, event))
        case MessageStop() | Unknown():
            return partial


def fold_all(partial: Partial, events: Iterable[StreamEvent]) -> Partial:
    """Return the answer after these events. Join them with `coalesce` first."""
    for event in events:
        partial = fold(partial, event)
    return partial


def finish(partial: Partial, state: State, failure: Failure | None = None) -> Message:
    """Return the final message. Empty blocks are dropped, since the API rejects them in later requests."""
    for at in range(len(partial.indices)):
        partial = _joined(partial, at)
    closed = (_closed(partial, at) for at in range(len(partial.indices)))
    blocks = tuple(block for block in closed if block not in (Text(""), Thinking("")))
    message = replace(partial.message, blocks=blocks, state=state, failure=failure)
    return message if state == "complete" else with_estimated_output(message)


def with_estimated_output(message: Message) -> Message:
    """Return the message with its output tokens estimated from its text: the final count arrives at the end of a stream."""
    if message.stop_reason or message.usage == Usage():
        return message
    seen = max(message.usage.output_tokens, written_tokens(message))
    return replace(message, usage=replace(message.usage, output_tokens=seen))


def coalesce(events: Iterable[StreamEvent]) -> tuple[StreamEvent, ...]:
    """Return equivalent events with adjacent deltas of the same kind and block joined."""
    joined: list[StreamEvent] = []
    for (kind, index), run in groupby(events, _kind_and_index):
        deltas = list(run)
        if kind is BlockStop:
            joined += dict.fromkeys(deltas)  # a block is closed once
        elif kind is MessageDelta:
            joined.append(reduce(_later, (d for d in deltas if isinstance(d, MessageDelta))))
        elif len(deltas) == 1 or index is None:
            joined += deltas
        elif kind is TextDelta:
            joined.append(TextDelta(index, "".join(d.text for d in deltas if isinstance(d, TextDelta))))
        elif kind is ThinkingDelta:
            joined.append(ThinkingDelta(index, "".join(d.thinking for d in deltas if isinstance(d, ThinkingDelta))))
        elif kind is InputDelta:
            joined.append(InputDelta(index, "".join(d.partial_json for d in deltas if isinstance(d, InputDelta))))
    return tuple(joined)


def _later(before: MessageDelta, after: MessageDelta) -> MessageDelta:
    """Return one event equivalent to two in a row. Fields that the second omits keep their value."""
    return MessageDelta(
        stop_reason=after.stop_reason or before.stop_reason,
        stop_category=after.stop_category or before.stop_category,
        stop_explanation=after.stop_explanation or before.stop_explanation,
        usage=merged(before.usage, after.usage),
    )


def _kind_and_index(event: StreamEvent) -> tuple[type[StreamEvent], int | None]:
    """Return the grouping key of an event. Events without an index are not joined."""
    return type(event), event.index if isinstance(event, (TextDelta, ThinkingDelta, InputDelta)) else None


def _with_facts(message: Message, event: MessageStart | MessageDelta) -> Message:
    """Return the message with the fields that the event sets."""
    usage = merged(message.usage, event.usage)
    if isinstance(event, MessageStart):
        return replace(
            message,
            id=event.id or message.id,
            model=event.model or message.model,
            request_id=event.request_id or message.request_id,
            usage=usage,
            cache_miss=event.cache_miss or message.cache_miss,
        )
    return replace(
        message,
        stop_reason=event.stop_reason or message.stop_reason,
        stop_category=event.stop_category or message.stop_category,
        stop_explanation=event.stop_explanation or message.stop_explanation,
        usage=usage,
    )


def _position(partial: Partial, index: int) -> int | None:
    """Return the position of the block with that stream index, or None."""
    for at in range(len(partial.indices) - 1, -1, -1):
        if partial.indices[at] == index:
            return at
    return None


def _with_new_block(partial: Partial, index: int, block: Block) -> Partial:
    return Partial(
        message=replace(partial.message, blocks=(*partial.message.blocks, block)),
        indices=(*partial.indices, index),
        inputs=(*partial.inputs, ""),
        pending=(*partial.pending, ()),
    )


def _with_block(partial: Partial, at: int, block: Block) -> Partial:
    blocks = partial.message.blocks
    if block is blocks[at]:
        return partial
    return replace(partial, message=replace(partial.message, blocks=(*blocks[:at], block, *blocks[at + 1 :])))


def _with_text(partial: Partial, index: int, text: str) -> Partial:
    at = _position(partial, index)
    if at is not None and isinstance(partial.message.blocks[at], Text):
        return _grown(partial, at, text)
    return _with_new_block(partial, index, Text(text))


def _with_thinking(partial: Partial, index: int, thinking: str) -> Partial:
    at = _position(partial, index)
    if at is not None and isinstance(partial.message.blocks[at], Thinking):
        return _grown(partial, at, thinking)
    return _with_new_block(partial, index, Thinking(thinking))


def _with_input(partial: Partial, index: int, text: str) -> Partial:
    """Add input text beside the block. The input that the block started with, usually `{}`, is a placeholder."""
    at = _position(partial, index)
    if at is None or not text or isinstance(partial.message.blocks[at], Text | Thinking):
        return partial
    return _grown(partial, at, text)


def _grown(partial: Partial, at: int, text: str) -> Partial:
    """Return the answer with text added to a block. It is joined at once if that is cheap."""
    pending = append_piece(partial.pending[at], text)
    partial = replace(partial, pending=(*partial.pending[:at], pending, *partial.pending[at + 1 :]))
    length = len(_text_of(partial, at))
    is_cheap = length < _LONG_CHARS or sum(map(len, pending)) * _SHARE >= length
    return _joined(partial, at) if is_cheap else partial


def append_piece(pieces: _Pieces, piece: str) -> _Pieces:
    """Append a piece to the pieces of a text. Short pieces are joined, which keeps them few and the work linear."""
    joined = [*pieces, piece]
    while len(joined) > 1 and len(joined[-2]) <= len(joined[-1]):
        joined[-2:] = ["".join(joined[-2:])]
    return tuple(joined)


def _text_of(partial: Partial, at: int) -> str:
    """Return the text of a growing block."""
    match partial.message.blocks[at]:
        case Text(text=text) | Thinking(thinking=text):
            return text
    return partial.inputs[at]


def _joined(partial: Partial, at: int) -> Partial:
    """Return the answer with all pending pieces of a block joined."""
    if not partial.pending[at]:
        return partial
    text = "".join((_text_of(partial, at), *partial.pending[at]))
    partial = replace(partial, pending=(*partial.pending[:at], (), *partial.pending[at + 1 :]))
    match partial.message.blocks[at]:
        case Text(citations=citations):
            return _with_block(partial, at, Text(text, citations))
        case Thinking(signature=signature):
            return _with_block(partial, at, Thinking(text, signature))
        case ToolUse(id=id, name=name):
            partial = _with_block(partial, at, ToolUse(id, name, text))
    return replace(partial, inputs=(*partial.inputs[:at], text, *partial.inputs[at + 1 :]))


def _closed(partial: Partial, at: int) -> Block:
    """Return the final block. The input of a server tool, which streamed beside it, is inserted."""
    block, text = partial.message.blocks[at], partial.inputs[at]
    if not (text and isinstance(block, Opaque)):
        return block
    try:
        fields = decode_json(block.json, type=dict[str, msgspec.Raw])
        whole = msgspec.json.encode({**fields, "input": msgspec.Raw(text.encode("utf-8", "replace"))})
        decode_json(whole)
    except msgspec.DecodeError:  # truncated, or nested too deeply: keep the block as it started
        return block
    return Opaque(block.kind, whole.decode())
