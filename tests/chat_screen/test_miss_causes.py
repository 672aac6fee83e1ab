"""Why a request read less than it might have: each cause, brought about in the app and told under the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from chatting import Chat, chatting, words
from msgspec.structs import replace
from transcripts import PNG

from tui.chat.transcript import Draft, Image, Text, Tool

pytestmark = pytest.mark.anyio

LONG = "You answer about tides and nothing else. " * 150
# A model that takes another system prompt, effort or tools only for the whole request.
CONFIG = f'[default]\nmodel = "claude-sonnet-5"\nsystem = "{LONG}"\n'
FIRST = "Which way does it run, past the kelp and the rock and the old harbour wall? " * 20
SCHEMA = '{"type":"object","properties":{}}'
OLD, NEW = (Tool(name=name, description="Looks. " * 200, input_schema=SCHEMA) for name in ("read_file", "run_command"))


async def say(chat: Chat, text: str, *attachments: Image) -> None:
    answers = sum(message.role == "assistant" for message in chat.screen.session.transcript.messages)
    chat.screen.submit(Draft(text=text, attachments=attachments))
    await chat.pilot.pause()
    await chat.until_idle()
    assert sum(one.role == "assistant" for one in chat.screen.session.transcript.messages) == answers + 1


async def another_model(chat: Chat) -> None:
    await chat.send("/model opus")
    await chat.until(lambda: "Opus" in chat.screen.header.model_name)
    await say(chat, "And now?")


async def another_system(chat: Chat) -> None:
    await chat.send(f"/system Be brief. {LONG[:300]}")
    await chat.until(lambda: "System prompt saved" in chat.hint)
    await say(chat, "And now?")


async def another_effort(chat: Chat) -> None:
    await chat.send("/effort max")
    await chat.until(lambda: "effort max" in chat.screen.header.settings)
    await say(chat, "And now?")


async def other_tools(chat: Chat) -> None:
    session = chat.screen.session.turns
    session.transcript = replace(session.transcript, tools=(NEW,))
    await say(chat, "And now?")


async def a_first_image(chat: Chat) -> None:
    await say(chat, "And this one?", Image("image/png", PNG, name="tide.png"))


async def a_changed_prompt(chat: Chat) -> None:
    session = chat.screen.session.turns
    prompt, *rest = session.transcript.messages
    prompt = replace(prompt, blocks=(Text("Something else. " + FIRST),))
    session.transcript = replace(session.transcript, messages=(prompt, *rest))
    await say(chat, "And now?")


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (another_model, ("Opus 5.5 read nothing: each model has its own cache.", "keep this model to use it")),
        (another_system, ("The system prompt changed, and the messages follow it.", "in a new chat")),
        (another_effort, ("Thinking or effort changed, which invalidates the cached messages.",)),
        (other_tools, ("The tools changed (new: run_command; removed: read_file)", "before you start a chat")),
        (a_first_image, ("The first image was added, which invalidates the cached messages once.",)),
        (a_changed_prompt, ("Message 1 (your message) changed.",)),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
async def test_the_cause_is_told_under_the_answer_with_what_to_do(
    cause: Callable[[Chat], Awaitable[None]], told: tuple[str, ...]
) -> None:
    answers = [words("Out, past the kelp. " * 20), words("At noon. " * 20), words("There.")]
    async with chatting(*answers, config=CONFIG, size=(120, 40)) as chat:
        session = chat.screen.session.turns
        session.transcript = replace(session.transcript, tools=(OLD,))
        await say(chat, FIRST)
        await cause(chat)
        for words_ in told:
            await chat.until_shown(words_)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (another_effort, "Thinking or effort changed, which invalidates the cached messages."),
        (another_system, "The system prompt changed, and the messages follow it."),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
async def test_after_a_restart_what_changed_is_still_told_by_how_the_last_answer_was_asked_for(
    cause: Callable[[Chat], Awaitable[None]], told: str
) -> None:
    async with chatting(words("Out, past the kelp. " * 20), config=CONFIG, size=(120, 40)) as chat:
        await chat.send("/effort low")
        await chat.until(lambda: "effort low" in chat.screen.header.settings)
        await say(chat, FIRST)
        chat_id = chat.screen.session.id
    # The simulator has forgotten everything, too: whatever is asked now misses.
    async with chatting(words("At noon."), config=CONFIG, size=(120, 40), resume=chat_id) as chat:
        await chat.until(lambda: "effort low" in chat.screen.header.settings)
        await cause(chat)
        await chat.until_shown(told)


async def test_a_chat_that_just_goes_on_is_told_nothing() -> None:
    async with chatting(words("Out."), words("At noon."), words("There."), config=CONFIG, size=(120, 40)) as chat:
        await say(chat, FIRST)
        await say(chat, "And when?")
        await say(chat, "And where?")
        assert not any(sign in chat.shown for sign in ("changed", "cold", "anew", "read nothing:"))


async def test_an_edit_reads_all_that_stands_before_it_and_is_no_miss() -> None:
    answers = words("Out, past the kelp. " * 20), words("At noon. " * 20), words("There.")
    async with chatting(*answers, config=CONFIG, size=(120, 40)) as chat:
        await say(chat, FIRST)
        await say(chat, "And when does it turn? " * 60)
        view = chat.screen.conversation
        view.focus()
        await chat.pilot.pause()
        view.show_message(2)
        await chat.pilot.press("e")
        await chat.until(lambda: bool(chat.prompt.text))
        await chat.send("And where?")
        await chat.until_shown("There.")
        await chat.until_idle()
        usages = [one.usage for one in chat.screen.session.transcript.messages if one.role == "assistant"]
        assert usages[1].cache_read_input_tokens >= usages[0].total_input
        assert "Message 1 (" not in chat.shown
