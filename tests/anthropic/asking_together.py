"""A chat with the simulator, a request at a time, at times that the test sets."""

from __future__ import annotations

from tui.anthropic.cache_misses import SentRequest, miss_reason
from tui.anthropic.models import find
from tui.anthropic.request import Options, build_body, encode
from tui.anthropic.wire import parse_message
from tui.chat.cache import Miss
from tui.chat.reducer import finish, fold_all, start
from tui.chat.transcript import Image, Message, Text, Transcript
from tui.demo import scenarios
from tui.demo.service import DEMO_KEY, FakeAnthropic

HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01"}


class SimulatedChat:
    """A transcript, and every exchange that made it."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.exchanges: list[SentRequest] = []
        self.now = 1000.0
        self._model = find("claude-sonnet-5-5")
        self._service = FakeAnthropic(clock=lambda: self.now)

    def say(self, text: str, *images: Image) -> None:
        prompt = Message(role="user", blocks=(*images, Text(text)), at=self.now)
        self.transcript = self.transcript.with_message(prompt)

    def ask(self, model: str = "claude-sonnet-5-5", after_s: float = 10.0, **options) -> Message:
        """Sends the transcript, and takes the answer into it."""
        self.now += after_s
        self._model = find(model)
        body = encode(build_body(self.transcript, Options(model=self._model, **options)))
        self._service.script(
            scenarios.Answer(scenarios.Thinking("Let me see. " * 20), scenarios.Text("It runs out."), as_json=True)
        )
        reply = self._service.respond("POST", "/v1/messages", HEADERS, body)
        assert reply.status == 200, reply.json()
        reply.began()
        message = finish(fold_all(start(model, self.now), parse_message(reply.read())), "complete")
        self.exchanges.append(SentRequest(body=body, at=self.now, usage=message.usage, reported=message.cache_miss))
        self.transcript = self.transcript.with_message(message)
        return message

    def miss(self) -> Miss | None:
        """Why the last request missed the cache, if it did."""
        return miss_reason(*self.exchanges[-2:], self._model)
