"""Where tool calls that need permission are shown: a card above the prompt area, made with the first question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.chat_screen.display import ChatWidgets

if TYPE_CHECKING:
    from tui.chat.tools import PermissionRequest
    from tui.widgets.question import QuestionCard


class QuestionCards:
    def __init__(self, screen: Screen[None], widgets: ChatWidgets, key_of: Callable[[str], str]) -> None:
        self._screen = screen
        self._prompt = widgets.prompt
        self._key_of = key_of
        self._card: QuestionCard | None = None

    @property
    def has_focus(self) -> bool:
        return self._card is not None and self._card.has_focus_within

    @property
    def is_reasoning(self) -> bool:
        """True while a reason for a refusal is typed."""
        return self._card is not None and self._card.is_reasoning

    def ask(self, questions: Sequence[PermissionRequest]) -> None:
        """Show the questions, or nothing if there are none."""
        if self._card is None and questions:
            from tui.widgets.question import QuestionCard  # with the first question

            self._card = QuestionCard(self._key_of("answer"))
            self._screen.mount(self._card, before=self._prompt.attachments)
        self._screen.set_class(bool(questions), "-asked")
        if self._card is not None:
            self._card.ask(questions)

    def focus(self) -> None:
        if self._card is not None:
            self._card.take_focus()

    def leave(self) -> None:
        self._prompt.focus()

    def skip(self) -> None:
        self._screen.focus_next()
