"""One turn: a prompt, and everything until the next one can be asked. It may take many requests.

Where an answer calls tools, they run, their results enter the conversation as one message, and the next request tells it
all; where the server pauses, it is asked to go on. Whatever ends the turn, the conversation is then one that the API takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec.structs import replace

from tui.chat.asking import Ask, NothingToSend, Request
from tui.chat.events import Asked, Grew, Notice, Outcome, Sent, Settled, ToolsAnswered, TurnEnded, TurnEvent
from tui.chat.ledger import Usage
from tui.chat.model import Model
from tui.chat.outcomes import outcome_of
from tui.chat.quarantine import with_dropped_tools, with_rejected_blocks
from tui.chat.reducer import with_estimated_output
from tui.chat.reply import Reply
from tui.chat.session import Busy, Session
from tui.chat.tool_calls import BROKEN_OFF, INTERRUPTED, STOPPED, ToolCalls, with_unique_ids
from tui.chat.tools import ToolEnded
from tui.chat.transcript import Block, Draft, Failure, Message, State, Text
from tui.chat.warmth import opening
from tui.errors import TuiError

MAX_PAUSES = 10
"""How often one turn goes on after `pause_turn`, with no tool of ours in between, before it is left at that."""
_PATIENCE_S = 0.5  # before it is said what a turn waits for
_FULL = "model_context_window_exceeded"
"""The stop reason after which nothing more can be asked, whatever was called."""
_WORDS: dict[Outcome, str] = {"complete": BROKEN_OFF, "stopped": STOPPED, "failed": BROKEN_OFF}
"""What calls are told that no result came for, by how their turn ended."""


def run_turn(session: Session, draft: Draft | None, ask: Ask, model: Model | None = None) -> Turn:
    """Start a turn that sends `draft`. Nothing happens until the turn is iterated. Raises Busy while another turn runs.

    Without a draft, the prompt at the end of the transcript is answered, perhaps for the second time.
    `ask` chooses the model, so a switch takes effect with the next turn; `model` is that model.
    """
    if session.is_busy:
        raise Busy
    session.equip()
    session.model = model
    return Turn(session, draft, ask)


class Turn:
    """`async for event in turn` runs it, up to TurnEnded; after a cancellation `conclude` says the rest."""

    def __init__(self, session: Session, draft: Draft | None, ask: Ask) -> None:
        from tui.chat.tool_loops import ToolLoopGuard  # with the first turn

        self._session = session
        self._draft = draft
        self._ask = ask
        self._prompt: Message | None = None
        self._reply: Reply | None = None
        self._request: Request | None = None
        self._opening = ""
        self._calls: ToolCalls | None = None
        """Those of the last answer, while they have no place in the transcript."""
        self._answers: tuple[Message, ...] = ()
        self._futile = ToolLoopGuard()
        self.is_over = False
        session.is_busy = True

    async def __aiter__(self) -> AsyncGenerator[TurnEvent, None]:
        error: TuiError | None = None
        try:
            async with aclosing(self._exchange()) as events:
                async for event in events:
                    yield event
        except TuiError as failed:
            error = failed
        for event in self.conclude(error):
            yield event

    def conclude(self, error: BaseException | None = None) -> tuple[TurnEvent, ...]:
        """Ends the turn and returns the events that were still to come; nothing if it is over already.

        No error: the turn is complete. A CancelledError: the user stopped it. Any other: it failed.
        """
        if self.is_over:
            return ()
        self.is_over = True
        self._session.is_busy = False
        outcome, failure = outcome_of(error)
        events = () if self._reply is None else self._settle(self._reply, outcome, failure)
        events = (*events, *self._close_calls(_WORDS[outcome]))
        give_back = None
        if failure is not None and self._request is not None:
            failure = with_rejected_blocks(failure, self._request.refused(error), self._session.transcript)
            if names := self._request.refused_tools(error):
                failure = with_dropped_tools(failure, names)
                self._session.forgo(names)
        if failure is not None and failure.refused:
            self._session.set_aside(failure.refused)  # the prompt stays, to be answered without it
        elif outcome != "complete" and not self._answers:
            give_back = self._draft
            self._take_back_prompt()
        ended = TurnEnded(outcome=outcome, transcript=self._session.transcript, failure=failure, give_back=give_back)
        return (*events, ended)

    async def _exchange(self) -> AsyncGenerator[TurnEvent, None]:
        """The turn up to its end: the prompt, and one answer, or several where tools are called or the server pauses."""
        session = self._session
        is_new = not session.transcript.messages
        for event in self._close_earlier_calls():
            yield event
        if self._draft is not None:
            prompt = await self._read(self._draft)
            if not prompt.blocks:
                raise NothingToSend  # before it is recorded: a chat of nothing would stand in the list
            self._prompt = prompt
            self._enter(self._prompt)
            yield Sent(self._prompt)
        if is_new:
            async with aclosing(self._prepare()) as notices:
                async for event in notices:
                    yield event
        pauses = 0
        for _ in range(session.most_requests):
            if self._answers and (error := session.objection(self._answers)) is not None:
                raise error
            offered = {tool.name for tool in session.transcript.tools if not tool.server}
            async with aclosing(self._next_answer()) as events:
                async for event in events:
                    yield event
            answer = session.transcript.messages[-1]
            if self._calls is not None and answer.stop_reason != _FULL:
                pauses = 0
                async with aclosing(self._run(self._calls)) as events:
                    async for event in events:
                        yield event
                if why := self._futile.note(answer, session.transcript.messages[-1], offered):
                    yield Notice(why)
                    return
            elif answer.stop_reason != "pause_turn":
                return
            elif pauses == MAX_PAUSES:
                yield Notice(f"The server paused {MAX_PAUSES + 1} times; the answer was left there.")
                return
            else:
                pauses += 1
        yield Notice(f"This turn was left after {session.most_requests} requests, its limit. Claude can continue.")

    async def _prepare(self) -> AsyncGenerator[TurnEvent, None]:
        """Waits for what the tools need, and says so once that takes a moment."""
        starting = asyncio.ensure_future(self._session.prepare())
        try:
            if not (await asyncio.wait({starting}, timeout=_PATIENCE_S))[0]:
                yield Notice("Waiting for the MCP servers to start.")
            for text in await starting:
                yield Notice(text)
        finally:
            starting.cancel()

    async def _read(self, draft: Draft) -> Message:
        """The message that a draft makes."""
        session = self._session
        text: tuple[Block, ...] = (Text(draft.text),) if draft.text else ()
        if session.sight is not None:
            text = await session.sight.blocks(draft.text)
        return Message(role="user", blocks=(*draft.attachments, *text), at=session.now())

    async def _next_answer(self) -> AsyncGenerator[TurnEvent, None]:
        """One request, up to the place of its answer in the transcript."""
        session = self._session
        transcript = session.transcript
        request = self._ask(transcript if session.sight is None else await session.sight.fitted(transcript))
        self._request = request
        self._opening = opening(transcript)
        for text in request.notices:
            yield Notice(text)
        reply = Reply(request.model, session.now(), session.clock)
        self._reply = reply
        yield Asked(model=request.model, body=request.body)
        async with aclosing(reply.read(request.stream())) as arrivals:
            async for event in arrivals:
                if isinstance(event, Grew):
                    session.partial(self._priced(with_estimated_output(event.message)))
                yield event
        for event in self._settle(reply, "complete", None):
            yield event

    def _settle(self, reply: Reply, outcome: Outcome, failure: Failure | None) -> tuple[TurnEvent, ...]:
        """The end of one answer: what is held is told, and the message enters the transcript if there is any."""
        self._reply = None
        session = self._session
        held = tuple(reply.rest())
        message = with_unique_ids(reply.finished(outcome, failure), session.transcript.messages)
        message = self._priced(message)
        if outcome != "complete" and not message.blocks:
            self._write_off(message)
            return held
        self._answers = (*self._answers, message)
        self._enter(message)
        if message.awaits_results:
            self._calls = ToolCalls(message, session.toolbox, session.clock)
        return (*held, Settled(message))

    def _priced(self, message: Message) -> Message:
        """An answer with what it costs, as far as it has come, and how it was asked for."""
        manner = self._request.manner if self._request is not None else ""
        return replace(message, bill=self._session.bill(message), manner=manner, opening=self._opening)

    async def _run(self, calls: ToolCalls) -> AsyncGenerator[TurnEvent, None]:
        """Carries out the calls. Each result is on disk at once: what was done is known, even if the program is killed."""
        async with aclosing(calls.run()) as events:
            async for event in events:
                if isinstance(event, ToolEnded):
                    self._session.partial(self._results(calls, "streaming"))
                yield event
        for last in self._close_calls(BROKEN_OFF):
            yield last

    def _close_calls(self, words: str) -> tuple[TurnEvent, ...]:
        """Puts the results of all calls into the transcript: those that there are, and these words for the others."""
        calls, self._calls = self._calls, None
        if calls is None:
            return ()
        held = calls.close(words)
        message = self._results(calls, "complete")
        self._enter(message)
        return (*held, ToolsAnswered(message))

    def _close_earlier_calls(self) -> tuple[TurnEvent, ...]:
        """Answers calls that the transcript ends with, left there by a program that was ended."""
        session = self._session
        last = session.transcript.messages[-1] if session.transcript.messages else None
        if last is not None and last.awaits_results:
            self._calls = ToolCalls(last, None, session.clock)
        return self._close_calls(INTERRUPTED)

    def _results(self, calls: ToolCalls, state: State) -> Message:
        return Message(role="user", blocks=calls.results, state=state, at=self._session.now())

    def _enter(self, message: Message) -> None:
        self._session.transcript = self._session.transcript.with_message(message)
        self._session.record(message)

    def _write_off(self, message: Message) -> None:
        if message.usage != Usage():
            self._session.written_off = (*self._session.written_off, message)
            self._session.write_off(message)

    def _take_back_prompt(self) -> None:
        if self._prompt is None:  # stopped before it began, or there was none
            return
        session = self._session
        session.transcript = replace(session.transcript, messages=session.transcript.messages[:-1])
        session.withdraw(self._prompt)
