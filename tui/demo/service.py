"""FakeAnthropic: the Messages API as a function from a request to a reply. No sockets, no waiting, no real model."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote, urlsplit

from tui.anthropic.models import find
from tui.demo import compaction, model_list
from tui.demo.authentication import USUAL, Workspaces, betas_of, check_access, check_version
from tui.demo.cache import Prefixes, PromptCache
from tui.demo.diagnosis import Diagnosis
from tui.demo.dialects import DIALECTS, Dialect
from tui.demo.errors import Refused
from tui.demo.frames import frames, message, steps_of
from tui.demo.image_limits import check_readable
from tui.demo.oauth import TokenEndpoint
from tui.demo.outcome import Setting
from tui.demo.replies import answer_for
from tui.demo.reply import Reply, Step
from tui.demo.rules import refuse_search, visible_thinking
from tui.demo.scenarios import ERROR_TYPES, HTML_413, Answer, Error, Event, Pace, Raw, Scenario
from tui.demo.signatures import sign
from tui.demo.validation import Request, read_json, read_request
from tui.demo.wire import event_bytes, json_bytes, split

DEMO_KEY = "sk-ant-api03-demo"
MAX_BODY_BYTES = 32 * 1024 * 1024
MESSAGES = "/v1/messages"
LIMITS = {"requests": 1_000, "tokens": 2_400_000, "input-tokens": 2_000_000, "output-tokens": 400_000}
"""Limits of the first usage tier, per minute."""


class FakeAnthropic:
    """A simulator of the Anthropic API. It chooses answers itself, unless `script` sets the next ones.

    `pace` is the speed of answers (None: as fast as possible); `clock` returns seconds since the epoch; `dialect` makes
    it a compatible server, which checks almost nothing; OAuth tokens in `expired` are rejected as too old; `workspaces`
    says which keys have to name one; with `oauth` it also renews logins, and accepts only their tokens.
    """

    def __init__(
        self,
        *,
        replies: Callable[[dict[str, Any]], Scenario] = answer_for,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
        dialect: str = "",
        expired: Container[str] = (),
        workspaces: Workspaces = USUAL,
        oauth: TokenEndpoint | None = None,
    ) -> None:
        self.cache = PromptCache()
        self.rejected_images: set[str] = set()
        """Images that are always refused, as base64 text."""
        self.can_search = True
        """True if the organization has web search switched on."""
        self._replies = replies
        self._pace = pace
        self._clock = clock
        self._dialect = dialect
        self._expired = expired if oauth is None else oauth
        self._oauth = oauth
        self.workspaces = workspaces
        self._diagnosis = Diagnosis()
        self._scripts: dict[str, deque[Scenario]] = {}
        self._numbers = itertools.count(1)

    def script(self, *scenarios: Scenario, to: str = MESSAGES) -> None:
        """Queue what the next requests to this path receive, one each. After that the service answers itself again.

        An Error is sent whatever the request contains; an Answer waits for a valid request.
        """
        self._scripts.setdefault(to, deque()).extend(scenarios)

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the reply to one request. Header names may have any case."""
        headers = {name.lower(): value for name, value in headers.items()}
        request_id = f"req_demo{next(self._numbers):06d}"
        url = urlsplit(path)
        scripted = self._scripts.get(url.path)
        if scripted and isinstance(scripted[0], Error):
            error = scripted.popleft()
            assert isinstance(error, Error)
            return self._error(error, request_id)
        if len(body) > MAX_BODY_BYTES:
            return self._error(HTML_413, request_id)
        try:
            match method, url.path:
                case "POST", "/v1/messages":
                    return self._answer(headers, body, request_id)
                case "POST", "/v1/messages/count_tokens":
                    return self._count(headers, body, request_id)
                case "POST", "/v1/oauth/token" if self._oauth is not None:
                    return self._oauth.respond(read_json(body), betas_of(headers))
                case "GET", "/v1/models":
                    return self._models(headers, url.query, request_id)
                case "GET", where if where.startswith("/v1/models/"):
                    self._check_headers(headers)
                    return self._ok(model_list.one(unquote(where.removeprefix("/v1/models/"))), request_id)
            raise Refused("Not found", status=404)
        except Refused as refused:
            return self._error(refused.error, request_id)

    def _answer(self, headers: Mapping[str, str], payload: bytes, request_id: str) -> Reply:
        message_id = f"msg_demo{request_id[8:]}"
        if self._dialect:
            body = read_json(payload)
            setting = self._foreign_setting(body, message_id)
            return self._reply(self._next(body), setting, request_id, bool(body.get("stream")))
        request = read_request(headers, payload, expired=self._expired, workspaces=self.workspaces)
        check_readable(request.body, self.rejected_images)
        if not self.can_search:
            refuse_search(request.body)
        plan = self.cache.plan(
            Prefixes(request.body, request.items, request.model),
            request.breakpoints,
            request.model.min_cache,
            self._clock(),
        )
        setting = self._setting(request, message_id, plan.usage())
        answer = self._next(request.body)
        if request.body.get("compaction"):
            answer = compaction.summary(answer, setting)
        reply = self._reply(answer, setting, request_id, bool(request.body.get("stream")))
        if reply.status != 200:
            return reply
        self._diagnosis.remember(message_id, request)
        return replace(reply, began=lambda: self.cache.commit(plan, self._clock()))

    def _next(self, body: dict[str, Any]) -> Scenario:
        scripted = self._scripts.get(MESSAGES)
        if scripted:
            return scripted.popleft()
        return compaction.usual_summary(body) if body.get("compaction") else self._replies(body)

    def _setting(self, request: Request, message_id: str, usage: dict[str, Any]) -> Setting:
        body = request.body
        extras: dict[str, Any] = {"diagnostics": self._diagnosis.of(request)}
        if request.dropped_thinking:
            extras["input_transformations"] = [
                {"type": "thinking_dropped", "path": path, "reason": "prefix_binding_mismatch"}
                for path in request.dropped_thinking
            ]
        return Setting(
            model=request.model.id,
            message_id=message_id,
            usage={**usage, "service_tier": "standard", "inference_geo": body.get("inference_geo") or "global"},
            thinking=visible_thinking(body, request.model),
            max_tokens=body["max_tokens"],
            stop_sequences=tuple(body.get("stop_sequences") or ()),
            tokens_per_char=request.model.tokens_per_char,
            sign=_signer(request),
            pace=self._pace,
            extras=extras,
        )

    def _foreign_setting(self, body: dict[str, Any], message_id: str) -> Setting:
        model = find(str(body.get("model", "")))
        return Setting(
            model=model.id,
            message_id=message_id,
            usage={"input_tokens": max(1, len(str(body.get("messages"))) // 4)},
            thinking="summarized",
            max_tokens=int(body.get("max_tokens") or model.max_output),
            tokens_per_char=model.tokens_per_char,
            sign=lambda text: "invented" if text else "",
            pace=self._pace,
        )

    def _reply(self, answer: Scenario, setting: Setting, request_id: str, stream: bool) -> Reply:
        if isinstance(answer, Error):
            return self._error(answer, request_id)
        options = answer.options
        dialect = DIALECTS.get(options.dialect or self._dialect)
        if not stream or options.as_json:
            whole = message(answer, setting)
            content = json_bytes(dialect.message(whole) if dialect else whole)
            headers = (("content-type", "application/json"), *self._headers(request_id, not dialect))
            return Reply(200, headers, (content,), before=steps_of(answer))
        steps = tuple(_stream(answer, setting, dialect))
        if options.split:
            steps = tuple(split(steps, options.split))
        headers = (("content-type", "text/event-stream; charset=utf-8"), *self._headers(request_id, not dialect))
        return Reply(200, headers, steps, chunked=True, before=options.before)

    def _count(self, headers: Mapping[str, str], payload: bytes, request_id: str) -> Reply:
        if self._dialect and not DIALECTS[self._dialect].counts_tokens:
            raise Refused("Not found", status=404)
        if self._dialect:
            return self._ok({"input_tokens": max(1, len(payload) // 4)}, request_id)
        request = read_request(headers, payload, expired=self._expired, workspaces=self.workspaces, counting=True)
        return self._ok({"input_tokens": request.tokens}, request_id)

    def _models(self, headers: Mapping[str, str], query: str, request_id: str) -> Reply:
        if self._dialect:
            return self._ok(model_list.openai_page(), request_id)
        self._check_headers(headers)
        return self._ok(model_list.page(query), request_id)

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        if not self._dialect:
            check_access(headers, self._expired, self.workspaces)
            check_version(headers)

    def _ok(self, content: Mapping[str, Any], request_id: str) -> Reply:
        headers = (("content-type", "application/json"), *self._headers(request_id, not self._dialect))
        return Reply(200, headers, (json_bytes(content),))

    def _error(self, error: Error, request_id: str) -> Reply:
        type, words = ERROR_TYPES.get(error.status, ("api_error", "Something went wrong."))
        inner: dict[str, Any] = {"type": error.type or type, "message": error.message or words}
        if error.details is not None:
            inner["details"] = error.details
        dialect = DIALECTS.get(self._dialect)
        payload: dict[str, Any] = {"type": "error", "error": inner, "request_id": request_id}
        if dialect and not dialect.error_types:
            payload = {"type": "error", "error": {**inner, "type": "internal_error"}}
        headers: tuple[tuple[str, str], ...] = (("content-type", error.content_type),)
        if error.body is None and not dialect:  # replies from the edge, such as HTML pages, have no request ID
            headers += self._headers(request_id, with_limits=error.status == 429)
        body = json_bytes(payload) if error.body is None else error.body
        return Reply(error.status, (*headers, *error.headers.items()), (body,), before=error.before)

    def _headers(self, request_id: str, with_limits: bool) -> tuple[tuple[str, str], ...]:
        headers = [("request-id", request_id), ("anthropic-organization-id", "org_demo")]
        if with_limits:
            reset = datetime.fromtimestamp(self._clock() // 60 * 60 + 60, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name, limit in LIMITS.items():
                values = {"limit": str(limit), "remaining": str(limit), "reset": reset}
                headers += [(f"anthropic-ratelimit-{name}-{key}", value) for key, value in values.items()]
        return tuple(headers)


def _signer(request: Request) -> Callable[[str], str]:
    """Return the function that signs the thinking blocks of one answer, each with the signature of the one before."""
    previous = request.last_signature

    def signature(text: str) -> str:
        nonlocal previous
        previous = sign(text, request.items, previous, request.model)
        return previous

    return signature


def _stream(answer: Answer, setting: Setting, dialect: Dialect | None) -> list[Step]:
    if dialect is not None:
        options = replace(answer.options, interleaved=answer.options.interleaved or dialect.interleaved)
        answer = answer.with_options(options)
    played = frames(answer, setting)
    steps: list[Step] = []
    for frame in [*dialect.adapt(played), *dialect.after] if dialect else played:
        match frame:
            case Event():
                steps.append(event_bytes(frame.data, answer.options.newline))
            case Raw():
                steps.append(frame.data)
            case _:
                steps.append(frame)
    return steps
