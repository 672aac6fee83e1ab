"""Two chats under one wiring, both streaming at the same time: each gets exactly its own."""

from __future__ import annotations

import asyncio

import pytest
from chatting import chatting

from tui.chat.transcript import Draft
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio

WORDS = ("the", "tide", "runs", "out", "past", "kelp")


def slow(name: str, gates: list[Gate]) -> Answer:
    """Names its chat in every word; each waits for its gate."""
    pieces = [piece for word, gate in zip(WORDS, gates, strict=True) for piece in (gate, f"{name}-{word} ")]
    return Answer(Text(*pieces))


async def test_two_sessions_stream_at_once_and_each_gets_its_own_answer() -> None:
    gates = [Gate() for _ in WORDS], [Gate() for _ in WORDS]
    async with chatting(slow("first", gates[0]), slow("second", gates[1])) as chat:
        parts = chat.screen.parts
        first = parts.sessions.current
        parts.turns.submit(Draft(text="one"))
        await chat.request(1)
        parts.start_new()
        second = parts.sessions.current
        parts.turns.submit(Draft(text="two"))
        await chat.request(2)
        assert first is not second
        assert (first.running, second.running) == (True, True)
        assert (first.is_on_view, second.is_on_view) == (False, True)
        for number, word in enumerate(WORDS):
            gates[0][number].open()
            gates[1][number].open()
            await chat.until(lambda word=word: f"first-{word}" in str(first.pending_events) or not first.running)  # type: ignore[misc]
            await chat.until(lambda word=word: f"second-{word}" in str(second.pending_events) or not second.running)  # type: ignore[misc]
            assert "first-" not in chat.shown
        await chat.until(lambda: not (first.running or second.running))
        await chat.until_shown("second-kelp")
        answers = [session.transcript.messages[-1].text for session in (first, second)]
        assert answers == [" ".join(f"{name}-{word}" for word in WORDS) + " " for name in ("first", "second")]
        assert parts.background.unread == {first.id}
        assert parts.background.answering == frozenset()
        for session, text in zip((first, second), answers, strict=True):
            branch = await asyncio.wrap_future(session.store.branch(session.id))
            assert [message.message.text for message in branch] == ["one" if session is first else "two", text]
        parts.open(first.id)
        await chat.until_shown("first-kelp")
        assert "second-" not in chat.shown
        assert parts.background.unread == set()
