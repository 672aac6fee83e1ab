"""What waits until the store is open and the chat that was asked for is on view."""

from __future__ import annotations

from collections.abc import Callable

from tui.chat.transcript import Draft


class Readiness:
    def __init__(self) -> None:
        self.is_started = False
        """True once the store is open and what was to be restored is on view."""
        self.is_opening = False
        """True while another chat is being opened."""
        self.is_loading = False
        """True while the chat on view is shown from its end, and the rest of it is being read."""
        self._waiting: list[tuple[Callable[[], object], Draft | None]] = []

    @property
    def is_ready(self) -> bool:
        return self.is_started and not self.is_opening and not self.is_loading

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """The prompts among what waits."""
        return tuple(draft for _, draft in self._waiting if draft is not None)

    def when_ready(self, do: Callable[[], object], draft: Draft | None = None) -> None:
        """Do it now, or else once all is ready and what came before is done. `draft`: the prompt that it sends."""
        if self.is_ready:
            do()
        else:
            self._waiting.append((do, draft))

    def do_waiting(self) -> None:
        """Do what has waited, until something of it opens a chat again."""
        while self.is_ready and self._waiting:
            do, _ = self._waiting.pop(0)
            do()
