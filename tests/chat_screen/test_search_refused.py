"""Web search that is switched off for the organisation while a chat has it: the next prompt fails in sight, and no more."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from chatting import Chat, chatting, words

from tui.demo.scenarios import Answer, Search, SearchResult, Text

pytestmark = pytest.mark.anyio

ON = "[tools]\nweb_search = true\n"
FOUND = Answer(Search("tide", (SearchResult("https://tides.example/brest", "Brest tides", ""),)), Text("At 06:12."))
ODD = Path(__file__).parent.parent / "mcp" / "odd_server.py"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the app runs, and with it the servers."""
    monkeypatch.chdir(tmp_path)


async def offered(chat: Chat, number: int) -> list[str]:
    return [tool["name"] for tool in (await chat.request(number)).json.get("tools", ())]


async def told(chat: Chat) -> None:
    await chat.until(
        lambda: "Web search is now off in this chat. Send again" in " ".join(chat.shown.split()), chat.shown
    )
    await chat.until_idle()


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_sending_the_prompt_again_is_all_it_takes(size: tuple[int, int]) -> None:
    async with chatting(FOUND, words("Quite."), config=ON, tools="ask", size=size) as chat:
        await chat.send("When?")
        await chat.until_shown("At 06:12.")
        await chat.until_idle()
        chat.server.service.can_search = False
        await chat.send("Sure?")
        await told(chat)
        assert chat.prompt.text == "Sure?"
        assert "Your prompt is back · ⏎ sends it again" in chat.hint
        await chat.pilot.press("enter")
        await chat.until_shown("Quite.")
        await chat.until_idle()
        assert "web_search" in await offered(chat, 2)
        assert "web_search" not in await offered(chat, 3)
        await chat.pilot.press("f9", "f9")
        await chat.send("And now?")
        assert await offered(chat, 4) == await offered(chat, 3)


async def test_a_chat_that_begins_goes_on_with_its_servers() -> None:
    server = f"[mcp.odd]\ncommand = {json.dumps(sys.executable)}\nargs = [{json.dumps(str(ODD))}]\n"
    async with chatting(words("Quite."), config=ON + server, tools="ask") as chat:
        chat.server.service.can_search = False
        await chat.send("Sure?")
        await told(chat)
        await chat.pilot.press("enter")
        await chat.until_shown("Quite.")
        assert "odd__echo" in await offered(chat, 2)
        assert "web_search" not in await offered(chat, 2)
