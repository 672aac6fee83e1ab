"""The base class of all errors that users see. Subclasses are defined next to the code that raises them."""

from __future__ import annotations

from tui.masking import masked


class TuiError(Exception):
    """An error with a `message`, which says what happened, and a `hint`, which says what to do.

    Both are shown to the user, so anything that looks like a key is masked. `retry_after_s` is the wait in seconds that a
    server asked for.
    """

    def __init__(self, message: str, hint: str = "", *, retry_after_s: float | None = None) -> None:
        self.message, self.hint = masked(message), masked(hint)
        super().__init__(self.message)
        self.retry_after_s = retry_after_s

    @property
    def sentences(self) -> str:
        """The message and the hint as one text."""
        stop = "" if self.message.endswith((".", "!", "?", "…")) else "."
        return f"{self.message}{stop} {self.hint}" if self.hint else self.message
