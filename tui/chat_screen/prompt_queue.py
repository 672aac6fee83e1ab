"""The prompts that wait for their turn, in order. After a stop or a failure they are held until the user says go on."""

from __future__ import annotations

from tui.chat.transcript import Draft


class PromptQueue:
    def __init__(self) -> None:
        self.drafts: tuple[Draft, ...] = ()
        self._held = False

    @property
    def held(self) -> bool:
        """True if something waits that will not be sent by itself."""
        return self._held and bool(self.drafts)

    def add(self, draft: Draft) -> None:
        self.drafts = (*self.drafts, draft)

    def put_first(self, draft: Draft) -> None:
        """Put a prompt that came back before all others, and hold them: they may depend on it."""
        self.drafts = (draft, *self.drafts)
        self._held = True

    def restore(self, drafts: tuple[Draft, ...]) -> None:
        """Restore what waited when the chat was left. Nothing of it is sent by itself."""
        self.drafts = drafts
        self.hold()

    def remove(self, index: int) -> Draft | None:
        """Remove a prompt and return it; None if it was sent meanwhile."""
        if not 0 <= index < len(self.drafts):
            return None
        draft = self.drafts[index]
        self.drafts = self.drafts[:index] + self.drafts[index + 1 :]
        return draft

    def hold(self) -> None:
        """Keep what waits now from being sent by itself. Does nothing if the queue is empty."""
        self._held = bool(self.drafts)

    def next(self) -> Draft | None:
        """Remove the first prompt and return it; None if the queue is held or empty."""
        if self._held and self.drafts:
            return None
        self._held = False
        return self.remove(0)

    def release(self) -> Draft | None:
        """Remove the first prompt and return it, held or not. The others follow by themselves again."""
        self._held = False
        return self.remove(0)
