"""The simulator, asked in process by a real session: every request has to keep the rules of the API."""

from __future__ import annotations

import asyncio

from tui.anthropic.models import find
from tui.anthropic.request import Options, betas_for, build_body, encode
from tui.anthropic.wire import ErrorSent, parse
from tui.chat.request import Request
from tui.demo.reply import Cut, Gate
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.errors import TuiError

HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}
MODEL = "claude-sonnet-5-5"
"""It checks that signed thinking comes back as it was, after the very same conversation."""


class Simulated:
    """Answers each request with what the next of `answers` makes of it; a gate holds it for good, and sets `is_stuck`."""

    def __init__(self):
        self.model = MODEL
        self.answers = []
        self.bodies = []
        self.is_stuck = asyncio.Event()
        self._service = FakeAnthropic(replies=lambda body: self.answers.pop(0)(body))

    def ask(self, transcript):
        options = Options(model=find(self.model))
        body = encode(build_body(transcript, options))
        betas = betas_for(body, transcript, options)
        return Request(model=self.model, body=body, stream=lambda: self._stream(body, betas))

    async def _stream(self, body, betas):
        self.bodies.append(body)
        headers = {**HEADERS, "anthropic-beta": ",".join(betas)} if betas else HEADERS
        reply = self._service.respond("POST", "/v1/messages", headers, body)
        if reply.status != 200:
            raise AssertionError(f"refused: {reply.read().decode()}\n{body.decode()}")
        reply.began()
        held = b""
        for step in reply.steps:
            if isinstance(step, Gate):
                self.is_stuck.set()
                await asyncio.Event().wait()
            elif isinstance(step, Cut):
                raise TuiError("The connection broke.")
            elif isinstance(step, bytes):
                *frames, held = (held + step).split(b"\n\n")
                for frame in frames:
                    _, _, data = frame.partition(b"data: ")
                    try:
                        event = parse(data.decode())
                    except ErrorSent as error:
                        raise TuiError(str(error)) from error
                    if event is not None:
                        yield event
