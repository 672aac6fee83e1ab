"""The hint line of the prompt: hints of the moment, or a message in their place. It draws nothing and has no widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tui.render.safe import safe

MESSAGE_S = 4.0
"""How long a passing message is shown."""


class Stoppable(Protocol):
    """A running timer."""

    def stop(self) -> None: ...


class HintLine:
    """What the line shows now: the hints, a passing message, or one that stays until something is written."""

    def __init__(
        self,
        show: Callable[[str], object],
        *,
        text: Callable[[], str],
        set_timer: Callable[[float, Callable[[], None]], Stoppable],
    ) -> None:
        """`show` draws the line. `text` returns what is written in the prompt. `set_timer` takes a delay in seconds."""
        self._show = show
        self._text = text
        self._set_timer = set_timer
        self._hints = ""
        self.lasting = ""
        """The message that stays, or ""."""
        self._written = ""
        """The text of the prompt when that message was shown."""
        self._timer: Stoppable | None = None
        """Set while a passing message is shown."""
        self._is_holding = False
        """True while new hints wait for the passing message to end."""

    @property
    def is_saying(self) -> bool:
        """True while a message is shown in place of the hints."""
        return self._timer is not None or bool(self.lasting)

    def hint(self, text: str) -> None:
        """Replace the hints, and any message that stays."""
        self._hints, self.lasting = text, ""
        if not self._is_holding:
            self.show_again()

    def renew(self, text: str) -> None:
        """Replace the hints; a message that is shown in their place stays until it ends."""
        self._hints = text
        if not self.is_saying:
            self._show(text)

    def say(self, text: str, *, lasting: bool = False, holding: bool = False) -> None:
        """Show a message in place of the hints for a few seconds.

        A lasting one stays, or comes back, until there are new hints or something else is written. A holding one is shown
        for its time even if there are new hints: it is about a prompt that is being sent.
        """
        self._stop_timer()
        self._is_holding = holding
        text = safe(text, keep_newlines=False)  # it may quote a server or a file name
        self._show(text)
        if lasting:
            self.lasting, self._written = text, self._text()
        else:
            self._timer = self._set_timer(MESSAGE_S, self.show_again)

    def show_again(self) -> None:
        """End a passing message: show what was there before."""
        self._stop_timer()
        self._show(self.lasting or self._hints)

    def text_changed(self) -> None:
        """Note that the text of the prompt has changed: a lasting message ends."""
        if self.lasting and self._text() != self._written:
            self.lasting = ""
            if self._timer is None:
                self.show_again()

    def _stop_timer(self) -> None:
        self._is_holding = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
