"""The payload of one server-sent event -> a StreamEvent; a whole JSON message -> the events it would have streamed as.

The structs here are the wire's own shapes, and as forgiving as the servers out there need: every field may be missing or
null. What is new to us is kept, never an error: an event or delta becomes Unknown, a block becomes Opaque with its JSON
byte for byte. JSON that we only replay (tool input, citations) is carried as text and never decoded.
Facts: Messages API, streaming; and what compatible servers were seen to send.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tui.anthropic.errors import ProtocolError, Said, said_in
from tui.bounded import JsonDecoder, decode_json, decode_lenient
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
from tui.chat.ledger import UsageUpdate
from tui.chat.transcript import Block, Opaque, RedactedThinking, Text, Thinking, ToolUse


class ErrorSent(Exception):
    """An `error` event came. The client, which knows the response around it, makes the user's error of it."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.message)
        self.said = said


_ABSENT = msgspec.Raw()
"""A field that did not come; one that is null comes as the bytes `null`. See `_given`."""


class _Wire(msgspec.Struct, frozen=True):
    pass


class _CacheCreation(_Wire, frozen=True):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _ServerTools(_Wire, frozen=True):
    web_search_requests: int | None = None


class _OutputDetails(_Wire, frozen=True):
    thinking_tokens: int | None = None


class _Usage(_Wire, frozen=True):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: _CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None
    server_tool_use: _ServerTools | None = None


class _StopDetails(_Wire, frozen=True):
    category: str | None = None
    explanation: str | None = None


class _Miss(_Wire, frozen=True):
    type: str | None = None


class _Diagnostics(_Wire, frozen=True):
    cache_miss_reason: _Miss | None = None


class _Message(_Wire, frozen=True):
    id: str | None = None
    model: str | None = None
    content: list[msgspec.Raw] | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    usage: msgspec.Raw = _ABSENT
    diagnostics: msgspec.Raw = _ABSENT


class _Text(_Wire, frozen=True, tag="text"):
    text: str | None = None
    citations: list[msgspec.Raw] | None = None


class _Thinking(_Wire, frozen=True, tag="thinking"):
    thinking: str | None = None
    signature: str | None = None


class _Redacted(_Wire, frozen=True, tag="redacted_thinking"):
    data: str | None = None


class _ToolUse(_Wire, frozen=True, tag="tool_use"):
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = _ABSENT


class _TextDelta(_Wire, frozen=True, tag="text_delta"):
    text: str | None = None


class _ThinkingDelta(_Wire, frozen=True, tag="thinking_delta"):
    thinking: str | None = None


class _SignatureDelta(_Wire, frozen=True, tag="signature_delta"):
    signature: str | None = None


class _InputDelta(_Wire, frozen=True, tag="input_json_delta"):
    partial_json: str | None = None


class _CitationsDelta(_Wire, frozen=True, tag="citations_delta"):
    citation: msgspec.Raw = _ABSENT


_Delta = _TextDelta | _ThinkingDelta | _SignatureDelta | _InputDelta | _CitationsDelta


class _MessageStart(_Wire, frozen=True, tag="message_start"):
    message: _Message | None = None


class _BlockStart(_Wire, frozen=True, tag="content_block_start"):
    content_block: msgspec.Raw = _ABSENT
    index: int | None = None


class _BlockDelta(_Wire, frozen=True, tag="content_block_delta"):
    delta: _Delta | None = None
    index: int | None = None


class _BlockStop(_Wire, frozen=True, tag="content_block_stop"):
    index: int | None = None


class _Ending(_Wire, frozen=True):
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None


class _MessageDelta(_Wire, frozen=True, tag="message_delta"):
    delta: _Ending | None = None
    usage: msgspec.Raw = _ABSENT


class _MessageStop(_Wire, frozen=True, tag="message_stop"):
    pass


class _Ping(_Wire, frozen=True, tag="ping"):
    pass


class _Error(_Wire, frozen=True, tag="error"):
    error: msgspec.Raw = _ABSENT
    request_id: str | None = None


_events = JsonDecoder[Any](
    _BlockDelta | _MessageStart | _BlockStart | _BlockStop | _MessageDelta | _MessageStop | _Ping | _Error
)
_blocks = JsonDecoder[Any](_Text | _Thinking | _Redacted | _ToolUse)
_usages = JsonDecoder(_Usage, strict=False)
_messages = JsonDecoder(_Message)
_diagnoses = JsonDecoder(_Diagnostics)


def parse(data: str) -> StreamEvent | None:
    """The event in one `data` payload; None for pings, `[DONE]` and empty payloads.

    Raises ErrorSent for an `error` event, and ProtocolError for what is no JSON object or lacks what makes its kind.
    """
    try:
        event = _events.decode(data)
    except msgspec.DecodeError:
        return _unexpected(data)
    return _translated(event)


def _translated(event: Any) -> StreamEvent | None:
    match event:
        case _BlockDelta(delta=delta, index=index):
            return _delta(index or 0, delta)
        case _BlockStop(index=index):
            return BlockStop(index or 0)
        case _BlockStart(content_block=block, index=index):
            return BlockStart(index or 0, _block(raw)) if (raw := _given(block)) else Unknown("content_block_start")
        case _MessageStart(message=message):
            return _start(message or _Message())
        case _MessageDelta(delta=ending, usage=usage):
            return _ending(ending or _Ending(), usage)
        case _MessageStop():
            return MessageStop()
        case _Error(error=error, request_id=request_id):
            raise ErrorSent(said_in({"error": decode_json(_given(error) or b"{}"), "request_id": request_id}))
    return None  # a ping


def parse_message(body: bytes) -> tuple[StreamEvent, ...]:
    """The events of a whole message, as some servers answer although a stream was asked for.

    Raises ErrorSent where the body is an error after all, and ProtocolError where it is nothing that we know.
    """
    try:
        fields = decode_json(body, type=dict[str, msgspec.Raw])
        if "content" not in fields and "error" in fields:
            raise ErrorSent(said_in(decode_json(body)))
        message = _messages.decode(body)
    except msgspec.MsgspecError as error:
        raise ProtocolError("The server answered with something that is no message", "Check `api_url`.") from error
    if "content" not in fields:
        raise ProtocolError("The server answered with JSON that is no message", "Check `api_url`.")
    events: list[StreamEvent] = [_start(message)]
    for index, raw in enumerate(message.content or ()):
        events += (BlockStart(index, _block(bytes(raw))), BlockStop(index))
    ending = _Ending(stop_reason=message.stop_reason, stop_details=message.stop_details)
    return (*events, _ending(ending, message.usage), MessageStop())


class _Count(_Wire, frozen=True):
    input_tokens: int


def parse_count(body: bytes) -> int:
    """The answer of the token count endpoint. Raises ProtocolError."""
    try:
        return decode_json(body, type=_Count).input_tokens
    except msgspec.DecodeError as error:
        raise ProtocolError("The server answered with something that is no token count") from error


class _Page(_Wire, frozen=True):
    has_more: bool | None = None
    last_id: str | None = None


def parse_next_page(body: bytes) -> str:
    """The `after_id` of the page that follows this one of a list; "" after the last, and where the server has no pages."""
    try:
        page = decode_json(body, type=_Page)
    except msgspec.DecodeError:
        return ""
    return page.last_id or "" if page.has_more else ""


def _delta(index: int, delta: _Delta | None) -> StreamEvent:
    match delta:
        case _TextDelta(text=text):
            return TextDelta(index, text or "")
        case _ThinkingDelta(thinking=thinking):
            return ThinkingDelta(index, thinking or "")
        case _InputDelta(partial_json=text):
            return InputDelta(index, text or "")
        case _SignatureDelta(signature=signature):
            return SignatureDelta(index, signature or "")
        case _CitationsDelta(citation=citation) if _given(citation):
            return CitationDelta(index, _given(citation).decode())
    return Unknown("content_block_delta")


def _start(message: _Message) -> MessageStart:
    return MessageStart(
        id=message.id or "",
        model=message.model or "",
        usage=_usage(message.usage),
        cache_miss=_cache_miss(message.diagnostics),
    )


def _ending(ending: _Ending, usage: msgspec.Raw) -> MessageDelta:
    details = ending.stop_details or _StopDetails()
    return MessageDelta(
        stop_reason=ending.stop_reason or "",
        stop_category=details.category or "",
        stop_explanation=details.explanation or "",
        usage=_usage(usage),
    )


def _usage(raw: msgspec.Raw) -> UsageUpdate:
    """What a usage object says. One that we cannot read says nothing: counts are no reason to lose an answer."""
    try:
        usage = _usages.decode(_given(raw) or b"{}")
    except msgspec.DecodeError:
        usage = _Usage()
    creation = usage.cache_creation or _CacheCreation()
    return UsageUpdate(
        input_tokens=usage.input_tokens,
        cache_creation_input_tokens=usage.cache_creation_input_tokens,
        cache_read_input_tokens=usage.cache_read_input_tokens,
        write_5m=creation.ephemeral_5m_input_tokens,
        write_1h=creation.ephemeral_1h_input_tokens,
        output_tokens=usage.output_tokens,
        thinking_tokens=usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else None,
        searches=usage.server_tool_use.web_search_requests if usage.server_tool_use else None,
    )


def _cache_miss(raw: msgspec.Raw) -> str:
    """The reason that a message's diagnostics give, or "". It helps to explain a cost, and is never worth an answer."""
    try:
        reason = _diagnoses.decode(_given(raw) or b"{}").cache_miss_reason
    except msgspec.ValidationError:
        return ""
    return reason.type or "" if reason is not None else ""


def _block(raw: bytes) -> Block:
    """The block that these bytes say; Opaque, with the bytes as they are, for every kind that we do not read."""
    try:
        block = _blocks.decode(raw)
    except msgspec.ValidationError:
        return Opaque(kind=_kind(raw), json=raw.decode())
    match block:
        case _Text(text=text, citations=citations):
            return Text(text or "", tuple(bytes(citation).decode() for citation in citations or ()))
        case _Thinking(thinking=thinking, signature=signature):
            return Thinking(thinking or "", signature or "")
        case _Redacted(data=data):
            return RedactedThinking(data or "")
        case _ToolUse(id=id, name=name, input=input):
            return ToolUse(id or "", name or "", _given(input).decode() or "{}")
    raise AssertionError(f"a block that the decoder cannot return: {block!r}")


def _given(raw: msgspec.Raw) -> bytes:
    """The JSON of a field, byte for byte; empty where it is absent or null."""
    value = bytes(raw)
    return b"" if value == b"null" else value


def _kind(raw: bytes) -> str:
    """The `type` of a JSON object, or "" where it has none."""
    fields = decode_json(raw)
    kind = fields.get("type") if isinstance(fields, dict) else None
    return kind if isinstance(kind, str) else ""


_KNOWN_KINDS = frozenset(
    event.__struct_config__.tag
    for event in (_MessageStart, _BlockStart, _BlockDelta, _BlockStop, _MessageDelta, _MessageStop)
)
_KNOWN_DELTAS = frozenset(["text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta"])


def _unexpected(data: str) -> StreamEvent | None:
    """What the typed decoder refused: no JSON, a kind or delta that is new, or a known one that is not well formed."""
    if data.strip() in ("", "[DONE]"):
        return None
    try:
        fields = decode_lenient(data)
    except ValueError as error:
        raise ProtocolError("The server sent an event that is not JSON", "Send again.") from error
    if not isinstance(fields, dict):
        raise ProtocolError("The server sent an event that is no JSON object", "Send again.")
    kind = fields.get("type")
    if kind == "error" or (kind is None and "error" in fields):
        raise ErrorSent(said_in(fields))
    if not isinstance(kind, str) or kind not in _KNOWN_KINDS:
        return Unknown(kind if isinstance(kind, str) else "")
    delta = fields.get("delta")
    if isinstance(delta, dict) and isinstance(name := delta.get("type"), str) and name not in _KNOWN_DELTAS:
        return Unknown(name)
    return _mended(fields, kind)


def _mended(fields: dict[str, Any], kind: str) -> StreamEvent | None:
    """An event of a known kind, once what UTF-8 cannot say has been replaced in it."""
    text = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
    try:
        return _translated(_events.decode(text))
    except msgspec.DecodeError as error:
        raise ProtocolError(f"The server sent a {kind} event that prx cannot read", "Check `api_url`.") from error
