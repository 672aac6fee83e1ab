"""A chat as a user has it: sending, stopping, queueing, failing, switching. Against the simulator, over real HTTP."""

from __future__ import annotations

import asyncio
import time

import pytest
from chatting import LIMIT_S, chatting, words
from textual.events import Key, MouseScrollUp, Paste
from textual.widgets import Static

from tui.demo.reply import Cut, Gate
from tui.demo.scenarios import Answer, Error, Text, Thinking
from tui.screens.command_palette import Palette
from tui.screens.dialogs import ConfirmDialog, HelpScreen
from tui.screens.models import ModelPicker
from tui.screens.request_inspector import Inspector
from tui.widgets.conversation import Conversation
from tui.widgets.queue import QueueList
from tui.widgets.status import StatusBar
from tui.widgets.welcome import Welcome

pytestmark = pytest.mark.anyio


def prompts(body: dict[str, object]) -> list[str]:
    """The user's texts in a request's body."""
    messages = body["messages"]
    assert isinstance(messages, list)
    contents = [message["content"] for message in messages if message["role"] == "user"]
    return [content if isinstance(content, str) else content[0]["text"] for content in contents]


# Sending


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (60, 20)])
async def test_on_a_small_screen_there_is_room_for_the_answer(size: tuple[int, int]) -> None:
    async with chatting(words("first word, last"), size=size) as chat:
        await chat.send("a question")
        await chat.until_idle()
        await chat.until(lambda: "last" in chat.shown)
        chat.prompt.put("line\n" * 30)
        await chat.pilot.pause()
        assert "last" in chat.shown
        assert chat.prompt.region.height >= 3
        assert chat.prompt.region.bottom <= size[1]


async def test_the_prompt_has_the_focus_from_the_first_frame() -> None:
    async with chatting() as chat:
        assert chat.app.focused is chat.prompt


async def test_a_prompt_is_answered_and_both_are_shown() -> None:
    async with chatting(words("It runs **out**.")) as chat:
        await chat.send("Which way does the tide run?")
        await chat.until_idle()
        assert "Which way does the tide run?" in chat.shown
        assert "It runs out." in chat.shown
        assert chat.screen.header.title == "Which way does the tide run?"
        assert prompts((await chat.request()).json) == ["Which way does the tide run?"]


async def test_on_a_message_the_hints_say_what_can_be_done_with_it() -> None:
    async with chatting(words("It runs out.")) as chat:
        await chat.send("Which way?")
        await chat.until_idle()
        await chat.pilot.press(*"and")
        await chat.until(lambda: "tok" in chat.hint)
        await chat.pilot.press("tab")
        await chat.until(lambda: chat.hint.strip() == "↑↓ choose  e edit  g regenerate  y copy  Esc back")
        await chat.pilot.press("escape")
        await chat.until(lambda: "⏎ send" in chat.hint)
        assert chat.prompt.text == "and"


async def test_a_message_without_code_says_so_when_its_code_is_wanted() -> None:
    async with chatting(words("It runs out.")) as chat:
        await chat.send("Which way?")
        await chat.until_idle()
        await chat.pilot.press("tab", "u")
        await chat.until(lambda: "No code in this message" in chat.hint)


async def test_the_next_turn_tells_the_whole_conversation() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.send("second")
        await chat.until_idle()
        assert prompts((await chat.request(2)).json) == ["first", "second"]


async def test_text_is_shown_while_it_arrives() -> None:
    gate = Gate()
    async with chatting(Answer(Text("The first half", gate, " and the second."))) as chat:
        await chat.send("go")
        await chat.until_shown("The first half")
        assert chat.screen.session.running
        gate.open()
        await chat.until_shown("The first half and the second.")


async def test_a_prompt_given_on_the_command_line_is_sent_at_once() -> None:
    async with chatting(words("hello"), prompt="from the shell") as chat:
        await chat.until_shown("hello")
        assert prompts((await chat.request()).json) == ["from the shell"]


async def test_a_prompt_of_1_mb_is_sent_whole() -> None:
    async with chatting(words("read")) as chat:
        await chat.send("x" * 1_000_000)
        await chat.until_shown("read")
        assert prompts((await chat.request()).json) == ["x" * 1_000_000]


async def test_what_claude_says_is_never_markup() -> None:
    async with chatting(words("a [red]b[/red] [link='file:///etc/passwd']c[/link]")) as chat:
        await chat.send("[bold]hi[/bold]")
        await chat.until_idle()
        assert "[bold]hi[/bold]" in chat.shown
        assert "[red]b[/red]" in chat.shown
        assert chat.screen.header.title == "[bold]hi[/bold]"


# Stopping


async def test_esc_stops_within_100_ms_while_the_server_is_silent() -> None:
    """The best of some, since others may be at work on this machine."""
    took_s: list[float] = []
    async with chatting(*[Answer(before=(Gate(),))] * 20) as chat:
        while len(took_s) < 20 and min(took_s, default=1.0) >= 0.1:
            await chat.send("anyone there?")
            await chat.request(len(took_s) + 1)
            began = time.monotonic()
            chat.screen.actions["stop"]("")
            while chat.screen.session.running:  # noqa: ASYNC110  (nobody tells; the moment counts)
                await asyncio.sleep(0)
            took_s.append(time.monotonic() - began)
            recorded = await asyncio.to_thread(chat.server.wait_until_closed, len(took_s), LIMIT_S)
            assert recorded.closed_early
            await chat.until(lambda: chat.prompt.text == "anyone there?")
            chat.prompt.put("")
    assert min(took_s) < 0.1


async def test_a_stopped_answer_keeps_its_text_and_the_next_turn_works() -> None:
    async with chatting(Answer(Text("Half an ", Gate(), "answer")), words("whole")) as chat:
        await chat.send("go")
        await chat.until_shown("Half an")
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert "Half an" in chat.shown
        assert "Stopped, text kept" in chat.hint
        await chat.send("again")
        await chat.until_shown("whole")


async def test_a_prompt_stopped_before_any_answer_comes_back() -> None:
    async with chatting(Answer(before=(Gate(),))) as chat:
        await chat.send("a precious prompt")
        await chat.request()
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert chat.prompt.text == "a precious prompt"


async def test_ctrl_c_stops_a_running_answer() -> None:
    async with chatting(Answer(Text("Half ", Gate(), "more"))) as chat:
        await chat.send("go")
        await chat.until_shown("Half")
        await chat.pilot.press("ctrl+c")
        await chat.until_idle()
        assert chat.app.screen is chat.screen


# The queue


async def test_prompts_sent_meanwhile_wait_in_sight_and_go_out_in_order() -> None:
    gate = Gate()
    async with chatting(Answer(Text("one", gate)), words("two"), words("three")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("second")
        await chat.send("third")
        assert chat.queued == ["second", "third"]
        assert chat.screen.query_one(QueueList).size.height == 2
        assert len(chat.server.requests) == 1
        gate.open()
        await chat.until(lambda: len(chat.server.requests) == 3)
        await chat.until_idle()
        assert prompts(chat.server.requests[2].json) == ["first", "second", "third"]
        assert chat.queued == []


async def test_up_brings_the_last_queued_prompt_back_to_be_edited() -> None:
    gate = Gate()
    async with chatting(Answer(Text("one", gate)), words("two")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("secnd")
        await chat.pilot.press("up")
        assert (chat.prompt.text, chat.queued) == ("secnd", [])
        await chat.send("second")
        gate.open()
        await chat.until_shown("two")
        assert prompts((await chat.request(2)).json) == ["first", "second"]


async def test_a_queued_prompt_can_be_removed() -> None:
    gate = Gate()
    async with chatting(Answer(Text("one", gate)), words("two")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("wrong")
        await chat.send("right")
        chat.screen.query_one(QueueList).focus()
        await chat.pilot.press("delete")
        assert chat.queued == ["right"]
        gate.open()
        await chat.until_shown("two")
        assert prompts((await chat.request(2)).json) == ["first", "right"]


async def test_removing_the_last_queued_prompt_gives_the_focus_back() -> None:
    async with chatting(Answer(Text("one", Gate()))) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("wrong")
        chat.screen.query_one(QueueList).focus()
        await chat.pilot.press("delete")
        assert chat.app.focused is chat.prompt


async def test_after_a_stop_the_queue_is_held_until_enter_on_the_empty_prompt() -> None:
    async with chatting(Answer(Text("one", Gate())), words("two"), words("three")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("second")
        await chat.send("third")
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert chat.queued == ["second", "third"]
        assert chat.screen.query_one(QueueList).held
        await chat.pilot.press("enter")
        await chat.until_shown("three")
        assert chat.queued == []


# Failing


async def test_a_failed_send_gives_the_prompt_back() -> None:
    async with chatting(Error(400, message="messages: too odd"), words("fine")) as chat:
        await chat.send("an odd prompt")
        await chat.until_idle()
        assert "messages: too odd" in chat.shown
        assert chat.prompt.text == "an odd prompt"
        await chat.pilot.press("enter")
        await chat.until_shown("fine")
        assert prompts((await chat.request(2)).json) == ["an odd prompt"]


async def test_what_was_typed_meanwhile_is_not_overwritten_by_the_prompt_that_comes_back() -> None:
    gate = Gate()
    async with chatting(Error(400, before=(gate,)), words("fine")) as chat:
        await chat.send("failing")
        await chat.request()
        await chat.pilot.press(*"new")
        gate.open()
        await chat.until_idle()
        assert chat.prompt.text == "new"
        assert chat.queued == ["failing"]
        assert chat.screen.query_one(QueueList).held


async def test_a_failure_in_mid_answer_keeps_what_arrived() -> None:
    async with chatting(Answer(Text("Half an answer", Cut()))) as chat:
        await chat.send("go")
        await chat.until_idle()
        assert "Half an answer" in chat.shown
        assert chat.prompt.text == ""


async def test_after_half_an_answer_retry_asks_again() -> None:
    async with chatting(Answer(Text("Half an answer", Cut())), words("whole")) as chat:
        await chat.send("go")
        await chat.until_idle()
        await chat.send("/retry")
        await chat.until_shown("whole")
        assert prompts((await chat.request(2)).json)[-1] == "go"


async def test_after_a_failure_the_queue_is_held() -> None:
    gate = Gate()
    async with chatting(Error(400, before=(gate,))) as chat:
        await chat.send("first")
        await chat.request()
        await chat.send("second")
        gate.open()
        await chat.until_idle()
        assert chat.prompt.text == "first"
        assert chat.queued == ["second"]
        assert len(chat.server.requests) == 1


async def test_a_key_that_edits_the_prompt_that_came_back_never_sends_it() -> None:
    async with chatting(Error(400), words("fine")) as chat:
        await chat.send("once more")
        await chat.until_idle()
        assert "⏎ sends it again" in chat.hint
        await chat.pilot.press("r", "!")
        assert chat.prompt.text == "once more" + "r!"
        assert len(chat.server.requests) == 1
        await chat.pilot.press("backspace", "backspace", "enter")
        await chat.until_shown("fine")


async def test_r_on_the_conversation_tries_again() -> None:
    async with chatting(Error(400), words("fine")) as chat:
        await chat.send("once more")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("r")
        await chat.until_shown("fine")


async def test_a_wait_is_counted_down_and_esc_gives_up() -> None:
    async with chatting(Error(529, headers={"retry-after": "30"})) as chat:
        await chat.send("patience")
        await chat.until_shown("The server is overloaded")
        await chat.pilot.press("escape")
        await chat.until_idle()
        assert chat.prompt.text == "patience"
        assert len(chat.server.requests) == 1


async def test_a_refused_key_says_what_to_do() -> None:
    async with chatting(key="sk-ant-wrong") as chat:
        await chat.send("hi")
        await chat.until_idle()
        assert "sk-ant-api" in chat.shown
        assert chat.prompt.text == "hi"


# Models


async def test_switching_the_model_takes_effect_with_the_next_turn() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.pilot.press("ctrl+l", *"opus 5.5", "enter")
        await chat.pilot.pause()
        assert chat.screen.header.model_name == "Opus 5.5"
        await chat.send("second")
        await chat.until_idle()
        models = [request.json["model"] for request in chat.server.requests]
        assert models == ["claude-sonnet-5-5", "claude-opus-5-5"]
        assert prompts(chat.server.requests[1].json) == ["first", "second"]


async def test_switching_in_mid_answer_leaves_that_answer_alone() -> None:
    gate = Gate()
    async with chatting(Answer(Text("one", gate)), words("two")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("/model haiku")
        await chat.send("second")
        gate.open()
        await chat.until_shown("two")
        assert [request.json["model"] for request in chat.server.requests] == ["claude-sonnet-5-5", "claude-haiku-5-5"]


async def test_escape_in_the_picker_keeps_the_model() -> None:
    async with chatting() as chat:
        await chat.pilot.press("f2", "down", "escape")
        assert chat.screen.header.model_name == "Sonnet 5.5"


async def test_a_retired_model_is_answered_by_its_successor_which_is_said() -> None:
    async with chatting(words("hello"), config='[default]\nmodel = "claude-sonnet-4-20250514"\n') as chat:
        notices = str(chat.screen.query_one("#notices").render())
        assert "claude-sonnet-4-20250514" in notices
        assert chat.screen.header.model_name in notices
        await chat.send("hi")
        await chat.until_idle()
        assert (await chat.request()).json["model"] != "claude-sonnet-4-20250514"


# What else there is


async def test_a_broken_configuration_is_said_in_the_app_and_stops_nothing() -> None:
    async with chatting(words("hello"), config="[ui]\ntheme = 7\n") as chat:
        assert "config.toml:2" in str(chat.screen.query_one("#notices").render())
        await chat.send("hi")
        await chat.until_shown("hello")


async def test_of_many_mistakes_the_first_are_shown_and_where_the_others_are() -> None:
    async with chatting(config="[ui]\n" + "".join(f"nonsense{number} = 1\n" for number in range(9))) as chat:
        notices = str(chat.screen.query_one("#notices").render())
        assert "nonsense2" in notices
        assert "nonsense3" not in notices
        assert notices.endswith("and 6 more: run prx doctor config")


async def test_without_credentials_it_says_so_and_the_demo_works_at_once() -> None:
    async with chatting(key="") as chat:
        assert "Anthropic credentials not set" in str(chat.screen.query_one(Welcome).render())
        await chat.pilot.press("enter")
        assert chat.screen.header.mark == "demo · scripted answers"
        await chat.send("thanks")  # which has a short answer
        await chat.until_idle()
        assert chat.server.requests == []
        assert chat.prompt.text == ""


async def test_a_prompt_without_credentials_comes_back() -> None:
    async with chatting(key="") as chat:
        await chat.send("keep me")
        await chat.until_idle()
        assert chat.prompt.text == "keep me"
        assert "Anthropic credentials not set" in chat.shown


async def test_the_status_tells_what_the_cache_gave() -> None:
    usage = {"input_tokens": 100, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 0}
    async with chatting(Answer(Text("hi"), usage=usage)) as chat:
        await chat.send("go")
        await chat.until_idle()
        shown = chat.screen.query_one(StatusBar).chat
        assert shown is not None
        assert shown.last is not None
        assert shown.last.hit_rate == 0.9


async def test_thinking_is_folded_and_ctrl_t_opens_it() -> None:
    async with chatting(Answer(Thinking("the kelp lies seaward"), Text("out"))) as chat:
        await chat.send("go")
        await chat.until_idle()
        assert "the kelp lies seaward" not in chat.shown
        await chat.pilot.press("ctrl+t")
        await chat.until_shown("the kelp lies seaward")


async def test_the_inspector_shows_what_was_sent_without_credentials() -> None:
    async with chatting(words("hello")) as chat:
        await chat.send("look at me")
        await chat.until_idle()
        await chat.pilot.press("f5")
        assert isinstance(chat.app.screen, Inspector)
        text = chat.app.screen.query_one("TextArea")
        await chat.until(lambda: "look at me" in text.text)
        assert '"model": "claude-sonnet-5-5"' in text.text
        assert "sk-ant" not in text.text


@pytest.mark.parametrize(
    ("key", "screen"),
    [("f1", HelpScreen), ("ctrl+p", Palette), ("ctrl+l", ModelPicker), ("f2", ModelPicker), ("ctrl+c", ConfirmDialog)],
)
async def test_a_dialog_opens_over_the_chat_and_escape_closes_it(key: str, screen: type) -> None:
    async with chatting() as chat:
        await chat.pilot.press(*"draft", key)
        assert isinstance(chat.app.screen, screen)
        await chat.pilot.press("escape")
        assert chat.app.screen is chat.screen
        assert (chat.app.focused, chat.prompt.text) == (chat.prompt, "draft")


async def test_the_palette_does_what_was_picked() -> None:
    async with chatting() as chat:
        await chat.pilot.press("ctrl+p", *"dark and light", "enter")
        await chat.until(lambda: chat.app.theme == "prx-light")


@pytest.mark.parametrize("typed", ["the", "/the", "THEME"])
async def test_the_palette_puts_the_command_that_begins_so_first(typed: str) -> None:
    async with chatting() as chat:
        await chat.pilot.press("ctrl+p", *typed, "enter")
        await chat.until(lambda: chat.app.theme == "prx-light")


async def test_a_slash_command_does_what_its_key_does() -> None:
    async with chatting() as chat:
        await chat.send("/help")
        await chat.until(lambda: isinstance(chat.app.screen, HelpScreen))


async def test_keys_can_be_remapped() -> None:
    async with chatting(config='[keys]\nmodels = "f9"\n') as chat:
        await chat.pilot.press("f2")
        assert chat.app.screen is chat.screen
        await chat.pilot.press("f9")
        assert isinstance(chat.app.screen, ModelPicker)


async def test_a_new_chat_asks_nothing_since_the_old_one_is_kept() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.pilot.press("ctrl+n")
        assert chat.screen.header.title == ""
        await chat.send("second")
        await chat.until_shown("two")
        assert prompts((await chat.request(2)).json) == ["second"]


async def test_a_new_chat_in_mid_answer_shows_nothing_of_the_old_one() -> None:
    async with chatting(Answer(Text("one", Gate())), words("two")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.pilot.press("ctrl+n")
        await chat.send("second")
        await chat.until_shown("two")
        assert "one" not in chat.shown


# Leaving


async def test_quitting_in_mid_answer_is_immediate() -> None:
    async with chatting(Answer(Text("one", Gate()))) as chat:
        await chat.send("go")
        await chat.until_shown("one")
        began = time.monotonic()
        await chat.pilot.press("ctrl+q")
        await chat.until(lambda: chat.app._exit)
        left = chat
    assert time.monotonic() - began < 5  # the answer never ends by itself
    assert left.server.requests[0].closed_early


async def test_quitting_asks_nothing_since_a_draft_is_kept() -> None:
    async with chatting() as chat:
        await chat.pilot.press(*"draft", "ctrl+q")
        await chat.until(lambda: chat.app._exit)
    async with chatting() as chat:
        await chat.until(lambda: chat.prompt.text == "draft")


@pytest.mark.parametrize(
    ("demo", "word"), [(True, "The demo deletes its chats"), (False, "Chats and drafts are saved")]
)
async def test_before_quitting_it_is_said_what_is_kept(demo: bool, word: str) -> None:
    async with chatting(demo=demo) as chat:
        await chat.pilot.press("ctrl+c")
        await chat.until(lambda: isinstance(chat.app.screen, ConfirmDialog))
        assert word in str(chat.app.screen.query_one(".panel--text", Static).render())


async def test_ctrl_c_twice_quits() -> None:
    async with chatting() as chat:
        await chat.pilot.press("ctrl+c", "ctrl+c")
        await chat.until(lambda: chat.app._exit)


async def test_ctrl_c_copies_a_selection_in_the_prompt() -> None:
    async with chatting() as chat:
        await chat.pilot.press(*"copy me", "shift+home", "ctrl+c")
        assert chat.app.clipboard == "copy me"
        assert chat.app.screen is chat.screen


async def test_scrolling_up_lets_go_of_the_end_and_the_way_back_is_shown() -> None:
    async with chatting(words("\n\n".join(f"line {number}" for number in range(60)))) as chat:
        await chat.send("go")
        await chat.until_idle()
        await chat.pilot.press("pageup")
        await chat.until(lambda: chat.prompt.border_title)
        assert "^End" in str(chat.prompt.border_title)
        assert not chat.screen.query_one(Conversation).following
        await chat.pilot.press("ctrl+end")
        await chat.until(lambda: not chat.prompt.border_title)
        assert "line 59" in chat.shown


async def test_a_growing_prompt_does_not_make_the_conversation_let_go_of_its_end() -> None:
    async with chatting(words("\n\n".join(f"line {number}" for number in range(60)))) as chat:
        await chat.send("go")
        await chat.until_idle()
        for text in ("\n\n\n\n\n\n", ""):
            chat.prompt.put(text)
            await chat.pilot.pause()
            await chat.pilot.pause()
            assert chat.screen.conversation.following
            assert "line 59" in chat.shown


async def test_what_is_typed_or_pasted_beside_the_prompt_goes_into_it() -> None:
    async with chatting(words("an answer")) as chat:
        await chat.send("go")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("a")
        assert (chat.app.focused, chat.prompt.text) == (chat.prompt, "a")
        chat.screen.conversation.focus()
        await chat.pilot.pause()
        chat.screen.conversation.post_message(Paste("bc"))
        await chat.until(lambda: chat.prompt.text == "abc")


async def test_what_is_typed_in_a_burst_beside_the_prompt_is_text_from_its_first_letter_on() -> None:
    """As when the line was slow: `g` would ask for another answer, and `e` edit a prompt."""
    async with chatting(words("an answer")) as chat:
        await chat.send("go")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.pause()
        for character in "A great story":
            chat.app.post_message(Key({" ": "space"}.get(character, character), character))
        await chat.until(lambda: chat.prompt.text == "A great story", chat.prompt.text)
        assert chat.screen.session.editing is None
        assert len(chat.server.requests) == 1


async def test_a_letter_that_is_a_key_of_the_conversation_stays_one() -> None:
    async with chatting(words("an answer")) as chat:
        await chat.send("go")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("y")
        assert chat.prompt.text == ""
        assert chat.app.clipboard


async def test_the_words_on_the_border_of_the_prompt_lead_to_the_end_when_clicked() -> None:
    async with chatting(words("\n\n".join(f"line {number}" for number in range(60)))) as chat:
        await chat.send("go")
        await chat.until_idle()
        await chat.pilot.press("pageup")
        await chat.until(lambda: chat.prompt.border_title)
        await chat.pilot.click("PromptArea", offset=(70, 0))
        await chat.until(lambda: chat.screen.conversation.following)


async def test_a_click_on_the_model_opens_the_picker_and_one_on_a_row_picks() -> None:
    async with chatting() as chat:
        await chat.pilot.click("Header", offset=(75, 0))
        assert isinstance(chat.app.screen, ModelPicker)
        await chat.pilot.click("FilterList", offset=(10, 1))
        await chat.until(lambda: chat.screen.header.model_name == "Opus 5.5")


async def test_a_click_on_a_queued_prompt_brings_it_back() -> None:
    async with chatting(Answer(Text("one", Gate()))) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("second")
        await chat.pilot.click("QueueList", offset=(20, 0))
        await chat.until(lambda: chat.prompt.text == "second")


async def test_the_wheel_over_the_prompt_moves_the_conversation() -> None:
    async with chatting(words("\n\n".join(f"line {number}" for number in range(60)))) as chat:
        await chat.send("go")
        await chat.until_idle()
        chat.prompt.post_message(
            MouseScrollUp(None, 5, 1, 0, -1, 0, shift=False, meta=False, ctrl=False, screen_x=5, screen_y=20)
        )
        await chat.until(lambda: not chat.screen.conversation.following)


async def test_a_light_theme_is_one_setting_away() -> None:
    async with chatting(config='[ui]\ntheme = "light"\n') as chat:
        assert chat.app.theme == "prx-light"


async def test_a_notice_gives_way_to_the_hints_of_where_the_focus_is_then() -> None:
    async with chatting(words("It runs out.")) as chat:
        await chat.send("tides")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("y")
        assert "copied" in chat.hint
        await chat.pilot.press("escape")
        assert chat.app.focused is chat.prompt
        assert "copied" in chat.hint
        chat.prompt.hints.show_again()
        assert "newline" in chat.hint


async def test_a_notice_gives_way_to_the_cost_of_what_was_typed_meanwhile() -> None:
    async with chatting(words("It runs out.")) as chat:
        await chat.send("tides")
        await chat.until_idle()
        chat.prompt.say("It is noon")
        await chat.pilot.press(*"when")
        chat.screen.parts.costs.show_estimate()
        assert "It is noon" in chat.hint
        chat.prompt.hints.show_again()
        assert "tok" in chat.hint
