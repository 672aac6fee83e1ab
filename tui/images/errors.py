"""What can go wrong with an attachment. Every message is one sentence, and names the file where there is one.

TuiError
└── CannotAttach          this file or these bytes; the prompt and the other attachments stay
    ├── EmptyClipboard    nothing in it that could be attached
    └── NoClipboard       none of this system's clipboard programs works here
"""

from __future__ import annotations

from tui.errors import TuiError


class CannotAttach(TuiError):
    """A file, or bytes, that cannot be sent. The hint says what to attach instead, or how to get there."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)


class EmptyClipboard(CannotAttach):
    """The clipboard holds no picture and no file; a text perhaps."""


class NoClipboard(CannotAttach):
    """No program that reads this system's clipboard is installed, or none of them answered."""
