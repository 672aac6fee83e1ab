"""Writing a prompt: keys, history, pastes, commands. Nothing typed is ever lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from writing_prompts import prompt_parts

from tui.actions import slash_matches
from tui.widgets.commands import CommandList
from tui.widgets.pastes import LONG, Pastes, cleaned
from tui.widgets.prompt import PromptArea
from tui.widgets.themes import DARK

pytestmark = pytest.mark.anyio


class PromptApp(App[None]):
    """Only the prompt and its commands; keeps what the prompt posts."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield from (parts := prompt_parts())
        yield PromptArea(*parts)

    def on_prompt_area_submitted(self, event: PromptArea.Submitted) -> None:
        self.posted.append(event)
        self.prompt.remember(event.draft.text)

    def on_prompt_area_command_given(self, event: PromptArea.CommandGiven) -> None:
        self.posted.append(event)

    def on_prompt_area_command_unknown(self, event: PromptArea.CommandUnknown) -> None:
        self.posted.append(event)

    def on_prompt_area_empty_sent(self, event: PromptArea.EmptySent) -> None:
        self.posted.append(event)

    def on_prompt_area_quit_requested(self, event: PromptArea.QuitRequested) -> None:
        self.posted.append(event)

    def on_prompt_area_draft_kept(self, event: PromptArea.DraftKept) -> None:
        self.posted.append(event)

    def on_prompt_area_queue_requested(self, event: PromptArea.QueueRequested) -> None:
        self.posted.append(event)

    @property
    def prompt(self) -> PromptArea:
        return self.query_one(PromptArea)

    @property
    def sent(self) -> list[str]:
        return [event.draft.text for event in self.posted if isinstance(event, PromptArea.Submitted)]

    @property
    def commands(self) -> list[tuple[str, str]]:
        given = [event for event in self.posted if isinstance(event, PromptArea.CommandGiven)]
        assert len(given) == len(self.posted)
        return [(event.name, event.argument) for event in given]


@asynccontextmanager
async def writing() -> AsyncIterator[tuple[PromptApp, Pilot[None]]]:
    app = PromptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.prompt.focus()
        await pilot.pause()
        yield app, pilot


async def paste(app: PromptApp, pilot: Pilot[None], text: str) -> None:
    app.prompt.post_message(events.Paste(text))
    await pilot.pause()


async def test_what_is_said_in_passing_cannot_steer_the_terminal() -> None:
    async with writing() as (app, _):
        app.prompt.say("it said: \x1b]0;title\x07\x9b31m", lasting=True)
        assert not {"\x1b", "\x07", "\x9b"} & set(str(app.prompt.border_subtitle))


async def test_enter_sends_and_empties_the_box() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"hi", "enter")
        assert app.sent == ["hi"]
        assert app.prompt.text == ""


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_a_newline_key_starts_a_line_and_does_not_send(key: str) -> None:
    async with writing() as (app, pilot):
        await pilot.press("a", key, "b")
        assert app.prompt.text == "a\nb"
        assert app.sent == []


async def test_enter_on_an_empty_prompt_sends_no_prompt() -> None:
    async with writing() as (app, pilot):
        await pilot.press("space", "enter")
        assert [type(event) for event in app.posted] == [PromptArea.EmptySent]


async def test_the_box_grows_from_one_line_to_ten() -> None:
    async with writing() as (app, pilot):
        heights = []
        for _ in range(14):
            heights.append(app.prompt.content_size.height)
            await pilot.press("ctrl+j")
        assert heights == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10]


async def test_a_word_in_passing_gives_way_to_what_stood_there_before() -> None:
    async with writing() as (app, _):
        app.prompt.hint("hints")
        app.prompt.say("in passing")
        app.prompt.hints.show_again()
        assert (app.prompt.border_subtitle, app.prompt.is_saying) == (" hints ", False)
        app.prompt.say("editing", lasting=True)
        app.prompt.say("in passing")
        assert app.prompt.border_subtitle == " in passing "
        app.prompt.hints.show_again()
        assert (app.prompt.border_subtitle, app.prompt.is_saying) == (" editing ", True)
        app.prompt.hint("others")
        app.prompt.hints.show_again()
        assert (app.prompt.border_subtitle, app.prompt.is_saying) == (" others ", False)


async def test_a_lasting_word_gives_way_once_something_else_is_written() -> None:
    async with writing() as (app, pilot):
        app.prompt.hint("hints")
        app.prompt.put("came back")
        app.prompt.say("your prompt is back", lasting=True)
        await pilot.pause()
        assert (app.prompt.border_subtitle, app.prompt.is_saying) == (" your prompt is back ", True)
        await pilot.press("x")
        assert (app.prompt.border_subtitle, app.prompt.is_saying) == (" hints ", False)


async def test_a_word_in_passing_stays_while_something_is_written_and_brings_back_the_hints() -> None:
    async with writing() as (app, pilot):
        app.prompt.hint("hints")
        app.prompt.say("to stay", lasting=True)
        app.prompt.say("in passing")
        await pilot.press("x")
        assert app.prompt.border_subtitle == " in passing "
        app.prompt.hints.show_again()
        assert (app.prompt.border_subtitle, app.prompt.is_saying) == (" hints ", False)


async def test_up_and_down_go_through_the_sent_prompts_and_back_to_the_draft() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"one", "enter", *"two", "enter", *"draft")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            seen.append(app.prompt.text)
        assert seen == ["two", "one", "one", "two", "draft"]


async def test_what_is_made_of_an_earlier_prompt_is_kept_when_another_one_is_looked_at() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"one", "enter", *"two", "enter", *"draft", "up", *"2 ", "home", "up")
        assert app.prompt.text == "one"
        await pilot.press("down", *"3 ", "down")
        assert app.prompt.text == "2 two"
        await pilot.press("down")
        assert app.prompt.text == "3 two"
        await pilot.press("down")
        assert app.prompt.text == "draft"
        assert [event.text for event in app.posted if isinstance(event, PromptArea.DraftKept)] == ["2 two", "3 two"]


async def test_a_draft_is_not_lost_over_a_second_text_that_is_laid_aside() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"old", "enter", *"draft", "up")
        app.prompt.recall("picked")
        assert app.prompt.unsent == ("picked", "draft"), "an earlier prompt that was only looked at is nobody's draft"
        app.prompt.recall("another")
        assert app.prompt.unsent == ("another", "picked")
        await pilot.press("up")
        assert app.prompt.text == "draft"
        await pilot.press("up")
        assert app.prompt.text == "old"


async def test_up_inside_a_prompt_of_several_lines_moves_the_cursor() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"old", "enter", "a", "ctrl+j", "b", "up")
        assert app.prompt.text == "a\nb"
        assert app.prompt.cursor_location[0] == 0


async def test_sending_a_recalled_prompt_brings_the_draft_back() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"old", "enter", *"draft", "up", "enter")
        assert app.sent == ["old", "old"]
        assert app.prompt.text == "draft"


async def test_editing_a_queued_prompt_lays_the_draft_aside_until_it_is_sent() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"draft")
        app.prompt.recall("queued")
        await pilot.press("!", "enter")
        assert app.sent == ["queued!"]
        assert app.prompt.text == "draft"


async def test_up_on_the_empty_prompt_asks_for_the_queue_first() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"old", "enter")
        app.prompt.prefers_queue = True
        await pilot.press("up")
        assert isinstance(app.posted[-1], PromptArea.QueueRequested)
        assert app.prompt.text == ""


async def test_ctrl_d_leaves_only_an_empty_prompt() -> None:
    async with writing() as (app, pilot):
        await pilot.press("a", "home", "ctrl+d")
        assert app.prompt.text == ""
        assert app.posted == []
        await pilot.press("ctrl+d")
        assert [type(event) for event in app.posted] == [PromptArea.QuitRequested]


async def test_a_paste_of_several_lines_is_text_and_sends_nothing() -> None:
    async with writing() as (app, pilot):
        await paste(app, pilot, "[bold]one[/]\r\ntwo\rthree")
        assert app.prompt.text == "[bold]one[/]\ntwo\nthree"
        assert app.sent == []


async def test_control_characters_in_a_paste_do_not_reach_the_screen() -> None:
    async with writing() as (app, pilot):
        await paste(app, pilot, "a\x1b[2Jb\x07\x9bc\td")
        assert app.prompt.text == "a[2Jbc\td"


async def test_a_paste_of_1_mb_is_folded_at_once_and_sent_whole() -> None:
    book = "0123456789" * 104_857
    async with writing() as (app, pilot):
        await pilot.press(*"see ")
        await paste(app, pilot, book)
        assert app.prompt.text == "see [text 1: 1.0 MB, 1 line]"  # what the text area has to draw
        await pilot.press("!", "enter")
        assert app.sent == [f"see {book}!"]


async def test_a_folded_paste_says_how_much_it_is_and_is_deleted_as_a_whole() -> None:
    async with writing() as (app, pilot):
        await paste(app, pilot, "line\n" * LONG)
        assert app.prompt.text == "[text 1: 50 KB, 10,000 lines]"
        await pilot.press("backspace")
        assert app.prompt.text == ""


async def test_each_command_is_one_row_whatever_it_takes() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"/e")
        shown = str(app.query_one(CommandList).content).split("\n")
        assert any(row.endswith("/export  Export this chat") for row in map(str.rstrip, shown))
        assert app.query_one(CommandList).size.height == len(shown)


async def test_a_slash_lists_the_commands_and_enter_runs_the_chosen_one() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"/th")
        assert "thinking" in str(app.query_one(CommandList).content)
        await pilot.press("down", "enter")
        assert app.commands == [(slash_matches("th")[1].name, "")]
        assert app.prompt.text == ""


async def test_tab_completes_a_command_so_that_it_can_take_an_argument() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"/mo", "tab", *"opus", "enter")
        assert app.commands == [("models", "opus")]


async def test_escape_closes_the_list_and_keeps_the_text() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"/th", "escape")
        assert not app.query_one(CommandList).is_open
        assert app.prompt.text == "/th"


async def test_a_mistyped_command_is_not_sent_to_claude() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"/modle", "enter")
        assert [type(event) for event in app.posted] == [PromptArea.CommandUnknown]
        assert app.prompt.text == "/modle"


async def test_a_path_is_a_prompt() -> None:
    async with writing() as (app, pilot):
        await pilot.press(*"/usr/bin?", "enter")
        assert app.sent == ["/usr/bin?"]


async def test_the_cursor_does_not_blink_so_that_an_idle_screen_writes_nothing() -> None:
    async with writing() as (app, _):
        assert not app.prompt.cursor_blink


def test_two_folded_texts_are_told_apart() -> None:
    pastes = Pastes()
    first, second = pastes.fold("a" * (LONG + 1)), pastes.fold("b" * (LONG + 1))
    assert pastes.unfold(f"{second} and {first}") == "b" * (LONG + 1) + " and " + "a" * (LONG + 1)


def test_a_short_text_is_not_folded() -> None:
    assert Pastes().fold("a" * LONG) == "a" * LONG


def test_cleaning_keeps_every_printable_character() -> None:
    text = "naïve — עברית \u202b 日本語 👩‍👩‍👧 [not markup] \\ \t end"
    assert cleaned(text) == text
