"""The line of hints, made of what the parts of the chat screen contribute; dropped from its end where there is no room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tui.actions import BY_NAME, keys_of, short_key_name

_GAP = 2
"""Cells between two hints."""


class Hint(NamedTuple):
    name: str
    """An action, or a name of its own. A later hint of the same name takes the place of an earlier one."""
    text: str
    rank: int = 0
    """Where it stands: lower is nearer the front, and dropped later."""
    is_alone: bool = False
    """True if the line shows nothing but the hints of this contributor."""


Contributor = Callable[[], Sequence[Hint]]


class HintLine:
    def __init__(self, contributors: Sequence[Contributor], is_enabled: Callable[[str], bool]) -> None:
        """`is_enabled` is False for an action whose keys do nothing now: its hint is left out."""
        self._contributors = tuple(contributors)
        self._is_enabled = is_enabled

    def text(self, width: int) -> str:
        """Return the hints that fit into so many cells; the first one in any case."""
        shown: list[str] = []
        room = width
        for hint in self._hints():
            room -= len(hint.text) + (_GAP if shown else 0)
            if shown and room < 0:
                break
            shown.append(hint.text)
        return (" " * _GAP).join(shown)

    def _hints(self) -> Sequence[Hint]:
        found: dict[str, Hint] = {}
        for contribute in self._contributors:
            for hint in (hints := contribute()):
                if hint.is_alone:
                    return hints
                if hint.name not in BY_NAME or self._is_enabled(hint.name):
                    found[hint.name] = hint
        return sorted(found.values(), key=lambda hint: hint.rank)


_AT_REST = (("send", "send"), ("newline", "newline"), ("models", "model"), ("help", "keys"))
_RUNNING = (("stop", "stop"), ("send", "queue"), ("help", "keys"))
_READING = (("edit", "edit"), ("regenerate", "regenerate"), ("copy_message", "copy"), ("stop", "back"))
"""Actions and their words: at rest, while a turn runs, and with the focus on a message."""


class BasicHints:
    """The hints of the prompt, of a running turn, and of the conversation while it has the focus."""

    def __init__(
        self, key_of: Callable[[str], str], is_running: Callable[[], bool], is_reading: Callable[[], bool]
    ) -> None:
        self._key_of = key_of
        self._is_running = is_running
        self._is_reading = is_reading

    def __call__(self) -> Sequence[Hint]:
        running = self._is_running()
        reading = self._is_reading() and not running
        rows = _READING if reading else _RUNNING if running else _AT_REST
        hints = [Hint(name, f"{self._key_of(name)} {word}", rank) for rank, (name, word) in enumerate(rows, 1)]
        return [Hint("choose", "↑↓ choose"), *hints] if reading else hints


def key_of(name: str, remapped: Mapping[str, tuple[str, ...]]) -> str:
    """Return the key of an action in the fewest characters, or its slash command where it has none."""
    keys = keys_of(BY_NAME[name], remapped)
    return short_key_name(keys[0]) if keys else f"/{BY_NAME[name].slash}"
