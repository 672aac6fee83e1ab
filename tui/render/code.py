"""The code blocks of a text: their positions and their source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui.render.pieces import Piece

_MOST = 10_000
"""Maximum number of code blocks in one text."""


class Span(NamedTuple):
    """A code block, by the numbers of its pieces."""

    language: str
    start: int
    """The number of its head."""
    end: int
    """The number of the piece after its last line."""
    gap: bool
    """True if there is a blank row above it."""


@dataclass(frozen=True)
class CodeBlock:
    """A code block at its current position. Its first row, `top`, shows the language."""

    language: str
    top: int
    height: int
    _pieces: Callable[[], Iterable[Piece]] = field(repr=False, compare=False)

    @property
    def source(self) -> str:
        """The code as it was written, without the fence."""
        from tui.render.pieces import CodeLine

        bodies = (piece.body for piece in self._pieces())
        return "".join(body.text + "\n" * body.last for body in bodies if isinstance(body, CodeLine))


def find_code(piece: Piece, at: int, spans: list[Span]) -> None:
    """Add the piece with this number to the spans, if it contains code."""
    from tui.render.pieces import CodeHead, CodeLine

    body = piece.body
    if isinstance(body, CodeHead) and len(spans) < _MOST:
        spans.append(Span(body.language, at, at + 1, piece.gap >= 0))
    elif isinstance(body, CodeLine) and spans and spans[-1].end == at:
        language, start, _, gap = spans[-1]
        spans[-1] = Span(language, start, at + 1, gap)
