"""The short way to the terminal: what it draws, line by line, is what Textual's own way draws of the whole screen."""

from __future__ import annotations

import asyncio
import io
from collections import Counter

import pyte
import pytest
from conversation_app import Counting, answer, deltas, prompt, so_far
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType
from rich.text import Text as RichText
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.selection import Selection
from textual.widgets import Static, TextArea

from tui.widgets.compositor import LineCompositor
from tui.widgets.repaint import Repaint
from tui.widgets.themes import DARK, LIGHT

WORDS = st.sampled_from(
    (
        "plain words ",
        "日本語の文 ",
        "👩‍👩‍👧 👍🏽 ",
        "**bold** `code` ",
        "[a link](https://example.org) ",
        "\n\n- a list\n- of two\n\n",
        "\n```python\nx = 1\n```\n",
        "\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n",
        "\x1b[31m hostile \x07",
    )
)
TEXT = st.lists(WORDS, min_size=1, max_size=12).map("".join)
STEP = st.one_of(
    st.tuples(st.just("say"), TEXT),
    st.tuples(st.just("stream"), TEXT),
    st.tuples(st.just("scroll"), st.integers(-30, 30)),
    st.tuples(st.just("find"), st.sampled_from(("words", "本", "x", ""))),
    st.tuples(st.just("select"), st.integers(0, 60), st.integers(0, 12)),
    st.tuples(st.just("focus"), st.booleans()),
    st.tuples(st.just("type"), st.text("ab 語\n", max_size=5)),
    st.tuples(st.just("overlay"), st.booleans(), st.integers(0, 30), st.integers(0, 8)),
    st.tuples(st.just("fade"), st.sampled_from((0.4, 1.0))),
    st.tuples(st.just("border"), st.sampled_from(("none", "round"))),
    st.tuples(st.just("theme"), st.sampled_from((DARK.name, LIGHT.name))),
    st.tuples(st.just("resize"), st.integers(8, 90), st.integers(4, 24)),
)


class Pages(App[None]):
    """A conversation over a prompt, with an overlay; what it shows is drawn by both ways on terminals of their own."""

    AUTO_FOCUS = None
    CSS = """
    Screen { layers: base over; }
    #over { layer: over; width: 20; height: 4; background: $panel 60%; border: round $accent; display: none; }
    TextArea { height: 3; }
    """

    def __init__(self, colours: str) -> None:
        super().__init__()
        self.ours = pyte.Screen(1, 1)
        self.repaint = Repaint()
        self.partial = 0
        self._colours = colours

    def compose(self) -> ComposeResult:
        yield Static("a title \x1b]0;x\x07 above", markup=False)
        yield Counting(lambda model: model.upper())
        yield TextArea("a prompt")
        yield Static("over", id="over")

    def on_mount(self) -> None:
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name

    def on_load(self) -> None:
        self.terminal = Console(file=io.StringIO(), force_terminal=True, color_system=self._colours)

    def _display(self, screen: Screen, renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            if (self.ours.columns, self.ours.lines) != tuple(self.size):
                self.ours = pyte.Screen(*self.size)
                self.repaint.forget()
            self.partial += type(renderable).__name__ == "PartsUpdate"
            pyte.Stream(self.ours).feed(self.repaint.of(renderable).render_segments(self.terminal))
        super()._display(screen, renderable)

    def differences(self) -> list[str]:
        """The cells that Textual's own way would draw otherwise."""
        theirs = pyte.Screen(*self.size)
        for widget in self.screen._compositor.visible_widgets:
            widget._styles_cache.clear()  # it may be older than what changed around the widget
        whole = Repaint().of(self.screen._compositor.render_full_update())
        pyte.Stream(theirs).feed(whole.render_segments(self.terminal))
        return [
            f"{x},{y}: {self.ours.buffer[y][x]} instead of {theirs.buffer[y][x]}"
            for y in range(self.size.height)
            for x in range(self.size.width)
            if self.ours.buffer[y][x] != theirs.buffer[y][x]
        ]


async def taken(app: Pages, pilot, steps: list) -> None:
    pane = app.query_one(Counting)
    for step in steps:
        match step:
            case ("say", text):
                pane.add(prompt(text))
            case ("stream", text):
                pane.begin("sonnet")
                pane.grow(so_far(text), deltas(text))
                pane.catch_up()
                await pilot.pause()
                pane.settle(answer(text))
            case ("scroll", rows):
                pane.scroll_rows(rows)
            case ("find", words):
                pane.find(words)
            case ("select", x, y):
                found, start = app.screen.get_widget_and_offset_at(x, min(y, app.size.height - 1))
                if found is pane and start is not None:
                    app.screen.selections = {pane: Selection(start, start + Offset(9, 0))}
            case ("focus", is_pane):
                (pane if is_pane else app.query_one(TextArea)).focus()
            case ("type", text):
                app.query_one(TextArea).insert(text)
            case ("overlay", is_shown, x, y):
                over = app.query_one("#over")
                over.display = is_shown
                over.styles.offset = (x, y)
            case ("fade", opacity):
                pane.styles.opacity = opacity
                pane.vertical_scrollbar.refresh()  # Textual does not
            case ("border", edge):
                pane.styles.border = (edge, "red") if edge != "none" else None
            case ("theme", name):
                app.theme = name
            case ("resize", columns, rows):
                await pilot.resize_terminal(columns, rows)
        await pilot.pause()
        assert app.differences() == [], step


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(("truecolor", "256", "standard")), st.lists(STEP, min_size=1, max_size=10))
def test_both_ways_draw_the_same(colours: str, steps: list) -> None:
    async def run() -> None:
        app = Pages(colours)
        async with app.run_test(size=(60, 16)) as pilot:
            app.query_one(Counting).show([prompt("hello"), answer("a first answer\n\n" * 6)])
            await pilot.pause()
            await taken(app, pilot, steps)

    asyncio.run(run())


def test_without_colours_both_ways_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def run() -> None:
        app = Pages("truecolor")
        async with app.run_test(size=(60, 16)) as pilot:
            await taken(
                app, pilot, [("say", "plain **bold**"), ("stream", "one\n\n" * 20), ("find", "one"), ("scroll", -3)]
            )

    asyncio.run(run())


class Lines(Static):
    """Counts the lines that it is asked for."""

    asked: Counter[int] = Counter()

    def render_lines(self, crop):
        self.asked.update(crop.line_range)
        return super().render_lines(crop)


class Two(App[None]):
    def compose(self) -> ComposeResult:
        yield Lines(RichText("\n".join(f"line {at}" for at in range(10))))
        yield Static("below", id="below")


@pytest.mark.anyio
async def test_a_line_that_changed_asks_for_no_other_line() -> None:
    app = Two()
    async with app.run_test(size=(40, 12)) as pilot:
        assert isinstance(app.screen._compositor, LineCompositor)
        await pilot.pause()
        lines = app.query_one(Lines)
        Lines.asked = Counter()
        lines.refresh(Region(0, 4, 40, 2))
        app.query_one("#below").refresh()
        await pilot.pause()
        assert Lines.asked == {4: 1, 5: 1}
