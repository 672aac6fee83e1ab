"""Calls of tools in the conversation: one line each, the same while they happen and afterwards, opened to all there is."""

from __future__ import annotations

import json
import sys
from types import FrameType
from typing import Any

import pytest
from conversation_app import ChatApp, prompt

from tui.chat.events import BlockStart, BlockStop, InputDelta, StreamEvent
from tui.chat.tool_calls import STOPPED
from tui.chat.tools import (
    REFUSED,
    PermissionDecided,
    PermissionRequest,
    PermissionRequested,
    ToolEnded,
    ToolOutput,
    ToolStarted,
)
from tui.chat.transcript import Image, Message, Text, ToolResult, ToolUse
from tui.widgets.conversation import Conversation
from tui.widgets.conversation.call import TAIL_ROWS, Call
from tui.widgets.conversation.captions import fields_of, main_argument

pytestmark = pytest.mark.anyio

RUN = ToolUse("t1", "run_command", '{"command":"make check"}')
READ = ToolUse("t2", "read_file", '{"path":"tide.txt"}')
SIZE = (60, 24)


def calling(*calls: ToolUse, text: str = "Let me look.") -> Message:
    return Message(role="assistant", model="opus", blocks=(Text(text), *calls), stop_reason="tool_use")


def result(id: str, text: str = "", *, is_error: bool = False, elapsed_s: float = 0.0, more: Any = ()) -> ToolResult:
    return ToolResult(id, (*([Text(text)] if text else []), *more), is_error, elapsed_s)


def results(*all_of_them: ToolResult) -> Message:
    return Message(role="user", blocks=all_of_them)


def line_with(app: ChatApp, text: str) -> str:
    return next(line for line in app.screen_text().splitlines() if text in line)


async def drawn(app: ChatApp, pilot: Any) -> None:
    app.pane.catch_up()
    await pilot.pause()


def stream(pane: Conversation, message: Message) -> None:
    """As it arrives: its arguments in pieces."""
    pane.begin("Opus")
    events: list[StreamEvent] = []
    for index, block in enumerate(message.blocks):
        if isinstance(block, ToolUse):
            events.append(BlockStart(index, ToolUse(block.id, block.name)))
            events += [InputDelta(index, block.input[:7]), InputDelta(index, block.input[7:])]
        else:
            events.append(BlockStart(index, block))
        events.append(BlockStop(index))
    pane.grow(message, events)
    pane.settle(message)


async def test_it_looks_the_same_as_it_happens_and_when_it_is_opened_again() -> None:
    answers = results(result("t1", "all well", elapsed_s=2.4), result("t2", "no such file", is_error=True))
    live, kept = ChatApp([prompt("Go")]), ChatApp([prompt("Go"), calling(RUN, READ), answers])
    async with live.run_test(size=SIZE) as pilot:
        stream(live.pane, calling(RUN, READ))
        for call, one in zip((RUN, READ), answers.blocks, strict=True):
            assert isinstance(one, ToolResult)
            live.pane.follow(ToolStarted(call))
            live.pane.follow(ToolOutput(call.id, "working\n"))
            live.pane.follow(ToolEnded(one))
        live.pane.add(answers)
        await drawn(live, pilot)
        live.pane.focus()
        folded = live.screen_text()
        await pilot.press("enter")
        opened = live.screen_text()
    async with kept.run_test(size=SIZE) as pilot:
        await drawn(kept, pilot)
        kept.pane.focus()
        assert kept.screen_text() == folded
        await pilot.press("enter")
        assert kept.screen_text() == opened
    assert "▸ run_command  make check" in folded
    assert "✓ 2.4 s" in folded
    assert "✗ failed" in folded
    assert "all well" not in folded
    assert "all well" in opened
    assert "no such file" in opened


async def test_arguments_are_seen_as_they_arrive_in_one_row() -> None:
    app = ChatApp([prompt("Go")])
    long = '{"path":"a.md","content":"' + "kelp and tides " * 40
    async with app.run_test(size=SIZE) as pilot:
        app.pane.begin("Opus")
        message = Message(role="assistant", model="opus", blocks=(ToolUse("t", "write_file", long),), state="streaming")
        app.pane.grow(message, [BlockStart(0, ToolUse("t", "write_file")), InputDelta(0, long[:30])])
        await drawn(app, pilot)
        assert 'write_file  {"path":"a.md","content":"kelp' in app.screen_text()
        height = app.pane.viewport.total
        app.pane.grow(message, [InputDelta(0, long[30:] + "the end")])
        await drawn(app, pilot)
        assert app.pane.viewport.total == height
        assert line_with(app, "write_file").rstrip().endswith("the end")


async def test_states_stand_at_the_end_of_the_line_and_seconds_keep_their_width() -> None:
    app = ChatApp([prompt("Go"), calling(RUN)])
    question = PermissionRequest(call=RUN, title="Run a command", kind="command", detail="make check")
    async with app.run_test(size=SIZE) as pilot:

        async def after(*events: Any) -> str:
            for event in events:
                app.pane.follow(event)
            await drawn(app, pilot)
            return line_with(app, "make check").rstrip()

        assert (await after()).endswith("make check")
        assert (await after(ToolStarted(RUN), PermissionRequested(question))).endswith("needs permission")
        running = await after(PermissionDecided("t1", True))
        assert running.endswith("running   0 s")
        app.clock.now += 62
        assert (await after(ToolOutput("t1", ""))).endswith("running  1:02")
        assert (await after(PermissionDecided("t1", False))).endswith("refused")
        assert (await after(ToolEnded(result("t1", f"{REFUSED}: no.", is_error=True)))).endswith("refused")
        assert (await after(ToolEnded(result("t1", STOPPED, is_error=True)))).endswith("stopped")
        assert (await after(ToolEnded(result("t1", "(exit code 2)", is_error=True, elapsed_s=63)))).endswith(
            "✗ failed 1:03"
        )
        assert (await after(ToolEnded(result("t1", "fine")))).endswith("✓")


async def test_the_last_lines_of_what_it_says_are_shown_while_it_runs_and_never_more() -> None:
    app = ChatApp([prompt("Go"), calling(RUN)])
    async with app.run_test(size=SIZE) as pilot:
        app.pane.follow(ToolStarted(RUN))
        await drawn(app, pilot)
        before = app.pane.viewport.total
        for number in range(30):
            app.pane.follow(ToolOutput("t1", f"line {number} \x1b[2J[bold]\r\n"))
        await drawn(app, pilot)
        assert app.pane.viewport.total == before + TAIL_ROWS
        assert "line 29 ␛[2J[bold]" in app.screen_text()
        assert "line 26" not in app.screen_text()
        app.pane.follow(ToolEnded(result("t1", "whole")))
        await drawn(app, pilot)
        assert app.pane.viewport.total == before


async def test_a_long_result_opens_in_part_and_then_as_a_whole() -> None:
    text = "\n".join(f"line {number}" for number in range(2_000))
    app = ChatApp([prompt("Go"), calling(RUN), results(result("t1", text))])
    async with app.run_test(size=SIZE) as pilot:
        app.pane.focus()
        await pilot.press("enter")
        assert app.pane.viewport.total < 60
        assert "… 1,980 more lines" in app.screen_text()
        await pilot.press("enter")
        assert app.pane.viewport.total > 2_000
        await pilot.press("enter")
        assert app.pane.viewport.total < 20
        assert app.pane.find("line 1999") == 1
        await drawn(app, pilot)
        assert "line 1999" in app.screen_text()


async def test_a_click_opens_one_call_and_the_rest_of_its_result() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    app = ChatApp([prompt("Go"), calling(READ, RUN), results(result("t1", text), result("t2", "short"))])
    async with app.run_test(size=(60, 40)) as pilot:

        async def click(words: str) -> None:
            row = next(y for y, line in enumerate(app.screen_text().splitlines()) if words in line)
            await pilot.click(Conversation, offset=(4, row))
            await drawn(app, pilot)

        await click("read_file")
        assert "short" in app.screen_text()
        assert "line 1" not in app.screen_text()
        await click("run_command")
        await click("more lines")
        assert "more lines" not in app.screen_text()
        await click("run_command") if "run_command" in app.screen_text() else None
        assert app.pane.viewport.total > 30


def barred(app: ChatApp) -> list[str]:
    """The first words of the rows that keys are for."""
    return [row.partition("▎")[2].split()[1] for row in app.rows() if "▎" in row and row.partition("▎")[2].split()[1:]]


async def test_left_and_right_choose_one_call_and_enter_opens_it_alone() -> None:
    image = Image("image/png", "iVBORw0KGgo=", "fjord.png", 640, 400)
    answers = results(result("t1", "all well"), result("t2", "low water", more=(image,)))
    app = ChatApp([prompt("Go"), calling(RUN, READ), answers])
    async with app.run_test(size=SIZE) as pilot:
        app.pane.focus()
        await pilot.press("right")
        assert barred(app) == ["run_command"]
        await pilot.press("right")
        assert barred(app) == ["read_file"]
        await pilot.press("enter")
        assert "low water" in app.screen_text()
        assert "all well" not in app.screen_text()
        await pilot.press("left", "enter")
        assert "all well" in app.screen_text()
        await pilot.press("right", "enter")
        assert "low water" not in app.screen_text()
        assert "all well" in app.screen_text()
        await pilot.press("right")
        assert len(barred(app)) > 5, "after the last, it is the whole message"
        await pilot.press("left")
        assert barred(app) == ["read_file"]
        await pilot.press("up")
        assert barred(app) == []


async def test_a_call_that_is_chosen_is_brought_into_view() -> None:
    many = [ToolUse(f"t{number}", "read_file", f'{{"path":"tide{number}.txt"}}') for number in range(40)]
    app = ChatApp([prompt("Go"), calling(*many), results(*(result(call.id, f"of {call.id}") for call in many))])
    async with app.run_test(size=(60, 12)) as pilot:
        app.pane.focus()
        await pilot.press("right")
        assert "tide0.txt" in app.screen_text()
        await pilot.press(*["right"] * 20)
        assert "tide20.txt" in app.screen_text()
        await pilot.press("enter")
        assert "of t20" in app.screen_text()
        await pilot.press(*["left"] * 20)
        assert "tide0.txt" in app.screen_text()
        await pilot.press("left", "left")
        assert "tide39.txt" in app.screen_text()


async def test_pictures_of_results_stand_below_the_calls_as_pictures() -> None:
    image = Image("image/png", "iVBORw0KGgo=", "fjord.png", 640, 400)
    app = ChatApp([prompt("Go"), calling(READ, RUN), results(result("t2", "", more=(image,)), result("t1", "fine"))])
    async with app.run_test(size=(80, 30)) as pilot:
        await drawn(app, pilot)
        assert "fjord.png" in app.screen_text()
        assert app.pane.viewport.turns[-1].estimated_height(78) >= 8


async def test_arguments_that_broke_off_are_shown_as_they_came() -> None:
    app = ChatApp(
        [prompt("Go"), calling(ToolUse("t1", "write_file", '{"path":"a')), results(result("t1", "Cut.", is_error=True))]
    )
    async with app.run_test(size=SIZE) as pilot:
        await drawn(app, pilot)
        assert 'write_file  {"path":"a' in app.screen_text()


def test_of_long_arguments_nothing_is_laid_out_before_they_are_opened_and_they_are_read_once() -> None:
    content = "".join(f"line {number}\n" for number in range(50_000))
    read: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in (fields_of.__code__, main_argument.__code__):
            read.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call = Call(ToolUse("t1", "write_file", json.dumps({"path": "a.md", "content": content})))
        call.take(ToolStarted(call.call), 100.0, 0.0)
        for second in range(5):
            call.tick(100.0 + second)
        assert call.can_open
        assert read == ["main_argument"]
        call.show(True)
        assert call.hides, "there is more than the beginning"
        assert read == ["main_argument", "fields_of"]
    finally:
        sys.setprofile(before)
