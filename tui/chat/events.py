"""Events of a turn. `anthropic.wire` makes stream events from server-sent events; `reducer` folds them into a message.

The first group mirrors the events of the stream (Messages API, streaming). The second group describes the turn as a whole.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.chat.ledger import UsageUpdate
from tui.chat.tools import ToolEvent
from tui.chat.transcript import Block, Draft, Failure, JsonText, Message, Transcript


class _Event(msgspec.Struct, frozen=True):
    pass


class MessageStart(_Event, frozen=True, kw_only=True):
    id: str = ""
    model: str = ""
    usage: UsageUpdate = UsageUpdate()
    request_id: str = ""
    """From the response headers."""
    cache_miss: str = ""
    """The API's reason for a cache miss, e.g. `model_changed`, or ""."""


class BlockStart(_Event, frozen=True):
    index: int
    block: Block


class TextDelta(_Event, frozen=True):
    index: int
    text: str


class ThinkingDelta(_Event, frozen=True):
    index: int
    thinking: str


class SignatureDelta(_Event, frozen=True):
    index: int
    signature: str


class InputDelta(_Event, frozen=True):
    index: int
    partial_json: str


class CitationDelta(_Event, frozen=True):
    index: int
    citation: JsonText


class BlockStop(_Event, frozen=True):
    index: int


class MessageDelta(_Event, frozen=True, kw_only=True):
    stop_reason: str = ""
    stop_category: str = ""
    stop_explanation: str = ""
    usage: UsageUpdate = UsageUpdate()


class MessageStop(_Event, frozen=True):
    pass


class Unknown(_Event, frozen=True):
    """An event or delta of an unknown kind. It is kept for the inspector and otherwise ignored."""

    kind: str


StreamEvent = (
    MessageStart
    | BlockStart
    | TextDelta
    | ThinkingDelta
    | SignatureDelta
    | InputDelta
    | CitationDelta
    | BlockStop
    | MessageDelta
    | MessageStop
    | Unknown
)


class RetryScheduled(_Event, frozen=True, kw_only=True):
    """A failed attempt will be repeated at `until`, in seconds of the monotonic clock."""

    failure: Failure
    attempt: int
    """Number of the next attempt; 2 is the first retry."""
    attempts: int
    until: float


class PromptSent(_Event, frozen=True):
    """The prompt was added to the transcript."""

    message: Message


class RequestSent(_Event, frozen=True, kw_only=True):
    """A request is about to be sent; one turn may need several. `body` is its JSON, for the inspector."""

    model: str
    body: bytes


class AnswerUpdated(_Event, frozen=True):
    """The answer as received so far, and the events since the last update. Adjacent deltas of a block are joined."""

    message: Message
    events: tuple[StreamEvent, ...]


class AnswerEnded(_Event, frozen=True):
    """One response has ended (see `message.state`) and is in the transcript."""

    message: Message


class ToolResultsAdded(_Event, frozen=True):
    """The results of all tool calls of an answer were added to the transcript as one message."""

    message: Message


class Notice(_Event, frozen=True):
    """A notice for the user about this turn, in one sentence."""

    text: str


Outcome = Literal["complete", "stopped", "failed"]


class TurnEnded(_Event, frozen=True, kw_only=True):
    """The last event of a turn.

    `give_back` is the prompt if no part of an answer had arrived: it was removed from the transcript again.
    """

    outcome: Outcome
    transcript: Transcript
    failure: Failure | None = None
    give_back: Draft | None = None


TurnEvent = (
    PromptSent
    | RequestSent
    | RetryScheduled
    | AnswerUpdated
    | AnswerEnded
    | ToolEvent
    | ToolResultsAdded
    | Notice
    | TurnEnded
)
