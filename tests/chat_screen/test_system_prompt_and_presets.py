"""The system prompt of a chat, with what an edit costs, and chats that begin with a preset."""

from __future__ import annotations

import asyncio

import pytest
from chatting import chatting, words

from tui.demo.scenarios import Answer, Error, Text
from tui.screens.presets import PresetPicker
from tui.screens.system_prompt import SystemPromptEditor

pytestmark = pytest.mark.anyio

PRESETS = '[presets.review]\nsystem = "Be strict."\nmodel = "opus"\neffort = "low"\n[presets.plain]\n'


def system_of(body: dict[str, object]) -> str:
    system = body.get("system", "")
    return system if isinstance(system, str) else "".join(block["text"] for block in system)


async def test_the_program_begins_with_a_preset() -> None:
    async with chatting(words("one"), config=PRESETS, preset="review") as chat:
        assert chat.screen.header.model_name.startswith("Opus")
        await chat.send("first")
        await chat.until_idle()
        body = (await chat.request()).json
        assert system_of(body) == "Be strict."
        assert "opus" in body["model"]
        assert body["output_config"] == {"effort": "low"}
        stored = await asyncio.wrap_future(chat.screen.store.chat(chat.screen.session.id))
        assert (stored.preset, stored.system) == ("review", "Be strict.")


async def test_a_preset_is_picked_for_a_new_chat_and_stays_with_it() -> None:
    async with chatting(words("one"), words("two"), words("three"), config=PRESETS) as chat:
        await chat.send("first")
        await chat.until_idle()
        first = chat.screen.session.id
        await chat.send("/preset")
        await chat.until(lambda: isinstance(chat.app.screen, PresetPicker))
        await chat.pilot.press(*"rev", "enter")
        assert not chat.screen.session.transcript.messages
        await chat.send("second")
        await chat.until_idle()
        assert system_of((await chat.request(2)).json) == "Be strict."
        second = chat.screen.session.id
        await chat.screen.parts.sessions.open_chat(first)
        assert (chat.screen.provider.preset, system_of((await chat.request(1)).json)) == ("", "")
        await chat.screen.parts.sessions.open_chat(second)
        assert chat.screen.provider.preset == "review"
        await chat.send("/preset nosuch")
        await chat.until(lambda: 'Unknown preset "nosuch"' in chat.hint)


async def test_the_system_prompt_is_seen_and_edited_with_what_that_costs() -> None:
    usage = {"input_tokens": 310, "cache_read_input_tokens": 11_200, "cache_creation_input_tokens": 420}
    async with chatting(Answer(Text("one"), usage=usage), words("two")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.send("/system")
        await chat.until(lambda: isinstance(chat.app.screen, SystemPromptEditor))
        foot = str(chat.app.screen.query(".panel--note").first().content)
        assert foot == "An edit keeps the cache: it is added after the messages so far"
        await chat.pilot.press(*"Be brief.", "ctrl+s")
        assert "System prompt saved" in chat.hint
        await chat.send("second")
        await chat.until_idle()
        body = (await chat.request(2)).json
        assert system_of(body) == ""
        assert body["messages"][-1]["role"] == "system"
        assert body["messages"][-1]["content"][0]["text"].endswith("\n\nBe brief.")
        await chat.send("/system Be kind.")
    async with chatting(words("three"), start="last") as chat:
        await chat.until(lambda: chat.screen.session.transcript.current.system == "Be kind.")
        await chat.send("third")
        await chat.until_idle()
        roles = [message["role"] for message in (await chat.request()).json["messages"]]
        assert roles == ["user", "assistant", "user", "system", "assistant", "user", "system"]


async def test_an_open_chat_goes_on_with_a_preset_and_keeps_its_cache() -> None:
    presets = '[presets.review]\nsystem = "Be strict."\neffort = "low"\n'
    long = "Which way does the tide run? " * 100
    async with chatting(words("one"), words("two"), config=presets) as chat:
        await chat.send(long)
        await chat.until_idle()
        written = chat.screen.session.transcript.messages[-1].usage.cache_creation_input_tokens
        await chat.send("/preset review here")
        await chat.until(lambda: "goes on with the preset review" in chat.hint)
        assert "keeps the cache" in chat.hint
        await chat.send("second")
        await chat.until_idle()
        last = (await chat.request(2)).json["messages"][-1]
        assert last["content"][0]["text"].endswith("Be strict.")
        assert last["output_config"] == {"effort": "low"}
        assert chat.screen.session.transcript.messages[-1].usage.cache_read_input_tokens == written > 0


async def test_a_model_that_takes_the_system_prompt_only_at_the_start_says_what_an_edit_costs() -> None:
    usage = {"input_tokens": 310, "cache_read_input_tokens": 11_200, "cache_creation_input_tokens": 420}
    config = '[default]\nmodel = "claude-sonnet-5"\n'
    async with chatting(Answer(Text("one"), usage=usage), words("two"), config=config) as chat:
        await chat.send("first")
        await chat.until_idle()
        assert (
            "Sonnet 5 takes it only at the start, so the next turn rewrites"
            in chat.screen.parts.generation.cost_of_edit()
        )
        await chat.send("/system Be brief.")
        await chat.send("second")
        await chat.until_idle()
        body = (await chat.request(2)).json
        assert system_of(body) == "Be brief."
        assert {message["role"] for message in body["messages"]} == {"user", "assistant"}


async def test_a_server_that_rejects_the_message_gets_the_prompt_at_the_start_and_the_user_is_told() -> None:
    refused = Error(400, message="messages.3: role 'system' is not supported on this model")
    async with chatting(words("one"), refused, words("two"), words("three")) as chat:
        await chat.send("first")
        await chat.until_idle()
        await chat.send("/system Be brief.")
        await chat.send("second")
        await chat.until_shown("two")
        await chat.until_idle()
        assert system_of((await chat.request(3)).json) == "Be brief."
        assert "This server takes no system messages within a chat" in chat.shown + chat.hint
        await chat.send("third")
        await chat.until_shown("three")
        body = (await chat.request(4)).json
        assert system_of(body) == "Be brief."
        assert {message["role"] for message in body["messages"]} == {"user", "assistant"}


async def test_once_the_cache_is_cold_an_edit_of_the_system_prompt_costs_nothing() -> None:
    usage = {"input_tokens": 310, "cache_creation_input_tokens": 11_620}
    async with chatting(Answer(Text("one"), usage=usage)) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.until_idle()
        assert "keeps the cache" in chat.screen.parts.generation.cost_of_edit()
        chat.clock.now_s = 301
        assert (
            chat.screen.parts.generation.cost_of_edit() == "This chat is not in the cache: an edit costs nothing extra"
        )


async def test_escape_leaves_the_system_prompt_as_it_was() -> None:
    async with chatting(words("one")) as chat:
        await chat.until(lambda: chat.screen.parts.sessions.is_started)
        await chat.send("/system Be kind.")
        await chat.send("/system")
        await chat.until(lambda: isinstance(chat.app.screen, SystemPromptEditor))
        await chat.pilot.press("x", "escape")
        assert chat.screen.session.transcript.system == "Be kind."
