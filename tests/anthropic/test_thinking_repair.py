"""Thinking that no longer fits is left out once and for all; nothing else is tried again."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import httpx
import pytest
from asking_together import SimulatedChat

from tui.anthropic.auth import auth_for
from tui.anthropic.client import Client
from tui.anthropic.credentials import ApiKey
from tui.anthropic.errors import BadRequest, ProviderError, ServerError
from tui.anthropic.models import find
from tui.anthropic.request import Options, build_body, encode
from tui.anthropic.thinking_repair import ThinkingRepair, is_thinking_rejection
from tui.chat.events import MessageStart, MessageStop, RetryScheduled, StreamEvent
from tui.chat.thinking import signatures_in
from tui.chat.transcript import Transcript
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

pytestmark = pytest.mark.anyio
MISFIT = (
    "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove "
    "the block."
)


def build(transcript: Transcript) -> bytes:
    return encode(build_body(transcript, Options(model=find("claude-sonnet-5-5"))))


def talked() -> SimulatedChat:
    """A chat with signed thinking in it, and a prompt."""
    simulated = SimulatedChat(Transcript(system="You know the tides."))
    simulated.say("Which way?")
    simulated.ask()
    simulated.say("And now?")
    return simulated


class Sending:
    """A provider that fails as told, and then answers."""

    def __init__(self, *errors: ProviderError) -> None:
        self.errors = list(errors)
        self.bodies: list[bytes] = []

    async def __call__(self, body: bytes) -> AsyncGenerator[StreamEvent | RetryScheduled, None]:
        self.bodies.append(body)
        if self.errors:
            raise self.errors.pop(0)
        yield MessageStart(id="msg_1")
        yield MessageStop()

    def thinking(self) -> list[bool]:
        """Whether each request had any."""
        return [b'"signature"' in body for body in self.bodies]


async def stream(repair: ThinkingRepair, send: Sending, chat: Transcript) -> list[StreamEvent | RetryScheduled]:
    return [event async for event in repair.stream(send, chat, build(chat), build)]


async def test_refused_thinking_is_left_out_and_stays_out() -> None:
    repair, send, chat = ThinkingRepair(lambda: 7.0), Sending(BadRequest(MISFIT)), talked().transcript
    waiting, *events = await stream(repair, send, chat)
    assert isinstance(waiting, RetryScheduled)
    assert (waiting.failure.message, waiting.until) == (MISFIT, 7.0)
    assert events == [MessageStart(id="msg_1"), MessageStop()]
    assert send.thinking() == [True, False]
    assert signatures_in(chat)
    assert signatures_in(repair.without_rejected(chat)) == frozenset()


async def test_it_is_done_once() -> None:
    send = Sending(BadRequest(MISFIT), BadRequest(MISFIT))
    with pytest.raises(BadRequest):
        await stream(ThinkingRepair(), send, talked().transcript)
    assert send.thinking() == [True, False]


@pytest.mark.parametrize("error", [BadRequest("max_tokens: Field required"), ServerError(MISFIT)])
async def test_other_errors_are_not_repaired(error: ProviderError) -> None:
    repair, send, chat = ThinkingRepair(), Sending(error), talked().transcript
    with pytest.raises(ProviderError):
        await stream(repair, send, chat)
    assert len(send.bodies) == 1
    assert repair.without_rejected(chat) == chat


async def test_a_chat_without_thinking_has_nothing_to_leave_out() -> None:
    send, simulated = Sending(BadRequest(MISFIT)), SimulatedChat(Transcript())
    simulated.say("Hi")
    with pytest.raises(BadRequest):
        await stream(ThinkingRepair(), send, simulated.transcript)


@pytest.mark.parametrize(
    "words",
    [
        MISFIT,
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        "messages.3.content.0.thinking.signature: Field required",
        "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
    ],
)
def test_the_apis_words_for_it_are_known(words: str) -> None:
    assert is_thinking_rejection(BadRequest(words))


async def test_a_server_that_never_saw_the_chat_gets_it_without_thinking() -> None:
    """The simulator's signatures hold for one history only: the chat is told with another system prompt here."""
    chat = Transcript(messages=talked().transcript.messages, system="You know the moons.")
    with Server(FakeAnthropic()) as server:
        credential = ApiKey(key=DEMO_KEY, source="a test")
        client = Client(server.url, auth_for(credential, server.url), transport=httpx.AsyncHTTPTransport())
        repair = ThinkingRepair()
        events = [event async for event in repair.stream(client.stream, chat, build(chat), build)]
        await client.aclose()
        assert MessageStop() in events
        bodies = [json.loads(one.body) for one in server.requests]
    kinds = [[block["type"] for block in body["messages"][1]["content"]] for body in bodies]
    assert kinds == [["thinking", "text"], ["text"]]
