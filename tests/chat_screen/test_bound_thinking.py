"""Signed thinking through the whole app: sent back while it fits, left out once its past has changed, repaired once."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from chatting import Chat, chatting
from PIL import Image as Pillow

from tui.chat.transcript import Draft, Image
from tui.demo.scenarios import Answer, Text, Thinking

pytestmark = pytest.mark.anyio

MODELS = ("fable", "claude-sonnet-5-5", "claude-haiku-5-5")  # these check all that stood before their thinking


def thought(text: str) -> Answer:
    return Answer(Thinking(f"About {text}."), Text(text))


async def say(chat: Chat, text: str) -> None:
    count = len(chat.screen.session.transcript.messages)
    await chat.send(text)
    await chat.until(lambda: len(chat.screen.session.transcript.messages) == count + 2)
    await chat.until_idle()


def thoughts(body: dict[str, Any]) -> int:
    """How many blocks of thinking a request sends back."""
    return sum(block["type"] == "thinking" for message in body["messages"] for block in message["content"])


def asked(chat: Chat) -> list[int]:
    """The same for every request so far."""
    return [thoughts(one.json) for one in chat.server.requests if one.path == "/v1/messages"]


def model(name: str) -> str:
    return f'[default]\nmodel = "{name}"\n'


@pytest.mark.parametrize("name", MODELS)
async def test_thinking_is_sent_back_while_the_chat_goes_on(name: str) -> None:
    async with chatting(thought("one"), thought("two"), thought("three"), config=model(name)) as chat:
        for text in ("first", "second", "third"):
            await say(chat, text)
        assert asked(chat) == [0, 1, 2]


@pytest.mark.parametrize("name", MODELS)
async def test_thinking_is_kept_when_the_system_prompt_is_edited(name: str) -> None:
    async with chatting(thought("one"), thought("two"), thought("three"), config=model(name)) as chat:
        await say(chat, "first")
        await chat.send("/system Be brief.")
        await chat.until(lambda: "System prompt saved" in chat.hint)
        await say(chat, "second")
        await say(chat, "third")
        assert asked(chat) == [0, 1, 2]


async def test_effort_may_change_without_losing_what_was_thought_and_thinking_off_needs_none_of_it() -> None:
    async with chatting(thought("one"), thought("two"), thought("three"), config=model("claude-haiku-5-5")) as chat:
        await say(chat, "first")
        await chat.send("/effort high")
        await say(chat, "second")
        await chat.send("/think off")
        await chat.until(lambda: chat.screen.provider.reasoning.thinking == "off")
        await chat.send("third")
        await chat.until_idle()
        assert asked(chat) == [0, 1, 0], "nothing was refused"


@pytest.mark.parametrize("name", MODELS)
async def test_thinking_that_fits_no_more_after_a_restart_is_repaired_once(name: str) -> None:
    config = model(name)
    async with chatting(thought("one"), config=config) as chat:
        await say(chat, "first")
        chat.screen.store.set_system(chat.screen.session.id, "Be brief.")  # changed elsewhere, by an import
    async with chatting(thought("two"), thought("three"), config=config, start="last") as chat:
        await chat.until(lambda: len(chat.screen.session.transcript.messages) == 2)
        await say(chat, "second")
        assert asked(chat) == [1, 0]
        await say(chat, "third")
        assert asked(chat) == [1, 0, 1], "what was refused is not brought up again"


async def test_counting_tokens_is_repaired_like_sending() -> None:
    config = model("fable")
    async with chatting(thought("one"), config=config) as chat:
        await say(chat, "first")
        chat.screen.store.set_system(chat.screen.session.id, "Be brief.")  # changed elsewhere, by an import
    async with chatting(thought("two"), config=config, start="last") as chat:
        await chat.until(lambda: len(chat.screen.session.transcript.messages) == 2)
        chat.prompt.put("second")
        await chat.pilot.press("f7")
        await chat.until(lambda: " counted)" in chat.hint)
        assert [thoughts(one.json) for one in chat.server.requests] == [1, 0]
        await say(chat, "second")
        assert asked(chat) == [0]


def stripes(count: int) -> tuple[Image, ...]:
    """Pictures that are sent smaller as soon as there are more than 20 of them."""
    out = io.BytesIO()
    Pillow.new("RGB", (2400, 56), "teal").save(out, "PNG")
    return (Image("image/png", base64.b64encode(out.getvalue()).decode(), "stripe.png", width=2400, height=56),) * count


def longest_sides(body: dict[str, Any]) -> set[int]:
    """Those of the pictures that a request sends, in pixels."""
    sides = set()
    for block in (block for message in body["messages"] for block in message["content"] if block["type"] == "image"):
        with Pillow.open(io.BytesIO(base64.b64decode(block["source"]["data"]))) as picture:
            sides.add(max(picture.size))
    return sides


@pytest.mark.parametrize("name", MODELS)
async def test_pictures_that_shrink_among_many_cost_the_thinking_before_them_and_nothing_else(name: str) -> None:
    answers = [thought(text) for text in ("one", "two", "three", "four")]
    async with chatting(*answers, config=model(name), size=(120, 40)) as chat:
        chat.screen.submit(Draft(text="first", attachments=stripes(20)))
        await chat.until_shown("one")
        await chat.until_idle()
        chat.prompt.attachments.show_blocks(stripes(1))
        chat.prompt.put("second")
        await chat.until(lambda: "0 % cached (over 20 images)" in chat.hint)
        await chat.pilot.press("enter")
        await chat.until_shown("two")
        await chat.until_idle()
        await chat.until_shown("more than 20 images, those over 2,000 pixels are sent smaller")
        await say(chat, "third")
        await say(chat, "fourth")
        sent = [one for one in chat.server.requests if one.path == "/v1/messages"]
        assert [max(longest_sides(one.json)) for one in sent] == [2400, 2000, 2000, 2000, 2000]
        assert asked(chat) == [0, 1, 0, 1, 2], "refused once; what is thought from then on is kept"
        last = chat.screen.session.transcript.messages[-1]
        assert last.usage.cache_read_input_tokens > 0, "the smaller pictures stay the same bytes"
