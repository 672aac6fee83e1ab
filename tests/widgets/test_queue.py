"""The waiting prompts: seen, edited, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.chat.transcript import Draft
from tui.widgets.queue import QueueList
from tui.widgets.themes import DARK

pytestmark = pytest.mark.anyio


class QueueApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.posted: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield QueueList()

    def on_queue_list_edit_requested(self, event: QueueList.EditRequested) -> None:
        self.posted.append(("edit", event.index))

    def on_queue_list_remove_requested(self, event: QueueList.RemoveRequested) -> None:
        self.posted.append(("remove", event.index))

    def on_queue_list_left(self) -> None:
        self.posted.append(("left", -1))


@asynccontextmanager
async def queued(*texts: str, held: bool = False, width: int = 80) -> AsyncIterator[tuple[QueueApp, Pilot[None]]]:
    app = QueueApp()
    async with app.run_test(size=(width, 20)) as pilot:
        queue = app.query_one(QueueList)
        queue.drafts, queue.held = tuple(Draft(text=text) for text in texts), held
        queue.focus()
        await pilot.pause()
        yield app, pilot


def rows(app: QueueApp) -> list[str]:
    queue = app.query_one(QueueList)
    return [queue.render_line(y).text.strip() for y in range(queue.content_size.height)]


async def test_an_empty_queue_takes_no_room() -> None:
    async with queued() as (app, _):
        assert app.query_one(QueueList).size.height == 0


async def test_each_prompt_is_one_line_with_what_can_be_done() -> None:
    async with queued("first\nwith two lines", "[b]second[/]") as (app, _):
        assert [row.split("  ")[:2] for row in rows(app)] == [
            ["queued 1", "first with two lines"],
            ["queued 2", "[b]second[/]"],
        ]
        assert all(row.endswith("⏎ edit · del remove") for row in rows(app))


async def test_a_long_prompt_is_cut_and_the_line_keeps_its_width() -> None:
    async with queued("word " * 100, "日本語" * 100) as (app, _):
        queue = app.query_one(QueueList)
        for y, row in enumerate(rows(app)):
            assert "…" in row
            assert queue.render_line(y).cell_length == queue.content_size.width


async def test_enter_edits_and_delete_removes_the_chosen_one() -> None:
    async with queued("one", "two") as (app, pilot):
        await pilot.press("down", "enter", "up", "delete")
        assert app.posted == [("edit", 1), ("remove", 0)]


async def test_down_from_the_last_one_leads_back_to_the_prompt() -> None:
    async with queued("one") as (app, pilot):
        await pilot.press("down")
        assert app.posted == [("left", -1)]


async def test_a_click_edits_and_a_click_on_remove_removes() -> None:
    async with queued("one", "two") as (app, pilot):
        await pilot.click(QueueList, offset=(5, 1))
        await pilot.click(QueueList, offset=(75, 0))
        assert app.posted == [("edit", 1), ("remove", 0)]


async def test_of_many_a_few_are_shown_and_the_rest_is_counted() -> None:
    async with queued(*"abcdefg") as (app, pilot):
        assert rows(app)[-1] == "7 in all"
        await pilot.press(*["down"] * 6)
        assert rows(app)[-2].startswith("queued 7")


async def test_a_held_queue_says_how_it_goes_on() -> None:
    async with queued("one", held=True) as (app, _):
        assert rows(app)[-1] == "held · ⏎ on the empty prompt sends the next"


async def test_on_a_narrow_screen_only_the_chosen_line_says_what_can_be_done() -> None:
    async with queued("one", "two", width=60) as (app, pilot):
        assert [row.endswith("del remove") for row in rows(app)] == [True, False]
        await pilot.click(QueueList, offset=(55, 1))
        assert app.posted == [("edit", 1)]
