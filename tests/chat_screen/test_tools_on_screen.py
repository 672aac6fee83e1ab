"""A chat in which Claude calls tools, on the screen: what is shown, stopped, edited, asked again, continued and kept."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from chatting import Chat, chatting, words

from tui.chat.tool_calls import STOPPED
from tui.chat.tools import PermissionDecision, ToolOutput
from tui.demo.scenarios import Answer, Error, Text, ToolUse
from tui.demo.system_messages import offered_tools

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the app is started in."""
    folder = tmp_path / "sea"
    folder.mkdir()
    (folder / "tide.txt").write_text("High water at 06:12.\n")
    monkeypatch.chdir(folder)
    return folder


def reading(said: str = "Let me look.", path: str = "tide.txt") -> Answer:
    return Answer(Text(said), ToolUse("read_file", input={"path": path}))


def running(command: str) -> Answer:
    return Answer(ToolUse("run_command", input={"command": command}, id="toolu_run"))


async def told(chat: Chat, number: int) -> list[dict[str, Any]]:
    """The blocks of a request, as type and text."""
    messages = (await chat.request(number)).json["messages"]
    return [block for message in messages for block in message["content"]]


def kinds(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["type"] for block in blocks]


async def asked(chat: Chat) -> None:
    await chat.until(lambda: chat.questions, "it never asked")


async def test_what_is_read_is_shown_and_a_prompt_that_was_typed_meanwhile_follows() -> None:
    async with chatting(reading(), words("At 06:12."), words("Bye."), tools="read") as chat:
        await chat.send("When is high water?")
        await chat.send("thanks")
        await chat.until_shown("Bye.")
        assert "▸ read_file  tide.txt" in chat.shown
        assert "High water at 06:12." not in chat.shown
        assert chat.shown.index("At 06:12.") < chat.shown.index("thanks")
        assert kinds(await told(chat, 3)) == ["text", "text", "tool_use", "tool_result", "text", "text"]


async def test_a_question_waits_and_the_answer_reaches_it(folder: Path) -> None:
    async with chatting(running("echo tide > made.txt"), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        assert not (folder / "made.txt").exists()
        chat.screen.provider.answer_permission_request("nobody", PermissionDecision(allowed=True))
        chat.screen.provider.answer_permission_request("toolu_run", PermissionDecision(allowed=True))
        await chat.until_shown("Done.")
        assert (folder / "made.txt").read_text() == "tide\n"


async def test_a_stop_while_claude_waits_for_leave_keeps_the_chat_usable(folder: Path) -> None:
    async with chatting(running("echo tide > made.txt"), words("Fine."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert "Stopped" in chat.hint
        chat.screen.provider.answer_permission_request("toolu_run", PermissionDecision(allowed=True))
        await chat.send("Leave it")
        await chat.until_shown("Fine.")
        assert not (folder / "made.txt").exists()
        result, prompt = (await told(chat, 2))[-2:]
        assert (result["content"][0]["text"], result["is_error"]) == (STOPPED, True)
        assert prompt["text"] == "Leave it"


async def test_a_turn_that_failed_after_a_tool_goes_on_from_there() -> None:
    async with chatting(reading(), Error(400), words("At six."), tools="read") as chat:
        await chat.send("When?")
        await chat.until_shown("The request is not valid")
        await chat.screen.perform("continue")
        await chat.until_shown("At six.")
        assert kinds(await told(chat, 3)) == ["text", "text", "tool_use", "tool_result"]


async def test_editing_and_asking_again_treat_the_turn_as_one() -> None:
    script = reading("First look."), words("At six."), reading("Second look."), words("At seven."), words("No idea.")
    async with chatting(*script, tools="read") as chat:
        await chat.send("When?")
        await chat.until_idle()
        view = chat.screen.conversation
        view.focus()
        view.show_message(3)  # the last answer, below the tool
        await chat.pilot.press("g")
        await chat.until_shown("At seven.")
        await chat.until_shown("2/2")
        assert kinds(await told(chat, 3)) == ["text"]
        view.focus()
        view.show_message(2)  # the result
        await chat.pilot.press("e")
        await chat.until(lambda: chat.prompt.text == "When?")
        await chat.send("When, roughly?")
        await chat.until_shown("No idea.")
        assert [block["text"] for block in await told(chat, 5)] == ["When, roughly?"]


async def test_an_edit_whose_tools_were_stopped_is_a_branch_all_the_same() -> None:
    async with chatting(words("At six."), running("true"), words("Well."), tools="ask") as chat:
        await chat.send("When?")
        await chat.until_idle()
        view = chat.screen.conversation
        view.focus()
        view.show_message(0)
        await chat.pilot.press("e")
        await chat.until(lambda: chat.prompt.text == "When?")
        await chat.send("Find out")
        await asked(chat)
        await chat.pilot.press("escape")
        await chat.until_idle()
        await chat.until_shown("2/2")
        await chat.send("go on")
        await chat.until_shown("Well.")
        assert (await told(chat, 3))[0]["text"] == "Find out"


async def test_a_chat_is_opened_again_with_its_tools_and_history_knows_only_prompts() -> None:
    async with chatting(reading(), words("At six."), tools="read") as chat:
        await chat.send("When?")
        await chat.until_idle()
        tools = (await chat.request(1)).json["tools"]
        prompts = await asyncio.wrap_future(chat.screen.store.prompts())
        assert prompts == ("When?",)
    async with chatting(words("Yes."), start="last", tools="none") as chat:
        await chat.until_shown("At six.")
        chat.screen.conversation.focus()
        await chat.pilot.press("enter")
        assert "High water at 06:12." in chat.shown
        chat.prompt.focus()
        await chat.send("Sure?")
        await chat.until_shown("Yes.")
        again = (await chat.request(1)).json["tools"]
        assert [tool["name"] for tool in again] == [tool["name"] for tool in tools]
        assert [tool["description"] for tool in again] == [tool["description"] for tool in tools]


async def test_tools_are_switched_off_for_a_chat_and_stay_off() -> None:
    async with chatting(reading(), words("At six."), words("No tools."), tools="read") as chat:
        await chat.send("When?")
        await chat.until_idle()
        chat.screen.parts.sessions.use_tools("none")
        await chat.send("Without?")
        await chat.until_shown("No tools.")
        assert offered_tools((await chat.request(3)).json) == []
    async with chatting(words("Still none."), start="last", tools="ask") as chat:
        await chat.until_shown("No tools.")
        await chat.send("And now?")
        await chat.until_shown("Still none.")
        assert offered_tools((await chat.request(1)).json) == []


async def test_of_what_a_command_says_only_the_end_is_kept_for_the_screen() -> None:
    noisy = running(
        "printf '%06000d\\n' 0; for i in $(seq 400); do printf '%0200d\\n' $i; sleep 0.001; done; echo over; cat"
    )
    async with chatting(noisy, words("Heard."), tools="ask") as chat:
        await chat.send("Make noise")
        await asked(chat)
        chat.screen.provider.answer_permission_request("toolu_run", PermissionDecision(allowed=True))
        told: list[int] = []

        def is_over() -> bool:
            told.append(sum(len(one.text) for one in chat.screen.session.pending_events if isinstance(one, ToolOutput)))
            return "Heard." in chat.shown

        await chat.until(is_over)
        assert 0 < max(told) <= 4_000


async def test_the_app_that_is_left_while_a_command_runs_leaves_no_command(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    async with chatting(running("echo $$ > pid; exec cat pipe"), tools="ask") as chat:
        await chat.send("Wait for it")
        await asked(chat)
        chat.screen.provider.answer_permission_request("toolu_run", PermissionDecision(allowed=True))
        await chat.until(lambda: (folder / "pid").exists() and (folder / "pid").read_text().endswith("\n"))
        pid = int((folder / "pid").read_text())
    deadline = time.monotonic() + 60
    while _is_alive(pid):
        assert time.monotonic() < deadline


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
