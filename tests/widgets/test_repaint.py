"""Fewer bytes for the terminal, and the same picture: both ways of writing are drawn by a terminal and compared."""

from __future__ import annotations

import io
import re
from itertools import pairwise

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.compositor import PartsUpdate
from tui.widgets.repaint import Repaint

WIDTH, HEIGHT = 24, 12
CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=WIDTH)


class Screen:
    """A screen of three columns of parts, drawn whole on one terminal and by ours on another."""

    cuts = (0, 2, 22, 24)

    def __init__(self) -> None:
        self.lines = [self.line("", 0) for _ in range(HEIGHT)]
        self.repaint = Repaint()
        self.plain, self.ours = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
        self.written, self.bytes = 0, ""
        self.show(LayoutUpdate([list(line) for line in self.lines], Region(0, 0, WIDTH, HEIGHT)))

    def line(self, text: str, bar: int) -> list[Strip]:
        style = Style(color="#ff8800" if len(text) % 2 else "#0088ff", bgcolor="#101010")
        parts = ("  ", text[:20].ljust(20), " ▁"[bar] * 2)
        # Several segments a part, since only those that changed are written.
        return [Strip([Segment(part[at : at + 3], style) for at in range(0, len(part), 3)]) for part in parts]

    def change(self, wanted: dict[int, list[Strip]], columns: tuple[int, int] = (0, WIDTH)) -> None:
        parts: dict[int, dict[int, tuple[int, Strip]]] = {}
        for y, line in wanted.items():
            self.lines[y] = list(self.lines[y])
            for at, (start, end) in enumerate(pairwise(self.cuts)):
                if columns[0] <= start and end <= columns[1]:
                    self.lines[y][at] = line[at]
                    parts.setdefault(y, {})[start] = (end, line[at])
        self.show(PartsUpdate(parts))

    def show(self, update: CompositorUpdate) -> None:
        ours = self.repaint.of(update).render_segments(CONSOLE)
        pyte.Stream(self.ours).feed(ours)
        pyte.Stream(self.plain).feed(update.render_segments(CONSOLE))
        self.written, self.bytes = len(ours), ours
        assert [dict(self.ours.buffer[y]) for y in range(HEIGHT)] == [dict(self.plain.buffer[y]) for y in range(HEIGHT)]


TEXTS = st.text("abc ", max_size=4)
SCROLL = st.tuples(st.just("scroll"), st.integers(-5, 5), st.lists(TEXTS, min_size=12, max_size=12), st.integers(0, 1))
PATCH = st.tuples(st.just("patch"), st.dictionaries(st.integers(0, HEIGHT - 1), TEXTS, min_size=1), st.booleans())
FULL = st.tuples(st.just("full"), st.lists(TEXTS, min_size=12, max_size=12))


@given(st.lists(SCROLL | PATCH | FULL, max_size=8))
def test_the_picture_is_the_same_whatever_happens(steps: list) -> None:
    screen = Screen()
    for step in steps:
        match step:
            case ("scroll", by, texts, bar):
                fresh = [screen.line(text, bar) for text in texts]
                rows = range(1, HEIGHT - 2)
                moved = {y: [*screen.lines[y + by][:2], fresh[y][2]] if y + by in rows else fresh[y] for y in rows}
                screen.change(moved)
            case ("patch", texts, narrow):
                wanted = {y: screen.line(text, 0) for y, text in texts.items()}
                screen.change(wanted, (2, 22) if narrow else (0, WIDTH))
            case ("full", texts):
                screen.lines = [screen.line(text, 0) for text in texts]
                screen.show(LayoutUpdate([list(line) for line in screen.lines], Region(0, 0, WIDTH, HEIGHT)))


def filled() -> Screen:
    screen = Screen()
    screen.change({y: screen.line(f"this is line {y}", 0) for y in range(HEIGHT)})
    return screen


def test_what_stands_there_already_is_not_written() -> None:
    screen = filled()
    screen.change(dict(enumerate(screen.lines)))
    assert screen.written == 0


def test_a_scrolled_block_costs_its_new_line_and_no_more() -> None:
    screen = filled()
    everything = len("".join(part.render(CONSOLE) for line in screen.lines for part in line))
    screen.change({y: screen.lines[y + 1] if y < 9 else screen.line("this one is new", 0) for y in range(10)})
    assert 0 < screen.written < everything / 5


def test_a_scrolled_block_leaves_its_neighbours_alone() -> None:
    screen = filled()
    wanted = {y: list(screen.lines[y + 2]) if y < 8 else screen.line("new", 0) for y in range(10)}
    screen.change(wanted, (2, 22))  # only the middle scrolls; what stands left and right of it stays
    assert "".join(screen.ours.display[0]).strip() == "this is line 2"


def test_after_forgetting_everything_is_written_again() -> None:
    screen = filled()
    screen.repaint.forget()
    screen.change(dict(enumerate(screen.lines)))
    assert screen.written > HEIGHT * WIDTH


def pinned(screen: Screen, text: str, over: str = "") -> list[Strip]:
    """A line over whose middle a picture lies; the last of its lines draws it."""
    left, middle, right = screen.line(text, 0)
    return [left, Strip([*middle, Segment(over, None, [(ControlType.CURSOR_FORWARD, 0)])]), right]


def test_lines_under_a_picture_are_never_moved() -> None:
    screen = filled()
    screen.change({4: pinned(screen, "", "")})
    screen.change({y: screen.lines[y + 1] for y in range(1, HEIGHT - 1)})
    assert "M" not in screen.bytes


def test_a_line_that_a_picture_leaves_is_written_whole() -> None:
    screen = filled()
    screen.change({4: pinned(screen, "this is line 4")})
    screen.change({4: screen.line("this is line 4", 0)})
    assert "this is line 4".replace(" ", "") in re.sub("\x1b\\[[0-9;]*m| ", "", screen.bytes)


def test_what_is_shown_already_is_not_written_again() -> None:
    screen = Screen()
    whole = LayoutUpdate([list(line) for line in screen.lines], Region(0, 0, WIDTH, HEIGHT))
    screen.show(whole)
    assert screen.bytes == ""
    screen.repaint.forget()
    screen.show(whole)
    assert len(screen.bytes) > WIDTH * HEIGHT


def test_a_whole_screen_of_another_height_is_written() -> None:
    screen = Screen()
    lower = LayoutUpdate([list(line) for line in screen.lines[:-1]], Region(0, 0, WIDTH, HEIGHT - 1))
    screen.show(lower)
    assert screen.bytes
