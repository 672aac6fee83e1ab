"""A provider that is a script of events, a store that is a list, and turns that are read to their end or stopped."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tui.chat.events import BlockStart, BlockStop, MessageDelta, MessageStart, MessageStop, TextDelta
from tui.chat.ledger import UsageUpdate
from tui.chat.request import Request
from tui.chat.session import Session
from tui.chat.transcript import Draft, Text
from tui.chat.turn import run_turn

PROMPT = Draft(text="How many moons has Mars?")


def answer(text="Two.", stop_reason="end_turn", **more):
    return [
        MessageStart(id="msg_1", model="answering", usage=UsageUpdate(input_tokens=10)),
        BlockStart(0, Text("")),
        TextDelta(0, text),
        BlockStop(0),
        MessageDelta(stop_reason=stop_reason, usage=UsageUpdate(output_tokens=2), **more),
        MessageStop(),
    ]


class Provider:
    """Answers each request with the next script: events, an error to raise, or None for silence."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.asked = []
        self.closed = 0
        self.is_silent = asyncio.Event()

    def ask(self, transcript):
        self.asked.append(transcript)
        return Request(model="asked", body=b"{}", stream=lambda: self._stream(self.scripts.pop(0)))

    async def _stream(self, script):
        try:
            for item in script:
                if item is None:
                    self.is_silent.set()
                    await asyncio.Event().wait()
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed += 1


class Store:
    """Keeps messages as the real one does: in, and out again."""

    def __init__(self):
        self.messages = []

    def record(self, message):
        self.messages.append(message)

    def withdraw(self, message):
        self.messages.remove(message)


class Clock:
    """Moves by a second each time it is read."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        self.time += 1.0
        return self.time


def session_with(store=None, **more):
    store = store or Store()
    return Session(record=store.record, withdraw=store.withdraw, now=lambda: 5.0, **more)


async def run(session, provider, draft=PROMPT):
    return [event async for event in run_turn(session, draft, provider.ask)]


async def stopped(session, provider, draft=PROMPT):
    """The events of a turn that is stopped when its server has gone silent: those read, and those concluded."""
    turn, events = run_turn(session, draft, provider.ask), []

    async def read():
        async with aclosing(turn.__aiter__()) as arriving:
            async for event in arriving:
                events.append(event)

    task = asyncio.ensure_future(read())
    await provider.is_silent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return events, turn.conclude(asyncio.CancelledError())


def kinds(events):
    return [type(event) for event in events]
