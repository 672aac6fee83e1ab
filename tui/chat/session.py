"""One conversation, and one turn of it at a time: from the prompt to the record, through every way a turn can end.

The session owns the transcript. It knows neither HTTP nor the provider: what it needs of them comes as functions. A turn
is read like an async generator; whoever has it cancelled calls `conclude`, which does at once, without awaiting, what
any other end does: the text that is held is told, the message is recorded, and the last event says how it went.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, runtime_checkable

from msgspec.structs import replace

from tui.chat.aside import set_aside, with_refused
from tui.chat.events import (
    Asked,
    Grew,
    MessageStop,
    Notice,
    Outcome,
    Sent,
    Settled,
    StreamEvent,
    TurnEnded,
    TurnEvent,
    Waiting,
)
from tui.chat.ledger import Bill, Usage
from tui.chat.reducer import Partial, coalesce, finish, fold_all, start
from tui.chat.thoughts import Thoughts
from tui.chat.transcript import Block, BlockPlace, Draft, Failure, Message, State, Text, Transcript
from tui.errors import TuiError

MAX_PAUSES = 10
"""How often one turn goes on after `pause_turn` before it is left at that."""
_REST_S = 1 / 30  # before a drained stream is read again
_WAITED_S = 0.001  # a read that took longer than this found nothing there
_MANY = 50  # events between two waits: reads are well filled without a rest

Stream = AsyncGenerator[StreamEvent | Waiting, None]


@dataclass(frozen=True)
class Request:
    """What one request of a turn will send, and how."""

    model: str
    body: bytes
    stream: Callable[[], Stream]
    """Sends it. The stream raises a TuiError where it fails."""
    notices: tuple[str, ...] = ()
    """What the user should know of the request itself, such as another model answering than the one that was asked for."""
    refused: Callable[[BaseException | None], tuple[BlockPlace, ...]] = lambda error: ()
    """Which pictures and documents of the transcript the server would not take, going by what the stream raised."""


Ask = Callable[[Transcript], Request]
"""Makes the request that continues a transcript. It runs on the engine's thread, once for each request of a turn."""


class Sight(Protocol):
    """How images are seen: those in a prompt's text, and all of a request's together. Both may take a while."""

    async def blocks(self, text: str) -> tuple[Block, ...]:
        """A prompt's text as the blocks to send."""

    async def fitted(self, transcript: Transcript) -> Transcript:
        """The transcript as one request can hold it. Raises a TuiError where none can."""


@runtime_checkable
class _Described(Protocol):
    """An error that can say more of itself than its sentence: the provider's."""

    def failure(self) -> Failure: ...


class Busy(TuiError):
    """A second turn was started while one was running."""

    def __init__(self) -> None:
        super().__init__("An answer is still arriving in this chat.", "Wait for it, or stop it with Esc.")


def _nothing(message: Message) -> None:
    pass


def _no_bill(message: Message) -> Bill | None:
    return None


class Session:
    """A conversation and the rules of its turns.

    `record` gets every message that enters the transcript, the prompt before anything is sent; `partial` gets an answer
    each time that it has grown, before it enters; `withdraw` gets a prompt that left again; `write_off` gets an answer that
    was billed and has nothing to keep. All are called on the thread that runs the turn, and must neither block nor fail.
    `clock` is monotonic and `now` counts from the epoch, in seconds.
    """

    def __init__(
        self,
        transcript: Transcript = Transcript(),  # noqa: B008  (a frozen value)
        *,
        record: Callable[[Message], None] = _nothing,
        partial: Callable[[Message], None] = _nothing,
        withdraw: Callable[[Message], None] = _nothing,
        write_off: Callable[[Message], None] = _nothing,
        bill: Callable[[Message], Bill | None] = _no_bill,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.transcript = transcript
        """To be replaced only between turns."""
        self.sight: Sight | None = None
        """None: text is text, and images are sent as they are."""
        self.record = record
        self.partial = partial
        self.withdraw = withdraw
        self.write_off = write_off
        self.revise: Callable[[int, Message], None] = lambda number, message: None
        """Gets a message that something was set aside in, and its number in the transcript."""
        self.written_off: tuple[Message, ...] = ()
        """Answers that were stopped or failed before their first word, and cost their input all the same."""
        self.bill = bill
        self.clock = clock
        self.now = now
        self._turn: Turn | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a turn has begun and not ended."""
        return self._turn is not None and not self._turn.is_over

    def take_turn(self, draft: Draft | None, ask: Ask) -> Turn:
        """The turn that sends this draft; nothing happens until it is read. Raises Busy while another one runs.

        None: the transcript ends with a prompt, which is to be answered, maybe once more.
        `ask` decides on the model, so a switch takes effect with the next turn.
        """
        if self.is_busy:
            raise Busy
        self._turn = Turn(self, draft, ask)
        return self._turn

    def set_aside(self, places: Collection[BlockPlace]) -> None:
        """Keeps what stands at these places of the transcript out of every later request."""
        self.transcript, changed = set_aside(self.transcript, places)
        for number, message in changed.items():
            self.revise(number, message)


class Turn:
    """One turn. `async for event in turn` runs it, up to TurnEnded; after a cancellation `conclude` says the rest."""

    def __init__(self, session: Session, draft: Draft | None, ask: Ask) -> None:
        self._session = session
        self._draft = draft
        self._ask = ask
        self._prompt: Message | None = None
        self._reply: _Reply | None = None
        self._request: Request | None = None
        self._has_answer = False
        self.is_over = False

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
        outcome, failure = _outcome(error)
        events = () if self._reply is None else self._settle(self._reply, outcome, failure)
        give_back = None
        if failure is not None and self._request is not None:
            failure = with_refused(failure, self._request.refused(error))
        if failure is not None and failure.refused:
            self._session.set_aside(failure.refused)  # the prompt stays, to be answered without it
        elif outcome != "complete" and not self._has_answer:
            give_back = self._draft
            self._take_back_prompt()
        ended = TurnEnded(outcome=outcome, transcript=self._session.transcript, failure=failure, give_back=give_back)
        return (*events, ended)

    async def _exchange(self) -> AsyncGenerator[TurnEvent, None]:
        """The turn up to its end: the prompt, and one answer, or several where the server pauses."""
        session = self._session
        if self._draft is not None:
            self._prompt = await self._read(self._draft)
            self._enter(self._prompt)
            yield Sent(self._prompt)
        for _ in range(MAX_PAUSES + 1):
            transcript = session.transcript
            request = self._ask(transcript if session.sight is None else await session.sight.fitted(transcript))
            self._request = request
            for text in request.notices:
                yield Notice(text)
            reply = _Reply(request.model, session.now(), session.clock)
            self._reply = reply
            yield Asked(model=request.model, body=request.body)
            async with aclosing(reply.read(request.stream())) as arrivals:
                async for event in arrivals:
                    if isinstance(event, Grew):
                        session.partial(event.message)
                    yield event
            for event in self._settle(reply, "complete", None):
                yield event
            if session.transcript.messages[-1].stop_reason != "pause_turn":
                return
        yield Notice(f"The server paused {MAX_PAUSES + 1} times; the answer was left there.")

    async def _read(self, draft: Draft) -> Message:
        """The message that a draft makes."""
        session = self._session
        text: tuple[Block, ...] = (Text(draft.text),) if draft.text else ()
        if session.sight is not None:
            text = await session.sight.blocks(draft.text)
        return Message(role="user", blocks=(*draft.attachments, *text), at=session.now())

    def _settle(self, reply: _Reply, outcome: Outcome, failure: Failure | None) -> tuple[TurnEvent, ...]:
        """The end of one answer: what is held is told, and the message enters the transcript if there is any."""
        self._reply = None
        held = tuple(reply.rest())
        message = reply.finished(outcome, failure)
        message = replace(message, bill=self._session.bill(message))
        if outcome != "complete" and not message.blocks:
            self._write_off(message)
            return held
        self._has_answer = True
        self._enter(message)
        return (*held, Settled(message))

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


class _Reply:
    """One answer while it arrives: reads the stream, folds it, and keeps the time."""

    def __init__(self, model: str, at: float, clock: Callable[[], float]) -> None:
        self._partial: Partial = start(model, at)
        self._clock = clock
        self._began = clock()
        self._thoughts = Thoughts()
        self._is_whole = False
        self._inflow: _Inflow | None = None

    async def read(self, stream: Stream) -> AsyncGenerator[TurnEvent, None]:
        """Waiting and Grew, until the answer has ended. Raises what the stream raises, after everything that came."""
        self._inflow = inflow = _Inflow(stream)
        try:
            while not self._is_whole and await inflow.has_more():
                for event in self.rest():
                    yield event
        finally:
            if not self._is_whole:  # a whole one is read out in peace, so that its connection can be used again
                inflow.close()

    def rest(self) -> Iterator[TurnEvent]:
        """What has arrived and was not told yet."""
        if self._inflow is None:
            return
        for is_waiting, run in groupby(self._inflow.take(), lambda event: isinstance(event, Waiting)):
            if is_waiting:
                yield from (event for event in run if isinstance(event, Waiting))
            else:
                yield self._grow(tuple(event for event in run if not isinstance(event, Waiting)))

    def finished(self, outcome: Outcome, failure: Failure | None) -> Message:
        """The message as it is kept."""
        state: State = outcome
        self._thoughts.end(self._clock())
        return self._timed(finish(self._partial, state, failure))

    def _grow(self, events: tuple[StreamEvent, ...]) -> Grew:
        joined = coalesce(events)
        self._partial = fold_all(self._partial, joined)
        self._thoughts.note(joined, self._clock())
        self._is_whole = self._is_whole or MessageStop() in joined
        return Grew(self._timed(self._partial.message), joined)

    def _timed(self, message: Message) -> Message:
        now = self._clock()
        return replace(message, elapsed_s=now - self._began, thought_s=self._thoughts.spent_s(now))


class _Inflow:
    """Reads a stream in a task of its own, so that whatever is there at once is taken as one batch."""

    def __init__(self, stream: Stream) -> None:
        self._held: list[StreamEvent | Waiting] = []
        self._fresh = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read(stream))
        self._task.add_done_callback(self._ended)

    async def has_more(self) -> bool:
        """True once something can be taken; False at the end. Raises what ended the stream, when all is taken."""
        while not self._held:
            if self._task.done():
                self._task.result()
                return False
            self._fresh.clear()
            await self._fresh.wait()
        return True

    def take(self) -> list[StreamEvent | Waiting]:
        taken, self._held = self._held, []
        return taken

    def close(self) -> None:
        """Stops reading, which closes the connection."""
        self._task.cancel()

    async def _read(self, stream: Stream) -> None:
        """Rests whenever it had to wait, so that the next read finds many tokens: each read costs much more than a token.

        The token that ended the wait is handed on first, so nothing is ever late by more than the rest.
        """
        time_s = asyncio.get_running_loop().time
        async with aclosing(stream):
            count, asked_s = 0, time_s()
            async for event in stream:
                self._held.append(event)
                self._fresh.set()
                if time_s() - asked_s > _WAITED_S:
                    if count < _MANY:
                        await asyncio.sleep(_REST_S)
                    count = 0
                count, asked_s = count + 1, time_s()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fresh.set()
        if not task.cancelled():
            task.exception()  # counts as seen: when the turn was stopped meanwhile, nobody asks for it any more


def notice_for(message: Message) -> str:
    """What the end of an answer means for the user, in one sentence; "" where it ended as it should."""
    if message.state != "complete":
        return ""
    match message.stop_reason:
        case "max_tokens":
            return "The answer was cut: it reached the limit of output tokens (max_tokens)."
        case "model_context_window_exceeded":
            return "The answer was cut: the model's context window is full (model_context_window_exceeded)."
        case "refusal":
            category = f" ({message.stop_category})" if message.stop_category else ""
            because = f": {message.stop_explanation}" if message.stop_explanation else "."
            return f"Claude refused to answer{category}{because} This turn is left out of what is sent from now on."
    if not any(isinstance(block, Text) and block.text.strip() for block in message.blocks) and message.stop_reason in (
        "",
        "end_turn",
        "stop_sequence",
    ):
        return "The answer is empty."
    return ""


def _outcome(error: BaseException | None) -> tuple[Outcome, Failure | None]:
    match error:
        case None:
            return "complete", None
        case asyncio.CancelledError():
            return "stopped", None
        case _Described():
            return "failed", error.failure()
        case TuiError():
            return "failed", Failure(message=error.message, hint=error.hint)
    return "failed", Failure(message=f"prx has a bug: {type(error).__name__}", type="internal_error")
