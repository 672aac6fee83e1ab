"""The pane in a real app: what streams, what scrolls, what is told and what is copied."""

from __future__ import annotations

import pytest
from conversation_app import ChatApp, answer, deltas, prompt, so_far

from tui.chat.events import BlockStart, BlockStop, InputDelta, RetryScheduled, TextDelta, ThinkingDelta
from tui.chat.transcript import Failure, Message, Text, Thinking, ToolUse

pytestmark = pytest.mark.anyio

MARKDOWN = """It runs **out**: the kelp lies seaward, and the wet line is about a hand above the water.

- one
- two, which is so long that it has to be wrapped on any terminal that has eighty columns or fewer

```python
level = (a - b) / 2
```

| port | high |
|---|---:|
| Bergen | 10:12 |
"""
OVERLOADED = Failure(
    message="Claude is overloaded.", hint="Wait a moment.", type="overloaded_error", status=529, request_id="req_1"
)


def long_chat(turns: int) -> list[Message]:
    return [
        message
        for number in range(turns)
        for message in (prompt(f"question {number}"), answer(f"Answer {number}.\n\n" + "more of it " * 40))
    ]


async def stream(app: ChatApp, text: str, size: int = 7) -> None:
    """Streams a text in small deltas, a batch at a time, as a screen does."""
    app.pane.begin("Sonnet 5.5")
    events = deltas(text, size)
    for at in range(0, len(events), 20):
        app.clock.now += 0.1
        app.pane.grow(so_far(text), events[at : at + 20])
        app.pane.catch_up()


# Streaming


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_what_streamed_looks_like_what_is_opened_later(size: int) -> None:
    question, reply = prompt("?"), answer(MARKDOWN)
    app = ChatApp()
    async with app.run_test(size=(80, 40)) as pilot:
        app.pane.add(question)
        await stream(app, MARKDOWN, size)
        app.pane.settle(reply)
        await pilot.pause()
        streamed = app.rows()
        app.pane.show([question, reply])
        await pilot.pause()
        assert app.rows() == streamed
        assert " • one" in streamed


async def test_a_settled_answer_that_says_more_than_its_events_is_shown_whole() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 40)):
        app.pane.add(prompt("?"))
        await stream(app, "Half of")
        app.pane.settle(answer("Half of it was lost on the way."))
        assert "Half of it was lost on the way." in app.screen_text()


async def test_the_speaker_line_counts_while_it_streams_and_sums_up_afterwards() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.add(prompt("?"))
        app.pane.begin("Sonnet 5.5")
        assert app.rows()[3].startswith(" Sonnet 5.5")
        app.clock.now += 12
        app.pane.grow(so_far("x" * 400), deltas("x" * 400)[:-1])
        app.pane.catch_up()
        app.pane._tick()
        assert app.rows()[3].endswith("12 s · 100 tok")
        app.pane.settle(answer("x" * 400))
        assert app.rows()[3].endswith("3.1 s · 214 tok · $0.012")
        assert "cache 94 % read · saved $0.021" in app.screen_text()


async def test_turns_that_end_and_begin_between_two_frames_are_all_drawn() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 40)) as pilot:
        app.pane.add(prompt("first"))
        await stream(app, "half of")
        await pilot.pause()
        before = app.rows()
        app.pane.redrawn = frozenset()
        app.pane.grow(so_far("half of it"), [TextDelta(0, " it")])  # waits for its frame, and so all that follows
        app.pane.settle(answer("half of it"))
        app.pane.add(prompt("second"))
        app.pane.begin("Opus 5.5")
        app.pane.catch_up()
        after = app.rows()
        assert "second" in "\n".join(after)
        changed = {row for row, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
        assert changed
        assert changed <= app.pane.redrawn


async def test_a_caret_stands_where_the_text_goes_on_and_leaves_with_the_answer() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.begin("Sonnet 5.5")
        assert app.rows()[1] == " ▍"
        app.pane.grow(so_far("Well"), deltas("Well")[:-1])
        app.pane.catch_up()
        assert app.rows()[1] == " Well▍"
        app.pane.settle(answer("Well"))
        assert "▍" not in app.screen_text()


async def test_several_responses_of_a_turn_stand_under_one_speaker() -> None:
    first = answer("Let me look.", stop_reason="pause_turn")
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.add(prompt("?"))
        await stream(app, "Let me look.")
        app.pane.settle(first)
        await stream(app, "Found it.")
        app.pane.settle(answer("Found it."))
        text = app.screen_text()
        assert text.count("SONNET") == 1
        assert text.count("cache") == 1
        assert "6.2 s" in text
        assert text.index("Let me look.") < text.index("Found it.")


async def test_blocks_of_all_kinds_as_they_stream() -> None:
    tool = ToolUse("t", "read_file", '{"path": "a.py"}')
    events = [
        BlockStart(0, Thinking("")),
        ThinkingDelta(0, "Hm. "),
        ThinkingDelta(0, "Yes."),
        BlockStop(0),
        BlockStart(1, Text("")),
        TextDelta(1, "One "),
        BlockStart(2, Text("")),
        TextDelta(2, "sentence."),
        BlockStart(3, ToolUse("t", "read_file")),
        InputDelta(3, '{"path": '),
        InputDelta(3, '"a.py"}'),
        BlockStop(3),
    ]
    reply = answer("", Thinking("Hm. Yes.", "s"), Text("One "), Text("sentence."), tool, thought_s=2.2)
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.begin("Sonnet 5.5")
        app.pane.grow(reply, events)
        app.pane.catch_up()
        assert "One sentence." in app.screen_text()
        assert "▸ read_file  a.py" in app.screen_text()
        app.pane.settle(reply)
        streamed = app.rows()
        assert " ▸ thought for 2 s" in streamed
        app.pane.show([reply])
        assert app.rows() == streamed


async def test_deltas_without_a_start_begin_a_block() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.grow(so_far("bare"), [TextDelta(0, "bare")])
        app.pane.catch_up()
        assert "bare" in app.screen_text()


async def test_what_is_said_after_a_burst_comes_after_it() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.begin("Sonnet 5.5")
        app.pane.grow(so_far("the answer"), deltas("the answer"))
        app.pane.settle(answer("the answer"))
        app.pane.add(prompt("the next question"))
        app.pane.catch_up()
        text = app.screen_text()
        assert text.index("the answer") < text.index("the next question")


# Work, counted


async def test_a_delta_refreshes_the_rows_it_changes_and_no_others() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 40)) as pilot:
        app.pane.add(prompt("?"))
        await stream(app, MARKDOWN)
        await pilot.pause()
        app.pane.refreshed = app.pane.rendered = 0
        app.pane.grow(so_far("more"), [TextDelta(0, "\n\nmore")])
        app.pane.catch_up()
        await pilot.pause()
        assert 0 < app.pane.refreshed <= 6
        assert app.pane.rendered <= 6


async def test_nothing_is_drawn_for_text_that_is_out_of_sight() -> None:
    app = ChatApp(messages=long_chat(30))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.begin("Sonnet 5.5")
        app.pane.action_scroll_home()
        await pilot.pause()
        app.pane.refreshed = 0
        for _ in range(20):
            app.pane.grow(so_far("more"), [TextDelta(0, "more and more ")])
            app.pane.catch_up()
        assert app.pane.refreshed == 0


async def test_a_thousand_messages_open_with_a_screenful_of_work() -> None:
    app = ChatApp(messages=long_chat(500))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Answer 499." in app.screen_text()
        assert app.pane.viewport.built_turns < 12
        app.pane.action_scroll_home()
        assert "question 0" in app.rows()[1]
        assert app.pane.viewport.built_turns < 24


async def test_an_idle_pane_has_no_timer_running() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await stream(app, "done")
        app.pane.settle(answer("done"))
        await pilot.pause()
        assert app.pane._ticker is None
        app.pane.refreshed = 0
        await pilot.pause(0.15)
        assert app.pane.refreshed == 0


@pytest.mark.parametrize("text", ["x" * 1_000_000, "word " * 200_000], ids=["one word", "words"])
async def test_a_megabyte_in_one_line(text: str) -> None:
    app = ChatApp(messages=[prompt("?"), answer(text), answer("The end.")])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "The end." in app.screen_text()
        await pilot.press("pageup")
        assert text[:40] in app.screen_text()


# Scrolling


async def test_scrolling_up_lets_go_of_the_end_and_end_comes_back() -> None:
    app = ChatApp(messages=[*long_chat(10), prompt("?")])
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.begin("Sonnet 5.5")
        app.pane.scroll_relative(y=-3, animate=False)
        assert not app.pane.following
        before = app.rows()
        app.pane.grow(so_far("a\n\nb\n\nc"), deltas("a\n\nb\n\nc"))
        app.pane.catch_up()
        await pilot.pause()
        assert app.rows() == before
        app.pane._tick()
        await pilot.pause()
        told = app.posted[-1]
        assert (told.following, told.lines_below) == (False, app.pane.viewport.below)
        assert told.new_lines == 4
        app.pane.focus()
        await pilot.press("end")
        await pilot.pause()
        assert app.pane.following
        assert app.rows()[-2] == " c▍"
        assert app.posted[-1].following


async def test_the_wheel_lets_go_and_scrolling_back_down_follows_again() -> None:
    app = ChatApp(messages=long_chat(10))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot._post_mouse_events([_wheel("up")], app.pane, (5, 5))
        await pilot.pause()
        assert not app.pane.following
        for _ in range(3):
            await pilot._post_mouse_events([_wheel("down")], app.pane, (5, 5))
        await pilot.pause()
        assert app.pane.following


async def test_rows_stay_in_place_while_estimates_above_them_are_corrected() -> None:
    app = ChatApp(messages=long_chat(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for _ in range(60):
            before = app.rows()
            app.pane.scroll_relative(y=-3, animate=False)
            assert app.rows()[3:] == before[:-3]
            assert round(app.pane.scroll_y) == app.pane.viewport.top
        for _ in range(60):
            before = app.rows()
            app.pane.scroll_relative(y=5, animate=False)
            moved = app.rows()
            assert moved[:-5] == before[5:] or app.pane.following


async def test_rows_stay_in_place_within_one_long_answer_too() -> None:
    app = ChatApp(messages=[prompt("?"), answer("\n\n".join(f"## {n}\n\n{MARKDOWN}" for n in range(60)))])
    async with app.run_test(size=(50, 24)) as pilot:
        await pilot.pause()
        for step in (3, 22) * 40:
            before = app.rows()
            app.pane.scroll_relative(y=-step, animate=False)
            if app.pane.viewport.top == 0:
                break
            assert app.rows()[step:] == before[:-step]
        assert app.pane.viewport.top < 900


@pytest.mark.parametrize("size", [(1, 1), (4, 2), (20, 3)])
async def test_a_terminal_too_small_to_read_in_does_no_harm(size: tuple[int, int]) -> None:
    app = ChatApp(messages=long_chat(3))
    async with app.run_test(size=size) as pilot:
        app.pane.add(prompt("漢字"))
        await stream(app, MARKDOWN)
        app.pane.settle(answer(MARKDOWN))
        app.pane.action_scroll_home()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.rows()[0] == " You"


async def test_paging_up_from_the_end_reaches_the_very_beginning() -> None:
    app = ChatApp(messages=long_chat(40))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.focus()
        for _ in range(200):
            await pilot.press("pageup")
            if app.pane.viewport.top == 0:
                break
        assert app.rows()[:2] == [" You", " question 0"]


async def test_a_new_width_keeps_the_readers_place_and_the_way_back_restores_it() -> None:
    app = ChatApp(messages=long_chat(40))
    async with app.run_test(size=(100, 24)) as pilot:
        app.pane.action_scroll_home()
        app.pane.scroll_relative(y=45, animate=False)
        before = app.rows()
        speaker = next(row for row in before if "question" in row)
        await pilot.resize_terminal(60, 24)
        await pilot.pause()
        assert any(row.strip() == speaker.strip() for row in app.rows())
        assert all(len(row) <= 60 for row in app.rows())
        await pilot.resize_terminal(100, 24)
        await pilot.pause()
        assert app.rows() == before


async def test_a_new_width_while_it_streams() -> None:
    app = ChatApp(messages=long_chat(5))
    async with app.run_test(size=(100, 24)) as pilot:
        app.pane.begin("Sonnet 5.5")
        app.pane.grow(so_far("x"), deltas("word " * 50)[:-1])
        app.pane.catch_up()
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        app.pane.grow(so_far("x"), [TextDelta(0, "and on")])
        app.pane.catch_up()
        assert app.rows()[-2].endswith("and on▍")
        assert app.pane.following


@pytest.mark.parametrize(("width", "column", "left"), [(60, 58, 1), (80, 78, 1), (200, 100, 50)])
async def test_the_measure(width: int, column: int, left: int) -> None:
    app = ChatApp(messages=[answer("word " * 100)])
    async with app.run_test(size=(width, 20)) as pilot:
        await pilot.pause()
        row = app.rows()[1]
        assert (app.pane.painter.column, len(row) - len(row.lstrip())) == (column, left)
        assert left + column - 5 < len(row) <= left + column


# Endings and failures


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer("cut", stop_reason="max_tokens"), "stopped at the output limit (max_tokens) · /continue to get"),
        (answer("no", stop_reason="refusal", stop_category="bio"), "Claude declined (bio)"),
        (answer("full", stop_reason="model_context_window_exceeded"), "context window is full"),
        (answer(""), "(empty reply)"),
        (answer("so far", state="stopped"), "stopped by you"),
        (answer("so far", state="failed", failure=OVERLOADED), "Claude is overloaded."),
    ],
)
async def test_endings(reply: Message, words: str) -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.add(prompt("?"))
        await stream(app, reply.text)
        app.pane.settle(reply)
        settled = app.rows()
        assert words in app.screen_text()
        app.pane.show([prompt("?"), reply])
        assert app.rows() == settled


async def test_a_countdown_stands_where_the_answer_would_be_and_gives_way_to_it() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.add(prompt("?"))
        app.pane.begin("Sonnet 5.5")
        app.pane.wait(RetryScheduled(failure=OVERLOADED, attempt=2, attempts=3, until=app.clock.now + 3))
        assert "Claude is overloaded." in app.screen_text()
        assert "retry in  3 s (attempt 2 of 3) · Esc cancel" in app.screen_text()
        app.clock.now += 1.5
        app.pane._tick()
        assert "retry in  2 s" in app.screen_text()
        app.pane.grow(so_far("Here"), deltas("Here")[:-1])
        app.pane.catch_up()
        assert "retry in" not in app.screen_text()
        assert "Here▍" in app.screen_text()


async def test_a_failure_says_what_to_do_and_r_asks_for_another_try() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.add(prompt("my question"))
        app.pane.begin("Sonnet 5.5")
        app.pane.fail(OVERLOADED)
        for words in ("Claude is overloaded.", "Wait a moment.", "request req_1"):
            assert words in app.screen_text()
        app.pane.focus()
        await pilot.press("r")
        await pilot.pause()
        assert type(app.posted[-1]).__name__ == "RetryRequested"
        app.pane.add(prompt("my question"))
        assert app.screen_text().count("my question") == 1
        assert "overloaded" not in app.screen_text()


async def test_a_prompt_that_was_given_back_leaves_with_its_empty_answer() -> None:
    app = ChatApp(messages=long_chat(1))
    async with app.run_test(size=(80, 24)):
        before = app.rows()
        app.pane.add(prompt("never mind"))
        app.pane.begin("Sonnet 5.5")
        app.pane.withdraw()
        assert app.rows() == before


async def test_an_empty_reply_stays_when_the_talk_goes_on() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.add(prompt("say nothing"))
        await stream(app, "")
        app.pane.settle(answer(""))
        app.pane.add(prompt("thank you"))
        for words in ("say nothing", "(empty reply)", "thank you"):
            assert words in app.screen_text()


async def test_a_failure_before_the_first_block_counts_as_no_answer() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        app.pane.add(prompt("my question"))
        app.pane.begin("Sonnet 5.5")
        app.pane.grow(Message(role="assistant", model="sonnet", state="streaming"), [])
        app.pane.catch_up()
        app.pane.fail(OVERLOADED)
        assert app.rows()[3].startswith(" Sonnet 5.5")
        app.pane.add(prompt("another question"))
        assert app.rows()[:2] == [" You", " another question"]


async def test_a_failure_after_text_is_told_once() -> None:
    app = ChatApp()
    async with app.run_test(size=(80, 24)):
        await stream(app, "so far")
        app.pane.settle(answer("so far", state="failed", failure=OVERLOADED))
        app.pane.fail(OVERLOADED)
        assert app.screen_text().count("Claude is overloaded.") == 1


async def test_a_note_stays_above_the_cache_figures() -> None:
    app = ChatApp(messages=[prompt("?"), answer("yes")])
    async with app.run_test(size=(80, 24)):
        app.pane.note("Sonnet 4 is retired: Sonnet 4.6 answers.")
        text = app.screen_text()
        assert text.index("yes") < text.index("is retired") < text.index("cache 94 %")


async def test_an_empty_pane_says_so() -> None:
    app = ChatApp()
    async with app.run_test(size=(60, 20)):
        assert not any(app.rows())


async def test_outside_text_is_neither_markup_nor_control() -> None:
    app = ChatApp()
    evil = "[bold]no[/] \x1b]0;title\x07 \u202eback"
    async with app.run_test(size=(80, 24)):
        broken = answer("", failure=Failure(message=evil, hint=evil))
        app.pane.show([prompt(evil), answer(evil, ToolUse("t", evil, "{}")), prompt("?"), broken])
        text = app.screen_text()
        assert text.count("[bold]no[/]") == 5
        assert "\x1b" not in text
        assert "\u202e" not in text


def _wheel(way: str):
    from textual.events import MouseScrollDown, MouseScrollUp

    return MouseScrollUp if way == "up" else MouseScrollDown
