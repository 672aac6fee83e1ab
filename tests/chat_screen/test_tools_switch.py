"""What Claude may do in a chat, switched by its user, and said the first time in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chatting import Chat, chatting, words

from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text, ToolUse
from tui.screens.chats import ChatList
from tui.widgets.filter_list import FilterList

pytestmark = pytest.mark.anyio

WORD = "Claude can read files in"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the app is started in."""
    folder = tmp_path / "sea"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def offered(chat: Chat, number: int) -> list[str]:
    return [tool["name"] for tool in (await chat.request(number)).json.get("tools", ())]


def changed(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The tools that `system` messages change, in order."""
    blocks = [block for message in body["messages"] if message["role"] == "system" for block in message["content"]]
    return [(block["type"], block["tool"]["name"]) for block in blocks]


async def said(chat: Chat, text: str) -> None:
    await chat.until(lambda: text in chat.hint, chat.hint)


async def test_a_key_switches_them_off_and_on_again_and_says_what_that_costs() -> None:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 4_000}
    async with chatting(Answer(Text("One."), usage=usage), words("Two."), words("Three."), tools="ask") as chat:
        assert chat.screen.header.settings == ""
        await chat.send("one")
        await chat.until_shown("One.")
        await chat.until_idle()
        await chat.pilot.press("f9")
        assert "Tools off · keeps the cache" in chat.hint
        assert chat.screen.header.settings == "tools off"
        await chat.send("two")
        await chat.until_shown("Two.")
        await chat.until_idle()
        await chat.pilot.press("f9")
        assert "Tools on" in chat.hint
        assert chat.screen.header.settings == ""
        await chat.send("three")
        await chat.until_shown("Three.")
        assert await offered(chat, 1) == await offered(chat, 2) == await offered(chat, 3)
        gone, back = changed((await chat.request(2)).json), changed((await chat.request(3)).json)
        assert gone == [("tool_removal", name) for name in await offered(chat, 1)]
        assert back[len(gone) :] == [("tool_addition", name) for name in await offered(chat, 1)]


async def test_a_model_that_takes_tools_only_at_the_start_says_what_a_switch_costs() -> None:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 4_000}
    config = '[default]\nmodel = "claude-sonnet-5"\n'
    async with chatting(Answer(Text("One."), usage=usage), words("Two."), tools="ask", config=config) as chat:
        await chat.send("one")
        await chat.until_shown("One.")
        await chat.until_idle()
        await chat.pilot.press("f9")
        assert "Tools off · rewrites" in chat.hint
        await chat.send("two")
        await chat.until_shown("Two.")
        assert await offered(chat, 2) == []


async def test_a_chat_remembers_what_was_chosen_before_its_first_prompt() -> None:
    async with chatting(words("One."), tools="ask") as chat:
        await chat.send("/tools read")
        await said(chat, "Tools read only")
        await chat.send("one")
        await chat.until_shown("One.")
        assert await offered(chat, 1) == ["list_files", "read_file", "search_files"]
    async with chatting(words("Two."), start="last", tools="ask") as chat:
        await chat.until_shown("One.")
        assert chat.screen.header.settings == "tools read only"
        await chat.send("two")
        await chat.until_shown("Two.")
        assert await offered(chat, 1) == ["list_files", "read_file", "search_files"]


async def test_an_unknown_word_is_answered_with_those_there_are() -> None:
    async with chatting(tools="ask") as chat:
        await chat.send("/tools everything")
        await said(chat, 'Unknown tools setting "everything" · choose none, read or ask')


async def test_nothing_is_switched_while_an_answer_runs() -> None:
    gate = Gate()
    async with chatting(Answer(Text("One", gate, ".")), tools="ask") as chat:
        await chat.send("one")
        await chat.until_written()
        await chat.pilot.press("f9")
        assert "An answer is running" in chat.hint
        gate.open()
        await chat.until_idle()
        assert chat.screen.header.settings == ""


async def test_the_folder_is_named_until_the_first_prompt_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with chatting(words("One."), tools="ask") as chat:
        assert f"{WORD} {folder}. Anything else asks first. F9" in chat.screen.welcome.remark
        await chat.pilot.press("f9")
        assert WORD not in chat.screen.welcome.remark
        await chat.pilot.press("f9")
        assert WORD in chat.screen.welcome.remark
        await chat.send("one")
        await chat.until_shown("One.")
        await chat.pilot.press("ctrl+n")
        assert WORD not in chat.screen.welcome.remark
    async with chatting(tools="ask") as chat:
        assert WORD not in chat.screen.welcome.remark
    monkeypatch.chdir(folder.parent)
    async with chatting(tools="read") as chat:
        assert "and nothing else" in chat.screen.welcome.remark


async def test_without_tools_nothing_is_said_of_the_folder() -> None:
    async with chatting(tools="none") as chat:
        assert WORD not in chat.screen.welcome.remark


async def test_the_list_marks_chats_that_ask() -> None:
    call = ToolUse("run_command", input={"command": "true"})
    async with chatting(Answer(Text("Well"), call), words("Done."), tools="ask") as chat:
        await chat.send("tides")
        await chat.until(lambda: chat.questions)
        await chat.pilot.press("ctrl+n", "ctrl+s")
        await chat.until(lambda: isinstance(chat.app.screen, ChatList))
        rows = chat.app.screen.query_one(FilterList)
        await chat.until(lambda: any("? needs permission" in rows.render_line(y).text for y in range(rows.size.height)))
