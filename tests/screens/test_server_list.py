"""MCP servers on the screen: waited for in sight, listed with their state, added to a chat with what that costs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from chatting import Chat, chatting
from textual.widgets import Static

from tui.demo.scenarios import Answer, Text, ToolUse
from tui.screens.servers import ServerPicker
from tui.widgets.filter_list import FilterList

pytestmark = pytest.mark.anyio

ODD = Path(__file__).parent.parent / "mcp" / "odd_server.py"


def config(*habits: str, name: str = "odd") -> str:
    """A server that starts in the folder of the test."""
    args = json.dumps([str(ODD), *habits])
    server = f"[mcp.{name}]\ncommand = '{sys.executable}'\nargs = {args}\nstart_timeout_s = 60\n"
    return f"[tools]\nallow = ['odd__*(*)']\n{server}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the app runs, and with it the servers."""
    monkeypatch.chdir(tmp_path)


def offered(chat: Chat, number: int) -> list[str]:
    return [tool["name"] for tool in chat.server.requests[number].json.get("tools", ())]


async def listed(chat: Chat) -> str:
    await chat.send("/mcp")
    await chat.until(lambda: isinstance(chat.app.screen, ServerPicker))
    view = chat.app.screen.query_one(FilterList)
    return "\n".join(view.render_line(y).text.rstrip() for y in range(view.size.height))


async def until_said_of(chat: Chat, row: str, text: str) -> None:
    """Waits until that stands below the list, with the cursor on that row."""
    await chat.pilot.press(*row)
    word = chat.app.screen.query_one("#details", Static)
    await chat.until(lambda: text in str(word.render()), f"{text} was not said of {row}: {word.render()}")


async def test_a_chat_uses_a_tool_of_a_server(tmp_path: Path) -> None:
    call = Answer(ToolUse("odd__echo", input={"text": "\x1b[31mebb"}))
    async with chatting(call, Answer(Text("It ebbs.")), config=config(), tools="ask") as chat:
        assert not (tmp_path / "starts.txt").exists()
        await chat.send("How is the water?")
        await chat.until_shown("It ebbs.")
        assert "odd__echo" in offered(chat, 0)
        said = await listed(chat)
        assert "odd" in said
        assert "ready · 11 tools" in said


async def test_a_server_that_fails_is_told_and_started_anew() -> None:
    both = config() + f"[mcp.bad]\ncommand = '{sys.executable}'\nargs = ['{ODD}', 'dies']\n"
    async with chatting(Answer(Text("Hi.")), config=both, tools="ask", size=(100, 30)) as chat:
        assert "not started" in await listed(chat)
        await chat.pilot.press("escape")
        await chat.send("Hello")
        await chat.until_shown("The MCP server bad did not start")
        await chat.until_idle()
        assert "failed" in await listed(chat)
        await until_said_of(chat, "bad", "(last output: the harbour is closed).")
        await chat.pilot.press("ctrl+u", *"odd", "enter")
        await chat.until(lambda: "The MCP server odd has started." in chat.hint, chat.hint)
        await listed(chat)
        await chat.pilot.press(*"bad", "enter")
        await chat.until(lambda: "bad did not start · /mcp shows why" in chat.hint, chat.hint)


async def test_new_tools_wait_for_the_next_chat_or_are_added_with_their_cost() -> None:
    async with chatting(config=config("grows"), tools="ask", size=(100, 30)) as chat:
        await chat.send("One")
        await chat.until_idle()
        assert offered(chat, 0)[-1] == "odd__new_1"
        await listed(chat)
        await chat.pilot.press(*"odd", "enter")
        await chat.until(lambda: "has started" in chat.hint, chat.hint)
        await chat.send("Two")
        await chat.until_idle()
        assert offered(chat, 1) == offered(chat, 0)
        assert "Add to this chat  1 new, 1 gone" in await listed(chat)
        await until_said_of(chat, "add", "The next turn keeps the cache")
        await chat.pilot.press("enter")
        await chat.until(lambda: "Tools added" in chat.hint, chat.hint)
        await chat.send("Three")
        await chat.until_idle()
        await chat.until_idle()
        assert offered(chat, 2) == offered(chat, 0)  # the tools at the start stay, and with them the cache
        assert "odd__new_2" in json.dumps(chat.server.requests[-1].json["messages"])
        assert "up to date" in await listed(chat)


async def test_a_change_that_a_server_tells_of_is_offered_to_the_open_chat() -> None:
    call = Answer(ToolUse("odd__echo", input={"text": "ebb"}))
    settings = config("changes", "announces")
    async with chatting(call, Answer(Text("Yes.")), config=settings, tools="ask", size=(100, 30)) as chat:
        await chat.send("One")
        await chat.until_shown("Yes.")
        await chat.until_idle()
        assert offered(chat, 1) == offered(chat, 0)
        provider, session = chat.screen.provider, chat.screen.session.turns
        await chat.until(lambda: provider.tool_changes(session) == (1, 1), "the change was not heard of")
        assert "Add to this chat  1 new, 1 gone" in await listed(chat)


async def test_a_chat_that_is_taken_up_keeps_the_tools_of_a_server_that_fails_now() -> None:
    async with chatting(config=config(), tools="ask") as chat:
        await chat.send("One")
        await chat.until_idle()
        before = offered(chat, 0)
    both = config("dies") + config(name="other").split("\n", 2)[2]
    async with chatting(config=both, tools="ask", size=(100, 30), start="last") as chat:
        await chat.until(lambda: chat.screen.parts.sessions.is_started and chat.screen.session.transcript.messages)
        await listed(chat)
        await chat.pilot.press(*"add", "enter")
        await chat.until(lambda: "Tools added" in chat.hint, chat.hint)
        await chat.send("Two")
        await chat.until_idle()
        assert set(before) <= set(offered(chat, 0))
        assert "other__echo" in json.dumps(chat.server.requests[-1].json["messages"])


async def test_without_servers_it_says_where_they_are_written() -> None:
    async with chatting() as chat:
        await chat.send("/mcp")
        await chat.until(lambda: "[mcp.NAME] in config.toml" in chat.hint, chat.hint)


async def test_the_wait_for_a_server_can_be_stopped() -> None:
    async with chatting(config=config("mute"), tools="ask") as chat:
        await chat.send("How is the water?")
        await chat.until_shown("Waiting for the MCP servers to start.")
        assert "starting" in await listed(chat)
        await until_said_of(chat, "add", "Added with the first prompt")
        await chat.pilot.press("escape")
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert chat.prompt.text == "How is the water?"
        assert not chat.server.requests
        assert "starting" in await listed(chat)
