"""Pictures of the question where to put chats that could not be stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from chatting import Chat
from test_asking_pictures import SIZES
from test_pictures import Compare

from tui.demo.scenarios import Answer, Text
from tui.screens.unsaved import UnsavedScreen


@pytest.fixture(autouse=True)
def no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder stands where the database would be; and the app is started in one that takes files."""
    (Path.home() / "data" / "chats.db").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


async def asked(chat: Chat) -> None:
    await chat.send("Which way does the tide run?")
    await chat.until(lambda: "It runs out." in chat.shown)
    await chat.until(lambda: chat.screen.query("#trouble"))
    chat.screen.query_one("#trouble").display = False  # the path of the database is another one in each run
    await chat.pilot.press("ctrl+q")
    await chat.until(lambda: isinstance(chat.app.screen, UnsavedScreen))


@SIZES
def test_where_chats_go_that_could_not_be_stored(pictured: Compare, size: tuple[int, int], config: str) -> None:
    assert pictured(Answer(Text("It runs out.")), story=asked, size=size, config=config)


def test_a_place_that_takes_no_file(pictured: Compare) -> None:
    async def story(chat: Chat) -> None:
        await asked(chat)
        await chat.pilot.press("ctrl+a", "ctrl+k", *"/nowhere/chats.json", "enter")
        await chat.until(lambda: chat.app.screen.query_one("#problem").display)

    assert pictured(Answer(Text("It runs out.")), story=story)
