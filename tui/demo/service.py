"""FakeAnthropic: the Messages API as one function from a request to a reply. No sockets, no waiting, no real model."""

from __future__ import annotations

import itertools
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tui.demo.outcome import Setting
from tui.demo.playing import frames, message, steps_of
from tui.demo.reply import Reply, Step
from tui.demo.scenarios import ERROR_TYPES, Answer, Error, Event, Pace, Raw, Scenario, Text
from tui.demo.wire import event_bytes, json_bytes, split

DEMO_KEY = "sk-ant-api03-demo"


class FakeAnthropic:
    """A pretend Anthropic. Without a script it answers by itself; `script` says what the next requests get."""

    def __init__(self, *, pace: Pace | None = None, clock: Callable[[], float] = time.time) -> None:
        self._pace = pace
        self._clock = clock
        self._scripts: dict[str, deque[Scenario]] = {}
        self._numbers = itertools.count(1)

    def script(self, *scenarios: Scenario, to: str = "/v1/messages") -> None:
        """Queues what the next requests to that path get, one each; then the service answers by itself again."""
        self._scripts.setdefault(to, deque()).extend(scenarios)

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The reply to one request. Header names are taken in any case."""
        headers = {name.lower(): value for name, value in headers.items()}
        request_id = f"req_demo{next(self._numbers):06d}"
        where = urlsplit(path).path
        if not headers.get("x-api-key") and not headers.get("authorization"):
            return _error(Error(401, message="x-api-key header is required"), request_id)
        scripted = self._scripts.get(where)
        scenario: Scenario = scripted.popleft() if scripted else Answer(Text("Hello from the simulator."))
        if isinstance(scenario, Error):
            return _error(scenario, request_id)
        request: dict[str, Any] = json.loads(body)
        usage = {"input_tokens": max(1, len(body) // 4), "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        setting = Setting(
            model=request["model"],
            message_id=f"msg_demo{request_id[8:]}",
            usage=usage,
            pace=self._pace,
            max_tokens=request["max_tokens"],
        )
        return answer_reply(scenario, setting, request_id, stream=bool(request.get("stream")))


def answer_reply(answer: Answer, setting: Setting, request_id: str, *, stream: bool) -> Reply:
    """An answer on the wire: a stream of events, or one JSON message."""
    options = answer.options
    if not stream or options.as_json:
        headers = (("content-type", "application/json"), ("request-id", request_id))
        return Reply(200, headers, (json_bytes(message(answer, setting)),), before=steps_of(answer))
    steps: list[Step] = []
    for frame in frames(answer, setting):
        match frame:
            case Event():
                steps.append(event_bytes(frame.data, options.newline))
            case Raw():
                steps.append(frame.data)
            case _:
                steps.append(frame)
    headers = (("content-type", "text/event-stream; charset=utf-8"), ("request-id", request_id))
    cut = tuple(split(steps, options.split)) if options.split else tuple(steps)
    return Reply(200, headers, cut, chunked=True, before=options.before)


def _error(error: Error, request_id: str) -> Reply:
    type, message = ERROR_TYPES.get(error.status, ("api_error", "Something went wrong."))
    inner: dict[str, Any] = {"type": error.type or type, "message": error.message or message}
    if error.details is not None:
        inner["details"] = error.details
    body = json_bytes({"type": "error", "error": inner, "request_id": request_id}) if error.body is None else error.body
    headers = (("content-type", error.content_type), ("request-id", request_id), *error.headers.items())
    return Reply(error.status, headers, (body,), before=error.before)
