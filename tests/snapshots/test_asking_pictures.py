"""Pictures of what Claude asks before it acts, and of its calls in the conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from chatting import Chat
from test_pictures import LARGE, LIGHT, NARROW, NORMAL, Compare
from textual.widgets import Input

from tui.chat.tool_calls import STOPPED
from tui.chat.tools import REFUSED, PermissionDecided, PermissionRequest, PermissionRequested, ToolOutput, ToolStarted
from tui.chat.transcript import Message, ToolResult
from tui.chat.transcript import Text as Said
from tui.chat.transcript import ToolUse as Called
from tui.demo.scenarios import Answer, Text, ToolUse
from tui.widgets.question_text import QuestionText

SIZES = pytest.mark.parametrize(
    ("size", "config"),
    [(NORMAL, ""), (NORMAL, LIGHT), (LARGE, ""), (NARROW, ""), (NARROW, LIGHT)],
    ids=["80x24", "80x24-light", "120x40", "60x20", "60x20-light"],
)
TIDES = """\
# Tides

High water is at 06:12 and at 18:40.
Low water is at 12:25.
"""
COMMAND = "python tides.py --station bergen --days 3 | sort --key 2 > tides.csv && head --lines 5 tides.csv"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the app is started in."""
    folder = Path.home() / "fjord"
    folder.mkdir(parents=True)
    (folder / "tides.md").write_text(TIDES)
    monkeypatch.chdir(folder)
    return folder


def asking(call: ToolUse, *, turn_to: bool = True, draft: str = "") -> Callable[[Chat], Awaitable[None]]:
    async def story(chat: Chat) -> None:
        await chat.send("Bring the tide table up to date")
        await chat.until(lambda: chat.questions)
        await chat.pilot.pause()
        chat.prompt.put(draft)
        if turn_to:
            await chat.pilot.press("tab")
        await chat.until(lambda: chat.screen.query_one(QuestionText).has_focus == turn_to)

    return story


@SIZES
def test_is_asked_before_a_command(pictured: Compare, size: tuple[int, int], config: str) -> None:
    """While something is being written; the keys are further back until they count."""
    call = ToolUse("run_command", input={"command": COMMAND})
    story = asking(call, turn_to=False, draft="and the moon")
    assert pictured(Answer(Text("I will ask the station."), call), story=story, size=size, config=config, tools="ask")


@SIZES
def test_is_asked_before_a_change(pictured: Compare, size: tuple[int, int], config: str) -> None:
    """The difference, in colours; the user has turned to it."""
    new = TIDES.replace("06:12", "06:52").replace("12:25", "13:04") + "\nThe moon is full on Friday.\n"
    call = ToolUse("write_file", input={"path": "tides.md", "content": new})
    assert pictured(Answer(Text("Two times change."), call), story=asking(call), size=size, config=config, tools="ask")


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_is_asked_before_a_page(pictured: Compare, size: tuple[int, int]) -> None:
    """Whom it would ask stands out."""
    call = ToolUse("fetch_url", input={"url": "https://tides.example.org/v2/tables?station=bergen&days=3&unit=metre"})
    assert pictured(Answer(Text("I look it up."), call), story=asking(call), size=size, tools="ask")


def test_says_why_not(pictured: Compare) -> None:
    """One of three questions; the reason stands where the keys were."""
    calls = [ToolUse("run_command", input={"command": f"rm tides-{name}.csv"}) for name in ("old", "new", "all")]

    async def story(chat: Chat) -> None:
        await asking(calls[0])(chat)
        text = chat.screen.query_one(QuestionText)
        await chat.until(lambda: len(chat.questions) == 3 and text.is_seen)
        text.shield_s = 0
        await chat.pilot.press("r")
        await chat.until(lambda: isinstance(chat.screen.focused, Input))
        await chat.pilot.press(*"keep", "space", *"the", "space", *"old", "space", *"ones")

    assert pictured(Answer(Text("I clear up."), *calls), story=story, tools="ask")


CALLS = (
    Called("1", "list_files", '{"path": "."}'),
    Called("2", "read_file", '{"path": "tides.md", "limit": 40}'),
    Called("3", "search_files", '{"pattern": "moon", "path": "notes/of/last/year"}'),
    Called("4", "fetch_url", '{"url": "https://tides.example.org/v2/tables?station=bergen&days=3"}'),
    Called("5", "run_command", '{"command": "rm tides-old.csv"}'),
    Called("6", "run_command", '{"command": "python tides.py --station bergen --days 3"}'),
)
ANSWERED = (
    ToolResult("1", (Said("tides.md  84\nnotes/\ntides.py  2310"),), elapsed_s=0.01),
    ToolResult(
        "2", (Said("\n".join(f"{n:>6}\t{line}" for n, line in enumerate(TIDES.splitlines(), 1))),), elapsed_s=0.1
    ),
    ToolResult("3", (Said("There is no folder notes/of/last/year."),), is_error=True, elapsed_s=0.2),
    ToolResult("4", (Said(STOPPED),), is_error=True),
    ToolResult("5", (Said(f"{REFUSED}: keep the old ones. Nothing was done."),), is_error=True),
    ToolResult("6", (Said("".join(f"2026-11-{day} 06:{day} 2.4 m\n" for day in range(10, 58))),), elapsed_s=74),
)


def turn(*answered: ToolResult) -> list[Message]:
    asked = Message(role="user", blocks=(Said("Bring the tide table up to date"),))
    called = Message(role="assistant", model="claude-sonnet-5-5", blocks=(Said("Let me look around."), *CALLS))
    return [asked, called, *([Message(role="user", blocks=answered)] if answered else [])]


@SIZES
def test_watches_calls_at_work(pictured: Compare, size: tuple[int, int], config: str) -> None:
    """One asks, one runs and says something, the others are done, or not."""

    async def story(chat: Chat) -> None:
        chat.screen.add_class("-begun")
        view = chat.screen.conversation
        view.show(turn(*ANSWERED[:4]))
        question = PermissionRequest(call=CALLS[4], title="Run a command", kind="command", detail="rm tides-old.csv")
        for event in (ToolStarted(CALLS[4]), PermissionRequested(question), ToolStarted(CALLS[5])):
            view.follow(event)
        view.follow(PermissionDecided("6", True))
        view.follow(ToolOutput("6", "asking the station\n" + "".join(f"day {day} of 3\n" for day in (1, 2, 3))))
        chat.clock.now_s = 74
        view.follow(ToolOutput("6", "writing tides.csv\n"))
        view.catch_up()

    assert pictured(story=story, size=size, config=config)


@SIZES
def test_opens_calls(pictured: Compare, size: tuple[int, int], config: str) -> None:
    """What was asked and answered, as text; of what is long the beginning."""

    async def story(chat: Chat) -> None:
        chat.screen.add_class("-begun")
        view = chat.screen.conversation
        view.show(turn(*ANSWERED))
        view.focus()
        await chat.pilot.press("down", "enter", "home")

    assert pictured(story=story, size=size, config=config)


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_reads_calls_of_another_day(pictured: Compare, size: tuple[int, int]) -> None:
    """All of them in one line each."""

    async def story(chat: Chat) -> None:
        chat.screen.add_class("-begun")
        chat.screen.conversation.show(turn(*ANSWERED))

    assert pictured(story=story, size=size)


@pytest.mark.parametrize("size", [NORMAL, NARROW], ids=["80x24", "60x20"])
def test_learns_what_claude_may_do_in_a_folder(pictured: Compare, size: tuple[int, int]) -> None:
    """The first time that tools are on there."""
    assert pictured(size=size, tools="ask")


def test_switches_tools_off(pictured: Compare) -> None:
    """What that does to the cache; the header keeps saying it."""

    async def story(chat: Chat) -> None:
        await chat.send("When is high water?")
        await chat.until_idle()
        await chat.pilot.press("f9")

    usage = {"input_tokens": 310, "cache_creation_input_tokens": 11_200}
    assert pictured(Answer(Text("At 06:12."), usage=usage), story=story, tools="ask")
