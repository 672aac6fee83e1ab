"""Thinking and effort of a chat: chosen in a picker or by a command, kept with the chat, within each model's rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from chatting import Chat, chatting, words

from tui.chat.forecast import NO_DRAFT
from tui.chat.reasoning import Reasoning
from tui.demo.scenarios import Answer, Text, Thinking
from tui.screens.reasoning import ReasoningPicker
from tui.widgets.filter_list import FilterList
from tui.widgets.status import StatusBar

pytestmark = pytest.mark.anyio

LONG = "You answer about tides and nothing else. " * 150
SYSTEM = f'[default]\nmodel = "sonnet"\nsystem = "{LONG}"\n'
SYSTEM_ONLY_AT_THE_START = SYSTEM.replace('"sonnet"', '"claude-sonnet-5"')
PRESETS = '[presets.deep]\nmodel = "haiku"\neffort = "max"\n[presets.quick]\nmodel = "haiku"\nthinking = "off"\n'


async def say(chat: Chat, text: str) -> dict[str, Any]:
    """Sends a prompt, and gives the body of its request once it is answered."""
    number = len(chat.server.requests) + 1
    count = len(chat.screen.session.transcript.messages)
    await chat.send(text)
    await chat.until(lambda: len(chat.screen.session.transcript.messages) == count + 2)
    await chat.until_idle()
    return (await chat.request(number)).json


def effort_of(body: dict[str, Any]) -> str:
    return body.get("output_config", {}).get("effort", "")


def header(chat: Chat) -> str:
    return chat.screen.header.render_line(0).text


def status(chat: Chat) -> str:
    return chat.screen.query_one(StatusBar).render_line(0).text


def rows(chat: Chat) -> str:
    view = chat.app.screen.query_one(FilterList)
    return "\n".join(view.render_line(y).text.rstrip() for y in range(view.size.height))


def foot(chat: Chat) -> str:
    return str(chat.app.screen.query_one("#meaning").render())


async def opened_with(chat: Chat, key: str = "f8") -> None:
    await chat.pilot.press(key)
    await chat.until(lambda: isinstance(chat.app.screen, ReasoningPicker))
    await chat.pilot.pause()


async def test_the_picker_shows_what_the_model_takes_and_why_it_refuses_the_rest() -> None:
    async with chatting(config='[default]\nmodel = "opus"\n') as chat:
        await opened_with(chat)
        shown = rows(chat)
        assert "● on              default" in shown
        assert "off             Opus 5.5 always thinks" in shown
        assert "● medium          default" in shown
        await chat.pilot.press(*"max", "enter")
        assert chat.app.screen is chat.screen
        await chat.until(lambda: "effort max · Opus 5.5" in header(chat))
        assert "Now: effort max" in chat.hint


async def test_a_choice_is_sent_and_the_default_is_left_unsaid() -> None:
    async with chatting(words("one"), words("two"), words("three"), config='[default]\nmodel = "haiku"\n') as chat:
        await chat.send("/effort high")
        assert effort_of(await say(chat, "first")) == "high"
        await chat.send("/think off")
        body = await say(chat, "second")
        assert (body["thinking"], effort_of(body)) == ({"type": "disabled"}, "high")
        assert "no thinking, effort high · Haiku 5.5" in header(chat)
        await chat.send("/think on")
        await chat.send("/effort medium")
        body = await say(chat, "third")
        assert (body["thinking"]["type"], effort_of(body)) == ("adaptive", "")
        assert "effort" not in header(chat)


async def test_a_command_that_asks_for_too_much_says_why_not() -> None:
    async with chatting(config='[default]\nmodel = "opus"\n') as chat:
        await chat.send("/think off")
        await chat.until(lambda: "Thinking off is not available: Opus 5.5 always thinks" in chat.hint)
        await chat.send("/effort huge")
        await chat.until(lambda: 'Unknown effort "huge" · choose low, medium, high, xhigh, max' in chat.hint)
        assert chat.screen.provider.reasoning == Reasoning()


async def test_without_an_argument_the_commands_open_the_picker_where_they_say() -> None:
    async with chatting(config='[default]\nmodel = "sonnet"\n') as chat:
        await chat.send("/effort")
        await chat.until(lambda: isinstance(chat.app.screen, ReasoningPicker))
        assert chat.app.screen.query_one(FilterList).picked == "effort high"
        await chat.pilot.press("up", "up", "up", "enter")
        await chat.until(lambda: "no thinking · Sonnet 5.5" in header(chat))
        await chat.send("/think")
        await chat.until(lambda: isinstance(chat.app.screen, ReasoningPicker))
        assert chat.app.screen.query_one(FilterList).picked == "thinking off"
        await chat.pilot.press("f8")
        assert chat.app.screen is chat.screen


async def test_the_picker_says_what_a_change_does_to_the_cache_and_that_is_what_it_does() -> None:
    first = "Which way does it run? " * 120
    async with chatting(words("Out. " * 400), words("At noon."), config=SYSTEM_ONLY_AT_THE_START) as chat:
        await say(chat, first)
        await opened_with(chat)
        assert foot(chat).startswith("the current setting")
        await chat.pilot.press("end")
        written = chat.screen.session.transcript.messages[-1].usage.cache_creation_input_tokens
        assert "writes " in foot(chat)
        assert "tokens: $0.00" in foot(chat)
        assert "warm" in status(chat)
        await chat.pilot.press("enter")
        await chat.until(lambda: "cold · next $0.0" in status(chat))
        await opened_with(chat)
        assert "writes " in foot(chat), "it was chosen, and not sent yet"
        await chat.pilot.press(*"high")
        assert "keeps the cache: the messages are cached with this setting" in foot(chat)
        await chat.pilot.press("escape", "escape")
        coming = chat.screen.parts.costs.coming(NO_DRAFT, chat.screen.session.transcript)
        await say(chat, "And when does it turn?")
        assert "warm" in status(chat)
        usage = chat.screen.session.transcript.messages[-1].usage
        assert 0 < usage.cache_read_input_tokens < written, "the system prompt is read, the messages are not"
        assert coming.usage.cache_read_input_tokens == pytest.approx(usage.cache_read_input_tokens, rel=0.1)
        await chat.until_shown("Thinking or effort changed")


async def test_where_an_effort_is_for_one_turn_a_change_keeps_the_cache() -> None:
    first = "Which way does it run? " * 120
    async with chatting(words("Out. " * 400), words("At noon."), config=SYSTEM) as chat:
        await say(chat, first)
        written = chat.screen.session.transcript.messages[-1].usage.cache_creation_input_tokens
        await opened_with(chat)
        await chat.pilot.press("end")
        assert foot(chat).startswith("keeps the cache: it is sent with each prompt")
        await chat.pilot.press("enter")
        assert "warm" in status(chat)
        body = await say(chat, "And when does it turn?")
        assert body["messages"][-1] == {"role": "system", "content": [], "output_config": {"effort": "max"}}
        assert chat.screen.session.transcript.messages[-1].usage.cache_read_input_tokens == written


async def test_the_picker_says_what_thinking_has_cost_here() -> None:
    thought = Answer(Thinking("The kelp lies seaward. " * 40), Text("Out."))
    async with chatting(thought) as chat:
        await say(chat, "Which way does it run?")
        await opened_with(chat)
        assert "thinking so far: " in foot(chat)
        assert "tokens per answer, $0.00" in foot(chat)


async def test_the_choice_stays_with_its_chat() -> None:
    async with chatting(words("one"), words("two"), words("three"), config='[default]\nmodel = "haiku"\n') as chat:
        await chat.send("/think off")
        await say(chat, "first")
        await chat.send("/effort low")
        deep, screen = chat.screen.session.id, chat.screen
        await chat.pilot.press("ctrl+n")
        assert header(chat).rstrip().endswith("  Haiku 5.5 ▾")
        assert "thinking" not in str((await say(chat, "second")).get("thinking", {}).get("type"))
        await screen.parts.sessions.open_chat(deep)
        assert screen.provider.reasoning == Reasoning(thinking="off", effort="low")
        assert "no thinking, effort low · Haiku 5.5" in header(chat)
        body = await say(chat, "third")
        assert (body["thinking"], effort_of(body)) == ({"type": "disabled"}, "low")
        stored = await asyncio.wrap_future(screen.store.chat(deep))
        assert (stored.thinking, stored.effort) == ("off", "low")


async def test_the_choice_is_there_after_a_restart() -> None:
    config = '[default]\nmodel = "haiku"\n'
    async with chatting(words("one"), config=config) as chat:
        await chat.send("/effort max")
        await say(chat, "first")
    async with chatting(words("two"), config=config, start="last") as chat:
        await chat.until(lambda: "effort max · Haiku 5.5" in header(chat))
        assert effort_of(await say(chat, "second")) == "max"


async def test_a_preset_brings_its_own() -> None:
    async with chatting(words("one"), words("two"), config=PRESETS, preset="deep") as chat:
        assert "effort max · Haiku 5.5" in header(chat)
        assert effort_of(await say(chat, "first")) == "max"
        await chat.send("/preset quick")
        await chat.until(lambda: "no thinking · Haiku 5.5" in header(chat))
        body = await say(chat, "second")
        assert (body["thinking"], effort_of(body)) == ({"type": "disabled"}, "")


async def test_a_model_that_does_not_take_the_choice_says_what_it_does_instead() -> None:
    async with chatting(words("one"), words("two"), config='[default]\nmodel = "haiku"\n') as chat:
        await chat.send("/think off")
        await say(chat, "first")
        await chat.send("/model opus")
        await chat.until(lambda: "thinking is on: Opus 5.5 always thinks" in chat.hint)
        assert "thinking" not in header(chat)
        assert (await say(chat, "second"))["thinking"]["type"] == "adaptive"
        await chat.send("/model haiku")
        await chat.until(lambda: "no thinking · Haiku 5.5" in header(chat))
