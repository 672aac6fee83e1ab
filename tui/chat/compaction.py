"""Make a summary of a conversation, from which it goes on as a new branch. Nothing of the conversation is lost: it stays a
branch of its own.

The API returns the summary as a signed block. Where it makes none, the text of an ordinary answer becomes the summary.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from tui.chat.cache_state import prefix_hash
from tui.chat.events import AnswerEnded, Notice, Outcome, RequestSent, TurnEnded, TurnEvent
from tui.chat.ledger import Iteration, Usage
from tui.chat.model import Model
from tui.chat.outcomes import outcome_of
from tui.chat.reply import Reply
from tui.chat.request import Request, RequestBuilder
from tui.chat.session import Busy, Session
from tui.chat.transcript import Compaction, Document, Failure, Image, Message, Text, ToolResult
from tui.errors import TuiError

USUAL_SUMMARY_TOKENS = 2_000
"""The assumed length of a summary, for its price before it is made."""
_REASONS = {
    "max_tokens": ("it was cut off at the output limit", "Try again, and name less to keep."),
    "model_context_window_exceeded": ("the context window has no room for it", "Go back a few prompts, and try again."),
    "tool_use": ("Claude called a tool instead", "Try again."),
    "refusal": ("Claude declined", "The chat goes on without a summary."),
}


class NoSummary(TuiError):
    """No summary came back. The request is billed all the same."""

    def __init__(self, stop_reason: str) -> None:
        why, hint = _REASONS.get(stop_reason, ("the answer has no text", "Try again."))
        super().__init__(f"No summary was made: {why}.", f"The chat is unchanged. {hint}")


def run_compaction(session: Session, build_request: RequestBuilder, model: Model | None = None) -> CompactionTurn:
    """Start a turn that replaces the conversation by a summary of it. Raises Busy while another turn runs.

    Nothing happens until the turn is iterated.
    """
    if session.is_busy:
        raise Busy
    session.model = model
    return CompactionTurn(session, build_request)


class CompactionTurn:
    """One request for a summary. Iterate and conclude it like any turn."""

    def __init__(self, session: Session, build_request: RequestBuilder) -> None:
        self._session = session
        self._build_request = build_request
        self._reply: Reply | None = None
        self._request: Request | None = None
        self._prefix = ""
        self.is_over = False
        session.is_busy = True

    async def __aiter__(self) -> AsyncGenerator[TurnEvent, None]:
        error: TuiError | None = None
        try:
            async with aclosing(self._events()) as events:
                async for event in events:
                    yield event
        except TuiError as failed:
            error = failed
        for event in self.conclude(error):
            yield event

    def conclude(self, error: BaseException | None = None) -> tuple[TurnEvent, ...]:
        """End the turn and return the remaining events; none if it has ended already."""
        if self.is_over:
            return ()
        self.is_over = True
        self._session.is_busy = False
        outcome, failure = outcome_of(error)
        held = tuple(self._reply.drain()) if self._reply is not None else ()
        if self._reply is not None:
            self._discard(self._ended(self._reply, outcome, failure))
        return (*held, TurnEnded(outcome=outcome, transcript=self._session.transcript, failure=failure))

    async def _events(self) -> AsyncGenerator[TurnEvent, None]:
        session = self._session
        transcript = session.transcript
        request = self._build_request(
            transcript if session.attachments is None else await session.attachments.fit(transcript)
        )
        self._request, self._prefix = request, prefix_hash(transcript)
        for text in request.notices:
            yield Notice(text)
        self._reply = reply = Reply(request.model, session.now(), session.clock)
        yield RequestSent(model=request.model, body=request.body)
        async with aclosing(reply.read(request.stream())) as arrivals:
            async for event in arrivals:
                yield event
        for last in reply.drain():
            yield last
        message = self._ended(reply, "complete", None)
        if message.summary is None:
            self._discard(message)
            raise NoSummary(message.stop_reason)
        session.transcript = replace(transcript, messages=(message,))
        session.record(message)
        yield AnswerEnded(message)

    def _ended(self, reply: Reply, outcome: Outcome, failure: Failure | None) -> Message:
        """Return the answer with its bill."""
        self._reply = None
        message = reply.finished(outcome, failure)
        if outcome == "complete":
            message = _as_summary(message)
        settings = self._request.settings if self._request is not None else ""
        return replace(message, bill=self._session.bill(message), settings=settings, prefix=self._prefix)

    def _discard(self, message: Message) -> None:
        """Bill an answer that brought no summary."""
        if message.usage != Usage():
            message = replace(message, blocks=())
            self._session.discarded = (*self._session.discarded, message)
            self._session.discard(message)


def _as_summary(message: Message) -> Message:
    """Return an ordinary answer as a summary; unchanged if it is one already, or did not end normally."""
    if message.summary is not None or message.stop_reason not in ("end_turn", "stop_sequence", "") or message.calls:
        return message
    text = "".join(block.text for block in message.blocks if isinstance(block, Text)).strip()
    if not text:
        return message
    return replace(message, blocks=(Compaction(text),), usage=_as_step(message.usage))


def _as_step(usage: Usage) -> Usage:
    """Return the counts of an ordinary request as those of a summary: its input is not that of the new branch."""
    step = Iteration(
        type="compaction",
        **{name: getattr(usage, name) for name in Iteration.__struct_fields__ if name not in ("type", "model")},
    )
    return Usage(iterations=(*usage.iterations, step))


def lost_attachments(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return the names of the images and documents that a summary drops out of sight."""
    return tuple(dict.fromkeys(block.name or _kind(block) for block in _attached(messages)))


def _attached(messages: Sequence[Message]) -> Iterator[Image | Document]:
    for message in messages:
        for block in message.blocks:
            inner = block.content if isinstance(block, ToolResult) else (block,)
            yield from (one for one in inner if isinstance(one, Image | Document) and not one.quarantined)


def _kind(block: Image | Document) -> str:
    return "an image" if isinstance(block, Image) else "a document"
