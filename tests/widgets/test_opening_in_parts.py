"""A chat that is shown from its end, and completed, is the same as one that was shown whole; the reader loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from conversation_app import ChatApp, answer, prompt
from hypothesis import given
from hypothesis import strategies as st
from laid_out import PALETTE, LaidOut
from msgspec.structs import replace
from textual.geometry import Offset
from textual.selection import Selection
from transcripts import answers, prompts, user_messages

from tui.chat.transcript import Document, Image, Message, ToolResult
from tui.widgets.history import DraftHistory

ALL = 1 << 30


def without_data(block: Any) -> Any:
    """A block as the end of a chat has it: the data of attachments is read with the rest."""
    if isinstance(block, Image | Document):
        return replace(block, data="")
    if isinstance(block, ToolResult):
        return replace(block, content=tuple(map(without_data, block.content)))
    return block


def end_of(messages: Sequence[Message], count: int) -> list[Message]:
    return [replace(one, blocks=tuple(map(without_data, one.blocks))) for one in messages[len(messages) - count :]]


def opened(messages: Sequence[Message], count: int, siblings: Sequence[str] = ()) -> LaidOut:
    """A page that shows the last messages of a chat."""
    page = LaidOut()
    page.model.show(end_of(messages, count), siblings[len(messages) - count :], is_end=True)
    return page


def complete(page: LaidOut, messages: Sequence[Message], siblings: Sequence[str] = ()) -> None:
    assert asyncio.run(page.model.complete(messages, siblings)) is not None


def all_rows(page: LaidOut) -> list[list[str]]:
    """Every row of every turn, measured."""
    for index in range(len(page.model.turns)):
        page.viewport.measure(index, 0, ALL)
    return [[turn.line(row).strip.text for row in range(turn.height)] for turn in page.model.turns]


Chats = st.lists(user_messages | prompts | answers, min_size=1, max_size=24)


@given(Chats, st.integers(0, 24), st.data())
def test_a_chat_opened_in_parts_is_the_one_opened_whole(
    messages: list[Message], count: int, data: st.DataObject
) -> None:
    count = min(count, len(messages))
    siblings = [data.draw(st.sampled_from(["", "", "1/2", "2/2"])) for _ in messages]
    whole, parts = LaidOut(), opened(messages, count, siblings)
    whole.model.show(messages, siblings)
    for rows in data.draw(st.lists(st.integers(-9, 9), max_size=3)) if count else ():
        parts.viewport.scroll(rows)
    complete(parts, messages, siblings)
    parts.viewport.scroll_to_end()
    assert parts.rows() == whole.rows()
    assert all_rows(parts) == all_rows(whole)
    kept = [(turn.messages, turn.sibling, turn.is_answer) for turn in parts.model.turns]
    assert kept == [(turn.messages, turn.sibling, turn.is_answer) for turn in whole.model.turns]
    for index in range(len(whole.model.turns)):
        assert parts.model.first_message(index) == whole.model.first_message(index)


LONG = [message for number in range(200) for message in (prompt(f"Question {number}?"), answer(f"Answer {number}."))]


def test_what_is_in_view_stays_there_and_is_not_laid_out_again() -> None:
    page, whole = opened(LONG, 40), LaidOut(LONG)
    page.viewport.scroll(-30)
    before, built = page.rows(), page.viewport.built_turns
    complete(page, LONG)
    assert page.rows() == before
    assert page.viewport.built_turns == built
    page.viewport.scroll(-90)
    for rows in (-30, -90):
        whole.viewport.scroll(rows)
    assert page.rows() == whole.rows()


def test_whoever_scrolls_up_further_than_there_is_gets_there_once_it_is() -> None:
    page, whole = opened(LONG, 20), LaidOut(LONG)
    all_rows(page)  # measured, so that no estimate is corrected on the way
    while page.viewport.top:
        rows = min(9, page.viewport.top)
        page.viewport.scroll(-rows)
        whole.viewport.scroll(-rows)
    page.viewport.owe(25)
    complete(page, LONG)
    whole.viewport.scroll(-25)
    assert page.rows() == whole.rows()
    assert not page.viewport.following


def test_whoever_wants_the_start_gets_the_start_once_it_is_there() -> None:
    page = opened(LONG, 20)
    page.viewport.scroll_to_start()
    complete(page, LONG)
    assert "Question 0?" in page.text()


def test_whoever_goes_back_to_the_end_stays_there() -> None:
    page = opened(LONG, 20)
    page.viewport.scroll_to_start()
    page.viewport.scroll_to_end()
    complete(page, LONG)
    assert page.rows() == LaidOut(LONG).rows()
    assert page.viewport.following


def test_messages_are_counted_from_the_end_until_all_are_there() -> None:
    page = opened(LONG, 10)
    assert LONG[page.model.first_message(3)] == page.model.turns[3].messages[0]
    complete(page, LONG)
    assert page.model.first_message(3) == 3


def test_another_width_and_open_thinking_while_it_is_completed_are_right_in_the_end() -> None:
    page, other = opened(LONG, 10), LaidOut(LONG)

    async def completed() -> None:
        work = asyncio.create_task(page.model.complete(LONG))
        await asyncio.sleep(0)
        page.model.toggle_thinking()
        page.viewport.resize(30, 20, PALETTE)
        assert await work is not None

    asyncio.run(completed())
    other.model.toggle_thinking()
    other.viewport.resize(30, 20, PALETTE)
    other.viewport.scroll_to_end()
    assert (page.rows(), page.viewport.total) == (other.rows(), other.viewport.total)


def test_another_chat_that_is_shown_meanwhile_is_left_alone() -> None:
    page = opened(LONG, 10)

    async def completed() -> None:
        work = asyncio.create_task(page.model.complete(LONG))
        await asyncio.sleep(0)
        page.model.show([prompt("Another one?")])
        assert await work is None

    asyncio.run(completed())
    assert len(page.model.turns) == 1


@pytest.mark.anyio
async def test_the_marked_message_and_the_selection_stay() -> None:
    app = ChatApp()
    async with app.run_test(size=(60, 20)) as pilot:
        pane = app.pane
        pane.show(end_of(LONG, 20), is_end=True)
        pane.focus()
        await pilot.press("up", "up")
        marked = pane.cursor.turn
        app.screen.selections = {pane: Selection(Offset(0, 18 << 32), Offset(80, (19 << 32) + 3))}
        text = app.screen.get_selected_text()
        assert text is not None
        assert "Question 199?" in text
        await pane.complete(LONG)
        await pilot.pause()
        assert pane.cursor.turn is marked
        assert app.screen.get_selected_text() == text
        await pilot.press("home")
        assert "Question 0?" in "\n".join(app.rows())


Texts = st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=12)


@given(Texts, st.integers(0, 12), st.integers(0, 4))
def test_earlier_prompts_of_the_chat_are_found_behind_the_later_ones(texts: list[str], count: int, steps: int) -> None:
    whole, parts = DraftHistory(), DraftHistory()
    for history in (whole, parts):
        history.set_earlier(["elsewhere"])
    end = texts[max(0, len(texts) - count) :]
    for text in texts:
        whole.add(text)
    for text in end:
        parts.add(text)
    steps = min(steps, len(parts.prompts.texts) - 1)
    for history in (whole, parts):
        for _ in range(steps):
            history.older("")
    parts.add_older(texts[: len(texts) - len(end)])
    assert parts.prompts.texts == whole.prompts.texts
    assert parts.older("") == whole.older("")
