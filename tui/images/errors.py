"""Errors of attachments. Every message is one sentence, and names the file if there is one.

TuiError
└── CannotAttach          this file or data; the prompt and other attachments are unaffected
   ├── EmptyClipboard    nothing in it that can be attached
   └── NoClipboard       none of this system's clipboard programs works here
"""

from __future__ import annotations

from tui.errors import TuiError


class CannotAttach(TuiError):
    """A file or data that cannot be sent."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)


class EmptyClipboard(CannotAttach):
    """The clipboard has no image and no file, perhaps a text."""


class NoClipboard(CannotAttach):
    """No program that reads this system's clipboard is installed, or none of them answered."""
