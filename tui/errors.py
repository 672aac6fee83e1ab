"""The root of every error that a user can see. Each layer adds its own subclasses beside the code that raises them."""

from __future__ import annotations

from tui.masking import masked


class TuiError(Exception):
    """One sentence of what went wrong, and one of what to do about it.

    `message` and `hint` are shown as they are, so they never hold a secret: what looks like a key is masked.
    `retry_after_s` is the server's own wish, in seconds, where it gave one.
    """

    def __init__(self, message: str, hint: str = "", *, retry_after_s: float | None = None) -> None:
        self.message, self.hint = masked(message), masked(hint)
        super().__init__(self.message)
        self.retry_after_s = retry_after_s

    @property
    def sentences(self) -> str:
        """The message and the hint on one line, where nothing else parts them."""
        stop = "" if self.message.endswith((".", "!", "?", "…")) else "."
        return f"{self.message}{stop} {self.hint}" if self.hint else self.message
