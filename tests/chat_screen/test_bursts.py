"""Keys that arrive faster than they are carried out, as over a slow line: what they do is done in their order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from chatting import LIMIT_S, Chat, chatting, words
from textual.events import Key
from textual.widgets import Static

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.screens.chats import ChatList
from tui.screens.modal import Modal

pytestmark = pytest.mark.anyio


def typed(text: str) -> Sequence[str]:
    return [{" ": "space", "/": "slash"}.get(letter, letter) for letter in text]


def press_at_once(chat: Chat, *keys: str) -> None:
    """All keys before the first of them is carried out."""
    letters = {"space": " ", "slash": "/", "enter": "\r"}
    for key in keys:
        chat.app.post_message(Key(key, letters.get(key, key if len(key) == 1 else None)))


async def stored_chats(chat: Chat) -> list[tuple[str, int]]:
    chats = await asyncio.wrap_future(chat.screen.store.chats())
    return sorted((one.title, one.messages) for one in chats)


async def test_a_new_chat_right_behind_a_prompt_begins_after_it() -> None:
    async with chatting(words("one"), words("two")) as chat:
        press_at_once(chat, *typed("first"), "enter", "ctrl+n", *typed("second"), "enter")
        await chat.until_shown("two")
        await chat.until_idle()
        await chat.until(lambda: not chat.screen.parts.background.answering)
        assert "one" not in chat.shown
        assert await stored_chats(chat) == [("first", 2), ("second", 2)]


async def test_a_prompt_right_behind_a_command_is_sent_after_it() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        press_at_once(chat, *typed("/new"), "enter", *typed("second"), "enter")
        await chat.until_shown("two")
        await chat.until_idle()
        assert await stored_chats(chat) == [("first", 2), ("second", 2)]


async def test_esc_right_behind_a_prompt_stops_its_answer() -> None:
    async with chatting(Answer(Gate(), Text("one"))) as chat:
        press_at_once(chat, *typed("first"), "enter", "escape")
        await chat.until(lambda: chat.prompt.text == "first")
        assert not chat.screen.session.running


async def test_a_held_queue_goes_on_before_the_key_behind_enter() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs", gate)), words("two")) as chat:
        await chat.send("first")
        await chat.until_shown("It runs")
        await chat.send("and more")
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert chat.queued == ["and more"]
        press_at_once(chat, "enter", "ctrl+n")
        await chat.request(2)
        await chat.until(lambda: not chat.screen.parts.background.answering)
        assert await stored_chats(chat) == [("first", 4)]


async def test_what_is_typed_right_after_picking_a_chat_goes_to_that_chat() -> None:
    async with chatting(words("one"), words("two"), words("three")) as chat:
        await chat.send("first")
        await chat.until_idle()
        first = chat.screen.session.id
        await chat.pilot.press("ctrl+n")
        await chat.send("second")
        await chat.until_idle()
        await chat.pilot.press(*"draft", "ctrl+s", *"first")
        picker = chat.app.screen
        assert isinstance(picker, ChatList)
        await chat.until(lambda: picker._chosen is not None and picker._chosen.id == first)
        chat.app.post_message(Key("enter", "\r"))
        for _ in iter(lambda: chat.app.screen is picker, False):
            await asyncio.sleep(0)
        press_at_once(chat, *typed("third"), "enter", *typed("and mo"))
        await chat.until_shown("three")
        await chat.until_idle()
        assert (chat.screen.session.id, chat.prompt.text) == (first, "and mo")
        assert await stored_chats(chat) == [("first", 4), ("second", 2)]


async def test_words_right_behind_the_key_of_the_find_bar_are_searched() -> None:
    async with chatting(words("It runs out.")) as chat:
        await chat.send("first")
        await chat.until_idle()
        press_at_once(chat, "ctrl+f", *typed("runs"))
        await chat.until(lambda: chat.screen.conversation.is_finding)
        assert chat.prompt.text == ""
        assert "1 match" in "".join(str(part.content) for part in chat.screen.query("FindBar .count").results(Static))
        await chat.pilot.press("escape")
        await chat.until(lambda: not chat.screen.query("FindBar"))
        await chat.until(lambda: "send" in chat.hint, chat.hint)


OPENING = (
    *("chats", "rename", "delete_chat", "preset", "models", "think", "effort", "system", "mcp", "cache_map", "inspect"),
    *("attach", "history", "palette", "help", "sign_in"),
)
"""Actions that open a dialog."""


@pytest.mark.parametrize("name", OPENING)
async def test_a_dialog_may_be_closed_before_it_is_there(name: str) -> None:
    """As by an Esc right behind the key that opens it: its binding is looked up in the dialog before that is composed."""
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
        for rounds in range(12):
            await chat.screen.perform(name)
            for _ in range(rounds):
                await asyncio.sleep(0)
            if isinstance(dialog := chat.app.screen, Modal):
                dialog.dismiss(None)
            await chat.pilot.pause()
            for dialog in chat.app.screen_stack[:0:-1]:  # opened by a worker meanwhile
                dialog.dismiss(None)
            await chat.until(lambda: chat.app.screen is chat.screen)
        assert chat.app.is_running


@pytest.mark.parametrize("name", sorted({*OPENING} - {"delete_chat", "mcp"}))
async def test_keys_of_a_dialog_may_come_before_it_is_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that the chat's widgets have passed on is looked up in the dialog that the key before it has just opened."""
    monkeypatch.chdir(tmp_path)  # one of the keys exports
    async with chatting(words("one")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.screen.perform(name)
        end = time.monotonic() + LIMIT_S
        while not isinstance(chat.app.screen, Modal):
            await asyncio.sleep(0)
            assert time.monotonic() < end, "no dialog"
        dialog = chat.app.screen
        actions = {binding.action for _, binding in dialog._bindings}
        for action in sorted(action for action in actions if not action.startswith(("dismiss", "quit", "cancel"))):
            await chat.app.run_action(action, dialog)
        await chat.pilot.pause()
        assert chat.app.is_running


async def test_the_key_of_a_dialog_twice_at_once_counts_twice() -> None:
    async with chatting(words("one"), words("two")) as chat:
        for prompt in ("first", "second"):
            await chat.send(prompt)
            await chat.until_idle()
        press_at_once(chat, "ctrl+r", "ctrl+r")
        await chat.until(lambda: isinstance(chat.app.screen, Modal) and chat.app.screen.is_mounted)
        await chat.pilot.press("enter")
        await chat.until(lambda: chat.prompt.text == "first", chat.prompt.text)


@pytest.mark.parametrize("rounds", range(8))
async def test_a_dialog_that_is_closed_twice_at_once_is_closed(rounds: int) -> None:
    """As by two Esc right behind the key that opens it, before the dialog has widgets or while it gets them."""
    async with chatting() as chat:
        await chat.screen.perform("palette")
        for _ in range(rounds):
            await asyncio.sleep(0)
        dialog = chat.app.screen
        for _ in range(2):
            await chat.app.run_action("dismiss('')", dialog)
        await chat.until(lambda: chat.app.screen is chat.screen)
        await chat.pilot.press("x")
        assert chat.prompt.text == "x"
