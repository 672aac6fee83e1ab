"""The server's list of models: asked for behind the scenes, and never waited for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chatting import Chat, chatting, words

from tui.anthropic.model_cache import FRESH_S
from tui.cli.models import model_rows
from tui.demo.reply import Gate
from tui.demo.scenarios import Error
from tui.services.connection import Connection

pytestmark = pytest.mark.anyio

NEWER = {
    "data": [
        {
            "type": "model",
            "id": "claude-sonnet-9",
            "display_name": "Claude Sonnet 9",
            "created_at": "2026-11-20T00:00:00Z",
            "line": "sonnet",
            "lifecycle": "active",
            "capabilities": {"image_input": {"supported": True}},
        }
    ],
    "has_more": False,
}


def lists() -> list[dict[str, Any]]:
    return [json.loads(file.read_bytes()) for file in (Path.home() / "cache").glob("models-*.json")]


def asked(chat: Chat) -> int:
    return sum(request.path.startswith("/v1/models") for request in chat.server.requests)


async def test_a_newer_model_is_used_from_the_next_chat_on_and_this_one_keeps_its_own() -> None:
    gate = Gate()
    listing = Error(200, body=json.dumps(NEWER).encode(), before=(gate,))
    async with chatting(words("one"), words("two"), listed_ago_s=None, listing=listing) as chat:
        await chat.send("first")
        await chat.until_shown("one")  # nothing waits for the list
        await chat.until_idle()
        gate.open()
        await chat.until(lists)
        assert chat.screen.header.model_name == "Sonnet 5.5"
        await chat.send("second")
        await chat.until_shown("two")
        await chat.until_idle()
        assert chat.server.requests[-1].json["model"] == "claude-sonnet-5-5"
        await chat.pilot.press("ctrl+n", "enter")
        await chat.until(lambda: chat.screen.header.model_name == "Sonnet 9")


@pytest.mark.parametrize(("ago_s", "times"), [(None, 1), (FRESH_S + 60, 1), (FRESH_S - 60, 0)])
async def test_it_is_asked_for_once_a_day(ago_s: float | None, times: int) -> None:
    async with chatting(words("hello"), listed_ago_s=ago_s) as chat:
        await chat.until(lambda: lists() and bool(lists()[0]["models"]) == bool(times))
        await chat.send("hi")
        await chat.until_shown("hello")
        assert asked(chat) == times


@pytest.mark.parametrize("listing", [Error(404), Error(401), Error(200, body=b"<html>")], ids=["404", "401", "html"])
async def test_a_server_without_a_list_is_no_trouble(listing: Error) -> None:
    async with chatting(words("hello"), listed_ago_s=None, listing=listing) as chat:
        await chat.until(lambda: asked(chat))
        await chat.send("hi")
        await chat.until_shown("hello")
        assert not list(chat.screen.query("#notices"))


async def test_a_server_that_has_none_is_not_asked_again_today() -> None:
    async with chatting(listed_ago_s=None, listing=Error(404)) as chat:
        await chat.until(lists)
        assert lists()[0]["models"] == []
        await chat.until(lambda: not chat.screen.provider.wants_models)


async def test_a_list_that_came_once_is_there_at_the_next_start_and_in_the_listing() -> None:
    listing = Error(200, body=json.dumps(NEWER).encode())
    async with chatting(listed_ago_s=None, listing=listing) as chat:
        await chat.until(lists)
        settings = chat.app._settings
    assert model_rows(settings)[0]["id"] == "claude-sonnet-9"
    assert next(row for row in model_rows(settings) if row["configured"])["id"] == "claude-sonnet-9"
    with Connection(settings, {}) as connection:
        assert connection.choose("sonnet").model.name == "Sonnet 9"


async def test_without_a_credential_and_in_the_demo_nothing_is_asked_or_kept() -> None:
    for options in ({"key": ""}, {"demo": True}):
        async with chatting(listed_ago_s=None, **options) as chat:
            await chat.send("thanks")  # which has a short answer
            await chat.until_idle()
            assert (asked(chat), lists()) == (0, [])
