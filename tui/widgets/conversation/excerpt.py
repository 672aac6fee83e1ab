"""Parts for content that may not fit: a line that is cut, and a text of which the start is shown."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from tui.render import figures
from tui.render.safe import safe
from tui.widgets.conversation.captions import Tone
from tui.widgets.conversation.palette import Palette
from tui.widgets.conversation.parts import BLANK, Line, Part, PlainText

_FEW_LINES = 20
_FEW_CHARS = 4_000
_LEAST_GAP = 2
_MOST_CHARS = 2_000
"""Characters that are kept of a text for one row: more than any row holds."""


class Headline(Part):
    """One row: a text that is cut to fit, and a word at the end of the row."""

    def __init__(self) -> None:
        self._texts: tuple[str, str, str, bool] = ("", "", "", False)
        self._right: tuple[str, Tone] = ("", "dim")
        self._width = 0
        self._line = BLANK

    @property
    def height(self) -> int:
        return 1

    def set(self, sign: str, name: str, what: str, right: tuple[str, Tone], *, shows_end: bool = False) -> None:
        """Replace the texts. `shows_end`: show the end of a `what` that is too long, and not its start."""
        what = what[-_MOST_CHARS:] if shows_end else what[:_MOST_CHARS]
        self._texts = sign, safe(name[:_MOST_CHARS], keep_newlines=False), safe(what, keep_newlines=False), shows_end
        self._right = right
        self._draw()

    def fit(self, width: int, palette: Palette) -> None:
        self._width, self._palette = width, palette
        self._draw()

    def _draw(self) -> None:
        if not self._width:
            return
        sign, name, what, shows_end = self._texts
        word, tone = self._right
        room = self._width - (cell_len(word) + _LEAST_GAP if word else 0)
        left = f"{sign} {name}"
        if what:
            left = f"{left}  {cut(what, max(0, room - cell_len(left) - 2), shows_end=shows_end)}"
        left = cut(left, room)
        dim = self._palette.style("dim")
        segments = [Segment(left, dim)]
        if word and (gap := self._width - cell_len(left) - cell_len(word)) > 0:
            segments += [Segment(" " * gap), Segment(word, self._palette.style(tone))]
        self._line = Line(Strip(segments), end=len(left))

    def line(self, y: int) -> Line:
        return self._line


class Excerpt(Part):
    """The start of a text, and how much more there is; or all of it."""

    def __init__(self, text: str, tone: Tone, *, above: int = 0) -> None:
        self.above = above
        self._text = text.rstrip("\n")
        self._tone = tone
        lines = self._text[:_FEW_CHARS].split("\n")[:_FEW_LINES]
        beginning = "\n".join(lines)
        self.is_longer = len(self._text) > len(beginning)
        rest = self._text[len(beginning) :]
        count = rest.count("\n")
        much = figures.plural(count or len(rest), "more line" if count else "more character")
        self._short = PlainText(((beginning, tone),))
        self._more = PlainText(((f"… {much} · ⏎ show all", "accent"),))
        self._whole: PlainText | None = None
        self._fitted: tuple[int, Palette] | None = None

    @property
    def has_more(self) -> bool:
        """True if only the start is shown."""
        return self.is_longer and self._whole is None

    def show_all(self, whole: bool) -> None:
        """Show all of the text, or only its start."""
        self._whole = PlainText(((self._text, self._tone),)) if whole and self.is_longer else None
        if self._fitted is not None:
            self.fit(*self._fitted)

    def fit(self, width: int, palette: Palette) -> None:
        self._fitted = width, palette
        for part in (self._short, self._more, self._whole):
            if part is not None:
                part.fit(width, palette)

    @property
    def height(self) -> int:
        if self._whole is not None:
            return self._whole.height
        return self._short.height + (self._more.height if self.is_longer else 0)

    def is_more_row(self, y: int) -> bool:
        """True if row `y` says how much more there is."""
        return self.has_more and y >= self._short.height

    def line(self, y: int) -> Line:
        if self._whole is not None:
            return self._whole.line(y)
        return self._short.line(y) if y < self._short.height else self._more.line(y - self._short.height)


def cut(text: str, cells: int, *, shows_end: bool = False) -> str:
    """Return a text cut to so many cells, with an ellipsis where it was cut."""
    if cell_len(text) <= cells:
        return text
    if cells < 1:
        return ""
    if not shows_end:
        return set_cell_size(text, cells - 1).rstrip() + "…"
    tail = text[-cells + 1 :] if cells > 1 else ""
    while cell_len(tail) > cells - 1:
        tail = tail[1:]
    return "…" + tail
