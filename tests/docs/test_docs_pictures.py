"""The pictures of the documentation can be taken again, and each is shown somewhere."""

from __future__ import annotations

import asyncio
import sys

import pytest
from manual import GUIDE, ROOT, read
from textual.pilot import Pilot

from tui.app import ChatApp

sys.path.insert(0, str(ROOT / "assets"))
import make_pictures  # a script, which no package holds

FILES = {file.stem for file in (ROOT / "assets").glob("*.png")}


def test_there_is_a_picture_of_each_story() -> None:
    assert make_pictures.PICTURES.keys() == FILES


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_picture_is_shown_and_small(name: str) -> None:
    assert any(f"assets/{name}.png)" in read(page) for page in GUIDE)
    assert (ROOT / "assets" / f"{name}.png").stat().st_size < 120_000


def test_a_picture_is_taken_of_the_running_app() -> None:
    async def story(pilot: Pilot[int], app: ChatApp) -> None:
        await make_pictures.send(pilot, app, "Hello")

    svg = make_pictures.for_the_converter(asyncio.run(make_pictures.picture(story)))
    assert ">Hello</text>" in svg
    assert ">scripted</text>" in svg
