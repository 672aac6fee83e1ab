"""What a reader does in the pane: goes from message to message, opens, copies, selects, follows links."""

from __future__ import annotations

import pytest
from conversation_app import ChatApp, answer, deltas, prompt, so_far

from tui.chat.transcript import Message, RedactedThinking, Text, Thinking, ToolUse
from tui.widgets.conversation import Conversation

pytestmark = pytest.mark.anyio

CODE = "First:\n\n```python\na = 1\n```\n\nand:\n\n```sh\nls\n```\n"
LONG = "the quick brown fox jumps over the lazy dog and then some more " * 3


def row_of(app: ChatApp, words: str) -> int:
    return next(y for y, row in enumerate(app.rows()) if words in row)


def copied(app: ChatApp) -> list[tuple[str, str]]:
    return [(said.text, said.what) for said in app.posted if isinstance(said, Conversation.CopyRequested)]


async def drag(pilot, pane, start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(pane, offset=start)
    await pilot.hover(pane, offset=end)
    await pilot.mouse_up(pane, offset=end)
    await pilot.pause()


# The mark


async def test_the_mark_goes_from_message_to_message() -> None:
    app = ChatApp(messages=[prompt("one"), answer("two"), prompt("three"), answer("four")])
    async with app.run_test(size=(60, 30)) as pilot:
        app.set_focus(None)
        assert "▎" not in app.screen_text()
        app.pane.focus()
        await pilot.pause()
        assert app.rows()[row_of(app, "four")].startswith("▎")
        await pilot.press("up", "k")
        assert app.rows()[row_of(app, "two")].startswith("▎")
        assert not app.rows()[row_of(app, "four")].startswith("▎")
        await pilot.press("down")
        assert app.rows()[row_of(app, "three")].startswith("▎")
        app.set_focus(None)
        await pilot.pause()
        assert "▎" not in app.screen_text()


async def test_a_message_taller_than_the_screen_is_walked_through() -> None:
    tall = "\n\n".join(f"paragraph {number}" for number in range(40))
    app = ChatApp(messages=[prompt("first"), answer(tall), prompt("last")])
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.focus()
        await pilot.press("up")
        assert app.pane.cursor.index == 1
        seen = set()
        for _ in range(20):
            seen.update(row.removeprefix("▎").strip() for row in app.rows())
            if app.pane.cursor.index == 0:
                break
            await pilot.press("up")
        assert {f"paragraph {number}" for number in range(40)} <= seen
        assert app.rows()[0] == "▎You"


async def test_every_place_of_the_reader_is_found_again_also_without_what_was_noted_below() -> None:
    said = [
        prompt("one"),
        answer("two\n\n" + "three " * 80 + "\n\n```python\na = 1\n```\n\n- four\n- five"),
        prompt("six"),
    ] * 3
    app, again = ChatApp(messages=said), ChatApp(messages=said)
    async with app.run_test(size=(60, 10)), again.run_test(size=(60, 10)):
        app.pane.note("Something that is not kept.")
        app.pane.catch_up()
        app.pane.action_scroll_home()
        seen = 0
        while (place := app.pane.scroll_position) is not None:
            again.pane.show(said)
            again.pane.scroll_to_position(place)
            if not again.pane.following:  # it has no note to scroll to
                assert again.rows() == app.rows()
                seen += 1
            app.pane.scroll_rows(1)
        assert seen > 40


async def test_y_copies_the_source_of_the_marked_message() -> None:
    app = ChatApp(messages=[prompt("*typed*"), answer("**bold** [x](https://a.b)")])
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.focus()
        await pilot.press("y", "up", "y")
        await pilot.pause()
        assert copied(app) == [("**bold** [x](https://a.b)", "message"), ("*typed*", "message")]


async def test_u_copies_code_and_goes_through_the_blocks() -> None:
    app = ChatApp(messages=[answer(CODE)])
    async with app.run_test(size=(60, 24)) as pilot:
        app.pane.focus()
        await pilot.press("u", "u", "u")
        await pilot.pause()
        assert copied(app) == [("a = 1\n", "python code"), ("ls\n", "sh code"), ("a = 1\n", "python code")]


async def test_the_hint_on_a_block_of_code_copies_it() -> None:
    app = ChatApp(messages=[answer(CODE)])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        row = row_of(app, "sh")
        assert app.rows()[row].endswith(" u copy")
        await pilot.click(app.pane, offset=(57, row))
        await pilot.click(app.pane, offset=(5, row))
        await pilot.pause()
        assert copied(app) == [("ls\n", "sh code")]


async def test_the_keys_of_reading_are_in_the_table_of_bindings() -> None:
    keys = {key for binding in Conversation.BINDINGS for key in binding.key.split(",")}
    assert {"y", "u", "r", "up", "down", "j", "k", "enter"} <= keys
    assert all(binding.description for binding in Conversation.BINDINGS)


# Folded lines


def thoughtful() -> list[Message]:
    thinking = Thinking("The kelp streams seaward.", "sig")
    return [answer("Out.", thinking, thought_s=2.1), prompt("?"), answer("Yes.", Thinking("Hm.", "sig"), thought_s=1)]


async def test_all_thinking_opens_and_folds_also_what_comes_later() -> None:
    app = ChatApp(messages=thoughtful())
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        folded = app.rows()
        assert "▸ thought for 2 s" in app.screen_text()
        assert "kelp" not in app.screen_text()
        app.pane.toggle_thinking()
        assert "▾ thought for 2 s\n   The kelp streams seaward." in app.screen_text()
        assert "Hm." in app.screen_text()
        app.pane.add(prompt("?"))
        app.pane.add(answer("Late.", Thinking("Later thought.", "sig")))
        assert "Later thought." in app.screen_text()
        app.pane.toggle_thinking()
        assert app.rows()[: len(folded) // 2] == folded[: len(folded) // 2]


async def test_thinking_that_streams_is_shown_if_thinking_is_open() -> None:
    from tui.chat.events import BlockStart, ThinkingDelta

    app = ChatApp()
    async with app.run_test(size=(60, 24)):
        app.pane.begin("Sonnet 5.5")
        app.pane.grow(so_far(""), [BlockStart(0, Thinking("")), ThinkingDelta(0, "Let me see. ")])
        app.pane.catch_up()
        assert "▸ thinking▍" in app.screen_text()
        app.clock.now += 3
        app.pane._tick()
        assert "▸ thinking for 3 s▍" in app.screen_text()
        app.pane.toggle_thinking()
        app.pane.grow(so_far(""), [ThinkingDelta(0, "So it is.")])
        app.pane.catch_up()
        assert "   Let me see. So it is.▍" in app.screen_text()


async def test_a_click_or_enter_opens_one() -> None:
    app = ChatApp(messages=thoughtful())
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        await pilot.click(app.pane, offset=(5, row_of(app, "thought for 2 s")))
        await pilot.pause()
        assert "kelp" in app.screen_text()
        assert "Hm." not in app.screen_text()
        app.pane.focus()
        await pilot.press("enter")
        assert "kelp" not in app.screen_text()


async def test_a_tool_opens_on_its_arguments_and_hidden_thinking_on_nothing() -> None:
    app = ChatApp(messages=[answer("", RedactedThinking("x"), ToolUse("t", "read", '{"path":"a","limit":3}'))])
    async with app.run_test(size=(60, 24)) as pilot:
        app.pane.focus()
        assert "▸ thought" not in app.screen_text()
        await pilot.press("enter")
        assert "limit: 3" in app.screen_text()


async def test_opening_above_keeps_the_readers_place() -> None:
    messages = [*thoughtful(), prompt("?"), answer("\n\n".join(f"row {number}" for number in range(40)))]
    app = ChatApp(messages=messages)
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.scroll_relative(y=-10, animate=False)
        await pilot.pause()
        before = app.rows()
        app.pane.toggle_thinking()
        assert app.rows() == before


# The mouse


async def test_a_selection_joins_rows_that_were_only_wrapped() -> None:
    app = ChatApp(messages=[prompt(LONG), answer(LONG)])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        first = row_of(app, "the quick")
        await drag(pilot, app.pane, (1, first), (40, first + 3))
        assert LONG.startswith(app.screen.get_selected_text())
        assert len(app.screen.get_selected_text()) > 150


async def test_a_selection_over_messages_leaves_out_margins_bars_and_figures() -> None:
    app = ChatApp(messages=[prompt("question"), answer("before\n\n```py\ncode = 1\n```")])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        await drag(pilot, app.pane, (1, row_of(app, "question")), (58, row_of(app, "code = 1")))
        assert app.screen.get_selected_text() == "question\n\nSONNET\nbefore\n\ncode = 1"


async def test_selected_characters_are_the_ones_highlighted() -> None:
    app = ChatApp(messages=[prompt("the quick brown fox")])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        await drag(pilot, app.pane, (5, 1), (9, 1))
        assert app.screen.get_selected_text() == "quick"
        colour = app.screen.get_component_rich_style("screen--selection").bgcolor
        lit = [segment.text for segment in app.pane.render_line(1) if segment.style and segment.style.bgcolor == colour]
        assert "".join(lit) == "quick"


async def test_a_selection_outlives_what_streams_below_it() -> None:
    app = ChatApp(messages=[prompt("the quick brown fox")])
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await drag(pilot, app.pane, (5, 1), (9, 1))
        app.pane.begin("Sonnet 5.5")
        app.pane.grow(so_far("x"), deltas("row\n\n" * 30))
        app.pane.catch_up()
        await pilot.pause()
        assert app.screen.get_selected_text() == "quick"


async def test_two_clicks_select_a_word_and_three_the_paragraph() -> None:
    app = ChatApp(messages=[prompt("before"), answer(LONG)])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        row = row_of(app, "the quick")
        await pilot.click(app.pane, offset=(6, row), times=2)
        assert app.screen.get_selected_text() == "quick"
        await pilot.click(app.pane, offset=(6, row + 1), times=3)
        assert app.screen.get_selected_text() == LONG.strip()


async def test_a_click_on_a_link_opens_it_and_a_drag_over_it_does_not() -> None:
    app = ChatApp(messages=[answer("See [the tables](https://example.org/t) or [this](file:///etc/passwd).")])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        row = row_of(app, "the tables")
        await pilot.click(app.pane, offset=(7, row))
        await pilot.pause()
        assert [said.url for said in app.posted if isinstance(said, Conversation.LinkOpened)] == [
            "https://example.org/t"
        ]
        await drag(pilot, app.pane, (5, row), (8, row))
        await pilot.click(app.pane, offset=(app.rows()[row].index("this") + 1, row))
        await pilot.pause()
        assert sum(isinstance(said, Conversation.LinkOpened) for said in app.posted) == 1


async def test_sources_are_links() -> None:
    cite = '{"type":"web_search_result_location","url":"https://example.org/tides","title":"Tides"}'
    app = ChatApp(messages=[answer("", Text("High at ten.", (cite,)))])
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        row = row_of(app, "Tides")
        assert app.rows()[row] == "  1 Tides · example.org"
        await pilot.click(app.pane, offset=(5, row))
        await pilot.pause()
        assert [said.url for said in app.posted if isinstance(said, Conversation.LinkOpened)] == [
            "https://example.org/tides"
        ]


async def test_everything_can_be_selected_without_looking_at_it_first() -> None:
    app = ChatApp(messages=[prompt(f"question {number}") for number in range(50)])
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.pane.text_select_all()
        text = app.screen.get_selected_text()
        assert all(f"question {number}" in text for number in range(50))
