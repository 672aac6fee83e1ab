"""The JSON types of the wire. Every field may be missing or null, as with many servers.

Source: Messages API, streaming; and observed responses of compatible servers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tui.inputs.bounded import JsonDecoder

ABSENT = msgspec.Raw()
"""A field that is missing; one that is null has the bytes `null`."""


class Wire(msgspec.Struct, frozen=True):
    pass


class AnyObject(Wire, frozen=True):
    """Any JSON object."""


class Kind(Wire, frozen=True):
    """Only the type of an object."""

    type: str | None = None


class UnknownEvent(Wire, frozen=True):
    """The fields that are read of an event whose kind, or that of its delta, is unknown."""

    type: str | None = None
    delta: Kind | None = None
    error: msgspec.Raw = ABSENT
    request_id: str | None = None


class Count(Wire, frozen=True):
    """The response of the token count endpoint."""

    input_tokens: int


class Page(Wire, frozen=True):
    """Paging fields of a list."""

    has_more: bool | None = None
    last_id: str | None = None


class CacheCreation(Wire, frozen=True):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class ServerTools(Wire, frozen=True):
    web_search_requests: int | None = None


class OutputDetails(Wire, frozen=True):
    thinking_tokens: int | None = None


class Iteration(Wire, frozen=True):
    type: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None


class Usage(Wire, frozen=True):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None
    server_tool_use: ServerTools | None = None
    iterations: msgspec.Raw = ABSENT


class StopDetails(Wire, frozen=True):
    category: str | None = None
    explanation: str | None = None


class Miss(Wire, frozen=True):
    type: str | None = None


class Diagnostics(Wire, frozen=True):
    cache_miss_reason: Miss | None = None


class Message(Wire, frozen=True):
    id: str | None = None
    model: str | None = None
    content: msgspec.Raw = ABSENT
    stop_reason: str | None = None
    stop_details: StopDetails | None = None
    usage: msgspec.Raw = ABSENT
    diagnostics: msgspec.Raw = ABSENT


class Text(Wire, frozen=True, tag="text"):
    text: str | None = None
    citations: msgspec.Raw = ABSENT


class Thinking(Wire, frozen=True, tag="thinking"):
    thinking: str | None = None
    signature: str | None = None


class Redacted(Wire, frozen=True, tag="redacted_thinking"):
    data: str | None = None


class ToolUse(Wire, frozen=True, tag="tool_use"):
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = ABSENT


class Compaction(Wire, frozen=True, tag="compaction"):
    content: str | None = None


class TextDelta(Wire, frozen=True, gc=False, tag="text_delta"):
    text: str | None = None


class ThinkingDelta(Wire, frozen=True, gc=False, tag="thinking_delta"):
    text: str | None = msgspec.field(default=None, name="thinking")


class SignatureDelta(Wire, frozen=True, tag="signature_delta"):
    signature: str | None = None


class InputDelta(Wire, frozen=True, gc=False, tag="input_json_delta"):
    text: str | None = msgspec.field(default=None, name="partial_json")


class CitationsDelta(Wire, frozen=True, tag="citations_delta"):
    citation: msgspec.Raw = ABSENT


Delta = TextDelta | ThinkingDelta | SignatureDelta | InputDelta | CitationsDelta


class MessageStart(Wire, frozen=True, tag="message_start"):
    message: Message | None = None


class BlockStart(Wire, frozen=True, tag="content_block_start"):
    content_block: msgspec.Raw = ABSENT
    index: int | None = None


class BlockDelta(Wire, frozen=True, gc=False, tag="content_block_delta"):
    delta: Delta | None = None
    index: int | None = None


class BlockStop(Wire, frozen=True, tag="content_block_stop"):
    index: int | None = None


class StopInfo(Wire, frozen=True):
    stop_reason: str | None = None
    stop_details: StopDetails | None = None


class MessageDelta(Wire, frozen=True, tag="message_delta"):
    delta: StopInfo | None = None
    usage: msgspec.Raw = ABSENT


class MessageStop(Wire, frozen=True, tag="message_stop"):
    pass


class Ping(Wire, frozen=True, tag="ping"):
    pass


class Error(Wire, frozen=True, tag="error"):
    error: msgspec.Raw = ABSENT
    request_id: str | None = None


events = JsonDecoder[Any](
    BlockDelta | MessageStart | BlockStart | BlockStop | MessageDelta | MessageStop | Ping | Error
)
blocks = JsonDecoder[Any](Text | Thinking | Redacted | ToolUse | Compaction)
usages = JsonDecoder(Usage, strict=False)
iterations = JsonDecoder(list[Iteration], strict=False)
messages = JsonDecoder(Message)
diagnostics = JsonDecoder(Diagnostics)
kinds = JsonDecoder(Kind)
unknown_events = JsonDecoder(UnknownEvent)
objects = JsonDecoder(list[AnyObject])
