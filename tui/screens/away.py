"""A chat that was left while its answer arrives: all that goes on without a screen, and is shown again when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from tui.chat.events import TurnEnded
from tui.chat.transcript import Draft
from tui.screens.talk import Talk

if TYPE_CHECKING:
    from tui.store import Branch, Place, Recorder, Store


class Origin(NamedTuple):
    """Where a branch leaves another."""

    branch: Branch
    """The one that is left."""
    prompt: int
    """The number of the message that is edited, or answered again."""


class Away(msgspec.Struct, eq=False):
    talk: Talk
    recorder: Recorder
    store: Store
    place: Place
    """How the screen stood, without the queue."""
    beside: tuple[Draft, ...]
    """What waited beside the queue, and is never sent by itself."""
    title: str
    left: Origin | None = None
    """What to go back to, should the running turn come to nothing."""

    def take_end(self, event: TurnEnded) -> None:
        """A turn has ended. A prompt that came to nothing is unsent text again."""
        if event.give_back is None:
            return
        if self.place.has_draft:
            self.talk.outbox.put_first(event.give_back)
        else:
            self.place = replace(self.place, draft=event.give_back)

    def save_place(self) -> None:
        """Notes what is unsent now."""
        outbox = self.talk.outbox
        self.store.save_place(replace(self.place, queue=(*self.beside, *outbox.drafts), held=outbox.held))
