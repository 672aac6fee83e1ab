"""What stands on the prompt's lower border: hints of the moment, and what is said in their place, in passing or to stay."""

from __future__ import annotations

from textual.content import Content
from textual.timer import Timer

from tui.render.safe import safe
from tui.widgets.graphemes import GraphemeArea

SAID_S = 4.0
"""How long something said in passing stays."""


class HintingArea(GraphemeArea):
    """A text area with hints on its lower border."""

    _hints = ""
    _lasting = ""  # what was said in their place, to stay
    _said_over = ""  # the text that was written then
    _said: Timer | None = None
    _is_holding = False  # new hints wait until what is said has been read

    @property
    def is_saying(self) -> bool:
        """Whether something stands in the place of the hints."""
        return self._said is not None or bool(self._lasting)

    def hint(self, text: str) -> None:
        """Shows hints, until something else is said there."""
        self._hints, self._lasting = text, ""
        if not self._is_holding:
            self.hint_again()

    def say(self, text: str, *, lasting: bool = False, holding: bool = False) -> None:
        """A word in passing, in the place of the hints.

        A lasting one stays, or comes back, until there are new hints or something else is written. A holding one stays for
        its time, although there are new hints: what is said of a prompt while it is being sent.
        """
        self._forget_said()
        self._is_holding = holding
        text = safe(text, keep_newlines=False)  # words of servers and names of files stand in it
        self.border_subtitle = Content(f" {text} ")
        if lasting:
            self._lasting, self._said_over = text, self.text
        else:
            self._said = self.set_timer(SAID_S, self.hint_again)

    def hint_again(self) -> None:
        """Shows what stood there before something was said in passing."""
        self._forget_said()
        self.border_subtitle = Content(f" {self._lasting or self._hints} ")

    def on_text_area_changed(self) -> None:
        if self._lasting and self.text != self._said_over:
            self._lasting = ""
            if self._said is None:
                self.hint_again()

    def _forget_said(self) -> None:
        self._is_holding = False
        if self._said is not None:
            self._said.stop()
            self._said = None
