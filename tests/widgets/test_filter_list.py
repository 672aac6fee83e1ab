"""A list in which typing filters and Enter picks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from tui.widgets.filter_list import FilterList, Item

pytestmark = pytest.mark.anyio

NAMES = ("Opus 5.5", "Sonnet 5.5", "Haiku 5.5", "", "Sonnet 5", "Sonnet 4.6")


class ListApp(App[None]):
    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at
        self.picked: list[str] = []

    def compose(self) -> ComposeResult:
        items = [Item(draw=lambda width, name=name: Content(name or "more"), words=name, key=name) for name in NAMES]
        yield FilterList(items, at=self.at, empty=lambda typed: f"no {typed}")

    def on_filter_list_picked(self, event: FilterList.Picked) -> None:
        self.picked.append(event.key)


@asynccontextmanager
async def listing(at: str = "") -> AsyncIterator[tuple[ListApp, Pilot[None]]]:
    app = ListApp(at)
    async with app.run_test(size=(40, 20)) as pilot:
        app.query_one(FilterList).focus()
        await pilot.pause()
        yield app, pilot


def rows(app: ListApp) -> list[str]:
    filtered = app.query_one(FilterList)
    return [text for y in range(filtered.size.height) if (text := filtered.render_line(y).text.strip(" ›"))]


async def test_it_begins_on_the_row_it_was_told() -> None:
    async with listing("Sonnet 5.5") as (app, pilot):
        await pilot.press("enter")
        assert app.picked == ["Sonnet 5.5"]


async def test_the_cursor_steps_over_a_heading() -> None:
    async with listing("Haiku 5.5") as (app, pilot):
        await pilot.press("down", "enter", "up", "enter")
        assert app.picked == ["Sonnet 5", "Haiku 5.5"]


async def test_the_ends_hold_the_cursor() -> None:
    async with listing() as (app, pilot):
        await pilot.press("up", "enter", "end", "down", "enter")
        assert app.picked == ["Opus 5.5", "Sonnet 4.6"]


async def test_typing_keeps_the_rows_with_every_word() -> None:
    async with listing() as (app, pilot):
        await pilot.press(*"5 son")
        assert rows(app) == ["Sonnet 5.5", "Sonnet 5"]
        await pilot.press("enter")
        assert app.picked == ["Sonnet 5.5"]


async def test_what_fits_nothing_says_so_and_picks_nothing() -> None:
    async with listing() as (app, pilot):
        await pilot.press(*"gpt", "enter")
        assert rows(app) == ["no gpt"]
        assert app.picked == []


async def test_rubbing_out_brings_the_rows_back() -> None:
    async with listing() as (app, pilot):
        await pilot.press(*"ha", "backspace", "backspace")
        assert len(rows(app)) == len(NAMES)


async def test_a_click_picks() -> None:
    async with listing() as (app, pilot):
        await pilot.click(FilterList, offset=(2, 4))
        assert app.picked == ["Sonnet 5"]


async def test_a_click_on_a_heading_picks_nothing() -> None:
    async with listing() as (app, pilot):
        await pilot.click(FilterList, offset=(2, 3))
        assert app.picked == []
