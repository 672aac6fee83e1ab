"""Edited prompts, repeated answers, siblings and forks: each is one more branch, and the others stay as they are."""

from __future__ import annotations

import asyncio

import anyio
import pytest
from chatting import LIMIT_S, Chat, chatting, words

from tui.demo.scenarios import Error

pytestmark = pytest.mark.anyio


async def talked(chat: Chat, *prompts: str) -> None:
    for prompt in prompts:
        await chat.send(prompt)
        await chat.until_idle()


async def press_on(chat: Chat, message: int, key: str) -> None:
    """Presses a key on the turn that holds that message."""
    view = chat.screen.conversation
    view.focus()
    await chat.pilot.pause()
    view.show_message(message)
    await chat.pilot.press(key)


async def texts(chat: Chat, number: int) -> list[str]:
    """What a request told, message by message."""
    contents = [message["content"] for message in (await chat.request(number)).json["messages"]]
    return [content if isinstance(content, str) else content[0]["text"] for content in contents]


async def kept(chat: Chat) -> list[str]:
    """Every message that is stored of the chat, in the order it was written."""
    tree = await asyncio.wrap_future(chat.screen.store.tree(chat.screen.session.id))
    return [node.message.text for node in tree.nodes]


async def test_an_edited_prompt_is_a_branch_of_its_own() -> None:
    async with chatting(words("one"), words("two"), words("three")) as chat:
        await talked(chat, "first", "second")
        await press_on(chat, 2, "e")
        await chat.until(lambda: chat.prompt.text == "second")
        assert "new branch" in chat.hint
        chat.screen.parts.display.show_hints()
        assert "new branch" in chat.hint
        await talked(chat, "second, but better")
        await chat.until_shown("2/2")
        assert "two" not in chat.shown
        assert "cache" in chat.shown
        assert await texts(chat, 3) == ["first", "one", "second, but better"]
        assert await kept(chat) == ["first", "one", "second", "two", "second, but better", "three"]


async def test_siblings_are_stepped_through_in_place() -> None:
    async with chatting(words("one"), words("two"), words("three")) as chat:
        await talked(chat, "first", "second")
        await press_on(chat, 2, "e")
        await chat.until(lambda: chat.prompt.text == "second")
        await talked(chat, "another")
        await chat.until_shown("2/2")
        await press_on(chat, 2, "left_square_bracket")
        await chat.until_shown("two")
        assert "‹ 1/2 ›" in chat.shown
        await press_on(chat, 2, "left_square_bracket")
        await chat.until(lambda: "This is the first branch" in chat.hint)
        await press_on(chat, 2, "right_square_bracket")
        await chat.until_shown("three")
        assert "‹ 2/2 ›" in chat.shown
    async with chatting(start="last") as chat:
        await chat.until_shown("three")


async def test_the_last_branches_are_stepped_through_from_the_prompt_and_what_is_typed_stays() -> None:
    async with chatting(words("one"), words("two"), words("three"), words("four")) as chat:
        await chat.pilot.press("alt+left")
        assert "Nothing has been sent yet" in chat.hint
        await talked(chat, "first")
        await chat.pilot.press("alt+left")
        await chat.until(lambda: "No other branch" in chat.hint)
        await press_on(chat, 1, "g")
        await chat.until_shown("two")
        await chat.until_idle()
        chat.prompt.focus()
        await talked(chat, "second")
        await chat.pilot.press(*"[dr]aft", "alt+left")
        await chat.until_shown("one")
        assert chat.prompt.text == "[dr]aft"
        assert chat.app.focused is chat.prompt
        await chat.pilot.press("alt+right")
        await chat.until_shown("three")
        await chat.pilot.press("alt+right")
        await chat.until(lambda: "This is the last branch" in chat.hint)


async def test_any_message_of_a_branch_leads_to_its_siblings() -> None:
    async with chatting(words("one"), words("two"), words("three"), words("four")) as chat:
        await talked(chat, "first", "second")
        await press_on(chat, 1, "g")
        await chat.until_shown("three")
        await chat.until_idle()
        chat.prompt.focus()
        await talked(chat, "third")
        await press_on(chat, 3, "left_square_bracket")
        await chat.until_shown("two")
        await press_on(chat, 0, "right_square_bracket")
        await chat.until_shown("four")


async def test_an_answer_is_asked_for_again_with_the_model_chosen_meanwhile() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await talked(chat, "first", "/model haiku")
        await press_on(chat, 1, "g")
        await chat.until_shown("two")
        await chat.until_idle()
        await chat.until_shown("2/2")
        assert "its own cache" in chat.shown
        request = (await chat.request(2)).json
        assert await texts(chat, 2) == ["first"]
        assert "haiku" in request["model"]
        assert await kept(chat) == ["first", "one", "two"]


async def test_a_branch_that_comes_to_nothing_leads_back_to_the_one_before() -> None:
    async with chatting(words("one"), Error(400), Error(400), words("two")) as chat:
        await talked(chat, "first")
        await press_on(chat, 1, "g")
        await chat.until(lambda: "revious branch" in chat.hint)
        await chat.until_shown("The request is not valid.")
        assert "one" in chat.shown
        await press_on(chat, 0, "e")
        await chat.until(lambda: chat.prompt.text == "first")
        await talked(chat, "edited")
        await chat.until(lambda: "revious branch" in chat.hint)
        assert "one" in chat.shown
        assert chat.prompt.text == "edited"
        assert await kept(chat) == ["first", "one"]
        await chat.pilot.press("enter")
        await chat.until_shown("two")
        await chat.until_idle()
        assert await texts(chat, 4) == ["edited"]
        assert await kept(chat) == ["first", "one", "edited", "two"]


async def test_a_command_ends_an_edit() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await talked(chat, "first")
        await press_on(chat, 0, "e")
        await chat.until(lambda: chat.prompt.text == "first")
        await talked(chat, "/model haiku", "second")
        assert await texts(chat, 2) == ["first", "one", "second"]


async def test_escape_leaves_an_edit_and_brings_the_draft_back() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await talked(chat, "first")
        await chat.pilot.press(*"draft")
        await press_on(chat, 0, "e")
        await chat.until(lambda: chat.prompt.text == "first")
        await chat.pilot.press("escape")
        assert chat.prompt.text == "draft"
        await talked(chat, "second")
        assert await texts(chat, 2) == ["first", "one", "second"]


async def test_an_edit_that_is_left_is_kept_among_the_earlier_prompts() -> None:
    async with chatting(words("one"), words("two"), words("three")) as chat:
        await talked(chat, "first")
        await chat.pilot.press(*"draft")
        await press_on(chat, 0, "e")
        await chat.until(lambda: chat.prompt.text == "first")
        pasted = "a long paste\n" * 2_000
        chat.prompt.paste(pasted)
        await chat.pilot.press("escape")
        assert chat.prompt.text == "draft"
        assert "↑ brings it back" in chat.hint
        await chat.pilot.press("up")
        assert chat.prompt.full_text == "first" + pasted
        assert chat.prompt.unsent == ("first" + pasted, "draft")
        await chat.pilot.press("down")
        assert chat.prompt.text == "draft"
        await chat.send("/new")
        await chat.until(lambda: not chat.screen.session.messages)
        await chat.pilot.press("up")
        assert chat.prompt.full_text == "first" + pasted


async def test_an_edit_that_is_left_is_there_after_a_restart() -> None:
    async with chatting(words("one")) as chat:
        await talked(chat, "first")
        await press_on(chat, 0, "e")
        await chat.until(lambda: chat.prompt.text == "first")
        await chat.pilot.press(*" tide", "escape")
        with anyio.fail_after(LIMIT_S):
            while "first tide" not in await asyncio.wrap_future(chat.screen.store.prompts()):
                await chat.pilot.pause()
    async with chatting() as chat:
        await chat.until(lambda: chat.prompt.drafts.prompts.texts)
        await chat.pilot.press("up")
        assert chat.prompt.text == "first tide"
        await chat.pilot.press("up")
        assert chat.prompt.text == "first"


async def test_an_edit_that_changed_nothing_leaves_nothing_behind_and_one_that_was_left_is_not_sent_again() -> None:
    async with chatting(words("one"), words("two")) as chat:
        await talked(chat, "first")
        for typed in ("", "x"):
            await press_on(chat, 0, "e")
            await chat.until(lambda: chat.prompt.text == "first")
            await chat.pilot.press(*typed, "escape")
            assert ("brings it back" in chat.hint) == bool(typed)
        assert chat.prompt.last_sent == "first"
        await chat.pilot.press("up", "up")
        assert chat.prompt.text == "first"


async def test_a_fork_is_a_chat_of_its_own() -> None:
    async with chatting(words("one"), words("two"), words("three")) as chat:
        await talked(chat, "first", "second")
        first = chat.screen.session.id
        await press_on(chat, 1, "tab")
        view = chat.screen.conversation
        view.show_message(1)
        view.action_fork()
        await chat.until(lambda: chat.screen.session.id != first)
        await talked(chat, "elsewhere")
        assert await texts(chat, 3) == ["first", "one", "elsewhere"]
        assert len(await asyncio.wrap_future(chat.screen.store.chats())) == 2
