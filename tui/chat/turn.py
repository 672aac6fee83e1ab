"""Run one turn: a prompt, and everything until the next prompt. It may take many requests.

If an answer calls tools, they run, their results are added as one message, and the next request continues. If the server
pauses, it is asked to continue. However the turn ends, the conversation is valid for the API.

A turn is iterated like an async generator. After a cancellation the caller calls `conclude`, which does what every other
end does, without awaiting: pending events are returned, the message is recorded, and the last event reports the outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec.structs import replace

from tui.chat.cache_state import prefix_hash
from tui.chat.events import (
    AnswerEnded,
    AnswerUpdated,
    Notice,
    Outcome,
    PromptSent,
    RequestSent,
    ToolResultsAdded,
    TurnEnded,
    TurnEvent,
)
from tui.chat.ledger import Usage
from tui.chat.model import Model
from tui.chat.outcomes import outcome_of
from tui.chat.quarantine import with_dropped_tools, with_rejected_blocks
from tui.chat.reducer import with_estimated_output
from tui.chat.reply import Reply
from tui.chat.request import NothingToSend, Request, RequestBuilder
from tui.chat.session import Busy, Session
from tui.chat.tool_calls import ANSWER_INTERRUPTED, INTERRUPTED, STOPPED, ToolCalls, with_unique_ids
from tui.chat.tools import ToolEnded
from tui.chat.transcript import Block, Draft, Failure, Message, State, Text
from tui.errors import TuiError

MAX_PAUSES = 10
"""How often one turn continues after `pause_turn` without a tool call of ours in between."""
_PATIENCE_S = 0.5  # the wait before a notice says what the turn waits for
_FULL = "model_context_window_exceeded"
"""The stop reason after which no request is possible, even if tools were called."""
_WORDS: dict[Outcome, str] = {"complete": ANSWER_INTERRUPTED, "stopped": STOPPED, "failed": ANSWER_INTERRUPTED}
"""The result of calls that have none, by the outcome of their turn."""


def run_turn(session: Session, draft: Draft | None, build_request: RequestBuilder, model: Model | None = None) -> Turn:
    """Start a turn that sends `draft`. Nothing happens until the turn is iterated. Raises Busy while another turn runs.

    Without a draft, the prompt at the end of the transcript is answered, perhaps again. `build_request` chooses the model,
    so a switch takes effect with the next turn. `model` is that model.
    """
    if session.is_busy:
        raise Busy
    session.offer_tools()
    session.model = model
    return Turn(session, draft, build_request)


class Turn:
    """One turn. `async for event in turn` runs it up to TurnEnded; after a cancellation, call `conclude`."""

    def __init__(self, session: Session, draft: Draft | None, build_request: RequestBuilder) -> None:
        from tui.chat.tool_loops import ToolLoopGuard  # with the first turn

        self._session = session
        self._draft = draft
        self._build_request = build_request
        self._prompt: Message | None = None
        self._reply: Reply | None = None
        self._request: Request | None = None
        self._prefix = ""
        self._calls: ToolCalls | None = None
        """The calls of the last answer while their results are not in the transcript."""
        self._answers: tuple[Message, ...] = ()
        self._loop_guard = ToolLoopGuard()
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
        """End the turn and return the remaining events; none if it has ended already.

        Without an error the turn is complete. CancelledError means that the user stopped it, any other error that it
        failed.
        """
        if self.is_over:
            return ()
        self.is_over = True
        self._session.is_busy = False
        outcome, failure = outcome_of(error)
        events = () if self._reply is None else self._end_answer(self._reply, outcome, failure)
        events = (*events, *self._close_calls(_WORDS[outcome]))
        give_back = None
        if failure is not None and self._request is not None:
            failure = with_rejected_blocks(failure, self._request.rejected_blocks(error), self._session.transcript)
            if names := self._request.rejected_tools(error):
                failure = with_dropped_tools(failure, names)
                self._session.drop_tools(names)
        if failure is not None and failure.rejected_blocks:
            self._session.quarantine(failure.rejected_blocks)  # the prompt stays and can be sent again without them
        elif outcome != "complete" and not self._answers:
            give_back = self._draft
            self._withdraw_prompt()
        ended = TurnEnded(outcome=outcome, transcript=self._session.transcript, failure=failure, give_back=give_back)
        return (*events, ended)

    async def _events(self) -> AsyncGenerator[TurnEvent, None]:
        """Run the turn up to its end: the prompt, and one answer, or several with tool calls and pauses."""
        session = self._session
        is_new = not session.transcript.messages
        for event in self._close_earlier_calls():
            yield event
        if self._draft is not None:
            prompt = await self._read(self._draft)
            if not prompt.blocks:
                raise NothingToSend  # before it is recorded: the list would show an empty chat
            self._prompt = prompt
            self._append(self._prompt)
            yield PromptSent(self._prompt)
        if is_new:
            async with aclosing(self._prepare()) as notices:
                async for event in notices:
                    yield event
        pauses = 0
        for _ in range(session.most_requests):
            if self._answers and (error := session.check_request(self._answers)) is not None:
                raise error
            offered = {tool.name for tool in session.transcript.current.tools if not tool.server}
            async with aclosing(self._next_answer()) as events:
                async for event in events:
                    yield event
            answer = session.transcript.messages[-1]
            if self._calls is not None and answer.stop_reason != _FULL:
                pauses = 0
                async with aclosing(self._run(self._calls)) as events:
                    async for event in events:
                        yield event
                if why := self._loop_guard.check(answer, session.transcript.messages[-1], offered):
                    yield Notice(why)
                    return
            elif answer.stop_reason != "pause_turn":
                return
            elif pauses == MAX_PAUSES:
                yield Notice(f"The answer was stopped: the server paused {MAX_PAUSES + 1} times.")
                return
            else:
                pauses += 1
        yield Notice(f"This turn reached its limit of {session.most_requests} requests. Claude can continue.")

    async def _prepare(self) -> AsyncGenerator[TurnEvent, None]:
        """Wait for what the tools need, with a notice if that takes a moment."""
        starting = asyncio.ensure_future(self._session.prepare())
        try:
            if not (await asyncio.wait({starting}, timeout=_PATIENCE_S))[0]:
                yield Notice("Waiting for the MCP servers to start.")
            for text in await starting:
                yield Notice(text)
        finally:
            starting.cancel()

    async def _read(self, draft: Draft) -> Message:
        """Return the message for a draft."""
        session = self._session
        text: tuple[Block, ...] = (Text(draft.text),) if draft.text else ()
        if session.attachments is not None:
            text = await session.attachments.resolve(draft.text)
        return Message(role="user", blocks=(*draft.attachments, *text), at=session.now())

    async def _next_answer(self) -> AsyncGenerator[TurnEvent, None]:
        """Send one request and receive its answer, up to its place in the transcript."""
        session = self._session
        transcript = session.transcript
        request = self._build_request(
            transcript if session.attachments is None else await session.attachments.fit(transcript)
        )
        self._request = request
        self._prefix = request.prefix or prefix_hash(transcript)
        for text in request.notices:
            yield Notice(text)
        reply = Reply(request.model, session.now(), session.clock)
        self._reply = reply
        yield RequestSent(model=request.model, body=request.body)
        async with aclosing(reply.read(request.stream())) as arrivals:
            async for event in arrivals:
                if isinstance(event, AnswerUpdated):
                    session.partial(self._with_bill(with_estimated_output(event.message)))
                yield event
        for event in self._end_answer(reply, "complete", None):
            yield event

    def _end_answer(self, reply: Reply, outcome: Outcome, failure: Failure | None) -> tuple[TurnEvent, ...]:
        """End one answer: return its remaining events, and add the message to the transcript if it has content."""
        self._reply = None
        session = self._session
        held = tuple(reply.drain())
        message = with_unique_ids(reply.finished(outcome, failure), session.transcript.messages)
        message = self._with_bill(message)
        if outcome != "complete" and not message.blocks:
            self._discard(message)
            return held
        self._answers = (*self._answers, message)
        self._append(message)
        if message.awaits_results:
            self._calls = ToolCalls(message, session.toolbox, session.clock)
        return (*held, AnswerEnded(message))

    def _with_bill(self, message: Message) -> Message:
        """Return the answer with its cost so far, and with the settings of its request."""
        settings, change = (self._request.settings, self._request.change) if self._request is not None else ("", None)
        bill = self._session.bill(message)
        return replace(message, bill=bill, settings=settings, prefix=self._prefix, change=change)

    async def _run(self, calls: ToolCalls) -> AsyncGenerator[TurnEvent, None]:
        """Run the calls. Each result is stored at once, so that it is known even if the program is killed."""
        async with aclosing(calls.run()) as events:
            async for event in events:
                if isinstance(event, ToolEnded):
                    self._session.partial(self._results(calls, "streaming"))
                yield event
        for last in self._close_calls(ANSWER_INTERRUPTED):
            yield last

    def _close_calls(self, words: str) -> tuple[TurnEvent, ...]:
        """Add the results of all calls to the transcript; calls without a result get `words`."""
        calls, self._calls = self._calls, None
        if calls is None:
            return ()
        held = calls.close(words)
        message = self._results(calls, "complete")
        self._append(message)
        return (*held, ToolResultsAdded(message))

    def _close_earlier_calls(self) -> tuple[TurnEvent, ...]:
        """Give results to calls at the end of the transcript whose program ended before they had any."""
        session = self._session
        last = session.transcript.messages[-1] if session.transcript.messages else None
        if last is not None and last.awaits_results:
            self._calls = ToolCalls(last, None, session.clock)
        return self._close_calls(INTERRUPTED)

    def _results(self, calls: ToolCalls, state: State) -> Message:
        return Message(role="user", blocks=calls.results, state=state, at=self._session.now())

    def _append(self, message: Message) -> None:
        self._session.transcript = self._session.transcript.with_message(message)
        self._session.record(message)

    def _discard(self, message: Message) -> None:
        if message.usage != Usage():
            self._session.discarded = (*self._session.discarded, message)
            self._session.discard(message)

    def _withdraw_prompt(self) -> None:
        if self._prompt is None:  # stopped before it started, or no draft
            return
        session = self._session
        session.transcript = replace(session.transcript, messages=session.transcript.messages[:-1])
        session.withdraw(self._prompt)
