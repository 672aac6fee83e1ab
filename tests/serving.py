"""The services as the app uses them, with the simulator on loopback, and without an app. Time is the test's own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from tui.actions import BY_NAME
from tui.anthropic.model_cache import cache_file, write_list
from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.request import Request, RequestBuilder, Stream
from tui.chat.session import Session
from tui.chat.tools import Access
from tui.chat.transcript import Transcript
from tui.config import Settings, load
from tui.demo.scenarios import Answer, Scenario, Text
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.engine import Engine
from tui.services.library import ChatLibrary
from tui.services.provider import ClaudeProvider

LIMIT_S = 60.0
"""The time limit of a wait. Generous, for a busy machine."""

TODAY = date(2026, 12, 1)
"""The day by which the app retires models, whatever day it is."""


class Clock:
    """Seconds that pass when the test says so. The wall stands at 09:41 today, whatever day that is."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return time.mktime((*time.localtime()[:3], 9, 41, 0, 0, 0, -1)) + self.now_s


class ClockedProvider(ClaudeProvider):
    """The app's own provider, with sessions that tell the test's time."""

    clock: Clock | None = None

    def session(self) -> Session:
        session = super().session()
        if self.clock is not None:
            session.clock, session.now = self.clock, self.clock.wall
        return session

    def ask(self, compact: str | None = None) -> RequestBuilder:
        ask = super().ask(compact)

        def clocked(transcript: Transcript) -> Request:
            request = ask(transcript)
            return msgspec.structs.replace(request, stream=lambda: self._told(request.stream()))

        return clocked if self.clock is not None else ask

    async def _told(self, stream: Stream) -> AsyncGenerator[StreamEvent | RetryScheduled, None]:
        """The stream with its countdowns by the test's clock: the client has one of its own."""
        async with aclosing(stream):
            async for event in stream:
                if isinstance(event, RetryScheduled) and self.clock is not None:
                    wait_s = round(event.until - time.monotonic())
                    event = msgspec.structs.replace(event, until=self.clock.now_s + wait_s)
                yield event


def words(text: str) -> Answer:
    return Answer(Text(text))


@dataclass
class Services:
    """What the app is given."""

    settings: Settings
    server: Server[FakeAnthropic]
    provider: ClaudeProvider
    engine: Engine
    library: ChatLibrary
    clock: Clock


@contextmanager
def serving(
    *scenarios: Scenario,
    key: str = DEMO_KEY,
    config: str = "",
    demo: bool = False,
    listed_ago_s: float | None = 0.0,
    listing: Scenario | None = None,
    preset: str = "",
    tools: Access = "none",
    **env: str,
) -> Iterator[Services]:
    """The services with credentials (or none: `key=""`), the first requests answered as scripted.

    They were told that the server has no list of models `listed_ago_s` ago (None: they never asked); `listing` is what they
    are told next.
    """
    home = Path.home()
    home.mkdir(exist_ok=True)
    file = home / "config" / "config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(config)
    clock = Clock()
    with Server(FakeAnthropic(clock=clock.wall)) as server:
        server.service.script(*scenarios)
        if listing is not None:
            server.service.script(listing, to="/v1/models")
        env = {"ANTHROPIC_BASE_URL": server.url, "PRX_HOME": str(home), "ANTHROPIC_API_KEY": key, **env}
        settings = load(env, actions=tuple(BY_NAME))
        if listed_ago_s is not None:
            file = cache_file(settings.folders.cache, settings.anthropic.api_url)
            write_list(file, (), time.time() - listed_ago_s)
        library = ChatLibrary(settings.folders.data / "chats.db", now=clock.wall)
        with (
            library,
            ClockedProvider(settings, env, demo=demo, preset=preset, tools=tools, today=lambda: TODAY) as provider,
            Engine() as engine,
        ):
            provider.clock = clock
            engine.at_exit(provider.aclose)
            yield Services(settings, server, provider, engine, library, clock)
