"""The header: a title in any script, and how much of it there is room for."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tui.render.wrap import cells_of
from tui.widgets.header import Header
from tui.widgets.themes import THEMES

pytestmark = pytest.mark.anyio
SHRI = "\u0dc1\u0dca\u200d\u0dbb\u0dd3"
FAMILY = "👨\u200d👩\u200d👧 ❤\ufe0f 👍🏽"


class Shown(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(THEMES[0])
        self.theme = THEMES[0].name

    def compose(self) -> ComposeResult:
        yield Header()


@pytest.mark.parametrize(
    ("title", "shown"),
    [(SHRI, SHRI), (FAMILY, "👨👩👧 ❤ 👍"), ("one\n\ttwo", "one     two"), ("pay\u200dpal\x1b[2J", "paypal␛[2J")],
)
async def test_a_title_keeps_the_joiners_of_its_script(title: str, shown: str) -> None:
    app = Shown()
    async with app.run_test(size=(60, 5)):
        header = app.query_one(Header)
        header.title, header.model_name = title, "Sonnet"
        strip = header.render_line(0)
        assert strip.text.startswith(f"{shown} ")
        assert strip.text.endswith("Sonnet ▾")
        assert strip.cell_length == cells_of(strip.text) == 60


async def test_a_title_that_is_too_long_fills_its_room() -> None:
    app = Shown()
    async with app.run_test(size=(60, 5)):
        header = app.query_one(Header)
        header.title, header.model_name = f"{SHRI} " * 40, "Sonnet"
        strip = header.render_line(0)
        assert "…" in strip.text
        assert strip.cell_length == cells_of(strip.text) == 60
