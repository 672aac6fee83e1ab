"""What is selected is copied as it was written: without the breaks, blanks and frames that drawing it has added."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from conversation_app import ChatApp, answer, prompt
from textual.pilot import Pilot

from tui.chat.transcript import Message, Text, Thinking, ToolResult, ToolUse
from tui.widgets.conversation.selector import selection_of
from tui.widgets.conversation.viewport import RowPosition

pytestmark = pytest.mark.anyio

LONG = (
    "see https://example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa and what it says of the tides, the wind and the moon. "
    * 2
)
LONG = LONG.strip()
CJK = "潮汐は月と太陽の引力によって起こる海面の上下のことである。" * 3
SIGNS = "👍 and 🇩🇪 and e\u0301 and ශ්‍රී " * 8
CODE = [
    'msg = "see https://example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
    "",
    "    if deep:",
    " " * 40 + "return the_very_long_name_of_a_function(with_an_argument, and_another)",
    "\tone\ttab\tafter another",
    "\t\t" + "x = 1 + " * 15 + "2",
    "plain",
]
TABLE = [
    ["name", "what it is"],
    ["one", "short"],
    ["two", "a cell that is far too long for its column, so that it takes several rows of the screen"],
    ["three, which is long as well, for a name", ""],
    ["四", "潮汐は月と太陽の引力によって起こる"],
]


EMOJI = "👩\u200d🚀 👩🏽\u200d💻 ❤\ufe0f\u200d🔥 👨\u200d👩\u200d👧\u200d👦 fine ✔\ufe0f 👍🏽 " * 3
EMOJI = EMOJI.strip()


def table(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---|---|", *lines[1:]])


def fenced(lines: Sequence[str]) -> str:
    return "\n".join(["```python", *lines, "```"])


CASES = {
    "prose": (f"{LONG}\n\n{CJK}\n\n{SIGNS.strip()}", f"{LONG}\n\n{CJK}\n\n{SIGNS.strip()}"),
    "a heading": (f"# {LONG}", LONG),
    "code": (fenced(CODE), "\n".join(CODE)),
    "a list": (f"- {LONG}\n- {CJK}", f"• {LONG}\n• {CJK}"),
    "numbers": (f"1. {LONG}\n2. {CJK}", f"1. {LONG}\n2. {CJK}"),
    "a quote": (f"> {LONG}\n>\n> {CJK}", f"{LONG}\n\n{CJK}"),
    "code in a quote": ("\n".join(f"> {line}" for line in fenced(CODE[:4]).split("\n")), "\n".join(CODE[:4])),
    "a table": (table(TABLE), "\n".join(" | ".join(row) for row in TABLE).replace("is\n", "is\n--- | ---\n", 1)),
    "joined emoji": (f"{EMOJI}\n\n**{EMOJI}**", f"{EMOJI}\n\n{EMOJI}"),
    "joined emoji in code": (fenced([f"\ttext = '{EMOJI}'"]), f"\ttext = '{EMOJI}'"),
    "joined emoji in a table": (f"| a | b |\n|---|---|\n| {EMOJI} | x |", f"{EMOJI} | x"),
}
CASES["a table"] = (CASES["a table"][0], CASES["a table"][1].replace("name | \n", "name\n"))


async def shown(app: ChatApp, pilot: Pilot[None], *messages: Message) -> None:
    app.pane.show(messages)
    await pilot.pause()


def all_copied(app: ChatApp) -> str:
    app.pane.text_select_all()
    return app.screen.get_selected_text() or ""


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [23, 60, 100])
async def test_an_answer_is_copied_as_it_was_written(name: str, width: int) -> None:
    source, text = CASES[name]
    app = ChatApp()
    async with app.run_test(size=(width, 20)) as pilot:
        await shown(app, pilot, answer(source))
        assert text in all_copied(app)


@pytest.mark.parametrize("width", [23, 60])
async def test_prompts_thinking_and_what_tools_say_are_copied_as_they_were(width: int) -> None:
    app = ChatApp()
    asked, told = f"asked {LONG}\n  indented\n{CJK}\n{EMOJI}", f"told {LONG}\n  indented\n{CJK}"
    async with app.run_test(size=(width, 120)) as pilot:
        calls = answer("", Thinking(f"thought {LONG}\n\n{CJK}", "x"), ToolUse("t", "read_file", '{"path":"a"}'))
        results = Message(role="user", blocks=(ToolResult("t", (Text(told),)),))
        await shown(app, pilot, prompt(asked), calls, results, answer("done"))
        for closed in ("▸ thought", "▸ read_file"):
            row = next(at for at, text in enumerate(app.rows()) if closed in text)
            await pilot.click(app.pane, offset=(4, row))
            await pilot.pause()
        copied = all_copied(app)
    for text in (asked, told, f"thought {LONG}\n\n{CJK}"):
        assert text in copied


@pytest.mark.parametrize("name", ["prose", "code", "a quote", "a heading"])
async def test_a_part_is_copied_as_a_part_of_the_text(name: str) -> None:
    source, text = CASES[name]
    draw = random.Random(40)
    app = ChatApp()
    async with app.run_test(size=(60, 20)) as pilot:
        await shown(app, pilot, answer(source))
        copied, view = all_copied(app), app.pane.viewport
        height = view.turns[0].height
        for _ in range(150):
            rows = sorted(draw.randrange(2, height - 1) for _ in range(2))
            first, last = (RowPosition(0, row) for row in rows)
            spots = [draw.randrange(62) for _ in range(2)]
            app.screen.selections = {app.pane: selection_of(first, spots[0], last, max(spots[1], spots[0] + 1))}
            part = app.screen.get_selected_text() or ""
            assert part.strip() in copied
            assert not part.startswith("\u200d")
    assert text in copied


async def test_a_part_of_a_table_is_what_is_selected_of_its_cells() -> None:
    app = ChatApp()
    async with app.run_test(size=(60, 20)) as pilot:
        await shown(app, pilot, answer(table(TABLE)))
        rows = app.rows()
        top = next(at for at, row in enumerate(rows) if "two" in row)
        start = rows[top].index("a cell") - 1
        app.screen.selections = {app.pane: selection_of(RowPosition(0, top), start, RowPosition(0, top + 1), start + 8)}
        part = app.screen.get_selected_text() or ""
        assert TABLE[2][1].startswith(part)
        assert len(part) > 20


async def test_a_line_of_code_that_wraps_is_dragged_over_without_its_padding() -> None:
    line = CODE[0]
    app = ChatApp()
    async with app.run_test(size=(60, 20)) as pilot:
        await shown(app, pilot, answer(f"```python\n{line}\n```"))
        top = next(at for at, row in enumerate(app.rows()) if "msg =" in row)
        await pilot.mouse_down(app.pane, offset=(1, top))
        await pilot.hover(app.pane, offset=(30, top + 1))
        await pilot.hover(app.pane, offset=(58, top + 1))
        await pilot.mouse_up(app.pane, offset=(58, top + 1))
        assert app.screen.get_selected_text() == line
