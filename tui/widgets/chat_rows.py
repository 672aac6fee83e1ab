"""The rows of the chat list: a chat in one line, and the matches of a search in it. Pure; `now` is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from tui.render import figures
from tui.render.safe import safe

WARM = "●"
"""The prompt cache is still warm: input costs a tenth."""
ANSWERING = "▍ answering"
"""An answer is streaming."""
ASKING = "? needs permission"
"""The answer waits for a permission."""
UNREAD = "✓ answered"
"""The answer has ended, and was not seen yet."""
_NARROW = 66
"""Below this width the model is left out."""
_NAME, _AGE, _COST = 12, 6, 7


class Listed(Protocol):
    """A chat in the list of the store."""

    @property
    def title(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def updated(self) -> float: ...
    @property
    def pinned(self) -> bool: ...
    @property
    def cost_usd(self) -> float: ...
    @property
    def cached_at(self) -> float: ...
    @property
    def cache_ttl_s(self) -> int: ...
    @property
    def is_open_elsewhere(self) -> bool: ...


def warm_s(chat: Listed, now: float) -> float:
    """Return for how many seconds the prompt cache stays warm."""
    return max(0.0, chat.cached_at + chat.cache_ttl_s - now) if chat.cached_at > 0 else 0.0


def age(span_s: float) -> str:
    """Format an age in at most six characters, e.g. now, 12 min, 5 h, 3 d, 8 wk, 2 y."""
    minutes = span_s / 60
    for limit, size, unit in ((60, 1, "min"), (1440, 60, "h"), (14 * 1440, 1440, "d"), (365 * 1440, 7 * 1440, "wk")):
        if minutes < limit:
            return f"{max(0, int(minutes / size))} {unit}" if minutes >= 1 else "now"
    return f"{int(minutes / (365 * 1440))} y"


def chat_row(
    chat: Listed,
    width: int,
    *,
    name: str,
    now: float,
    marks: Sequence[tuple[int, int]] = (),
    is_here: bool = False,
    live: str = "",
) -> Content:
    """Format a chat: pin, title, where it is open; on the right model, age, cost, and how long the cache is warm."""
    right = f"{age(now - chat.updated):>{_AGE}} {figures.money(chat.cost_usd):>{_COST}}"
    left_s = warm_s(chat, now)
    warmth = f" {WARM}" if left_s else ""
    if width >= _NARROW:
        if width - len(live) >= _NARROW:
            right = f"{_fitted(name, _NAME)}{right}"
        warmth = f"{warmth} {figures.clock(left_s):>5}" if left_s else " " * 8
    state = "open here" if is_here else "open elsewhere" if chat.is_open_elsewhere else ""
    after = f"  {state}" if state else ""
    live = f"  {live}" if live else ""
    lead = "▴ " if chat.pinned else ""
    room = max(1, width - cell_len(right) - len(after) - len(live) - len(lead) - 2 - max(2, len(warmth)))
    title = _fitted(chat.title or "Untitled", room)
    return Content.assemble(
        (lead, "$accent"),
        highlighted(title, _moved(marks, chat.title), "$foreground"),
        (after, "$dim"),
        (live, "$accent"),
        ("  " + right, "$dim"),
        (warmth, "$success"),
    )


def hit_row(snippet: str, marks: Sequence[tuple[int, int]], who: str, width: int) -> Content:
    """Format a match: who wrote it, and the text around it."""
    lead = f"  {who}: "
    shown = _fitted(snippet, max(1, width - len(lead)))
    return Content.assemble((lead, "$dim"), highlighted(shown, _moved(marks, snippet), "$dim"))


def highlighted(text: str, marks: Sequence[tuple[int, int]], style: str) -> Content:
    """Return a text in `style`, with the marked spans highlighted."""
    content = Content.styled(text, style)
    for start, end in marks:
        if start < len(text):
            content = content.stylize("bold $accent", start, min(end, len(text)))
    return content


def heading(title: str) -> Callable[[int], Content]:
    """Return a function that formats a title for a width."""
    return lambda width: Content.styled(_fitted(title or "Untitled", width).rstrip(), "$foreground")


def _moved(marks: Sequence[tuple[int, int]], text: str) -> Sequence[tuple[int, int]]:
    """Return the marks of a text, moved to where they are in the text that is drawn."""
    return [(len(safe(text[:start])), len(safe(text[:end]))) for start, end in marks]


def _fitted(text: str, cells: int) -> str:
    text = " ".join(safe(text).split())
    return set_cell_size(text, cells) if cell_len(text) <= cells else set_cell_size(text, cells - 1) + "…"
