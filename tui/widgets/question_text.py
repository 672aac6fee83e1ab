"""The text of a permission request: all that will happen, and the possible answers, chosen with keys and clicks.

Keys that were pressed before the request was seen do not answer it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.chat.tools import PermissionRequest
from tui.render.safe import revealed
from tui.widgets.conversation.wrapping import wrapped
from tui.widgets.question_rows import (
    INDENT,
    START,
    Detail,
    Spot,
    describe_rule,
    folder_line,
    rule_warning,
    warnings_about,
)

_SHARE = 0.5
"""The most of the screen's height that is used; enlarged, all but `_REST` rows."""
_REST = 7
_LEAST = 4
_ROOMY = 60
_FLAT = 14
"""Below this height only yes and no are offered."""

Answer = Literal["once", "chat", "always", "no", "why"]


class _Key(NamedTuple):
    key: str
    word: str
    """The long label."""
    short: str
    answer: Answer


_KEYS = (
    _Key("y", "yes, once", "once", "once"),
    _Key("c", "yes, in this chat", "this chat", "chat"),
    _Key("a", "yes, always", "always", "always"),
    _Key("n", "no", "no", "no"),
    _Key("r", "no, because …", "because …", "why"),
)


class QuestionText(Widget, can_focus=True):
    """One request at a time, drawn line by line: title, detail, and the answers below."""

    shield_s = 0.5
    """For so many seconds after a request is first seen nothing answers it."""
    DEFAULT_CSS = """
    QuestionText { height: auto; color: $dim; }
    """

    class Chosen(Message):
        """The user has chosen an answer; `rule` is what to allow from now on."""

        def __init__(self, question: PermissionRequest, answer: Answer, rule: str) -> None:
            super().__init__()
            self.question = question
            self.answer = answer
            self.rule = rule

    class Enlarged(Message):
        """The request takes all the room there is, or no longer does."""

        def __init__(self, is_large: bool) -> None:
            super().__init__()
            self.is_large = is_large

    def __init__(self, focus_key: str) -> None:
        """`focus_key` is the name of the key that moves the focus here."""
        super().__init__()
        self._focus_key = focus_key
        self._questions: Sequence[PermissionRequest] = ()
        self._detail: Detail | None = None
        self._top = START
        self._rule = 0
        self._made: tuple[tuple[object, ...], list[Content]] | None = None
        self._seen_at: float | None = None
        self.is_large = False
        self.is_reasoning = False
        """True while a reason is being written in place of the keys."""

    @property
    def shown(self) -> PermissionRequest | None:
        """The request that is shown."""
        return self._questions[0] if self._questions else None

    @property
    def is_seen(self) -> bool:
        """True if the request was checked for hidden characters and drawn."""
        return self._seen_at is not None

    def ask(self, questions: Sequence[PermissionRequest]) -> None:
        """Show the first of these, and how many there are."""
        before, self._questions, self._made = self.shown, questions, None
        if questions and questions[0] is not before:
            self._detail = Detail(questions[0])
            self._top, self._rule = START, 0
            self._seen_at = None
            self.is_reasoning = False
            self._enlarge(False)
            self._check_more(self._detail)
        self.refresh(layout=True)

    def _check_more(self, detail: Detail) -> None:
        """Check for hidden characters, a long text step by step. Only an answer waits for that."""
        if detail is not self._detail:
            return
        if detail.check_more():
            self.call_later(self._check_more, detail)
        else:
            self._made = None
            self.refresh(layout=True)
            self.call_after_refresh(self._is_seen, detail)

    def _is_seen(self, detail: Detail) -> None:
        if detail is self._detail:
            self._seen_at = events.Event().time  # the clock of key events

    def _is_shielded(self, event: events.Event) -> bool:
        """True if an event may have been sent before the request was seen."""
        return self._seen_at is None or event.time < self._seen_at + self.shield_s

    # Size

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        detail = self._fitted(width)
        if detail is None:
            return 0
        room = self._room(width)
        return len(self._head(width)) + len(detail.spots(START, room)) + len(self._foot(width))

    def _fitted(self, width: int) -> Detail | None:
        if self._detail is not None and self._detail.fit(width):
            self._top = self._top._replace(row=0)
        return self._detail

    def _room(self, width: int) -> int:
        """Return the number of rows for the detail."""
        height = self.app.size.height
        most = max(_LEAST, height - _REST if self.is_large else int(height * _SHARE))
        return max(2, most - len(self._head(width)) - len(self._foot(width)))

    @property
    def _is_flat(self) -> bool:
        return self.app.size.height < _FLAT

    @property
    def _keys(self) -> list[_Key]:
        """The keys that can answer this request."""
        has_rules = bool(self._questions[0].rules) and not self._is_flat
        return [key for key in _KEYS if has_rules or key.answer not in ("chat", "always")]

    # Rows

    def _rows(self, width: int) -> list[Content]:
        """Return all rows, made again only if something has changed."""
        detail = self._fitted(width)
        if detail is None:
            return []
        look = (width, self.app.size.height, self._top, self._rule, self.is_large, self.is_reasoning, self.has_focus)
        if self._made is None or self._made[0] != look:
            self._made = look, [*self._head(width), *self._middle(detail, width), *self._foot(width)]
        return self._made[1]

    def _head(self, width: int) -> list[Content]:
        question = self._questions[0]
        count = f"1 of {len(self._questions)}" if len(self._questions) > 1 else ""
        title = f"{revealed(question.title)}?"
        *before, last = [title[span.start : span.end] for span in wrapped(title, max(1, width - len(count) - 1))]
        rows = [Content.styled(text, "bold $accent") for text in before]
        left = Content.styled(last, "bold $accent")
        folder = folder_line(question)
        if folder and cell_len(last) + 2 + cell_len(folder) + 2 + len(count) <= width:
            left = Content.assemble(left, (f"  {folder}", "$dim"))
            folder = ""
        gap = max(1, width - left.cell_length - len(count))
        rows.append(Content.assemble(left, " " * gap, count))
        if folder and not self._is_flat:
            rows += _wrapped(folder, width)
        for words in warnings_about(self._detail) if self._detail is not None else ():
            rows += _wrapped(words, width, "$warning")
        return rows

    def _middle(self, detail: Detail, width: int) -> list[Content]:
        room = self._room(width)
        if self._fits(detail, room):
            return [detail.row(spot) for spot in detail.spots(START, room)]
        spots = detail.spots(self._in_reach(self._top, detail, room), room - 1)
        rows = [detail.row(spot) for spot in spots]
        keys = "↑↓" if self.has_focus else f"{self._focus_key} ↑↓"
        larger = "smaller" if self.is_large else "larger"
        is_end = spots[-1] == detail.last
        lines = _lines_in_view(spots[0].line + 1, spots[-1].line + 1, len(detail.lines), is_end=is_end)
        rows.append(Content.styled(f"  {lines} · {keys} · ⏎ {larger}", "$dim" if is_end else "$warning"))
        return rows

    @staticmethod
    def _fits(detail: Detail, room: int) -> bool:
        return len(detail.spots(START, room + 1)) <= room

    def _in_reach(self, first: Spot, detail: Detail, room: int) -> Spot:
        """Return the first row to show, so that no room is left below the end. One row shows the position."""
        return START if self._fits(detail, room) else min(first, detail.moved(detail.last, 2 - room))

    def _foot(self, width: int) -> list[Content]:
        if self.is_reasoning:
            return []
        question = self._questions[0]
        rows: list[Content] = []
        if question.rules and not self._is_flat:
            words = f"c and a allow: {describe_rule(question, self._rule)}"
            more = f"  ←→ {self._rule + 1} of {len(question.rules)}" if len(question.rules) > 1 else ""
            rows += _wrapped(words + more, width)
            if remark := rule_warning(question, self._rule):
                rows += _wrapped(f"! {remark}  ← allow less", width, "$warning")
        rows += [line for line, _ in self._key_rows(width)]
        return rows

    def _key_rows(self, width: int) -> Iterator[tuple[Content, list[tuple[int, int, Answer]]]]:
        """Yield the rows of keys, with the cells of each key."""
        keys = self._keys
        answers = "answers: " if width >= _ROOMY else ""
        way = () if self.has_focus else ((f"{self._focus_key} ", "$accent"), (answers, "$dim"))
        lead = Content.assemble("  ", *way)
        is_wide = lead.cell_length + sum(len(f"{key.key} {key.word}   ") for key in keys) - 3 <= width
        row = lead
        zones: list[tuple[int, int, Answer]] = []
        for key in keys:
            word = key.word if is_wide else key.short
            size = len(key.key) + 1 + len(word)
            if zones and row.cell_length + 2 + size > width:
                yield row, zones
                row, zones = Content(" " * INDENT), []
            gap = ("   " if is_wide else "  ") if zones else ""
            start = row.cell_length + len(gap)
            row = Content.assemble(row, gap, (key.key, "bold $accent" if self.has_focus else "$foreground"), f" {word}")
            zones.append((start, start + size, key.answer))
        yield row, zones

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        rows = self._rows(width)
        if y >= len(rows):
            return Strip.blank(width, self.rich_style)
        return Strip(rows[y].render_segments(self.visual_style)).adjust_cell_length(width, self.rich_style)

    def on_focus(self) -> None:
        self.refresh(layout=True)

    def on_blur(self) -> None:
        self.refresh(layout=True)

    # Answering

    def on_key(self, event: events.Key) -> None:
        if not self._questions:
            return
        if self.is_reasoning:  # typed before the field is there
            event.stop()
            return
        key = next((one for one in _KEYS if one.key == event.key), None)
        if key is not None:
            event.stop()
            event.prevent_default()
            if not self._is_shielded(event):
                self._choose(key.answer)
        elif self._moves(event.key):
            event.stop()
            event.prevent_default()

    def _choose(self, answer: Answer) -> None:
        question = self._questions[0]
        if any(key.answer == answer for key in self._keys):
            self.is_reasoning = answer == "why"
            rule = question.rules[self._rule] if question.rules else ""
            self.post_message(self.Chosen(question, answer, rule))

    def _moves(self, key: str) -> bool:
        page = max(1, self._room(self.content_size.width) - 2)
        match key:
            case "up" | "down" | "k" | "j":
                self._scroll(-1 if key in ("up", "k") else 1)
            case "pageup" | "pagedown":
                self._scroll(-page if key == "pageup" else page)
            case "home" | "end":
                self._scroll(0, START if key == "home" else None if self._detail is None else self._detail.last)
            case "left" | "right":
                count = len(self._questions[0].rules)
                self._rule = (self._rule + (1 if key == "right" else -1)) % max(1, count)
                self.refresh(layout=True)
            case "enter":
                self._enlarge(not self.is_large)
            case _:
                return False
        return True

    def _enlarge(self, is_large: bool) -> None:
        if is_large != self.is_large:
            self.is_large = is_large
            self.post_message(self.Enlarged(is_large))
            self._scroll(0)
            self.refresh(layout=True)

    def _scroll(self, rows: int, start: Spot | None = None) -> None:
        """Scroll down by rows, up if negative, from `start` or else from the current row."""
        width = self.content_size.width
        if (detail := self._fitted(width)) is None:
            return
        room = self._room(width)
        start = self._in_reach(self._top, detail, room) if start is None else start
        self._top = self._in_reach(detail.moved(start, rows), detail, room)
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-2)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self._questions or self.is_reasoning or self._is_shielded(event):
            return
        width = self.content_size.width
        key_rows = [zones for _, zones in self._key_rows(width)]
        row = offset.y - (len(self._rows(width)) - len(key_rows))
        for start, end, answer in key_rows[row] if 0 <= row < len(key_rows) else ():
            if start <= offset.x < end:
                self._choose(answer)


def _lines_in_view(first: int, last: int, count: int, *, is_end: bool) -> str:
    """Format which lines are in view, and whether a long last line goes on."""
    which = f"lines {first:,}–{last:,}" if first < last else f"line {first:,}"
    return f"{which} of {count:,}{', more below' if last == count and not is_end else ''}"


def _wrapped(text: str, width: int, style: str = "$dim") -> list[Content]:
    spans = wrapped(text, max(1, width - INDENT))
    return [Content.styled(" " * INDENT + text[span.start : span.end], style) for span in spans]
