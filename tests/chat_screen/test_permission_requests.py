"""What Claude asks, in the chat: seen whole, answered by key and by click, and never by what was typed before."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import tomli
from chatting import Chat, chatting, words
from textual import events
from textual.widgets import Input

from tui.chat.tools import PermissionRequest
from tui.chat.transcript import ToolUse as Called
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text, ToolUse
from tui.widgets.prompt import PromptArea
from tui.widgets.question import QuestionCard, ReasonLine
from tui.widgets.question_text import QuestionText

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the app is started in."""
    folder = tmp_path / "sea"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def command(text: str, id: str = "toolu_run") -> ToolUse:
    return ToolUse("run_command", input={"command": text}, id=id)


def card_of(chat: Chat) -> str:
    """What the question says, row by row."""
    text = chat.screen.query_one(QuestionText)
    return "\n".join(text.render_line(y).text.rstrip() for y in range(text.size.height))


async def asked(chat: Chat, count: int = 1) -> None:
    await chat.until(lambda: len(chat.questions) == count, "it never asked")
    await chat.until(lambda: chat.screen.query_one(QuestionText).is_seen, "it was never drawn")


def shield(chat: Chat, seconds: float) -> QuestionText:
    """Whatever the machine's pace: what comes now comes too early, or does not."""
    text = chat.screen.query_one(QuestionText)
    text.shield_s = seconds
    return text


async def answer(chat: Chat, key: str) -> None:
    """Turns to the question and answers it, once its first moment has passed."""
    text = shield(chat, 0)
    if not text.has_focus:
        await chat.pilot.press("tab")
    before = text.shown
    await chat.pilot.press(key)
    await chat.until(lambda: text.shown is not before or bool(chat.screen.query(ReasonLine)), "it was never taken")


def last_result(request: Any) -> tuple[str, bool]:
    result = request.json["messages"][-1]["content"][0]
    return result["content"][0]["text"], bool(result.get("is_error"))


async def test_a_command_is_seen_whole_and_allowed_once(folder: Path) -> None:
    long = "printf '%s\\n' " + " ".join(f"word{number}" for number in range(40)) + " > made.txt"
    async with chatting(Answer(command(long)), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        shown = card_of(chat)
        assert "Run a command?" in shown
        assert " ".join(shown.split()).count("word") == 40
        assert str(folder) in "".join(shown.split()), "a long one is broken over lines"
        await answer(chat, "y")
        await chat.until_shown("Done.")
        assert (folder / "made.txt").read_text().split()[:2] == ["word0", "word1"]
        assert chat.questions == []
        assert chat.prompt.has_focus


async def test_a_moment_after_it_was_seen_an_answer_is_taken(folder: Path) -> None:
    async with chatting(Answer(command("touch made.txt")), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        await chat.pilot.press("tab")
        end = time.monotonic() + 60
        while chat.questions:
            assert time.monotonic() < end, "it was never taken"
            await chat.pilot.press("y")
        await chat.until_shown("Done.")
        assert (folder / "made.txt").exists()


async def test_what_was_typed_before_and_just_after_it_appeared_does_not_answer(folder: Path) -> None:
    gate = Gate()
    async with chatting(Answer(Text("Now", gate), command("touch made.txt")), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await chat.until_written()
        await chat.pilot.press("y", "tab")
        gate.open()
        await asked(chat)
        shield(chat, 600).focus()
        await chat.pilot.press("y", "y", "a", "n")
        assert chat.questions == ["Run a command"]
        assert not (folder / "made.txt").exists()
        assert chat.prompt.text == "y"
        await answer(chat, "y")
        await chat.until_shown("Done.")


async def test_typing_goes_on_in_the_prompt_while_it_asks() -> None:
    async with chatting(Answer(command("true")), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        await chat.pilot.press(*"yes n a")
        assert chat.prompt.text == "yes n a"
        assert chat.questions == ["Run a command"]
        await chat.pilot.press("tab", "x")
        assert chat.prompt.text == "yes n ax"
        assert chat.prompt.has_focus
        await answer(chat, "n")
        await chat.until_shown("Done.")
        assert chat.prompt.text == "yes n ax"


async def test_without_a_question_tab_leads_on_as_everywhere() -> None:
    async with chatting(words("Well."), tools="ask") as chat:
        await chat.send("Hello")
        await chat.until_shown("Well.")
        await chat.pilot.press("tab")
        assert not chat.prompt.has_focus


async def test_a_no_with_a_reason_is_read_by_claude(folder: Path) -> None:
    async with chatting(Answer(command("touch made.txt")), words("Fine."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        await answer(chat, "r")
        await chat.pilot.press(*"not", "space", *"today")
        await chat.pilot.press("escape")
        assert chat.questions == ["Run a command"]
        await answer(chat, "r")
        await chat.pilot.press(*"use", "space", *"make", "enter")
        await chat.until_shown("Fine.")
        text, is_error = last_result(await chat.request(2))
        assert "use make" in text
        assert is_error
        assert not (folder / "made.txt").exists()
        assert isinstance(chat.screen.focused, PromptArea)


async def test_what_is_typed_on_after_r_is_no_answer() -> None:
    async with chatting(Answer(command("true")), words("Fine."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        text = shield(chat, 0)
        await chat.pilot.press("tab")
        for key in "rny":  # faster than the line for the reason comes
            text.post_message(events.Key(key, key))
        await chat.until(lambda: isinstance(chat.screen.focused, Input))
        assert chat.questions == ["Run a command"]
        assert chat.prompt.text == ""
        await chat.pilot.press("tab")
        assert chat.prompt.has_focus
        await chat.pilot.press("tab", "y", "e", "s", "enter")
        await chat.until_shown("Fine.")
        assert "yes" in last_result(await chat.request(2))[0]


async def test_the_hints_are_those_of_where_the_focus_is() -> None:
    async with chatting(Answer(command("true")), words("Fine."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        await chat.until(lambda: chat.hint.strip().startswith("Tab answer  Esc stop  ⏎ queue"))
        await chat.pilot.press("tab")
        await chat.until(lambda: chat.hint.strip() == "Tab back  Esc stop")
        await answer(chat, "r")
        await chat.until(lambda: chat.hint.strip() == "⏎ send  Esc back")
        await chat.pilot.press("escape")
        await chat.until(lambda: chat.hint.strip() == "Tab back  Esc stop")
        await answer(chat, "n")
        await chat.until(lambda: chat.hint.strip().startswith("⏎ send"))


async def test_for_this_chat_a_pattern_answers_what_comes_later(folder: Path) -> None:
    one, other = Answer(command("touch one")), Answer(command("touch two", "toolu_two"))
    async with chatting(one, other, words("Done."), words("Well."), tools="ask") as chat:
        await chat.send("Make them")
        await asked(chat)
        assert "exactly this command" in card_of(chat)
        await chat.pilot.press("tab", "right")
        assert "run_command(touch *)" in card_of(chat)
        await answer(chat, "c")
        await chat.until_shown("Done.")
        assert (folder / "two").exists()


async def test_always_is_kept_in_the_configuration_with_its_comments(folder: Path) -> None:
    config = "# mine\n[tools]\nallow = [ # few\n]\n"
    async with chatting(Answer(command("touch one")), words("Done."), tools="ask", config=config) as chat:
        await chat.send("Make it")
        await asked(chat)
        await chat.pilot.press("tab", "left")
        await answer(chat, "a")
        await chat.until_shown("Done.")
        written = (Path.home() / "config" / "config.toml").read_text()
        assert "# mine" in written
        assert "# few" in written
        assert tomli.loads(written)["tools"]["allow"] == ["run_command(touch *)"]


async def test_what_is_allowed_always_is_so_in_other_chats_at_once(folder: Path) -> None:
    first = Answer(command("touch one", "toolu_1")), Answer(command("touch two", "toolu_2"))
    script = *first, words("Done."), words("Done."), Answer(command("touch six", "toolu_3")), words("Six.")
    async with chatting(*script, tools="ask") as chat:
        await chat.send("Make one")
        await asked(chat)
        await chat.pilot.press("ctrl+n")
        await chat.until(lambda: not chat.questions)
        await chat.send("Make two")
        await asked(chat)
        await chat.pilot.press("tab", "right")
        await answer(chat, "a")
        await chat.until_shown("Done.")
        await chat.until(lambda: names(folder) == ["one", "two"])  # the other chat asked for what is allowed now
        await chat.until(lambda: not chat.screen.parts.background.asking and len(chat.server.requests) == 4)
        await chat.pilot.press("ctrl+n")
        await chat.send("Make six")
        await chat.until_shown("Six.")
        assert names(folder) == ["one", "six", "two"]


async def test_several_questions_wait_for_their_turn_and_a_stop_ends_them_all(folder: Path) -> None:
    three = Answer(command("touch one", "toolu_1"), command("touch two", "toolu_2"), command("touch six", "toolu_3"))
    async with chatting(three, words("Well."), tools="ask") as chat:
        await chat.send("Make them")
        await asked(chat, 3)
        assert "1 of 3" in card_of(chat)
        await answer(chat, "y")
        shield(chat, 600)
        await asked(chat, 2)
        assert "1 of 2" in card_of(chat)
        assert "touch two" in card_of(chat)
        await chat.pilot.press("y")  # at once: meant for the one before
        assert len(chat.questions) == 2
        await chat.until(lambda: "✓" in chat.shown)  # the first has ended, so that the stop does not concern it
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert chat.questions == []
        assert not chat.screen.query_one(QuestionCard).display
        assert chat.prompt.has_focus
        await chat.send("And?")
        await chat.until_shown("Well.")
        sent = (await chat.request(2)).json["messages"]
        results = [block for message in sent for block in message["content"] if block["type"] == "tool_result"]
        assert [bool(result.get("is_error")) for result in results] == [False, True, True]
        assert names(folder) == ["one"]


async def test_a_click_answers_and_one_that_came_too_early_does_not(folder: Path) -> None:
    async with chatting(Answer(command("touch made.txt")), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        row = shield(chat, 600).size.height - 1
        at = card_of(chat).splitlines()[row].index("y once")
        await chat.pilot.click(QuestionText, offset=(at, row))
        assert chat.questions == ["Run a command"]
        at = card_of(chat).splitlines()[row].index("y yes")
        shield(chat, 0)
        await chat.pilot.click(QuestionText, offset=(at, row))
        await chat.until_shown("Done.")
        assert (folder / "made.txt").exists()


async def test_a_long_change_can_be_read_to_its_end_and_larger() -> None:
    content = "".join(f"line {number}\n" for number in range(2_000))
    write = Answer(ToolUse("write_file", input={"path": "long.txt", "content": content}))
    async with chatting(write, words("Well."), tools="ask") as chat:
        await chat.send("Write it")
        await asked(chat)
        assert "of 2,003" in card_of(chat)
        await chat.pilot.press("tab", "end")
        assert "+line 1999" in card_of(chat)
        assert "–2,003 of 2,003" in card_of(chat)
        small = len(card_of(chat).splitlines())
        await chat.pilot.press("enter")
        await chat.pilot.pause()
        assert len(card_of(chat).splitlines()) > small
        assert not chat.screen.show_vertical_scrollbar
        await chat.pilot.press("home")
        assert "+++ b/long.txt" in card_of(chat)
        await chat.pilot.press("pageup", "up", "down", "pagedown")
        assert "+line 10\n" in card_of(chat)


async def test_of_one_long_line_it_says_that_there_is_more() -> None:
    long = "echo " + " ".join(f"word{number}" for number in range(300))
    async with chatting(Answer(command(long)), words("Well."), tools="ask") as chat:
        await chat.send("Say it")
        await asked(chat)
        assert "line 1 of 1, more below · Tab ↑↓" in card_of(chat)
        await chat.pilot.press("tab", "end")
        assert "word299" in card_of(chat)
        assert "line 1 of 1 · ↑↓" in card_of(chat)


@pytest.mark.parametrize("size", [(40, 10), (30, 12), (60, 16)])
async def test_on_a_small_screen_the_question_leaves_the_prompt_where_it_is(size: tuple[int, int]) -> None:
    content = "".join(f"line {number}\n" for number in range(300))
    write = Answer(ToolUse("write_file", input={"path": "long.txt", "content": content}))
    async with chatting(write, words("Well."), tools="ask", size=size) as chat:
        await chat.send("Write it")
        await asked(chat)
        chat.prompt.put("one\ntwo\nthree\nfour\nfive")
        await chat.pilot.press("tab", "enter")
        await chat.pilot.pause()
        assert "+++ b/long.txt" in card_of(chat) or "--- /dev/null" in card_of(chat)
        assert "y once" in card_of(chat)
        assert chat.prompt.region.bottom <= size[1]
        assert chat.prompt.region.height == 3
        assert not chat.screen.show_vertical_scrollbar
        await answer(chat, "n")
        await chat.until_shown("Well.")


async def test_what_would_hide_is_shown_by_a_sign() -> None:
    async with chatting(Answer(command("echo a\u202eb\u200bc\x1b[31m; true")), words("Well."), tools="ask") as chat:
        await chat.send("Do it")
        await asked(chat)
        shown = card_of(chat)
        assert "echo a⟨U+202E⟩b⟨U+200B⟩c⟨U+001B⟩[31m; true" in shown
        assert "invisible characters" in shown


async def test_a_question_in_a_chat_that_was_left_shows_in_the_header_and_stands_there_on_return() -> None:
    async with chatting(Answer(command("true")), words("Done."), tools="ask") as chat:
        await chat.send("Make it")
        await asked(chat)
        await chat.pilot.press("ctrl+n")
        await chat.until(lambda: chat.screen.header.background == "? another chat needs permission")
        assert chat.questions == []
        await chat.until(lambda: "another chat needs permission" in chat.screen.header.render_line(0).text)
        at = chat.screen.header.render_line(0).text.index("another")
        await chat.pilot.click(type(chat.screen.header), offset=(at + 1, 0))
        await asked(chat)
        assert chat.screen.header.background == ""
        await answer(chat, "y")
        await chat.until_shown("Done.")


async def test_of_a_tool_of_a_server_all_arguments_and_the_whole_name_are_seen() -> None:
    arguments = '{"zone":"Europe/Oslo","note":"' + "word " * 40 + '\\u202e"}'
    call = Called("toolu_1", "mcp__clock__time_in", arguments)
    title = "Use time_in of the MCP server that_has_quite_a_long_name_for_a_server"
    question = PermissionRequest(call=call, title=title, kind="call", detail=arguments, rules=("mcp__clock__time_in",))
    async with chatting(tools="ask", size=(50, 30)) as chat:
        card = QuestionCard("Tab")
        await chat.screen.mount(card, before=chat.prompt)
        card.ask((question,))
        await chat.pilot.pause()
        shown = " ".join(card_of(chat).split())
        assert title.replace(" ", "") in shown.replace(" ", "")
        assert '"zone": "Europe/Oslo"' in shown
        assert shown.count("word") == 40
        assert "⟨U+202E⟩" in shown
        assert "c and a allow: mcp__clock__time_in" in shown
