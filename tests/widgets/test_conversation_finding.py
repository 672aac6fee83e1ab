"""Words are found wherever a reader could find them: in text, in folded thinking, in what tools were asked."""

from __future__ import annotations

import pytest
from conversation_app import ChatApp, answer, prompt

from tui.chat.transcript import Message, Text, Thinking, ToolUse

pytestmark = pytest.mark.anyio

SAND = "\n\n".join(f"Line {number} of sand." for number in range(60))


def thought(thinking: str, text: str) -> Message:
    return Message(role="assistant", model="opus", blocks=(Thinking(thinking), Text(text)))


def marked_rows(app: ChatApp) -> list[str]:
    """The rows on the screen with a highlighted piece."""
    strips = [app.pane.render_line(y) for y in range(app.pane.size.height)]
    return [strip.text.strip() for strip in strips if any(segment.style and segment.style.reverse for segment in strip)]


async def test_the_thinking_with_the_match_opens_and_folds_again_when_the_search_goes_on() -> None:
    messages = [prompt("one"), thought("The kelp lies seaward.", SAND), prompt("two"), answer("More kelp.")]
    app = ChatApp(messages)
    async with app.run_test(size=(60, 20)):
        assert app.pane.find("kelp") == 2
        assert marked_rows(app) == ["More kelp."]
        app.pane.find_next(-1)
        assert marked_rows(app) == ["The kelp lies seaward."]
        assert "▾ thought" in app.screen_text()
        app.pane.find_next(-1)
        assert marked_rows(app) == ["More kelp."]
        app.pane.action_scroll_home()
        assert "▸ thought" in app.screen_text()
        assert "seaward" not in app.screen_text()


async def test_what_was_found_stays_open_when_the_search_ends() -> None:
    app = ChatApp([prompt("one"), thought("The kelp lies seaward.", "Out.")])
    async with app.run_test(size=(60, 20)):
        app.pane.find("seaward")
        app.pane.find("")
        assert "kelp lies seaward" in app.screen_text()
        assert marked_rows(app) == []


async def test_what_a_tool_was_asked_is_found() -> None:
    tool = ToolUse(id="1", name="search", input='{"query": "tides", "place": "the fjord of kelp"}')
    app = ChatApp([prompt("one"), Message(role="assistant", model="opus", blocks=(tool, Text("Out.")))])
    async with app.run_test(size=(60, 20)):
        assert app.pane.find("of kelp") == 1
        assert marked_rows(app) == ["place: the fjord of kelp"]


async def test_matches_in_one_turn_are_gone_through_whatever_is_folded() -> None:
    blocks = (Thinking("A kelp in thought."), Text("A kelp in text."), Thinking("Kelp again."))
    app = ChatApp([prompt("one"), Message(role="assistant", model="opus", blocks=blocks)])
    async with app.run_test(size=(60, 20)):
        seen = []
        app.pane.find("kelp")
        for _ in range(4):
            opened = [row for row in marked_rows(app) if "text" not in row]
            seen.append(opened[0] if opened else "text")
            app.pane.find_next(1)
        assert seen == ["Kelp again.", "A kelp in thought.", "text", "Kelp again."]


async def test_only_turns_on_the_way_to_a_match_are_laid_out() -> None:
    messages = [message for n in range(200) for message in (prompt(f"kelp {n}"), answer(SAND))]
    app = ChatApp(messages)
    async with app.run_test(size=(60, 20)):
        before = app.pane.viewport.built_turns
        assert app.pane.find("kelp") == 200
        assert app.pane.viewport.built_turns - before < 10


async def test_a_message_is_shown_at_the_row_with_most_of_the_words() -> None:
    text = f"Only kelp here.\n\n{SAND}\n\nKelp and tide.\n\n{SAND}"
    app = ChatApp([prompt("one"), answer(text), prompt("two"), answer("kelp")])
    async with app.run_test(size=(60, 20)):
        app.pane.show_message(1, ("kelp", "tide"))
        assert marked_rows(app) == ["Kelp and tide."]
        app.pane.show_message(0, ("kelp",))
        assert app.pane.cursor.index == 0
