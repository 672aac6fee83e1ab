"""Parse the payload of one server-sent event into a StreamEvent, and a whole JSON message into the events of a stream.

Unknown input is kept and never an error: an event or delta becomes Unknown, a block becomes Opaque with its JSON byte for
byte. JSON that is only replayed (tool input, citations) is carried as text and never decoded. Every text, number and list
has a limit, since what is decoded here is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tui.anthropic import wire_types
from tui.anthropic.errors import ErrorDetails, ProtocolError, error_details
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
from tui.chat.ledger import Iteration, UsageUpdate
from tui.chat.transcript import Block, Compaction, Opaque, RedactedThinking, Text, Thinking, ToolUse
from tui.inputs.bounded import decode_json, decode_lenient, json_problem
from tui.inputs.limits import COUNT, ERROR_BODY_BYTES, LABEL_CHARS, LENIENT_JSON_BYTES, MIB, REPLY_PARTS


class ErrorSent(Exception):
    """An `error` event. The client, which knows the response, converts it to an error for the user."""

    def __init__(self, details: ErrorDetails) -> None:
        super().__init__(details.message)
        self.details = details


def parse(data: str | bytes | bytearray) -> StreamEvent | None:
    """Return the event in one `data` payload; None for pings, `[DONE]` and empty payloads.

    Raises ErrorSent for an `error` event, and ProtocolError for anything that is not a valid JSON object.
    """
    try:
        event = wire_types.events.decode(data)
    except msgspec.DecodeError:
        return _unexpected(data)
    return _translated(event)


def parse_all(payloads: Sequence[bytes | bytearray]) -> Iterator[StreamEvent]:
    """Yield the events in these payloads, with adjacent deltas of a block joined. Raises as `parse` does, after the events
    before.
    """
    try:
        events = wire_types.events.decode_each(payloads)
    except msgspec.DecodeError:  # something unusual is among them
        yield from filter(None, map(parse, payloads))
        return
    run: list[str] = []
    kind: type[Any] | None = None
    index = 0
    for event in events:  # no call for a delta: there are very many
        delta: Any = event.delta if type(event) is wire_types.BlockDelta else None
        is_joined = type(delta) in _JOINED
        if run and not (is_joined and type(delta) is kind and (event.index or 0) == index):
            yield _JOINED[kind](index, "".join(run))
            run = []
        if is_joined:
            kind, index = type(delta), event.index or 0
            run.append(delta.text or "")
        elif (translated := _translated(event)) is not None:
            yield translated
    if run:
        yield _JOINED[kind](index, "".join(run))


def _translated(event: Any) -> StreamEvent | None:
    match event:
        case wire_types.BlockDelta(delta=delta, index=index):
            return _delta(index or 0, delta)
        case wire_types.BlockStop(index=index):
            return BlockStop(index or 0)
        case wire_types.BlockStart(content_block=block, index=index):
            return BlockStart(index or 0, _block(raw)) if (raw := _given(block)) else Unknown("content_block_start")
        case wire_types.MessageStart(message=message):
            return _start(message or wire_types.Message())
        case wire_types.MessageDelta(delta=ending, usage=usage):
            return _ending(ending or wire_types.StopInfo(), usage)
        case wire_types.MessageStop():
            return MessageStop()
        case wire_types.Error(error=error, request_id=request_id):
            raise ErrorSent(_error_details(error, request_id))
    return None  # a ping


def parse_message(body: bytes) -> tuple[StreamEvent, ...]:
    """Return the events of a whole message, which some servers send although a stream was requested.

    Raises ErrorSent if the body is an error, and ProtocolError if it is not a message.
    """
    try:
        message = wire_types.messages.decode(body)
        if not bytes(message.content):
            failed = wire_types.unknown_events.decode(body)
            if bytes(failed.error):
                raise ErrorSent(_error_details(failed.error, failed.request_id))
            raise ProtocolError("The server sent JSON that is not a message", "Check `api_url`.")
        blocks = _objects(message.content)
    except msgspec.DecodeError as error:
        raise ProtocolError("The server sent something that is not a message", "Check `api_url`.") from error
    events: list[StreamEvent] = [_start(message)]
    for index, raw in enumerate(blocks):
        events += (BlockStart(index, _block(bytes(raw))), BlockStop(index))
    ending = wire_types.StopInfo(stop_reason=message.stop_reason, stop_details=message.stop_details)
    return (*events, _ending(ending, message.usage), MessageStop())


def parse_count(body: bytes) -> int:
    """Parse the response of the token count endpoint. Raises ProtocolError."""
    try:
        count = _count(decode_json(body, type=wire_types.Count).input_tokens)
    except msgspec.DecodeError:
        count = None
    if count is None:
        raise ProtocolError("The server sent something that is not a token count")
    return count


def parse_next_page(body: bytes) -> str:
    """Return the `after_id` of the next page of a list; "" after the last page and if the server has no pages."""
    try:
        page = decode_json(body, type=wire_types.Page)
    except msgspec.DecodeError:
        return ""
    return _label(page.last_id) if page.has_more else ""


def _delta(index: int, delta: wire_types.Delta | None) -> StreamEvent:
    match delta:
        case wire_types.TextDelta(text=text):
            return TextDelta(index, text or "")
        case wire_types.ThinkingDelta(text=text):
            return ThinkingDelta(index, text or "")
        case wire_types.InputDelta(text=text):
            return InputDelta(index, text or "")
        case wire_types.SignatureDelta(signature=signature):
            return SignatureDelta(index, signature or "")
        case wire_types.CitationsDelta(citation=citation) if _given(citation):
            return CitationDelta(index, _given(citation).decode())
    return Unknown("content_block_delta")


def _start(message: wire_types.Message) -> MessageStart:
    return MessageStart(
        id=_label(message.id),
        model=_label(message.model),
        usage=_usage(message.usage),
        cache_miss=_cache_miss(message.diagnostics),
    )


def _ending(ending: wire_types.StopInfo, usage: msgspec.Raw) -> MessageDelta:
    details = ending.stop_details or wire_types.StopDetails()
    return MessageDelta(
        stop_reason=_label(ending.stop_reason),
        stop_category=_label(details.category),
        stop_explanation=_label(details.explanation),
        usage=_usage(usage),
    )


def _usage(raw: msgspec.Raw) -> UsageUpdate:
    """Parse a usage object. An invalid one is empty: counts are no reason to lose an answer."""
    try:
        usage = wire_types.usages.decode(_given(raw) or b"{}")
    except msgspec.DecodeError:
        usage = wire_types.Usage()
    creation = usage.cache_creation or wire_types.CacheCreation()
    return UsageUpdate(
        input_tokens=_count(usage.input_tokens),
        cache_creation_input_tokens=_count(usage.cache_creation_input_tokens),
        cache_read_input_tokens=_count(usage.cache_read_input_tokens),
        write_5m=_count(creation.ephemeral_5m_input_tokens),
        write_1h=_count(creation.ephemeral_1h_input_tokens),
        output_tokens=_count(usage.output_tokens),
        thinking_tokens=_count(usage.output_tokens_details.thinking_tokens) if usage.output_tokens_details else None,
        searches=_count(usage.server_tool_use.web_search_requests) if usage.server_tool_use else None,
        iterations=_iterations(usage.iterations) if _given(usage.iterations) else None,
    )


def _iterations(raw: msgspec.Raw) -> tuple[Iteration, ...] | None:
    """Parse the steps of a request; None if they are invalid or too many."""
    try:
        found = wire_types.iterations.decode(bytes(raw))
    except msgspec.DecodeError:
        return None
    return tuple(map(_iteration, found)) if len(found) <= _MOST_OBJECTS else None


def _iteration(step: wire_types.Iteration) -> Iteration:
    creation = step.cache_creation or wire_types.CacheCreation()
    return Iteration(
        type=_label(step.type),
        model=_label(step.model),
        input_tokens=_count(step.input_tokens) or 0,
        cache_creation_input_tokens=_count(step.cache_creation_input_tokens) or 0,
        cache_read_input_tokens=_count(step.cache_read_input_tokens) or 0,
        write_5m=_count(creation.ephemeral_5m_input_tokens) or 0,
        write_1h=_count(creation.ephemeral_1h_input_tokens) or 0,
        output_tokens=_count(step.output_tokens) or 0,
    )


def _cache_miss(raw: msgspec.Raw) -> str:
    """Return the cache miss reason of a message's diagnostics, or "". An invalid one is ignored."""
    try:
        reason = wire_types.diagnostics.decode(_given(raw) or b"{}").cache_miss_reason
    except msgspec.DecodeError:
        return ""
    return _label(reason.type) if reason is not None else ""


def _block(raw: bytes) -> Block:
    """Parse a block; unknown kinds become Opaque with their bytes unchanged."""
    try:
        block = wire_types.blocks.decode(raw)
    except msgspec.ValidationError:
        return Opaque(kind=_kind(raw), json=raw.decode())
    match block:
        case wire_types.Text(text=text, citations=citations):
            return Text(text or "", tuple(bytes(citation).decode() for citation in _citations(citations)))
        case wire_types.Thinking(thinking=thinking, signature=signature):
            return Thinking(thinking or "", signature or "")
        case wire_types.Redacted(data=data):
            return RedactedThinking(data or "")
        case wire_types.ToolUse(id=id, name=name, input=input):
            return ToolUse(_label(id), _label(name), _given(input).decode() or "{}")
        case wire_types.Compaction(content=content):
            return Compaction(content or "", raw.decode())
    raise AssertionError(f"a block that the decoder cannot return: {block!r}")


def _given(raw: msgspec.Raw) -> bytes:
    """Return the JSON of a field, byte for byte; empty if it is absent or null."""
    value = bytes(raw)
    return b"" if value == b"null" else value


def _kind(raw: bytes) -> str:
    """Return the `type` of a JSON object, or ""."""
    try:
        return _label(wire_types.kinds.decode(raw).type)
    except msgspec.DecodeError:
        return ""


def _label(text: str | None) -> str:
    """Return a name, id or reason, limited in length."""
    return (text or "")[:LABEL_CHARS]


def _count(number: int | None) -> int | None:
    """Return a token count, or None if it is implausible."""
    return number if number is not None and 0 <= number <= COUNT else None


def _objects(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Return the objects of a list with a limited number of parts. Raises msgspec.DecodeError for anything else."""
    given = _given(raw) or b"[]"
    if problem := json_problem(given, max_objects=_MOST_OBJECTS):
        raise msgspec.DecodeError(problem)
    wire_types.objects.decode(given)  # rejects a list of a million numbers early
    return decode_json(given, list[msgspec.Raw])


def _citations(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Return the initial citations of a text; none if they cannot be decoded."""
    try:
        return _objects(raw)
    except msgspec.DecodeError:
        return []


def _error_details(error: msgspec.Raw, request_id: str | None) -> ErrorDetails:
    """Parse an error event; empty if it is too long or invalid."""
    given = _given(error)
    try:
        decoded: object = decode_json(given) if 0 < len(given) <= ERROR_BODY_BYTES else {}
    except msgspec.DecodeError:
        decoded = {}
    return error_details({"error": decoded, "request_id": request_id})


_JOINED: Mapping[type[Any] | None, type[TextDelta | ThinkingDelta | InputDelta]] = {
    wire_types.TextDelta: TextDelta,
    wire_types.ThinkingDelta: ThinkingDelta,
    wire_types.InputDelta: InputDelta,
}
"""The deltas that are joined."""

_MOST_OBJECTS = 10 * REPLY_PARTS
"""In a list of blocks or citations, each of which contains some objects."""


_KNOWN = (
    wire_types.MessageStart,
    wire_types.BlockStart,
    wire_types.BlockDelta,
    wire_types.BlockStop,
    wire_types.MessageDelta,
    wire_types.MessageStop,
)
_KNOWN_KINDS = frozenset(event.__struct_config__.tag for event in _KNOWN)
_KNOWN_DELTAS = frozenset(["text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta"])


def _unexpected(data: str | bytes | bytearray) -> StreamEvent | None:
    """Handle what the typed decoder rejected: not JSON, an unknown kind or delta, or a malformed event of a known kind."""
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    if text.strip() in ("", "[DONE]"):
        return None
    if problem := json_problem(text.encode("utf-8", "replace")):
        raise ProtocolError(f"The server sent an event that cannot be read: {problem}", "Check `api_url`.")
    if (unknown := _unknown_kind(text)) is not None:
        return unknown
    if len(text) > LENIENT_JSON_BYTES:
        raise ProtocolError(f"The server sent an event of {len(text) / MIB:.0f} MB that cannot be read", "Send again.")
    try:
        fields = decode_lenient(text)
    except ValueError as error:
        raise ProtocolError("The server sent an event that is not JSON", "Send again.") from error
    if not isinstance(fields, dict):
        raise ProtocolError("The server sent an event that is not a JSON object", "Send again.")
    kind = fields.get("type")
    if kind == "error" or (kind is None and "error" in fields):
        raise ErrorSent(error_details(fields))
    delta = fields.get("delta")
    return _unknown(kind, delta.get("type") if isinstance(delta, dict) else None) or _decoded_leniently(fields, kind)


def _unknown_kind(text: str) -> Unknown | None:
    """Return Unknown if the kind of the event or its delta is unknown, without decoding all of it."""
    try:
        event = wire_types.unknown_events.decode(text)
    except msgspec.DecodeError:
        return None
    if event.type is None and _given(event.error):
        raise ErrorSent(_error_details(event.error, event.request_id))
    return _unknown(event.type, event.delta.type if event.delta is not None else None)


def _unknown(kind: object, delta: object) -> Unknown | None:
    """Return Unknown if the kind of the event or its delta is unknown."""
    if not isinstance(kind, str) or kind not in _KNOWN_KINDS:
        return Unknown(_label(kind) if isinstance(kind, str) else "")
    return Unknown(_label(delta)) if isinstance(delta, str) and delta not in _KNOWN_DELTAS else None


def _decoded_leniently(fields: dict[str, Any], kind: object) -> StreamEvent | None:
    """Decode an event of a known kind after replacing what UTF-8 cannot encode."""
    text = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
    try:
        return _translated(wire_types.events.decode(text))
    except msgspec.DecodeError as error:
        raise ProtocolError(f"The server sent a {kind} event that prx cannot read", "Check `api_url`.") from error
