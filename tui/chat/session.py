"""One conversation, and one turn of it at a time: from the prompt to the record, through every way a turn can end.

The session owns the transcript. It knows neither HTTP nor the provider, nor what a tool does: what it needs of them comes
as functions. A turn is read like an async generator; whoever has it cancelled calls `conclude`, which does at once, without
awaiting, what any other end does: the text that is held is told, the message is recorded, and the last event says how it
went.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence

from msgspec.structs import replace

from tui.chat.asking import Sight
from tui.chat.ledger import Bill
from tui.chat.model import Model
from tui.chat.quarantine import quarantine
from tui.chat.tools import Access, Toolbox
from tui.chat.transcript import BlockPosition, Message, Tool, Transcript
from tui.errors import TuiError

MOST_REQUESTS = 50
"""How many requests one turn may take, unless something else is set."""


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
        self.model: Model | None = None
        """The one of the last turn that was taken, if it was told: it sees what that turn attaches, and what tools find."""
        self.toolbox: Toolbox | None = None
        """Carries out what Claude calls. None: every call is answered with an error."""
        self.most_requests = MOST_REQUESTS
        self.objection: Callable[[Sequence[Message]], TuiError | None] = lambda answers: None
        """Gets the answers of a turn before its next request, and says why that is not to be sent, if it is not."""
        self.record = record
        self.partial = partial
        self.withdraw = withdraw
        self.write_off = write_off
        self.revise: Callable[[int, Message], None] = lambda number, message: None
        """Gets a message that something was set aside in, and its number in the transcript."""
        self.get_ready: Callable[[], Awaitable[tuple[str, ...]]] | None = None
        """Awaited before a conversation's first request: starts what its tools need, and says what went wrong."""
        self.equipped: Callable[[tuple[Tool, ...]], None] = lambda tools: None
        """Gets the tools of a conversation that was recorded already, when they have become others during a turn."""
        self.written_off: tuple[Message, ...] = ()
        """Answers that were stopped or failed before their first word, and cost their input all the same."""
        self.bill = bill
        self.clock = clock
        self.now = now
        self.is_busy = False
        """True while a turn runs. `turn.run_turn` sets it, and the end of the turn clears it."""

    def equip(self) -> None:
        """Has a conversation that begins offer what its toolbox has. One that has begun keeps what it began with."""
        if self.toolbox is not None and not (self.transcript.messages or self.transcript.tools):
            self.transcript = replace(self.transcript, tools=self.toolbox.tools)

    async def prepare(self) -> tuple[str, ...]:
        """Gets ready for the first request, with all the tools that there are then. Returns what went wrong."""
        if self.get_ready is None or self.toolbox is None:
            return ()
        said = await self.get_ready()
        tools = self.toolbox.tools
        if tools != self.transcript.tools:
            self.transcript = replace(self.transcript, tools=tools)
            self.equipped(tools)
        return said

    def take_up(self, transcript: Transcript, access: Access) -> None:
        """Goes on with a conversation that was kept, and with the tools that it began with."""
        self.transcript = transcript
        if self.toolbox is not None:
            self.toolbox.access = access

    def use_tools(self, access: Access) -> None:
        """Offers other tools from the next turn on. What was cached, and thought, with those before is lost by that.

        Raises Busy while a turn runs; the toolbox's own `access` may be lowered at any time, and refuses calls at once.
        """
        if self.is_busy:
            raise Busy
        if self.toolbox is not None:
            self.toolbox.access = access
            self.transcript = replace(self.transcript, tools=self.toolbox.tools)

    def forgo(self, names: Collection[str]) -> None:
        """Offers these tools no more: the server takes no request with them."""
        if self.toolbox is not None:
            self.toolbox.forgo(names)
        tools = tuple(tool for tool in self.transcript.tools if tool.name not in names)
        self.transcript = replace(self.transcript, tools=tools)
        self.equipped(tools)

    def set_aside(self, places: Collection[BlockPosition]) -> None:
        """Keeps what stands at these places of the transcript out of every later request."""
        self.transcript, changed = quarantine(self.transcript, places)
        for number, message in changed.items():
            self.revise(number, message)
