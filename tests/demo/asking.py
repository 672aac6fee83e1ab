"""Asking the pretend Anthropic without sockets: good requests to start from, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tui.demo.reply import Reply
from tui.demo.service import DEMO_KEY, FakeAnthropic

HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}


def user(*content: Any) -> dict[str, Any]:
    """A user message: of one string, one list, or of blocks."""
    return {"role": "user", "content": _content(content)}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": _content(content)}


def _content(content: tuple[Any, ...]) -> Any:
    return content[0] if len(content) == 1 and isinstance(content[0], str | list) else list(content)


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def request(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A request that the API takes, with these messages and fields."""
    return {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "messages": list(messages) or [user("Hello there")],
        **fields,
    }


def ask(
    service: FakeAnthropic, body: Any, *, path: str = "/v1/messages", method: str = "POST", **headers: str | None
) -> Reply:
    """The reply to a body. Headers given by name (`x_api_key=...`) replace those of a good request; None leaves one out."""
    said = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return service.respond(method, path, {name: value for name, value in said.items() if value is not None}, payload)


def complaint(reply: Reply) -> str:
    """The message of an error."""
    told = reply.json()
    assert told["type"] == "error"
    assert told["request_id"] == reply.header("request-id") != ""
    return told["error"]["message"]


def events(reply: Reply) -> list[dict[str, Any]]:
    """The data of a stream's events."""
    return list(_events(reply.read().decode()))


def _events(stream: str) -> Iterator[dict[str, Any]]:
    for chunk in stream.split("\n\n"):
        data = [line.removeprefix("data: ") for line in chunk.split("\n") if line.startswith("data: ")]
        if data and data[0] != "[DONE]":
            yield json.loads(data[0])


def usage(reply: Reply) -> tuple[int, int, int, int]:
    """Input, read, written for five minutes, written for an hour."""
    told = reply.json()["usage"]
    split = told["cache_creation"]
    assert told["cache_creation_input_tokens"] == sum(split.values())
    return (
        told["input_tokens"],
        told["cache_read_input_tokens"],
        split["ephemeral_5m_input_tokens"],
        split["ephemeral_1h_input_tokens"],
    )
