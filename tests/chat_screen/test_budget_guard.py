"""Budgets in the app: what would pass a limit is asked about first, and no prompt is lost over it."""

from __future__ import annotations

import asyncio

import pytest
from chatting import Chat, chatting, words
from msgspec.structs import replace
from textual.widgets import Static

from tui.chat.transcript import Draft
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Scenario, Text
from tui.screens.dialogs import ConfirmDialog
from tui.widgets.panel import PanelFoot

pytestmark = pytest.mark.anyio


def dear(text: str, *, usd: float = 0.5) -> Answer:
    """An answer of Sonnet 5.5 that costs that much: $10 a million tokens."""
    return Answer(Text(text), usage={"input_tokens": 0, "output_tokens": round(usd * 100_000)})


def limits(**dollars: float) -> str:
    return '[default]\nmodel = "sonnet"\n[budget]\n' + "".join(f"{key} = {usd}\n" for key, usd in dollars.items())


async def say(chat: Chat, text: str) -> None:
    count = len(chat.screen.session.transcript.messages)
    await chat.send(text)
    await chat.until(lambda: len(chat.screen.session.transcript.messages) == count + 2)
    await chat.until_idle()


async def until_asked(chat: Chat) -> str:
    """What the dialog says, in one text."""
    await chat.until(lambda: isinstance(chat.app.screen, ConfirmDialog) and chat.app.screen.query(Static))
    dialog = chat.app.screen
    texts = [part.content for part in dialog.query(Static).results(Static)]
    return " ".join(map(str, (*texts, dialog.query_one(PanelFoot).render())))


def requests(chat: Chat) -> int:
    return len(chat.server.requests)


async def test_a_soft_limit_asks_once_and_then_lets_all_through() -> None:
    answers = (dear("One."), dear("Two."), dear("Three."))
    async with chatting(*answers, config=limits(chat_soft=0.7)) as chat:
        await say(chat, "first")
        await chat.send("second")
        asked = await until_asked(chat)
        assert "Exceed the soft limit of this chat?" in asked
        assert (
            "This chat has cost $0.50. The next turn costs about $0.50 and would pass the soft limit of $0.70." in asked
        )
        assert requests(chat) == 1
        await chat.pilot.press("enter")
        await chat.until_shown("Two.")
        await chat.until_idle()
        await say(chat, "third")
        assert "Three." in chat.shown


async def test_what_was_agreed_to_is_forgotten_when_prx_ends() -> None:
    config = limits(chat_soft=0.7)
    async with chatting(dear("One."), dear("Two."), config=config) as chat:
        await say(chat, "first")
        await chat.send("second")
        await until_asked(chat)
        await chat.pilot.press("enter")
        await chat.until_shown("Two.")
        await chat.until_idle()
        chat_id = chat.screen.session.id
    async with chatting(config=config, resume=chat_id) as chat:
        await chat.until_shown("Two.")
        await chat.send("third")
        assert "Exceed the soft limit of this chat?" in await until_asked(chat)


async def test_a_prompt_that_is_not_sent_is_back_in_the_box_with_what_was_attached() -> None:
    async with chatting(dear("One."), config=limits(chat_soft=0.7)) as chat:
        await say(chat, "first")
        await chat.send("second")
        await until_asked(chat)
        await chat.pilot.press("escape")
        await chat.until(lambda: chat.prompt.text == "second")
        assert "Not sent" in chat.hint
        assert requests(chat) == 1
        await chat.pilot.press("enter")  # and it asks again: nothing was agreed to
        await until_asked(chat)


async def test_what_is_in_question_is_kept_should_prx_be_killed() -> None:
    async with chatting(dear("One."), config=limits(chat_soft=0.7)) as chat:
        await say(chat, "first")
        await chat.send("second")
        await until_asked(chat)
        store = chat.screen.store
        await asyncio.wrap_future(store.chats())
        (place,) = await asyncio.wrap_future(store.unsent())
        assert [draft.text for draft in place.queue] == ["second"]


async def test_a_hard_limit_stands_until_it_is_raised_and_enter_does_not_do_that() -> None:
    answers = (dear("One."), dear("Two."), dear("Three."))
    async with chatting(*answers, config=limits(chat_hard=0.7)) as chat:
        await say(chat, "first")
        await chat.send("second")
        asked = await until_asked(chat)
        assert "would pass the limit of $0.70" in asked
        assert "^R raise to $1.40 and send" in asked
        await chat.pilot.press("enter", "y", "r", "space")
        assert isinstance(chat.app.screen, ConfirmDialog)
        await chat.pilot.press("ctrl+r")
        await chat.until_shown("Two.")
        await chat.until_idle()
        await chat.send("third")
        assert "^R raise to $2.80 and send" in await until_asked(chat)
        await chat.pilot.press("escape")
        await chat.until(lambda: chat.prompt.text == "third")
        assert requests(chat) == 2


async def test_the_limit_of_the_day_is_over_all_chats() -> None:
    async with chatting(dear("One."), dear("Two."), config=limits(day_hard=0.5)) as chat:
        await say(chat, "first")
        await chat.pilot.press("ctrl+n")
        await chat.send("another chat")
        asked = await until_asked(chat)
        assert "Raise the limit of today?" in asked
        assert "Today's chats have cost $0.50" in asked
        assert "^R raise to $1.00 and send" in asked
        await chat.pilot.press("ctrl+r")
        await chat.until_shown("Two.")


async def test_a_new_chat_has_a_limit_of_its_own() -> None:
    async with chatting(dear("One."), words("Two."), config=limits(chat_hard=0.7)) as chat:
        await say(chat, "first")
        await chat.pilot.press("ctrl+n")
        await say(chat, "another chat")
        assert "Two." in chat.shown


async def test_a_queue_waits_instead_of_asking_while_somebody_types() -> None:
    gate = Gate()
    first: Scenario = Answer(Text("One.", gate), usage={"output_tokens": 50_000})
    async with chatting(first, dear("Two."), config=limits(chat_soft=0.7)) as chat:
        await chat.send("first")
        await chat.until_written()
        await chat.send("second")
        gate.open()
        await chat.until(lambda: "would exceed the chat's soft limit" in chat.hint)
        assert chat.queued == ["second"]
        assert requests(chat) == 1
        await chat.pilot.press("enter")
        await until_asked(chat)
        await chat.pilot.press("n")
        await chat.until(lambda: not isinstance(chat.app.screen, ConfirmDialog))
        assert chat.queued == ["second"]
        await chat.pilot.press("enter")
        await until_asked(chat)
        await chat.pilot.press("y")
        await chat.until_shown("Two.")


async def test_within_the_budget_a_queue_goes_on_by_itself() -> None:
    gate = Gate()
    async with chatting(Answer(Text("One.", gate)), words("Two."), config=limits(chat_soft=0.7)) as chat:
        await chat.send("first")
        await chat.until_written()
        await chat.send("second")
        gate.open()
        await chat.until_shown("Two.")


async def test_asking_again_and_editing_ask_first_and_leave_the_branch_as_it_was() -> None:
    async with chatting(dear("One."), dear("Two."), dear("Three."), config=limits(chat_hard=0.7)) as chat:
        await say(chat, "first")
        await chat.pilot.press("shift+tab", "g")
        await until_asked(chat)
        await chat.pilot.press("escape")
        await chat.until(lambda: not isinstance(chat.app.screen, ConfirmDialog))
        assert [one.text for one in chat.screen.session.transcript.messages] == ["first", "One."]
        await chat.pilot.press("e")
        await chat.until(lambda: chat.prompt.text == "first")
        await chat.pilot.press("enter")
        await until_asked(chat)
        await chat.pilot.press("escape")
        await chat.until(lambda: chat.prompt.text == "first")
        assert requests(chat) == 1
        await chat.pilot.press("enter")  # it is still the edit
        await until_asked(chat)
        await chat.pilot.press("ctrl+r")
        await chat.until_shown("Two.")
        assert [one.text for one in chat.screen.session.transcript.messages] == ["first", "Two."]


async def test_prompts_sent_while_it_is_asked_keep_their_order() -> None:
    async with chatting(dear("One."), dear("Two."), dear("Three."), config=limits(chat_soft=0.7)) as chat:
        await say(chat, "first")
        chat.screen.submit(Draft(text="second"))
        chat.screen.submit(Draft(text="third"))
        await until_asked(chat)
        await chat.pilot.press("enter")
        await chat.until_shown("Three.")
        texts = [one.text for one in chat.screen.session.transcript.messages]
        assert texts == ["first", "One.", "second", "Two.", "third", "Three."]


async def test_what_is_sent_while_another_request_is_checked_is_queued_and_not_lost() -> None:
    async with chatting(words("One."), words("Two."), words("Three."), config=limits(chat_soft=9)) as chat:
        await say(chat, "first")
        chat.screen.session.queue.restore((Draft(text="held"),))
        chat.screen.parts.turns.release()
        chat.screen.submit(Draft(text="typed"))
        await chat.until(lambda: len(chat.screen.session.transcript.messages) == 6)
        texts = [one.text for one in chat.screen.session.transcript.messages]
        assert texts == ["first", "One.", "held", "Two.", "typed", "Three."]


async def test_a_held_queue_stays_where_another_prompt_goes_first() -> None:
    async with chatting(words("One."), words("Two."), config=limits(chat_soft=9)) as chat:
        await say(chat, "first")
        chat.screen.session.queue.restore((Draft(text="held"),))
        chat.screen.submit(Draft(text="typed"))
        chat.screen.parts.turns.release()
        await chat.until(lambda: len(chat.screen.session.transcript.messages) == 4)
        await chat.until_idle()
        assert [draft.text for draft in chat.screen.session.queue.drafts] == ["held"]


async def test_a_queued_prompt_that_is_removed_before_it_is_checked_is_not_sent() -> None:
    async with chatting(words("One."), config=limits(chat_soft=9)) as chat:
        await say(chat, "first")
        session, turns = chat.screen.session, chat.screen.parts.turns
        session.queue.add(Draft(text="second"))
        turns.go_on(session)
        turns.remove_queued(0)
        await chat.until_idle()
        assert requests(chat) == 1


async def test_a_prompt_that_got_no_answer_asks_before_it_gets_one() -> None:
    async with chatting(dear("One."), dear("Two."), config=limits(chat_hard=0.5)) as chat:
        await say(chat, "first")
        chat.screen.session.transcript = replace(
            chat.screen.session.transcript, messages=chat.screen.session.transcript.messages[:1]
        )
        await chat.send("/continue")
        assert "would pass the limit of $0.50" in await until_asked(chat)
        assert requests(chat) == 1


async def test_without_a_budget_nothing_is_asked() -> None:
    async with chatting(dear("One.", usd=900), words("Two.")) as chat:
        await say(chat, "first")
        await say(chat, "second")
        assert "Two." in chat.shown
