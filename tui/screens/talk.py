"""One chat's dealings with the engine: what runs, what waits for its turn, and what the last exchange was. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from msgspec.structs import astuple, replace

from tui.chat.asking import Ask
from tui.chat.events import Asked, Grew, Sent, Settled, StreamEvent, ToolsAnswered, TurnEnded, TurnEvent
from tui.chat.exchange import Exchange
from tui.chat.model import Model
from tui.chat.reducer import coalesce
from tui.chat.session import Session
from tui.chat.tools import Question, ToolAllowed, ToolAsking, ToolBegan, ToolEnded, ToolOutput
from tui.chat.transcript import Draft, Message, ToolResult, Transcript
from tui.chat.turn import run_turn
from tui.engine import Engine, Generation
from tui.screens.outbox import Outbox

_KEPT_CHARS = 4_000
"""Of what a call says while it runs: only its end is ever shown."""
_SHORT_CHARS = 100_000
"""Growth up to this length is one piece."""
_EVENT_CHARS = 200
"""What an event counts for besides its text. Many have none, and to join them again and again holds keys up."""


class Talk:
    """Sends prompts one at a time; a second generation is never started while one runs.

    `how` is called when a turn starts, and gives the model of that moment with the way to ask it. `wake` is called from
    the engine's thread when there is something to collect.
    """

    def __init__(
        self, key: str, session: Session, engine: Engine, how: Callable[[], tuple[Ask, Model]], wake: Callable[[], None]
    ) -> None:
        self.session = session
        self.outbox = Outbox()
        self.exchange: Exchange | None = None
        """The last request, for the inspector."""
        self.taken_up: Transcript | None = None
        """The conversation as it came from the store: what its answers were asked for with. None: it began here."""
        self.under_way: tuple[TurnEvent, ...] = ()
        """What was collected of the answer that still arrives, growth in few pieces: to show it anew."""
        self._messages: tuple[Message, ...] = ()
        self._asked_at = 0.0
        self._runs_since: dict[str, float] = {}
        self._is_open = True
        self._key = key
        self._engine = engine
        self._how = how
        self._running_how: tuple[Ask, Model] | None = None
        self._wake = wake
        self._generation: Generation | None = None
        self._ended: Generation | None = None

    @property
    def running(self) -> bool:
        return self._generation is not None

    @property
    def messages(self) -> Sequence[Message]:
        """The conversation as far as it was collected: the session may be ahead of that while an answer runs."""
        return self._messages if self.running else self.session.transcript.messages

    @property
    def asked_ago_s(self) -> float:
        """How long the answer that still arrives has been asked for."""
        return self.session.clock() - self._asked_at if self.under_way else 0.0

    @property
    def questions(self) -> tuple[Question, ...]:
        """What Claude asks, and nobody has answered yet, in the order in which it was asked."""
        waiting: dict[str, Question] = {}
        for event in self.under_way:
            match event:
                case ToolAsking(question=question):
                    waiting[question.call.id] = question
                case ToolAllowed(id=id) | ToolEnded(result=ToolResult(tool_use_id=id)):
                    waiting.pop(id, None)
                case _:
                    pass
        return tuple(waiting.values())

    def runs_for_s(self, call_id: str) -> float:
        """How long a call has run that was told of."""
        return self.session.clock() - self._runs_since.get(call_id, self.session.clock())

    def go_out_of_sight(self) -> None:
        """Another chat is opened. What is queued here goes on as the running turn was asked: the choices are that chat's."""
        self._is_open = False

    def come_back(self) -> None:
        self._is_open = True

    def submit(self, draft: Draft) -> bool:
        """Sends the draft, or queues it behind the running answer. True if it was sent."""
        if self._generation is not None:
            self.outbox.add(draft)
            return False
        self._start(draft)
        return True

    def answer_last(self) -> None:
        """Has the prompt answered that the transcript ends with, if nothing runs."""
        if self._generation is None:
            self._start(None)

    def _start(self, draft: Draft | None) -> None:
        if self._is_open or self._running_how is None:
            self._running_how = self._how()
        ask, model = self._running_how
        self._messages = self.session.transcript.messages
        self._generation = self._engine.start(self._key, lambda: run_turn(self.session, draft, ask, model), self._wake)

    def go_on(self) -> None:
        """Sends the next queued prompt, if one may be sent by itself."""
        if self._generation is None and (draft := self.outbox.next()):
            self.submit(draft)

    def stop(self) -> None:
        """Stops the running answer; its last events are collected like any others."""
        if self._generation is not None:
            self._generation.stop()

    def collect(self) -> tuple[TurnEvent, ...]:
        """What has happened since the last time. Returns at once."""
        if self._generation is None:
            if self._ended is not None:
                self._ended.drain()  # a turn that crashed says so after its last event; that is for the app to end with
            return ()
        events = self._generation.drain()
        for event in events:
            self._follow(event)
            match event:
                case Asked(body=body):
                    self.exchange = Exchange(body=body)
                case Settled(message=answer) if self.exchange is not None:
                    self.exchange = replace(self.exchange, answer=answer)
                case TurnEnded(outcome=outcome):
                    self._generation, self._ended = None, self._generation
                    if outcome != "complete":
                        self.outbox.hold()
                case _:
                    pass
        return events

    def _follow(self, event: TurnEvent) -> None:
        """Keeps what it takes to show the chat as it stands now."""
        last = self.under_way[-1] if self.under_way else None
        match event:
            case Sent(message=message) | Settled(message=message) | ToolsAnswered(message=message):
                self._messages = (*self._messages, message)
                self.under_way = ()
                self._runs_since.clear()
            case Asked():
                self._asked_at = self.session.clock()
                self.under_way = (event,)
            case Grew():
                self.under_way = _with_growth(self.under_way, event)
            case ToolOutput(id=id, text=text) if isinstance(last, ToolOutput) and last.id == id:
                self.under_way = (*self.under_way[:-1], ToolOutput(id, (last.text + text)[-_KEPT_CHARS:]))
            case ToolOutput(id=id, text=text):
                self.under_way = (*self.under_way, ToolOutput(id, text[-_KEPT_CHARS:]))
            case TurnEnded():
                self.under_way = ()
            case _:
                if isinstance(event, ToolBegan | ToolAllowed):
                    id = event.call.id if isinstance(event, ToolBegan) else event.id
                    self._runs_since[id] = self.session.clock()
                self.under_way = (*self.under_way, event)


def _with_growth(events: tuple[TurnEvent, ...], event: Grew) -> tuple[TurnEvent, ...]:
    """The events with growth at their end. Short pieces are joined, so that they stay few and the work linear."""
    kept, grown = list(events), event
    while kept and isinstance(before := kept[-1], Grew) and _is_within(before, max(_SHORT_CHARS, _length(grown))):
        grown = Grew(event.message, coalesce((*before.events, *grown.events)))
        kept.pop()
    return (*kept, grown)


def _length(grown: Grew) -> int:
    """About how much it brings: its text, and something for each event, since many have none."""
    return sum(map(_length_of, grown.events))


def _is_within(grown: Grew, most: int) -> bool:
    """True if it brings no more than that. Looks at no more of it than it takes to know."""
    lengths = accumulate(map(_length_of, grown.events))
    return all(length <= most for length in lengths)


def _length_of(event: StreamEvent) -> int:
    return _EVENT_CHARS + sum(len(text) for text in astuple(event) if isinstance(text, str))
