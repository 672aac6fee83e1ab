"""The whole app on a headless screen, against the real simulator on loopback. Time is the test's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from tui.actions import BY_NAME
from tui.anthropic.model_cache import cache_file, write_list
from tui.app import ChatApp
from tui.chat.events import RetryScheduled, StreamEvent
from tui.chat.request import Request, RequestBuilder, Stream
from tui.chat.session import Session
from tui.chat.tools import Access
from tui.chat.transcript import Transcript
from tui.chat_screen.context import Start, StartOptions
from tui.chat_screen.screen import ChatScreen
from tui.config import load
from tui.demo.scenarios import Answer, Scenario, Text
from tui.demo.server import Recorded, Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.engine import Engine
from tui.services.library import ChatLibrary
from tui.services.provider import ClaudeProvider
from tui.widgets.conversation import Conversation
from tui.widgets.prompt import PromptArea
from tui.widgets.question import QuestionCard
from tui.widgets.queue import QueueList

LIMIT_S = 60.0
"""The time limit of a wait. Generous, for a busy machine."""

TODAY = date(2026, 12, 1)
"""The day by which the app retires models, whatever day it is."""

ASKING = "budget", "branch"
"""What runs beside the screen before something is asked of Claude."""


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

    def ask(self) -> RequestBuilder:
        ask = super().ask()

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


class Chat:
    """What a test does with the app, and what it looks at."""

    def __init__(self, app: ChatApp, pilot: Pilot[int], server: Server[FakeAnthropic], clock: Clock) -> None:
        self.app = app
        self.pilot = pilot
        self.server = server
        self.clock = clock

    @property
    def screen(self) -> ChatScreen:
        return self.app.chat

    @property
    def prompt(self) -> PromptArea:
        return self.screen.prompt

    @property
    def queued(self) -> list[str]:
        return [draft.text for draft in self.screen.query_one(QueueList).drafts]

    @property
    def questions(self) -> list[str]:
        """The titles of what waits for the user's word in the open chat."""
        return [question.title for card in self.screen.query(QuestionCard) for question in card.questions]

    @property
    def shown(self) -> str:
        """The rows of the conversation in view, as text."""
        view = self.screen.query_one(Conversation)
        return "\n".join(view.render_line(y).text.rstrip() for y in range(view.size.height))

    @property
    def hint(self) -> str:
        return str(self.prompt._border_subtitle)

    async def send(self, text: str) -> None:
        self.prompt.put(text)
        await self.pilot.press("enter")

    async def until(self, condition: Callable[[], Any], said: str = "") -> None:
        """Waits for the screen to get there; the engine and the server work on threads of their own."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, said or f"it never came to that; shown: {self.shown}"
            await self.pilot.pause()

    async def until_shown(self, text: str) -> None:
        await self.until(lambda: text in self.shown, f'"{text}" was never shown: {self.shown}')

    async def until_idle(self) -> None:
        """Waits for the end of the answer, also of one that is only about to be asked for."""
        screen = self.screen
        await self.until(
            lambda: not (screen.session.running or screen.conversation.streaming or self.is_at_work(*ASKING))
        )

    def is_at_work(self, *groups: str) -> bool:
        """Whether something of these groups runs beside the screen, and not only waits for what a dialog is told."""
        workers = [worker for worker in self.app.workers if worker.group in groups and not worker.is_finished]
        return bool(workers) and self.app.screen is self.screen

    async def until_written(self) -> None:
        """Waits until the running answer has text, as far as the server lets it come."""
        view = self.screen.conversation.viewport

        def is_answer() -> bool:
            messages = view.turns[-1].messages if view.turns else []
            return bool(messages) and messages[-1].role == "assistant"

        await self.until(lambda: is_answer() or "▍" in self.shown)

    async def request(self, number: int = 1) -> Recorded:
        return await asyncio.to_thread(self.server.wait_for_request, number, LIMIT_S)


def words(text: str) -> Answer:
    return Answer(Text(text))


@dataclass
class Opened:
    """The app, not yet running, and what is around it."""

    app: ChatApp
    server: Server[FakeAnthropic]
    clock: Clock


@contextmanager
def opened(
    *scenarios: Scenario,
    key: str = DEMO_KEY,
    config: str = "",
    prompt: str = "",
    demo: bool = False,
    listed_ago_s: float | None = 0.0,
    listing: Scenario | None = None,
    resume: str = "",
    start: Start = "new",
    preset: str = "",
    attach: Sequence[Path] = (),
    tools: Access = "none",
    **env: str,
) -> Iterator[Opened]:
    """The app with credentials (or none: `key=""`), its first requests answered as scripted.

    It was told that the server has no list of models `listed_ago_s` ago (None: it never asked); `listing` is what it is told
    next.
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
            options = StartOptions(resume, start)
            app = ChatApp(settings, provider, engine, library, prompt=prompt, attach=attach, start=options, clock=clock)
            yield Opened(app, server, clock)


@asynccontextmanager
async def chatting(
    *scenarios: Scenario, size: tuple[int, int] = (80, 24), early: bool = False, **options: Any
) -> AsyncIterator[Chat]:
    """The app as `opened` gives it, running, with the store open; `early`: as soon as it is drawn."""
    with opened(*scenarios, **options) as around:
        async with around.app.run_test(size=size) as pilot:
            chat = Chat(around.app, pilot, around.server, around.clock)
            if not early:
                await chat.until(lambda: chat.screen.parts.sessions.is_started, "the store was never open")
            try:
                yield chat
            finally:  # as when it is left by the user: `run_test` would take the widgets away first
                if not chat.app._exit:
                    chat.app.exit()
                chat.app.workers.cancel_all()
