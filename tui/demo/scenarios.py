"""The content of an answer, and how it misbehaves, as data: no clock, no sockets, no request.

An answer is a sequence of parts: text, thinking, tool calls and so on. Between parts, and between the pieces of a text,
there may be steps of `reply` (a pause, a gate, a cut) and raw events or bytes, which are carried out in this order:

    Answer(Thinking("Let me see."), Text("Half a sen", Cut()))
    Answer(Text("Half a sen", error_event()))
    Error(429, headers={"retry-after": "1"})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tui.demo.reply import Cut, Gate, Pause, Step

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """A server-sent event with any data, known or unknown. Its name is the `type` in the data."""

    data: Json
    last: bool = False
    """The stream ends after it, properly but without the closing events."""


@dataclass(frozen=True)
class Raw:
    """Bytes that are added to the stream unchanged: comments, incomplete characters, other line ends."""

    data: bytes


COMMENT = Raw(b": keep-alive\n\n")
PING = Event({"type": "ping"})
DONE = Raw(b"data: [DONE]\n\n")

Interruption = Pause | Cut | Gate | Event | Raw
Piece = str | Interruption


@dataclass(frozen=True, init=False)
class Text:
    """A text block. Its strings are sent word by word; the last citation comes after the last word."""

    pieces: tuple[Piece, ...]
    citations: tuple[Json, ...]

    def __init__(self, *pieces: Piece, citations: tuple[Json, ...] = ()) -> None:
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "citations", citations)


@dataclass(frozen=True, init=False)
class Thinking:
    """A thinking block. It, or its text, is omitted if the request did not ask for thinking.

    The server signs it, unless a signature is given here ("" sends none).
    """

    pieces: tuple[Piece, ...]
    signature: str | None

    def __init__(self, *pieces: Piece, signature: str | None = None) -> None:
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "signature", signature)


@dataclass(frozen=True)
class RedactedThinking:
    data: str = "RGVtbyByZWRhY3RlZA=="


@dataclass(frozen=True, init=False)
class ToolUse:
    """A tool call. The input is an object, or pieces of JSON text, which may be cut off or invalid."""

    name: str
    pieces: tuple[Piece, ...]
    input: Json
    id: str

    def __init__(self, name: str, *pieces: Piece, input: Json | None = None, id: str = "") -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "input", input or {})
        object.__setattr__(self, "id", id)


@dataclass(frozen=True)
class SearchResult:
    url: str
    title: str
    page_age: str | None = None


@dataclass(frozen=True)
class Search:
    """A web search by the server: the query, then its results or an error code."""

    query: str
    results: tuple[SearchResult, ...] = ()
    error_code: str = ""


@dataclass(frozen=True)
class Block:
    """A block of any kind: the `content_block` of its start, and the deltas that follow."""

    start: Json
    deltas: tuple[Json, ...] = ()


Part = Text | Thinking | RedactedThinking | ToolUse | Search | Block | Interruption


@dataclass(frozen=True)
class Pace:
    """The speed of an answer."""

    first_s: float = 0.4
    """Before the first event of the body."""
    tokens_per_s: float = 80.0


@dataclass(frozen=True, init=False)
class Answer:
    """A response with status 200, correct or not."""

    parts: tuple[Part, ...]
    options: Options

    def __init__(self, *parts: Part, **options: Any) -> None:
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "options", Options(**options))

    def with_options(self, options: Options) -> Answer:
        """Return the same parts with other options."""
        answer = Answer(*self.parts)
        object.__setattr__(answer, "options", options)
        return answer


@dataclass(frozen=True, kw_only=True)
class Options:
    """The keyword arguments of `Answer`."""

    stop_reason: str | None = ""
    """"": derived from the parts, tool_use or end_turn. None: the server sends none."""
    stop_details: Json | None = None
    usage: Json = field(default_factory=dict)
    """Token counts that replace the simulated ones, in both events that contain usage."""
    before: tuple[Step, ...] = ()
    """Steps before the status line is sent."""
    opening: tuple[Interruption, ...] = ()
    """Steps after the headers, before `message_start`."""
    after: tuple[Interruption, ...] = ()
    """Steps after `message_stop`."""
    leave_out: tuple[str, ...] = ()
    """Types of events that are not sent: message_start, message_stop, content_block_stop, ping …"""
    as_json: bool = False
    """Send one JSON message, even for `stream: true`."""
    interleaved: bool = False
    """Open all blocks at once, alternate their deltas, and stop all at the end."""
    split: tuple[int, ...] = ()
    """Send the body in portions of these sizes, repeatedly. Empty: one event at a time."""
    newline: Literal["\n", "\r\n", "\r"] = "\n"
    delta_chars: int | None = None
    """Characters in a delta; None: word by word."""
    pace: Pace | None = None
    """None: the service's own speed."""
    dialect: str = ""
    """One of `dialects.DIALECTS`; "": the service's own."""


ERROR_TYPES = {
    400: ("invalid_request_error", "The request is not valid."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "There is a problem with your payment details."),
    403: ("permission_error", "Your API key has no permission to use this resource."),
    404: ("not_found_error", "Not found"),
    408: ("timeout_error", "Request timed out"),
    409: ("conflict_error", "Conflict"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your rate limit."),
    500: ("api_error", "Internal server error"),
    503: ("overloaded_error", "Overloaded"),
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
}


@dataclass(frozen=True)
class Error:
    """A response with another status. Type and message follow from the status; a `body` replaces the whole JSON."""

    status: int
    type: str = field(default="", kw_only=True)
    message: str = field(default="", kw_only=True)
    details: Json | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    body: bytes | None = field(default=None, kw_only=True)
    content_type: str = field(default="application/json", kw_only=True)
    before: tuple[Step, ...] = field(default=(), kw_only=True)


Scenario = Answer | Error

SPEND_CAP = Error(
    429,
    message="You have reached your organization's monthly spend limit.",
    details={"error_code": "enforced_spend_limit_reached"},
)
HTML_413 = Error(
    413,
    body=b"<html><head><title>413 Request Entity Too Large</title></head><body>413</body></html>",
    content_type="text/html",
)
HTML_502 = Error(
    502,
    body=b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>",
    content_type="text/html",
)


def refusal(*parts: Part, category: str | None = "cyber", explanation: str | None = None) -> Answer:
    """Return an answer that ends in a refusal: before any output, or after the given parts."""
    details = {"type": "refusal", "category": category, "explanation": explanation}
    return Answer(*parts, stop_reason="refusal", stop_details=details)


def error_event(type: str = "overloaded_error", message: str = "Overloaded") -> Event:
    """Return an error within a stream, which ends it."""
    return Event({"type": "error", "error": {"type": type, "message": message}}, last=True)
