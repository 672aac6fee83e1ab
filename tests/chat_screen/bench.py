"""What a unit of the chat screen is tested on: the real services, chats, and small ports. No app, no screen, no widget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from serving import LIMIT_S, Services, serving

from tui.chat.transcript import Document, Draft, Image, Message
from tui.chat_screen.context import ChatContext, stored
from tui.chat_screen.dispatch import Dispatcher, Subscriber
from tui.chat_screen.session import ChatSession
from tui.demo.scenarios import Scenario
from tui.store import Branch, NewChat, Position
from tui.store.store import new_id


class Calls(list[tuple[Any, ...]]):
    """What ports were told, in order: the name of the port, and its arguments."""

    def port(self, name: str, returns: Any = None) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.append((name, *arguments, *options.values()))
            return returns

        return call

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self]

    def of(self, name: str) -> list[Any]:
        """The first argument of each call of a port."""
        return [call[1] if len(call) > 1 else None for call in self if call[0] == name]


class Work:
    """Runs work beside the test, as the screen runs it beside itself."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], str] = {}

    def __call__(
        self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any, group: str = "", exclusive: bool = False
    ) -> None:
        if exclusive:
            for task, its_group in self._tasks.items():
                if its_group == group:
                    task.cancel()
        self._tasks[asyncio.get_running_loop().create_task(_begun(work, arguments))] = group

    async def done(self) -> None:
        """Wait until all work has ended. Raises what it raised."""
        while self._tasks:
            tasks, self._tasks = self._tasks, {}
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                    raise result


async def _begun(work: Callable[..., Coroutine[Any, Any, Any]], arguments: tuple[Any, ...]) -> Any:
    # Work that is cancelled before it begins is a coroutine that was never made, of which Python does not complain.
    return await work(*arguments)


class Timers:
    """Timers that fire when the test says so."""

    def __init__(self) -> None:
        self.running: list[Timer] = []

    def __call__(self, wait_s: float, do: Callable[[], None]) -> Timer:
        timer = Timer(self, wait_s, do)
        self.running.append(timer)
        return timer

    def fire(self) -> None:
        """Let every timer come to its end that was started before."""
        for timer in tuple(self.running):
            timer.stop()
            timer.do()


class Timer:
    def __init__(self, timers: Timers, wait_s: float, do: Callable[[], None]) -> None:
        self._timers = timers
        self.wait_s = wait_s
        self.do = do

    def stop(self) -> None:
        if self in self._timers.running:
            self._timers.running.remove(self)


class Pane:
    """A conversation pane that shows nothing, and knows what it was given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.siblings: Sequence[str] = ()
        self.notes: list[str] = []

    def show(self, messages: Sequence[Message], *, siblings: Sequence[str] = ()) -> None:
        self.messages, self.siblings = list(messages), siblings

    def add(self, message: Message) -> None:
        self.messages.append(message)

    def label(self, siblings: Sequence[str]) -> None:
        self.siblings = siblings

    def note(self, text: str) -> None:
        self.notes.append(text)

    def jump_to_end(self) -> None: ...


class Prompt:
    """A prompt area with a text and a stash; `sent` is what Enter sent."""

    def __init__(self) -> None:
        self.full_text = ""
        self.attachments: Sequence[Image | Document] = ()
        self.stash = ""
        self.sent: list[str] = []
        self.earlier: list[str] = []

    @property
    def is_blank(self) -> bool:
        return not self.full_text and not self.attachments

    def recall(self, text: str, attachments: Sequence[Image | Document] = ()) -> None:
        self.stash, self.full_text, self.attachments = self.full_text, text, attachments

    def restore_draft(self, draft: Draft) -> None:
        self.full_text, self.attachments = draft.text, draft.attachments

    def discard_recalled(self) -> bool:
        had_text = bool(self.full_text)
        self.full_text, self.stash, self.attachments = self.stash, "", ()
        return had_text

    def remember(self, text: str) -> None:
        self.earlier.append(text)

    def focus(self) -> None: ...

    def action_send(self) -> None:
        self.sent.append(self.full_text)
        self.full_text = ""


class Bench:
    """One chat on view, more in the background if a test wants them, and what all units share."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.provider = services.provider
        self.server = services.server
        self.clock = services.clock
        self.calls = Calls()
        self.work = Work()
        self.timers = Timers()
        self.pane = Pane()
        self.prompt = Prompt()
        self.notices: list[str] = []
        self.subscribers: list[Subscriber] = []
        self.dispatcher = Dispatcher((self._forward,))
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self.context = ChatContext(
            provider=services.provider,
            engine=services.engine,
            library=services.library,
            current=lambda: self.current,
            key_of=lambda name: f"<{name}>",
            notify=self._notify,
            run=self.work,
            post=self._loop.call_soon_threadsafe,
        )
        self.current = self.session()

    def session(self) -> ChatSession:
        """A chat, not yet recorded."""
        self._count += 1
        provider = self.provider
        key = f"chat-{self._count}"
        turns = provider.session()
        return ChatSession(key, turns, self.services.engine, lambda: (provider.ask(), provider.model), self.wake)

    def recorded(self, chat_id: str = "") -> ChatSession:
        """A chat that is recorded in the store."""
        session = self.session()
        session.record_in(self.store, NewChat(id=chat_id or new_id()))
        return session

    def record(self) -> None:
        """Have the chat on view recorded."""
        self.current.record_in(self.store, NewChat(id=new_id()))

    @property
    def store(self) -> Any:
        return self.services.library.store(demo=False)

    def _notify(self, text: str, *, lasting: bool = False) -> None:
        self.notices.append(text)

    def _forward(self, session: ChatSession, event: Any) -> None:
        for subscriber in self.subscribers:
            subscriber(session, event)

    def wake(self, session: ChatSession) -> None:
        """Called on the engine's thread when a session has events."""
        self._loop.call_soon_threadsafe(self.dispatcher.collect, session)

    async def until(self, condition: Callable[[], Any], said: str = "it never came to that") -> None:
        """Wait for what the engine, the store or the server do on threads of their own."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, said
            await asyncio.sleep(0.002)

    async def ended(self, session: ChatSession | None = None) -> None:
        """Wait until the running turn has ended, and what follows from that."""
        session = session or self.current
        await self.until(lambda: not session.running, "the answer never ended")
        await self.work.done()

    async def say(self, *prompts: str, session: ChatSession | None = None) -> None:
        """Send prompts, one after the other, and wait for each answer."""
        session = session or self.current
        for text in prompts:
            session.start(Draft(text=text))
            await self.ended(session)

    def texts(self, session: ChatSession | None = None) -> list[str]:
        return [message.text for message in (session or self.current).transcript.messages]

    # The store

    async def branch(self, session: ChatSession | None = None) -> Branch:
        """The messages of a chat, as they are stored."""
        session = session or self.current
        assert session.recorder is not None
        return await stored(self.store.branch(session.id, session.recorder.head))  # type: ignore[no-any-return]

    async def position(self, chat_id: str) -> Position:
        return await stored(self.store.position(chat_id))  # type: ignore[no-any-return]


@asynccontextmanager
async def bench(*scenarios: Scenario, records: bool = True, **options: Any) -> AsyncIterator[Bench]:
    """A chat on view and the real services, the first requests answered as scripted. `records`: the store is open."""
    with serving(*scenarios, **options) as services:
        made = Bench(services)
        if records:
            made.record()
        yield made
        for session in (made.current,):
            session.close()
