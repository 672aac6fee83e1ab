"""Why an action is not available: each owner says so, and keys, slash commands and the palette show it."""

from __future__ import annotations

import pytest
from chatting import chatting, words

from tui.actions import ACTIONS, Owner
from tui.chat_screen.availability import OWNERS, WITH_OTHER_USE, ChatAvailability
from tui.chat_screen.context import ANSWER_RUNS, NOTHING_SENT
from tui.chat_screen.wiring import Parts
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text
from tui.screens.command_palette import Palette

AT_FIRST = {
    "compact": NOTHING_SENT,
    "rename": NOTHING_SENT,
    "pin": NOTHING_SENT,
    "export": NOTHING_SENT,
    "delete_chat": NOTHING_SENT,
    "undelete": "No chat has been deleted",
    "find": NOTHING_SENT,
    "inspect": NOTHING_SENT,
    "copy_message": NOTHING_SENT,
    "copy_code": NOTHING_SENT,
    "edit": NOTHING_SENT,
    "regenerate": NOTHING_SENT,
    "fork": NOTHING_SENT,
    "older_branch": NOTHING_SENT,
    "newer_branch": NOTHING_SENT,
    "older_answer": NOTHING_SENT,
    "newer_answer": NOTHING_SENT,
    "continue": NOTHING_SENT,
    "retry": "No answer has failed",
    "stop": "No answer is running",
    "answer": "No permission is requested",
    "cache_map": "No answer has arrived yet",
    "count": "The prompt is empty",
    "detach": "No attachment",
    "mcp": "No [mcp.NAME] in config.toml",
}
"""All that is not available in a new, empty chat."""


class Unit:
    """A part of the chat screen, as a test makes it."""

    def __init__(self, asked: list[str], owner: str) -> None:
        self.asked = asked
        self.owner = owner

    def disabled_reason(self, name: str) -> str:
        self.asked.append(f"{self.owner} {name}")
        return "Not now"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_owner_is_asked_and_nobody_else(action: object) -> None:
    one = next(each for each in ACTIONS if each is action)
    asked: list[str] = []

    def owner(name: Owner) -> Unit:
        return Unit(asked, name)

    reason = ChatAvailability(owner).disabled_reason(one.name)
    assert asked == ([f"{one.owner} {one.name}"] if one.owner in OWNERS else [])
    assert bool(reason) == (one.owner in OWNERS)


def test_keys_with_another_use_stay_enabled() -> None:
    availability = ChatAvailability(lambda name: Unit([], name))
    assert {
        action.name for action in ACTIONS if action.owner in OWNERS and availability.is_key_enabled(action.name)
    } == (WITH_OTHER_USE)


def test_every_owner_is_a_part_of_the_chat_screen() -> None:
    assert all(hasattr(Parts, owner) for owner in OWNERS)
    assert {action.owner for action in ACTIONS} <= OWNERS | {"app", "prompt", "sessions"}


@pytest.mark.anyio
async def test_each_owner_says_what_a_new_chat_cannot_do() -> None:
    async with chatting() as chat:
        found = {action.name: chat.screen.disabled_reason(action.name) for action in ACTIONS}
        assert {name: reason for name, reason in found.items() if reason} == AT_FIRST
        assert chat.screen.check_action("do", ("inspect",)) is None
        assert chat.screen.check_action("do", ("stop",)) is True


@pytest.mark.anyio
async def test_a_key_a_slash_command_and_the_palette_say_why_and_do_nothing() -> None:
    async with chatting() as chat:
        await chat.pilot.press("f5")
        await chat.until(lambda: NOTHING_SENT in chat.hint)
        await chat.send("/undelete")
        await chat.until(lambda: "No chat has been deleted" in chat.hint)
        await chat.send("/copy")
        await chat.until(lambda: NOTHING_SENT in chat.hint)
        await chat.pilot.press("ctrl+p", *"/fork", "enter")
        assert isinstance(chat.app.screen, Palette)
        await chat.pilot.press("escape", *"still here")
        assert chat.prompt.text == "still here"


@pytest.mark.anyio
async def test_while_an_answer_runs_and_after_it() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs out.", gate))) as chat:
        await chat.send("Which way does it run?")
        await chat.until_written()
        running = ("edit", "regenerate", "fork", "continue", "retry", "system", "tools")
        assert {chat.screen.disabled_reason(name) for name in running} == {ANSWER_RUNS}
        assert chat.screen.disabled_reason("stop") == ""
        gate.open()
        await chat.until_idle()
        reasons = {name: chat.screen.disabled_reason(name) for name in running}
        assert {name: reason for name, reason in reasons.items() if reason} == {
            "continue": "The answer is complete",
            "retry": "No answer has failed",
        }
        await chat.pilot.press("f5")
        await chat.until(lambda: chat.app.screen is not chat.screen)


@pytest.mark.anyio
async def test_a_deleted_chat_can_be_restored_and_the_demo_is_not_started_twice() -> None:
    async with chatting(words("It runs out."), demo=True) as chat:
        assert chat.screen.disabled_reason("demo") == "The demo is running"
        assert chat.screen.disabled_reason("mcp") == "No MCP servers in the demo"
        await chat.send("Which way does it run?")
        await chat.until_idle()
        await chat.send("/delete")
        await chat.until(lambda: not chat.screen.session.has_begun)
        assert chat.screen.disabled_reason("undelete") == ""
        assert chat.screen.disabled_reason("rename") == NOTHING_SENT
