"""Asks the owner of an action whether it can be carried out now. Palette, help, slash commands, keys and hints ask here."""

from __future__ import annotations

from collections.abc import Callable

from tui.actions import BY_NAME, Availability, Owner

OWNERS: frozenset[Owner] = frozenset(
    (
        "attachments",
        "auth",
        "branches",
        "compaction",
        "costs",
        "generation",
        "library",
        "permissions",
        "reading",
        "turns",
    )
)
"""The parts of the chat screen that give reasons. What the others do is always available."""
WITH_OTHER_USE = frozenset(("stop", "answer"))
"""Actions whose keys do something else while they are not available: Esc goes back to the prompt, Tab moves the focus."""


class ChatAvailability:
    """The `Availability` of all actions."""

    def __init__(self, owner: Callable[[Owner], Availability]) -> None:
        """`owner` returns a part of the chat screen, which is made when it is first needed."""
        self._owner = owner

    def disabled_reason(self, name: str) -> str:
        """Return why an action cannot be carried out now, e.g. "An answer is running", or "" if it can."""
        owner = BY_NAME[name].owner
        return self._owner(owner).disabled_reason(name) if owner in OWNERS else ""

    def is_key_enabled(self, name: str) -> bool:
        """True if the keys of an action do something now."""
        return name in WITH_OTHER_USE or not self.disabled_reason(name)
