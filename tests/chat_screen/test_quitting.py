"""Ctrl+Q leaves from wherever one is, and takes nothing with it that is kept nowhere else."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest
from chatting import chatting, words
from textual._styles_cache import StylesCache
from textual.widgets import Static, TextArea

from tui.screens.chats import ChatList
from tui.screens.models import ModelPicker
from tui.screens.system_prompt import SystemPromptEditor
from tui.widgets.filter_list import FilterList

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("key", "dialog"), [("ctrl+s", ChatList), ("ctrl+l", ModelPicker)])
async def test_it_is_heard_in_a_dialog(key: str, dialog: type) -> None:
    async with chatting() as chat:
        await chat.pilot.press(key)
        await chat.until(lambda: isinstance(chat.app.screen, dialog))
        await chat.pilot.press("ctrl+q")
        assert chat.app._exit


async def test_keys_of_ones_own_for_it_are_heard_there_too() -> None:
    async with chatting(config='[keys]\nquit = "ctrl+y"\n') as chat:
        await chat.pilot.press("ctrl+l")
        await chat.until(lambda: isinstance(chat.app.screen, ModelPicker))
        await chat.pilot.press("ctrl+q")
        assert not chat.app._exit
        await chat.pilot.press("ctrl+y")
        assert chat.app._exit


async def test_an_edited_system_prompt_is_kept_or_left_first() -> None:
    async with chatting() as chat:
        await chat.send("/system")
        await chat.until(lambda: isinstance(chat.app.screen, SystemPromptEditor) and chat.app.screen.query(TextArea))
        await chat.pilot.press(*"abc", "ctrl+q")
        assert not chat.app._exit
        assert "unsaved changes" in " ".join(str(part.content) for part in chat.app.screen.query(Static))
        await chat.pilot.press("backspace", "backspace", "backspace", "ctrl+q")
        assert chat.app._exit


async def test_a_list_is_closed_while_its_chats_are_read_again() -> None:
    """On a slow disk; what comes afterwards finds no list any more."""
    async with chatting(words("The tide runs out.")) as chat:
        await chat.send("Which way?")
        await chat.until_shown("The tide runs out.")
        await chat.pilot.press("ctrl+s")
        await chat.until(lambda: isinstance(chat.app.screen, ChatList) and chat.app.screen._chats)
        chats, disk = chat.app.screen, threading.Event()
        chat.screen.store._worker.read(lambda db: disk.wait(30))
        chats.refresh_chats()
        chats.dismiss(None)
        while chats.query(FilterList):  # noqa: ASYNC110 - there is no event for the moment after its widgets and before itself
            await asyncio.sleep(0)
        disk.set()
        assert (await asyncio.wrap_future(chat.screen.store.chats()))[0].messages == 2
        await chat.until(lambda: chat.app.screen is chat.screen)
        assert chat.app.is_running


async def test_where_nothing_has_the_focus_the_prompt_gets_it() -> None:
    async with chatting() as chat:
        await chat.pilot.press("ctrl+l")
        await chat.until(lambda: isinstance(chat.app.screen, ModelPicker))
        chat.screen.set_focus(None)
        await chat.pilot.press("escape")
        await chat.until(lambda: chat.prompt.has_focus)


async def test_dialogs_that_were_closed_take_no_memory() -> None:
    """At most the last one is still there: ten that are opened and closed leave no more than two do."""

    def caches() -> int:
        gc.collect()
        return sum(isinstance(one, StylesCache) for one in gc.get_objects())

    counts = []
    async with chatting() as chat:
        for _ in range(10):
            await chat.pilot.press("ctrl+l")
            await chat.until(lambda: isinstance(chat.app.screen, ModelPicker))
            widgets = len(chat.app.screen.walk_children())
            await chat.pilot.press("escape")
            await chat.until(lambda: chat.app.screen is chat.screen)
            counts.append(caches())
    assert counts[-1] <= counts[1] + 2 * widgets, counts
