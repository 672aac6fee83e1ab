"""One key, one character as a reader sees it, in every text field."""

from __future__ import annotations

import itertools
import random
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.actions import SkipAction
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Selection
from writing_prompts import prompt_parts

import tui
from tui.widgets.filter_list import FilterList, Item
from tui.widgets.graphemes import GraphemeArea, GraphemeInput, before, ceil, floor
from tui.widgets.prompt import PromptArea
from tui.widgets.themes import DARK

WHOLE = {
    "a family": "👨‍👩‍👧",
    "a flag": "🇩🇪",
    "a tone": "👍🏽",
    "a flag of emoji": "🏳️‍🌈",
    "a keycap": "1️⃣",
    "marks": "e\u0301\u0323",
    "Hangul": "한",
    "Devanagari": "क्षि",
    "Bengali": "ক্ষ",
    "Tamil": "கோ",
    "Sinhala": "ශ්‍රී",
    "Sinhala, twice": "ක්‍ෂ්‍ය",
    "Thai": "ก็",
    "plain": "x",
}
ANY = st.lists(st.sampled_from([*WHOLE.values(), " ", "b", "🇫", "\u200d", "\u0301", "世"]), max_size=8).map("".join)


@pytest.mark.parametrize("name", WHOLE)
def test_a_grapheme_is_one_step(name: str) -> None:
    one = WHOLE[name]
    text = f"a{one}{one}"
    assert before(text, len(text)) == 1 + len(one)
    assert before(text, 1 + len(one)) == 1
    for within in range(2, 1 + len(one)):
        assert (floor(text, within), ceil(text, within)) == (1, 1 + len(one))
    assert floor(text, 1 + len(one)) == ceil(text, 1 + len(one)) == 1 + len(one)


@given(ANY)
def test_steps_lead_through_the_whole_text(text: str) -> None:
    at, stops = len(text), [len(text)]
    while at:
        assert before(text, at) < at
        at = before(text, at)
        stops.append(at)
    assert all(floor(text, stop) == ceil(text, stop) == stop for stop in stops)
    assert {floor(text, at) for at in range(len(text) + 1)} == set(stops)


class Fields(App[None]):
    CSS = "GraphemeArea { height: 8; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self._text = text

    def compose(self) -> ComposeResult:
        parts = prompt_parts()
        yield PromptArea(*parts)
        yield from parts
        yield GraphemeArea(self._text)
        yield GraphemeInput(self._text)


def at(field: TextArea | Input) -> int:
    return field.cursor_location[1] if isinstance(field, TextArea) else field.cursor_position


def text_of(field: TextArea | Input) -> str:
    return field.text if isinstance(field, TextArea) else field.value


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [PromptArea, GraphemeArea, GraphemeInput])
async def test_no_key_and_no_click_ends_within_a_grapheme(kind: type[TextArea | Input]) -> None:
    text = " ".join(WHOLE.values()) + "".join(WHOLE.values())
    keys = ["left", "right", "shift+left", "shift+right", "ctrl+left", "ctrl+right", "home", "end", "ctrl+shift+left"]
    draw = random.Random(24)
    async with Fields(text).run_test(size=(30, 40)) as pilot:
        field = pilot.app.query_one(kind)
        if isinstance(field, PromptArea):
            field.put(text)
        field.focus()
        for _ in range(40):
            if draw.random() < 0.3:
                await pilot.click(field, offset=(draw.randrange(25), draw.randrange(1, 3)))
            else:
                await pilot.press(draw.choice(keys))
            assert floor(text, at(field)) == at(field)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [PromptArea, GraphemeArea, GraphemeInput])
async def test_backspace_and_delete_take_one_grapheme(kind: type[TextArea | Input]) -> None:
    wholes = list(WHOLE.values())
    async with Fields("".join(wholes)).run_test() as pilot:
        field = pilot.app.query_one(kind)
        if isinstance(field, PromptArea):
            field.put("".join(wholes))
        field.focus()
        await pilot.press("end", "backspace")
        assert text_of(field) == "".join(wholes[:-1])
        await pilot.press("left", "left", "delete")
        assert text_of(field) == "".join(wholes[:-3] + wholes[-2:-1])
        await pilot.press("home", "delete", "right", "backspace")
        assert text_of(field) == "".join(wholes[2:-3] + wholes[-2:-1])
        await pilot.press("end", "shift+left", "backspace")
        assert text_of(field) == "".join(wholes[2:-3])


@pytest.mark.anyio
async def test_backspace_in_a_list_takes_one_grapheme() -> None:
    class Listed(App[None]):
        def compose(self) -> ComposeResult:
            yield FilterList([Item(draw=lambda width: Content("one"), words="one", key="one")], empty=str)

    async with Listed().run_test() as pilot:
        listed = pilot.app.query_one(FilterList)
        listed.focus()
        listed.typed = "a👨‍👩‍👧🇩🇪"
        await pilot.press("backspace")
        assert listed.typed == "a👨‍👩‍👧"
        await pilot.press("backspace")
        assert listed.typed == "a"


def test_every_text_field_is_one_that_knows_graphemes() -> None:
    """A new one is made of these two; only what is read, not written, may be a plain one."""
    plain = re.compile(r"(?<![\w.])(?:Input|TextArea)\(|\((?:Input|TextArea)\):")
    files = Path(tui.__file__).parent.rglob("*.py")
    assert {file.name for file in files if plain.search(file.read_text())} == {"graphemes.py", "request_inspector.py"}


class Beside(App[None]):
    """Our text area, and Textual's."""

    def compose(self) -> ComposeResult:
        yield GraphemeArea(id="ours")
        yield TextArea(id="theirs")


EDITS = sorted({binding.action for binding in TextArea.BINDINGS if isinstance(binding, Binding)})


@pytest.mark.anyio
async def test_every_key_does_to_plain_letters_what_it_does_in_textual() -> None:
    async with Beside().run_test() as pilot:
        areas = list(pilot.app.query(TextArea))
        for text in ("", "one", "one\n", "one two\nthree", "\n\n"):
            for action in EDITS:
                for start, end in itertools.product(_places(text), repeat=2):
                    done = set()
                    for area in areas:
                        area.load_text(text)
                        area.selection = Selection(start, end)
                        with suppress(SkipAction):
                            await area.run_action(action)
                        done.add((area.text, *area.selection))
                    assert len(done) == 1, (text, action, start, end)


def _places(text: str) -> list[tuple[int, int]]:
    lines = text.split("\n")
    return sorted(
        {(row, column) for row, line in enumerate(lines) for column in (0, 1, len(line)) if column <= len(line)}
    )
