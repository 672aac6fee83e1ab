"""A stream's events folded into the message they spell: pure, one value in, one value out.

`Partial.message` can be shown after every step. Blocks stand in the order in which they began and are found again by
the stream's index, so interleaved blocks and missing stops do no harm; a delta that fits no open block begins one.
Folding copies the block it touches: join a burst with `coalesce` first. A long text is joined once per eighth that it
grows by, so the work stays linear in its length; until then the message lacks the newest part of it, and `finish` has all.
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
"""From this length on a text is not joined with every piece that arrives. No model writes a longer one today."""
_SHARE = 8
_Pieces = tuple[str, ...]


class Partial(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is still arriving."""

    message: Message
    indices: tuple[int, ...] = ()
    """The stream's index of each block of the message. Servers that use one twice mean the later block."""
    inputs: tuple[str, ...] = ()
    """The input text that has streamed for each block; "" for most."""
    late: tuple[_Pieces, ...] = ()
    """What has arrived for each block and is not joined with its text, or its input, yet; only long ones have any."""


def start(model: str, at: float) -> Partial:
    """An answer of which nothing has arrived. `at`: when its request began, in seconds since the epoch."""
    return Partial(message=Message(role="assistant", state="streaming", model=model, at=at))


def fold(partial: Partial, event: StreamEvent) -> Partial:
    """What the answer is after one more event."""
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
    """What the answer is after these events. Join them first: see `coalesce`."""
    for event in events:
        partial = fold(partial, event)
    return partial


def finish(partial: Partial, state: State, failure: Failure | None = None) -> Message:
    """The message as it is kept. Blocks that stayed empty are left out: the API refuses to have them back."""
    for at in range(len(partial.indices)):
        partial = _joined(partial, at)
    closed = (_closed(partial, at) for at in range(len(partial.indices)))
    blocks = tuple(block for block in closed if block not in (Text(""), Thinking("")))
    message = replace(partial.message, blocks=blocks, state=state, failure=failure)
    return message if state == "complete" else with_estimated_output(message)


def with_estimated_output(message: Message) -> Message:
    """The message with as much output as can be seen of it: how much was written is told at the very end of a stream."""
    if message.stop_reason or message.usage == Usage():
        return message
    seen = max(message.usage.output_tokens, written_tokens(message))
    return replace(message, usage=replace(message.usage, output_tokens=seen))


def coalesce(events: Iterable[StreamEvent]) -> tuple[StreamEvent, ...]:
    """The same happenings in fewer events: neighbouring deltas of one kind and block become one."""
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
    """The one event that does what two in a row do: what the second leaves out stays."""
    return MessageDelta(
        stop_reason=after.stop_reason or before.stop_reason,
        stop_category=after.stop_category or before.stop_category,
        stop_explanation=after.stop_explanation or before.stop_explanation,
        usage=merged(before.usage, after.usage),
    )


def _kind_and_index(event: StreamEvent) -> tuple[type[StreamEvent], int | None]:
    """The same for events that can be joined; no index for those that cannot."""
    return type(event), event.index if isinstance(event, (TextDelta, ThinkingDelta, InputDelta)) else None


def _with_facts(message: Message, event: MessageStart | MessageDelta) -> Message:
    """What was said before stays, unless the event says otherwise."""
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
    """Where the block of that index stands."""
    for at in range(len(partial.indices) - 1, -1, -1):
        if partial.indices[at] == index:
            return at
    return None


def _with_new_block(partial: Partial, index: int, block: Block) -> Partial:
    return Partial(
        message=replace(partial.message, blocks=(*partial.message.blocks, block)),
        indices=(*partial.indices, index),
        inputs=(*partial.inputs, ""),
        late=(*partial.late, ()),
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
    """The input as text grows beside the block; what the block began with, usually `{}`, was a placeholder."""
    at = _position(partial, index)
    if at is None or not text or isinstance(partial.message.blocks[at], Text | Thinking):
        return partial
    return _grown(partial, at, text)


def _grown(partial: Partial, at: int, text: str) -> Partial:
    """The block with more text, which is joined at once where that is cheap."""
    late = append_piece(partial.late[at], text)
    partial = replace(partial, late=(*partial.late[:at], late, *partial.late[at + 1 :]))
    length = len(_text_of(partial, at))
    is_cheap = length < _LONG_CHARS or sum(map(len, late)) * _SHARE >= length
    return _joined(partial, at) if is_cheap else partial


def append_piece(pieces: _Pieces, piece: str) -> _Pieces:
    """The pieces of a text with one more at the end. Short ones are joined, so that they stay few and the work linear."""
    joined = [*pieces, piece]
    while len(joined) > 1 and len(joined[-2]) <= len(joined[-1]):
        joined[-2:] = ["".join(joined[-2:])]
    return tuple(joined)


def _text_of(partial: Partial, at: int) -> str:
    """The text of a block that grows."""
    match partial.message.blocks[at]:
        case Text(text=text) | Thinking(thinking=text):
            return text
    return partial.inputs[at]


def _joined(partial: Partial, at: int) -> Partial:
    """The block with all that has arrived for it."""
    if not partial.late[at]:
        return partial
    text = "".join((_text_of(partial, at), *partial.late[at]))
    partial = replace(partial, late=(*partial.late[:at], (), *partial.late[at + 1 :]))
    match partial.message.blocks[at]:
        case Text(citations=citations):
            return _with_block(partial, at, Text(text, citations))
        case Thinking(signature=signature):
            return _with_block(partial, at, Thinking(text, signature))
        case ToolUse(id=id, name=name):
            partial = _with_block(partial, at, ToolUse(id, name, text))
    return replace(partial, inputs=(*partial.inputs[:at], text, *partial.inputs[at + 1 :]))


def _closed(partial: Partial, at: int) -> Block:
    """The block as it is kept: a server tool's input, which streamed beside it, is put where it belongs."""
    block, text = partial.message.blocks[at], partial.inputs[at]
    if not (text and isinstance(block, Opaque)):
        return block
    try:
        fields = decode_json(block.json, type=dict[str, msgspec.Raw])
        whole = msgspec.json.encode({**fields, "input": msgspec.Raw(text.encode("utf-8", "replace"))})
        decode_json(whole)
    except msgspec.DecodeError:  # cut off in the middle, or nested too deeply: it stays as it began
        return block
    return Opaque(block.kind, whole.decode())
