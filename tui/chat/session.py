"""A conversation and the rules of its turns. `turn` runs them.

The session owns the transcript. It knows nothing of HTTP, the provider or the tools: it gets what it needs as functions.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence

from msgspec.structs import replace

from tui.chat.ledger import Bill
from tui.chat.model import Model
from tui.chat.quarantine import quarantine
from tui.chat.request import AttachmentPreparer
from tui.chat.tools import Access, Toolbox
from tui.chat.transcript import BlockPosition, Message, Tool, Transcript
from tui.errors import TuiError

MOST_REQUESTS = 50
"""Default limit of requests per turn."""


class Busy(TuiError):
    """Raised when a turn is started while another one runs."""

    def __init__(self) -> None:
        super().__init__("An answer is still arriving in this chat.", "Wait for it, or stop it with Esc.")


def _nothing(message: Message) -> None:
    pass


def _no_bill(message: Message) -> Bill | None:
    return None


class Session:
    """A conversation and the rules of its turns.

    `record` receives every message that enters the transcript, the prompt before anything is sent. `partial` receives an
    answer each time it has grown, before it enters. `withdraw` receives a prompt that was removed again. `discard`
    receives an answer that was billed but has no content. All are called on the thread that runs the turn, and must neither
    block nor fail. `clock` is monotonic, `now` counts from the epoch, both in seconds.
    """

    def __init__(
        self,
        transcript: Transcript = Transcript(),  # noqa: B008  (a frozen value)
        *,
        record: Callable[[Message], None] = _nothing,
        partial: Callable[[Message], None] = _nothing,
        withdraw: Callable[[Message], None] = _nothing,
        discard: Callable[[Message], None] = _nothing,
        bill: Callable[[Message], Bill | None] = _no_bill,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.transcript = transcript
        """Replace it only between turns."""
        self.attachments: AttachmentPreparer | None = None
        """Prepares images. Without it, text stays text and images are sent as they are."""
        self.model: Model | None = None
        """The model of the last turn, if known. It decides how images in that turn's prompt and tool results are
        prepared.
        """
        self.toolbox: Toolbox | None = None
        """Runs the tools that Claude calls. Without it, every call gets an error."""
        self.most_requests = MOST_REQUESTS
        self.check_request: Callable[[Sequence[Message]], TuiError | None] = lambda answers: None
        """Receives the answers of a turn before its next request, and returns an error if that request must not be sent."""
        self.record = record
        self.partial = partial
        self.withdraw = withdraw
        self.discard = discard
        self.revise: Callable[[int, Message], None] = lambda number, message: None
        """Receives a message in which a block was quarantined, and its index in the transcript."""
        self.start_tools: Callable[[], Awaitable[tuple[str, ...]]] | None = None
        """Awaited before the first request of a conversation: starts what its tools need, and returns notices about
        failures.
        """
        self.tools_changed: Callable[[tuple[Tool, ...]], None] = lambda tools: None
        """Receives the tools of a conversation that is already recorded when they change during a turn."""
        self.discarded: tuple[Message, ...] = ()
        """Answers that were stopped or failed before their first word but cost their input."""
        self.bill = bill
        self.clock = clock
        self.now = now
        self.is_busy = False
        """True while a turn runs. `turn.run_turn` sets it; the end of the turn clears it."""

    def offer_tools(self) -> None:
        """Offer the toolbox's tools if the conversation is new. A conversation that has begun keeps its tools."""
        if self.toolbox is not None and not (self.transcript.messages or self.transcript.tools):
            self.transcript = replace(self.transcript, tools=self.toolbox.tools)

    async def prepare(self) -> tuple[str, ...]:
        """Prepare the first request and offer the tools that are available then. Return notices about failures."""
        if self.start_tools is None or self.toolbox is None:
            return ()
        notices = await self.start_tools()
        tools = self.toolbox.tools
        if tools != self.transcript.tools:
            self.transcript = replace(self.transcript, tools=tools)
            self.tools_changed(tools)
        return notices

    def resume(self, transcript: Transcript, access: Access) -> None:
        """Continue a stored conversation with the tools that it began with."""
        self.transcript = transcript
        if self.toolbox is not None:
            self.toolbox.access = access

    def use_tools(self, access: Access) -> None:
        """Change which tools are offered from the next answer on. Some models then lose the cache (`Model.in_chat`).

        Raises Busy while a turn runs. The toolbox's own `access` can be lowered at any time and applies to calls at once.
        """
        if self.is_busy:
            raise Busy
        if self.toolbox is not None:
            self.toolbox.access = access
            self.transcript = self.transcript.with_setup(replace(self.transcript.current, tools=self.toolbox.tools))

    def drop_tools(self, names: Collection[str]) -> None:
        """Stop offering these tools, which the server does not allow."""
        if self.toolbox is not None:
            self.toolbox.disable(names)
        tools = tuple(tool for tool in self.transcript.tools if tool.name not in names)
        changed = self.transcript.changed
        if changed is not None:
            changed = replace(changed, tools=tuple(tool for tool in changed.tools if tool.name not in names))
        self.transcript = replace(self.transcript, tools=tools, changed=changed)
        self.tools_changed(tools)

    def quarantine(self, places: Collection[BlockPosition]) -> None:
        """Quarantine the blocks at these positions, which keeps them out of all later requests."""
        self.transcript, changed = quarantine(self.transcript, places)
        for number, message in changed.items():
            self.revise(number, message)
