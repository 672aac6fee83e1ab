"""One open chat: everything that belongs to it and goes away with it, on view or in the background. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import astuple, replace

from tui.chat.events import (
    AnswerEnded,
    AnswerUpdated,
    PromptSent,
    RequestSent,
    StreamEvent,
    ToolResultsAdded,
    TurnEnded,
    TurnEvent,
)
from tui.chat.exchange import Exchange
from tui.chat.model import Model
from tui.chat.reducer import coalesce
from tui.chat.request import RequestBuilder
from tui.chat.session import Session
from tui.chat.tools import (
    Access,
    PermissionDecided,
    PermissionRequest,
    PermissionRequested,
    ToolEnded,
    ToolOutput,
    ToolStarted,
)
from tui.chat.transcript import Draft, Message, ToolResult, Transcript
from tui.chat_screen.prompt_queue import PromptQueue
from tui.engine import Engine, Generation

if TYPE_CHECKING:
    from tui.store import Branch, NewChat, Position, Recorder, Store, StoredMessage

_KEPT_CHARS = 4_000
"""The end of a tool's output that is kept while it runs; no more is ever shown."""
_SHORT_CHARS = 100_000
"""Growth up to this length is kept as one piece."""
_LONGEST_TITLE = 120
"""Characters of a title that is made of the first prompt."""
_LONGEST_IN_NOTICE = 30
"""Characters of a title in a notice."""
_EVENT_CHARS = 200
"""The length that an event counts for besides its text. Many have no text, and joining them repeatedly delays keys."""


class Origin(NamedTuple):
    """Where a new branch leaves the old one."""

    branch: Branch
    """The old branch."""
    prompt: int
    """The index of the message that is edited or regenerated."""


def labels(branch: Branch) -> Sequence[str]:
    """Return for each message which of its siblings it is, e.g. 2/3; "" where it has none."""
    return [f"{one.sibling_index + 1}/{len(one.siblings)}" if len(one.siblings) > 1 else "" for one in branch]


def sibling_ids(branch: Branch) -> frozenset[str]:
    """Return the ids of all siblings in a branch, those on it included."""
    return frozenset(id for message in branch if len(message.siblings) > 1 for id in message.siblings)


def opening_notice(branch: Branch) -> str:
    """Return what the user should know of a chat that is opened, or ""."""
    last = branch[-1] if len(branch) else None
    if branch.chat.is_open_elsewhere:
        return "Also open in another prx · its answers appear here"
    if last is not None and last.message.is_prompt:
        return "The prompt has no answer · /continue asks for one"
    if last is not None and (last.state == "interrupted" or last.role == "user" or last.message.awaits_results):
        return "Interrupted · /continue asks for the rest"
    return ""


def ids(messages: Iterable[StoredMessage]) -> frozenset[str]:
    return frozenset(message.id for message in messages)


class ChatSession:
    """A chat with its running turn, queue, recorder and view state.

    One turn runs at a time. `how` is called when a turn starts, and returns the way to ask and the model of that moment.
    `wake` is called with this session, on the engine's thread, when events can be collected.
    """

    def __init__(
        self,
        key: str,
        turns: Session,
        engine: Engine,
        how: Callable[[], tuple[RequestBuilder, Model]],
        wake: Callable[[ChatSession], None],
    ) -> None:
        self.turns = turns
        """Takes the turns, and owns the transcript."""
        self.queue = PromptQueue()
        self.title = ""
        """The user's, or a generated one, or the first line of the first prompt."""
        self.is_on_view = True
        """False while another chat is shown. Its queue then goes on with the model and settings of its running turn."""
        self.is_whole = True
        """False while the chat is being opened: the transcript has only its last messages, and nothing is sent."""
        self.is_closed = False
        """True once the chat was left for good: what it still receives is recorded, and nobody else is told."""
        self.recorder: Recorder | None = None
        """Writes the chat to the store; None until that is open."""
        self.position: Position | None = None
        """How the chat stood when it was last left; only set in the background."""
        self.exchange: Exchange | None = None
        """The last request, for the inspector."""
        self.explained: Exchange | None = None
        """The last request whose use of the cache was looked at."""
        self.restored: Transcript | None = None
        """The transcript as it was loaded, with the settings its answers were asked for. None: the chat began here."""
        self.in_question: Draft | None = None
        """A prompt that has left the prompt area and waits for the user's consent to what it costs."""
        self.editing: Origin | None = None
        """The prompt that is being edited in the prompt area."""
        self.left_branch: Origin | None = None
        """The branch to return to if the running turn leaves nothing."""
        self.branch_notes: tuple[str, ...] = ()
        """Notes to show below the next prompt."""
        self.sync = SyncState()
        self.pending_events: tuple[TurnEvent, ...] = ()
        """The events of the answer that is still arriving, growth in few pieces: enough to show it anew."""
        self._store: Store | None = None
        self._messages: tuple[Message, ...] = ()
        self._asked_at = 0.0
        self._runs_since: dict[str, float] = {}
        self._key = key
        self._engine = engine
        self._how = how
        self._running_how: tuple[RequestBuilder, Model] | None = None
        self._wake = wake
        self._generation: Generation | None = None
        self._ended: Generation | None = None

    # The chat

    @property
    def id(self) -> str:
        """The chat's id in the store, or "" before the store is open."""
        return self.recorder.chat.id if self.recorder is not None else ""

    @property
    def store(self) -> Store:
        assert self._store is not None, "whoever needs the store waits until it is open"
        return self._store

    @property
    def has_store(self) -> bool:
        return self._store is not None

    def record_in(self, store: Store, chat: NewChat, head: str | None = None) -> None:
        """Record everything from now on as that chat, after the message `head`."""
        from tui.store import Recorder  # SQLite is not needed for the first paint

        self._store = store
        self.recorder = recorder = Recorder(store, chat, head)
        turns = self.turns
        turns.record, turns.partial = recorder.record, recorder.partial
        turns.withdraw, turns.discard, turns.revise = recorder.withdraw, recorder.discard, recorder.revise
        turns.tools_changed = recorder.set_tools

    def note_branch(self, branch: Branch, edits: str) -> None:
        """Note which messages are known of the store, and which of them, if any, the prompt area edits."""
        self.sync = SyncState(sibling_ids(branch) | ids(branch))
        edited = next((number for number, message in enumerate(branch) if message.id == edits), None)
        self.editing = Origin(branch, edited) if edited is not None else None

    @property
    def transcript(self) -> Transcript:
        return self.turns.transcript

    @transcript.setter
    def transcript(self, transcript: Transcript) -> None:
        self.turns.transcript = transcript

    @property
    def has_begun(self) -> bool:
        return bool(self.turns.transcript.messages)

    @property
    def access(self) -> Access:
        """What Claude may do in this chat."""
        toolbox = self.turns.toolbox
        return toolbox.access if toolbox is not None else "none"

    @property
    def unsent(self) -> tuple[Draft, ...]:
        """The prompts that have left the prompt area and were not sent: the one in question, and the queue."""
        in_question = (self.in_question,) if self.in_question is not None else ()
        return *in_question, *self.queue.drafts

    @property
    def base(self) -> Transcript:
        """What the next prompt would be sent after: the chat, or what an edit leaves of it."""
        if self.has_store:
            self.turns.offer_tools()  # a chat that begins sends its tools, too
        transcript = self.turns.transcript
        if self.editing is None:
            return transcript
        return replace(transcript, messages=transcript.messages[: self.editing.prompt])

    # The running turn

    @property
    def running(self) -> bool:
        return self._generation is not None

    @property
    def messages(self) -> Sequence[Message]:
        """The messages as far as they were collected; the transcript may be ahead of that while a turn runs."""
        return self._messages if self.running else self.turns.transcript.messages

    @property
    def asked_ago_s(self) -> float:
        """Seconds since the answer that is still arriving was asked for."""
        return self.turns.clock() - self._asked_at if self.pending_events else 0.0

    @property
    def questions(self) -> tuple[PermissionRequest, ...]:
        """The tool calls that need permission and have no answer yet, the oldest first."""
        waiting: dict[str, PermissionRequest] = {}
        for event in self.pending_events:
            match event:
                case PermissionRequested(question=question):
                    waiting[question.call.id] = question
                case PermissionDecided(id=id) | ToolEnded(result=ToolResult(tool_use_id=id)):
                    waiting.pop(id, None)
                case _:
                    pass
        return tuple(waiting.values())

    def runs_for_s(self, call_id: str) -> float:
        """Seconds that a tool call has been running."""
        return self.turns.clock() - self._runs_since.get(call_id, self.turns.clock())

    def start(self, draft: Draft | None) -> None:
        """Send the draft, or have the prompt answered that the transcript ends with. Does nothing while a turn runs."""
        if self._generation is not None:
            return
        if self.is_on_view or self._running_how is None:
            self._running_how = self._how()
        ask, model = self._running_how
        self._messages = self.turns.transcript.messages
        from tui.chat.turn import run_turn  # not needed for the first paint

        self._generation = self._engine.start(
            self._key, lambda: run_turn(self.turns, draft, ask, model), lambda: self._wake(self)
        )

    def compact(self, ask: RequestBuilder, model: Model) -> None:
        """Ask for a summary, with which a new branch begins. Does nothing while a turn runs."""
        from tui.chat.compaction import run_compaction  # seldom needed

        if self._generation is None:
            self._messages = self.turns.transcript.messages
            self._generation = self._engine.start(
                self._key, lambda: run_compaction(self.turns, ask, model), lambda: self._wake(self)
            )

    def stop(self) -> None:
        """Stop the running turn. Its last events are collected like any others."""
        if self._generation is not None:
            self._generation.stop()

    def close(self) -> None:
        """Stop the running turn; the chat is left for good."""
        self.is_closed = True
        self.stop()

    def collect(self) -> tuple[TurnEvent, ...]:
        """Return what has happened since the last call, without waiting."""
        if self._generation is None:
            if self._ended is not None:
                self._ended.drain()  # a turn that crashed raises after its last event, which ends the program
            return ()
        events = self._generation.drain()
        for event in events:
            self._follow(event)
            match event:
                case PromptSent(message=message):
                    self.title = self.title or " ".join(message.text.split("\n", 1)[0].split())[:_LONGEST_TITLE]
                case RequestSent(body=body):
                    self.exchange = Exchange(body=body)
                case AnswerEnded(message=answer) if self.exchange is not None:
                    self.exchange = replace(self.exchange, answer=answer)
                case TurnEnded(outcome=outcome):
                    self._generation, self._ended = None, self._generation
                    if outcome != "complete":
                        self.queue.hold()
                case _:
                    pass
        return events

    def _follow(self, event: TurnEvent) -> None:
        """Keep what it takes to show the answer as it stands now."""
        last = self.pending_events[-1] if self.pending_events else None
        match event:
            case PromptSent(message=message) | AnswerEnded(message=message) | ToolResultsAdded(message=message):
                self._messages = (*self._messages, message)
                self.pending_events = ()
                self._runs_since.clear()
            case RequestSent():
                self._asked_at = self.turns.clock()
                self.pending_events = (event,)
            case AnswerUpdated():
                self.pending_events = _with_growth(self.pending_events, event)
            case ToolOutput(id=id, text=text) if isinstance(last, ToolOutput) and last.id == id:
                self.pending_events = (*self.pending_events[:-1], ToolOutput(id, (last.text + text)[-_KEPT_CHARS:]))
            case ToolOutput(id=id, text=text):
                self.pending_events = (*self.pending_events, ToolOutput(id, text[-_KEPT_CHARS:]))
            case TurnEnded():
                self.pending_events = ()
            case _:
                if isinstance(event, ToolStarted | PermissionDecided):
                    id = event.call.id if isinstance(event, ToolStarted) else event.id
                    self._runs_since[id] = self.turns.clock()
                self.pending_events = (*self.pending_events, event)


def shortened(title: str) -> str:
    """Return a title that fits into a notice."""
    return title if len(title) <= _LONGEST_IN_NOTICE else title[: _LONGEST_IN_NOTICE - 1] + "…"


def tokens_of(messages: Sequence[Message]) -> int:
    """Return the tokens of a conversation, as its last answer reports them."""
    answers = (one.usage for one in reversed(messages) if one.usage.total_input)
    return next((usage.total_input + usage.output_tokens for usage in answers), 0)


class SyncState:
    """What is known of other prx that have the same chat open."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self.mark = ""
        """What the header says of them."""
        self.is_due = False
        """True if the store is to be read again once the running turn has ended."""
        self.is_deleted = False
        self.known = known
        """The ids of the messages that were shown, and of their siblings."""


def _with_growth(events: tuple[TurnEvent, ...], event: AnswerUpdated) -> tuple[TurnEvent, ...]:
    """Append growth to the events. Short pieces are joined, so that they stay few and the work linear."""
    kept, grown = list(events), event
    while (
        kept and isinstance(before := kept[-1], AnswerUpdated) and _is_within(before, max(_SHORT_CHARS, _length(grown)))
    ):
        grown = AnswerUpdated(event.message, coalesce((*before.events, *grown.events)))
        kept.pop()
    return (*kept, grown)


def _length(grown: AnswerUpdated) -> int:
    """Return roughly how much it brings: its text, and a constant for each event."""
    return sum(map(_length_of, grown.events))


def _is_within(grown: AnswerUpdated, most: int) -> bool:
    """True if it brings no more than `most`. Stops counting once it knows."""
    lengths = accumulate(map(_length_of, grown.events))
    return all(length <= most for length in lengths)


def _length_of(event: StreamEvent) -> int:
    return _EVENT_CHARS + sum(len(text) for text in astuple(event) if isinstance(text, str))
