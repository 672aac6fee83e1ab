"""What an answer holds and how it misbehaves, as data: no clock, no sockets, no request.

An answer is a row of parts: text, thinking, tool calls … Between parts, and between the pieces of a text, stand the steps
of `reply` (a pause, a gate, a cut) and raw events or bytes, carried out where they stand:

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
    """A server-sent event with any data, known or not; its name is the data's `type`."""

    data: Json
    last: bool = False
    """The stream ends after it, in good order but without the closing events."""


@dataclass(frozen=True)
class Raw:
    """Bytes that go into the stream as they are: comments, halves of characters, foreign endings."""

    data: bytes


COMMENT = Raw(b": keep-alive\n\n")
PING = Event({"type": "ping"})
DONE = Raw(b"data: [DONE]\n\n")

Interruption = Pause | Cut | Gate | Event | Raw
Piece = str | Interruption


@dataclass(frozen=True, init=False)
class Text:
    """A text block. Its strings arrive word by word; the last citation comes after the last word."""

    pieces: tuple[Piece, ...]
    citations: tuple[Json, ...]

    def __init__(self, *pieces: Piece, citations: tuple[Json, ...] = ()) -> None:
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "citations", citations)


@dataclass(frozen=True, init=False)
class Thinking:
    """A thinking block. It is left out, or its text is, where the request did not ask to see any.

    The server signs it, unless a signature is given here ("" sends none at all).
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
    """A tool call. The input is given as an object, or as pieces of JSON text, which may then be cut or wrong."""

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
    """A web search on the server: the query, then its results or an error code."""

    query: str
    results: tuple[SearchResult, ...] = ()
    error_code: str = ""


@dataclass(frozen=True)
class Block:
    """A block of any kind: the whole `content_block` of its start, and the deltas that follow."""

    start: Json
    deltas: tuple[Json, ...] = ()


Part = Text | Thinking | RedactedThinking | ToolUse | Search | Block | Interruption


@dataclass(frozen=True)
class Pace:
    """How fast an answer arrives."""

    first_s: float = 0.4
    """Before the first event of the body."""
    tokens_per_s: float = 80.0


@dataclass(frozen=True, init=False)
class Answer:
    """A response with status 200, well behaved or not."""

    parts: tuple[Part, ...]
    options: Options

    def __init__(self, *parts: Part, **options: Any) -> None:
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "options", Options(**options))

    def with_options(self, options: Options) -> Answer:
        """The same parts under other options."""
        answer = Answer(*self.parts)
        object.__setattr__(answer, "options", options)
        return answer


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `Answer` takes by name."""

    stop_reason: str | None = ""
    """"" is what the parts suggest: tool_use or end_turn. None: the server says nothing."""
    stop_details: Json | None = None
    usage: Json = field(default_factory=dict)
    """Counts that replace the simulated ones, in both places where usage is told."""
    before: tuple[Step, ...] = ()
    """Before the status line leaves."""
    opening: tuple[Interruption, ...] = ()
    """After the headers, before `message_start`."""
    after: tuple[Interruption, ...] = ()
    """After `message_stop`."""
    leave_out: tuple[str, ...] = ()
    """Types of events that are not sent: message_start, message_stop, content_block_stop, ping …"""
    as_json: bool = False
    """One whole JSON message, even in answer to `stream: true`."""
    interleaved: bool = False
    """All blocks open at once, deltas by turns, all stops at the end."""
    split: tuple[int, ...] = ()
    """The body leaves in portions of these sizes, over and over. Empty: an event a portion."""
    newline: Literal["\n", "\r\n", "\r"] = "\n"
    delta_chars: int | None = None
    """Characters in a delta; None: word by word."""
    pace: Pace | None = None
    """None: the service's own pace."""
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
    """An answer that ends in a refusal: before any output, or after the given parts."""
    details = {"type": "refusal", "category": category, "explanation": explanation}
    return Answer(*parts, stop_reason="refusal", stop_details=details)


def error_event(type: str = "overloaded_error", message: str = "Overloaded") -> Event:
    """An error in mid-stream: the last thing that is said."""
    return Event({"type": "error", "error": {"type": type, "message": message}}, last=True)
