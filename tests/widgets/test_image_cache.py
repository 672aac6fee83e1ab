"""Drawings of images are requested by the rows in view, kept, and dropped. No screen and no terminal."""

from __future__ import annotations

import base64

import pytest
from drawing import corners, file, photo
from laid_out import LaidOut

from tui.chat.transcript import Image, Message
from tui.widgets.conversation.image_cache import KEPT, ImageCache
from tui.widgets.gallery import Gallery

pytestmark = pytest.mark.anyio


def image(data: bytes, name: str = "fjord.png") -> Image:
    return Image("image/png", base64.b64encode(data).decode(), name, 64, 48)


class Bench:
    """A cache whose background work is done when the test says so."""

    def __init__(self) -> None:
        self.changes = 0
        self.jobs: list[object] = []
        self.cache = ImageCache(Gallery(), run=self.jobs.append, changed=self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def look(self, page: LaidOut) -> None:
        """Draw the rows in view."""
        for y in range(page.viewport.rows):
            if found := page.viewport.at(y):
                turn, position = found
                line = turn.line(position.row)
                if line.is_image:
                    self.cache.line(line, turn, position.row)

    async def work(self) -> None:
        while self.jobs:
            await self.jobs.pop()()


async def test_images_in_view_are_drawn_once_in_the_background() -> None:
    page, bench = LaidOut([Message(role="user", blocks=(image(file(corners(), "PNG")),))]), Bench()
    assert "▀" not in page.text()
    bench.look(page)
    bench.look(page)
    assert len(bench.jobs) == 1
    await bench.work()
    assert (len(bench.cache), bench.changes) == (1, 1)
    bench.look(page)
    assert not bench.jobs
    assert "▀" in page.text()


async def test_cleared_drawings_leave_their_room_and_are_drawn_again() -> None:
    page, bench = LaidOut([Message(role="user", blocks=(image(file(corners(), "PNG")),))]), Bench()
    bench.look(page)
    await bench.work()
    bench.look(page)
    height = page.viewport.total
    bench.cache.clear()
    assert "▀" not in page.text()
    assert (page.viewport.total, len(bench.cache), bench.changes) == (height, 0, 2)
    bench.look(page)
    assert bench.jobs


async def test_only_the_drawings_used_last_are_kept() -> None:
    bench = Bench()
    for number in range(KEPT + 3):
        page = LaidOut([Message(role="user", blocks=(image(file(photo(8, 6, seed=number), "PNG"), f"{number}.png"),))])
        bench.look(page)
        await bench.work()
    assert len(bench.cache) == KEPT
