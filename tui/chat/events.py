"""What can happen while a reply arrives. `anthropic.wire` makes these from server-sent events; `reducer` folds them.

The first group mirrors the stream's own events (Messages API, streaming). The second is about the turn as a whole, and is
what a screen receives from `session`.
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
    """From the response's headers."""
    cache_miss: str = ""
    """Why the API says it could not read the cache: `model_changed`, …; "" where it says nothing."""


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
    """An event or delta of a kind that is new to us: kept for the inspector, otherwise ignored."""

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


class Waiting(_Event, frozen=True, kw_only=True):
    """A failed attempt will be repeated. `until` is on the monotonic clock, in seconds."""

    failure: Failure
    attempt: int
    """The attempt that comes next: 2 is the first repetition."""
    attempts: int
    until: float


class Sent(_Event, frozen=True):
    """The prompt has entered the transcript."""

    message: Message


class Asked(_Event, frozen=True, kw_only=True):
    """A request is about to leave (one turn may need several). `body` is its JSON, for the inspector."""

    model: str
    body: bytes


class Grew(_Event, frozen=True):
    """The reply as it stands, and what was added since the last one: neighbouring deltas of a block come joined."""

    message: Message
    events: tuple[StreamEvent, ...]


class Settled(_Event, frozen=True):
    """One response has ended, in whatever way (`message.state`), and stands in the transcript."""

    message: Message


class ToolsAnswered(_Event, frozen=True):
    """The results of an answer's tool calls, all of them, have entered the transcript as one message."""

    message: Message


class Notice(_Event, frozen=True):
    """Something the user should know of this turn, in one sentence."""

    text: str


Outcome = Literal["complete", "stopped", "failed"]


class TurnEnded(_Event, frozen=True, kw_only=True):
    """Always the last event of a turn.

    `give_back` is the prompt when nothing of an answer had arrived: it has left the transcript again.
    """

    outcome: Outcome
    transcript: Transcript
    failure: Failure | None = None
    give_back: Draft | None = None


TurnEvent = Sent | Asked | Waiting | Grew | Settled | ToolEvent | ToolsAnswered | Notice | TurnEnded
