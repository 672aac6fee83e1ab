"""Where settings, credential and provider meet: what is chosen, what stands in the way, what is sent, what it cost."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tui.anthropic.models import MODELS
from tui.chat.events import AnswerUpdated, Notice, RetryScheduled, TurnEnded, TurnEvent
from tui.chat.ledger import Usage
from tui.chat.transcript import Block, Draft, Message
from tui.chat.transcript import Text as Said
from tui.chat.turn import run_turn
from tui.config import load
from tui.demo.scenarios import Answer, Text, Thinking
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.services.connection import Connection

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


def connection(tmp_path: Path, config: str = "", **env: str) -> Connection:
    file = tmp_path / "config.toml"
    file.write_text(config)
    settings = load(env, file=file)
    assert settings.findings == ()
    return Connection(settings, env)


async def turn(connection: Connection, prompt: str, model: str = "", session: object = None) -> list[TurnEvent]:
    chat = session or connection.session()
    return [event async for event in run_turn(chat, Draft(text=prompt), connection.ask(connection.choose(model)))]


def test_a_family_is_the_configured_default(tmp_path: Path) -> None:
    one = connection(tmp_path, '[default]\nmodel = "haiku"')
    assert one.choose().model.id == "claude-haiku-5-5"
    assert one.choose("opus").model.id == "claude-opus-5-5"


def test_what_the_user_says_of_a_model_wins(tmp_path: Path) -> None:
    one = connection(
        tmp_path,
        '[models."claude-sonnet-5-5"]\ncontext = 5000\nprice_input = 1\nprice_output = 2\nprice_read = 0.5\n'
        '[models."local"]\nname = "Local"\nvision = false',
    )
    model = one.choose("sonnet").model
    assert (model.context, model.max_output) == (5000, 128_000)
    (price,) = model.prices
    assert (price.input, price.output, price.read, price.write_5m, price.write_1h) == (1, 2, 0.5, 1.25, 2)
    assert [model.id for model in one.models()] == [*(model.id for model in MODELS), "local"]
    assert (one.choose("local").model.name, one.choose("local").model.vision) == ("Local", False)


def test_an_answer_is_billed_at_the_price_of_the_model_that_gave_it(tmp_path: Path) -> None:
    answer = Message(role="assistant", model="claude-sonnet-5-5", usage=Usage(input_tokens=1_000_000))
    bill = connection(tmp_path).bill(answer)
    assert bill is not None
    assert bill.cost_usd == 2.0
    bill = connection(tmp_path, '[models."claude-sonnet-5-5"]\nprice_input = 7\nprice_output = 1').bill(answer)
    assert bill is not None
    assert bill.cost_usd == 7.0
    assert connection(tmp_path).bill(Message(role="assistant", model="nobody-knows")) is None


def test_a_refusal_before_any_output_is_billed_for_some_categories_only(tmp_path: Path) -> None:
    refused = Message(
        role="assistant", model="claude-sonnet-5-5", stop_reason="refusal", usage=Usage(input_tokens=1_000_000)
    )

    def cost(category: str, *blocks: Block, **more: Any) -> float:
        bill = connection(tmp_path).bill(replace(refused, stop_category=category, blocks=blocks, **more))
        assert bill is not None
        return bill.cost_usd

    assert [cost(category) for category in ("cyber", "general_harms", "")] == [0, 0, 0]
    assert [cost(category) for category in ("bio", "frontier_llm", "reasoning_extraction")] == [2, 2, 2]
    assert cost("cyber", Said("Well,")) == 2
    assert cost("", stop_reason="end_turn") == 2


def test_what_stands_in_the_way_is_known_before_anything_is_sent(tmp_path: Path) -> None:
    assert connection(tmp_path, ANTHROPIC_API_KEY=DEMO_KEY).obstacle is None
    missing = connection(tmp_path).obstacle
    assert missing is not None
    assert missing.message == "Anthropic credentials not set"
    plain = connection(tmp_path, ANTHROPIC_API_KEY=DEMO_KEY, ANTHROPIC_BASE_URL="http://example.test").obstacle
    assert plain is not None
    assert "plain http" in plain.message
    assert Connection(load({}), {}, demo=True).obstacle is None


def test_the_use_of_claude_codes_login_is_remarked_on(tmp_path: Path) -> None:
    login = {"claudeAiOauth": {"accessToken": "sk-ant-oat01-secret", "refreshToken": "", "subscriptionType": "max"}}
    (tmp_path / ".credentials.json").write_text(json.dumps(login))
    env = {"CLAUDE_CONFIG_DIR": str(tmp_path)}
    borrowed = connection(tmp_path, **env)
    assert borrowed.obstacle is None
    assert "Claude Code's login (max plan)" in borrowed.credential_notice
    assert "secret" not in borrowed.credential_notice
    assert connection(tmp_path, ANTHROPIC_API_KEY=DEMO_KEY, **env).credential_notice == ""
    elsewhere = connection(tmp_path, ANTHROPIC_BASE_URL="https://proxy.example", **env).obstacle
    assert elsewhere is not None
    assert "proxy.example" in elsewhere.message
    allowed = connection(
        tmp_path, '[providers.anthropic]\napi_url = "https://proxy.example"\noauth_hosts = ["proxy.example"]', **env
    )
    assert allowed.obstacle is None


async def test_a_conversation_goes_to_the_server_with_the_key(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    config = (
        f'[default]\nsystem = "Be brief."\n[providers.anthropic]\napi_key = "{DEMO_KEY}"\napi_url = "{server.url}/v1/"'
    )
    with connection(tmp_path, config) as one:
        events = await turn(one, "hello")
        await one.aclose()
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].outcome == "complete"
    (request,) = server.requests
    assert request.path == "/v1/messages"
    assert request.headers["x-api-key"] == DEMO_KEY
    assert "Be brief." in json.dumps(request.json["system"])


async def test_another_model_answering_is_said_once_in_a_chat(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    with connection(tmp_path, ANTHROPIC_API_KEY=DEMO_KEY, ANTHROPIC_BASE_URL=server.url) as one:
        session = one.session()
        notices = [
            [
                event.text
                for event in await turn(one, prompt, "claude-opus-4-20250514", session)
                if isinstance(event, Notice)
            ]
            for prompt in ("first", "second")
        ]
        await one.aclose()
    assert len(notices[0]) == 1
    assert "claude-opus-4-20250514" in notices[0][0]
    assert notices[1] == []


async def test_the_servers_list_goes_before_the_table(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    with connection(tmp_path, ANTHROPIC_API_KEY=DEMO_KEY, ANTHROPIC_BASE_URL=server.url) as one:
        models = await one.list_models()
        await one.aclose()
    assert one.live
    assert [model.id for model in models[: len(one.live)]] == [model.id for model in one.live]
    assert {model.id for model in MODELS} <= {model.id for model in models}
    assert len({model.id for model in models}) == len(models)


async def test_the_basic_dialect_sends_nothing_that_only_anthropic_knows(
    tmp_path: Path, server: Server[FakeAnthropic]
) -> None:
    with connection(
        tmp_path, '[providers.anthropic]\ndialect = "basic"', ANTHROPIC_API_KEY=DEMO_KEY, ANTHROPIC_BASE_URL=server.url
    ) as one:
        await turn(one, "hello " * 5000)
        await one.aclose()
    assert not {"thinking", "output_config", "cache_control"} & set(server.requests[0].json)
    assert b"cache_control" not in server.requests[0].body


async def test_the_demo_brings_its_own_server_and_takes_it_away() -> None:
    with Connection(load(os.environ), {"ANTHROPIC_API_KEY": "sk-ant-api03-not-for-the-demo"}, demo=True) as one:
        assert "demo-server" not in running_threads()  # not before the first prompt
        session = one.session()
        async with aclosing(run_turn(session, Draft(text="hello"), one.ask(one.choose())).__aiter__()) as events:
            async for event in events:
                if isinstance(event, AnswerUpdated):
                    break
        assert "demo-server" in running_threads()
        await one.aclose()
    assert "demo-server" not in running_threads()


def running_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def test_a_chat_whose_past_was_changed_goes_on_without_its_thinking(
    tmp_path: Path, server: Server[FakeAnthropic]
) -> None:
    one = connection(tmp_path, ANTHROPIC_BASE_URL=server.url, ANTHROPIC_API_KEY=DEMO_KEY)
    server.service.script(Answer(Thinking("Let me see."), Text("Out.")))
    async with aclosing(one):
        with one:
            session = one.session("You know the tides.")
            await turn(one, "Which way?", session=session)
            session.transcript = replace(session.transcript, system="You know the moons.")
            events = await turn(one, "And now?", session=session)
            assert [event.failure.status for event in events if isinstance(event, RetryScheduled)] == [400]
            assert events[-1].outcome == "complete"
            # From then on it is known.
            assert not [
                event for event in await turn(one, "And then?", session=session) if isinstance(event, RetryScheduled)
            ]
    assert len(server.requests) == 4


async def test_after_a_long_pause_what_little_is_new_is_written_for_an_hour(
    tmp_path: Path, server: Server[FakeAnthropic]
) -> None:
    one = connection(tmp_path, ANTHROPIC_BASE_URL=server.url, ANTHROPIC_API_KEY=DEMO_KEY)
    async with aclosing(one):
        with one:
            session = one.session("The tide runs out. " * 300)
            for at in (0.0, 900.0, 960.0):
                session.now = lambda at=at: at
                await turn(one, "Which way?", session=session)
    lifetimes = [b'"ttl":"1h"' in request.body for request in server.requests]
    assert lifetimes == [False, False, True]
    answers = [message for message in session.transcript.messages if message.role == "assistant"]
    assert [answer.settings for answer in answers] == ["on high"] * 3
