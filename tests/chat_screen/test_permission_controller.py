"""What Claude may do: requests for permission are shown and answered, tools are switched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.tools import PermissionDecision, PermissionRequest, PermissionRequested
from tui.chat.transcript import Draft, ToolUse
from tui.chat_screen.controllers.permissions import PermissionController, PermissionPorts
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio

REQUEST = PermissionRequest(
    call=ToolUse(id="1", name="run_command", input="{}"), title="Run a command", kind="command", detail="ls"
)


class Cards:
    """Where requests are shown."""

    def __init__(self) -> None:
        self.has_focus = False
        self.is_reasoning = False
        self.asked: Sequence[PermissionRequest] = ()
        self.skipped = 0

    def ask(self, questions: Sequence[PermissionRequest]) -> None:
        self.asked = questions

    def focus(self) -> None:
        self.has_focus = True

    def leave(self) -> None:
        self.has_focus = False

    def skip(self) -> None:
        self.skipped += 1


class Folders:
    def __init__(self) -> None:
        self.known: set[Path] = set()

    def knows(self, folder: Path) -> bool:
        return folder in self.known

    def add(self, folder: Path) -> None:
        self.known.add(folder)


class Permissions:
    def __init__(self, one: Bench) -> None:
        self.cards, self.folders, self.picked = Cards(), Folders(), []  # type: ignore[var-annotated]
        ports = PermissionPorts(
            cards=lambda: self.cards,
            note=one.pane.note,
            show_hints=one.calls.port("show hints"),
            show_model=one.calls.port("show model"),
            use_tools=one.current.turns.use_tools,
            written_anew=lambda: "",
            pick_server=lambda *ports: self.picked.append(ports),
        )
        self.controller = PermissionController(one.context, ports, self.folders)
        self.bench = one

    def request(self) -> None:
        session = self.bench.current
        event = PermissionRequested(REQUEST)
        session.pending_events = (*session.pending_events, event)
        self.controller.take(session, event)


async def test_a_request_is_shown_and_the_focus_goes_to_it_and_back() -> None:
    async with bench() as one:
        permissions = Permissions(one)
        permissions.controller.answer()
        assert (permissions.cards.skipped, permissions.cards.has_focus) == (1, False)
        permissions.request()
        assert (permissions.cards.asked, one.calls.names) == ((REQUEST,), ["show hints"])
        permissions.controller.answer()
        assert permissions.cards.has_focus
        permissions.controller.answer()
        assert not permissions.cards.has_focus


async def test_what_another_chat_asks_is_not_shown_here() -> None:
    async with bench() as one:
        permissions, other = Permissions(one), one.session()
        other.is_on_view = False
        permissions.controller.take(other, PermissionRequested(REQUEST))
        assert (permissions.cards.asked, one.calls) == ((), [])


async def test_the_hints_say_how_to_answer() -> None:
    async with bench() as one:
        permissions = Permissions(one)
        assert permissions.controller.hints() == ()
        permissions.request()
        assert [hint.is_alone for hint in permissions.controller.hints()] == [False]
        permissions.cards.has_focus = True
        assert permissions.controller.hints()[0].is_alone
        permissions.cards.is_reasoning = True
        assert [hint.name for hint in permissions.controller.hints()] == ["reason", "back"]


async def test_what_is_allowed_for_good_is_noted() -> None:
    async with bench() as one:
        permissions = Permissions(one)
        permissions.controller.answered("1", PermissionDecision(allowed=True))
        assert one.pane.notes == []
        decision = PermissionDecision(allowed=True, lasting="always", rule="run_command(ls)")
        permissions.controller.answered("1", decision)
        (note,) = one.pane.notes
        assert "run_command(ls)" in note


@pytest.mark.parametrize(
    ("word", "access"),
    [("read", "read"), ("ask", "ask"), ("on", "ask"), ("off", "none"), ("None", "none"), ("", "ask")],
)
async def test_tools_are_switched_by_a_word(word: str, access: Any) -> None:
    async with bench() as one:
        permissions = Permissions(one)
        permissions.controller.switch(word)
        assert one.current.access == access
        assert (one.calls.names, len(one.notices)) == (["show model"], 1)


async def test_without_a_word_they_are_switched_off_and_on_again() -> None:
    async with bench(tools="read") as one:
        permissions = Permissions(one)
        one.current.turns.use_tools("read")
        permissions.controller.switch()
        assert (one.current.access, bool(permissions.controller.header())) == ("none", True)
        permissions.controller.switch()
        assert (one.current.access, permissions.controller.header()) == ("read", "")


async def test_an_unknown_word_changes_nothing() -> None:
    async with bench() as one:
        permissions = Permissions(one)
        permissions.controller.switch("everything")
        assert (one.current.access, one.calls, len(one.notices)) == ("none", [], 1)


async def test_tools_are_not_switched_within_a_turn() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        permissions = Permissions(one)
        one.current.start(Draft(text="tides"))
        permissions.controller.switch("ask")
        assert (one.current.access, one.calls, len(one.notices)) == ("none", [], 1)
        assert permissions.controller.disabled_reason("tools") == one.notices[0]


async def test_a_folder_is_introduced_until_a_prompt_was_sent_there() -> None:
    async with bench(words("one"), tools="read") as one:
        permissions = Permissions(one)
        one.current.turns.use_tools("none")
        assert permissions.controller.welcome() == ""
        one.current.turns.use_tools("read")
        assert permissions.controller.welcome()
        permissions.controller.remember_folder(one.current)
        await one.work.done()
        assert permissions.controller.welcome() == ""
        assert permissions.folders.known == {Path.cwd()}


async def test_without_servers_there_is_nothing_to_pick() -> None:
    async with bench() as one:
        permissions = Permissions(one)
        permissions.controller.open_servers()
        assert (permissions.picked, len(one.notices)) == ([], 1)
        assert permissions.controller.disabled_reason("mcp")
