"""What the chat screen needs to know of the side that talks to Claude. The app hands it in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui.chat.model import Model
from tui.chat.session import Ask, Session
from tui.errors import TuiError


class Provider(Protocol):
    @property
    def model(self) -> Model:
        """The model of the next turn."""

    @property
    def obstacle(self) -> TuiError | None:
        """Why nothing can be sent, or None."""

    @property
    def ways_in(self) -> Sequence[tuple[str, str]]:
        """How credentials can be set: the way, and where."""

    @property
    def is_demo(self) -> bool: ...

    def use(self, name: str) -> str:
        """Makes a family or an ID the model of the next turn; a notice if another one answers for it. Raises TuiError."""

    def models(self) -> Sequence[Model]:
        """Every model there is to choose from, the newest of a family first."""

    def name_of(self, model_id: str) -> str: ...

    def session(self) -> Session:
        """A new, empty conversation."""

    def ask(self) -> Ask:
        """How a turn that starts now is asked."""

    def try_demo(self) -> None:
        """Answers come from the simulator from now on."""
