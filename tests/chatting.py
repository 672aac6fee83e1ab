"""The whole app on a headless screen, against the real simulator on loopback. Time is the test's own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving import LIMIT_S, Clock, serving, words
from textual.pilot import Pilot

from tui.app import ChatApp
from tui.chat_screen.context import Start, StartOptions
from tui.chat_screen.screen import ChatScreen
from tui.demo.scenarios import Scenario
from tui.demo.server import Recorded, Server
from tui.demo.service import FakeAnthropic
from tui.widgets.conversation import Conversation
from tui.widgets.prompt import PromptArea
from tui.widgets.question import QuestionCard
from tui.widgets.queue import QueueList

__all__ = ["LIMIT_S", "Chat", "Clock", "Opened", "chatting", "opened", "words"]

ASKING = "budget", "branch"
"""What runs beside the screen before something is asked of Claude."""


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


@dataclass
class Opened:
    """The app, not yet running, and what is around it."""

    app: ChatApp
    server: Server[FakeAnthropic]
    clock: Clock


@contextmanager
def opened(
    *scenarios: Scenario,
    prompt: str = "",
    resume: str = "",
    start: Start = "new",
    attach: Sequence[Path] = (),
    rest: threading.Event | None = None,
    **options: Any,
) -> Iterator[Opened]:
    """The app, its first requests answered as scripted; `serving` has the other options.

    `rest`: the store has read the end of the stored chat, and does nothing more until this is set.
    """
    with serving(*scenarios, **options) as around:
        end = None
        if rest is not None:
            end = around.library.read_ahead(resume, demo=False)
            around.library.store(demo=False)._worker.read(lambda _: rest.wait())
        app = ChatApp(
            around.settings,
            around.provider,
            around.engine,
            around.library,
            prompt=prompt,
            attach=attach,
            start=StartOptions(resume, start, end=end),
            clock=around.clock,
        )
        yield Opened(app, around.server, around.clock)


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
