"""A reply that never ends is ended: what has arrived is kept, and one sentence says so."""

from __future__ import annotations

import asyncio
from itertools import chain, count, repeat

import pytest
from scripted_turns import PROMPT, Provider, Store, session_with

from tui.chat.events import BlockStart, BlockStop, CitationDelta, InputDelta, TextDelta, ThinkingDelta, TurnEnded
from tui.chat.reducer import append_piece, finish, fold_all, start
from tui.chat.transcript import Opaque, Text, Thinking, ToolUse
from tui.chat.turn import run_turn
from tui.inputs.limits import MIB, REPLY_BYTES, REPLY_PARTS

pytestmark = pytest.mark.anyio
PIECE = "x" * 20_000
ENDLESS = {
    "text": lambda: chain([BlockStart(0, Text(""))], repeat(TextDelta(0, PIECE))),
    "thinking": lambda: chain([BlockStart(0, Thinking(""))], repeat(ThinkingDelta(0, PIECE))),
    "a tool's input": lambda: chain([BlockStart(0, ToolUse("t", "read"))], repeat(InputDelta(0, PIECE))),
    "blocks of a new kind": lambda: (BlockStart(at, Opaque("new", PIECE)) for at in count()),
    "a wide character": lambda: chain([TextDelta(0, "\U0001f469")], repeat(TextDelta(0, PIECE))),
    "blocks": lambda: chain.from_iterable((BlockStart(at, Text("x")), BlockStop(at)) for at in count()),
    "citations": lambda: chain([BlockStart(0, Text("x"))], repeat(CitationDelta(0, "{}"))),
}


class Endless(Provider):
    async def _stream(self, script):
        for number, item in enumerate(script):
            yield item
            if number % 500 == 0:
                await asyncio.sleep(0)  # as a socket does, which holds some events at a time


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
async def test_a_reply_without_end_is_ended_and_kept(script) -> None:
    store = Store()
    provider = Endless(script())
    turn = run_turn(session_with(store), PROMPT, provider.ask)
    events = [event async for event in turn]
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert ended.outcome == "failed"
    assert "so prx stopped it" in ended.failure.message
    answer = next(message for message in reversed(store.messages) if message.role == "assistant")
    assert answer.state == "failed"
    held = sum(
        len(getattr(block, name, "")) for block in answer.blocks for name in ("text", "thinking", "input", "json")
    )
    parts = len(answer.blocks) + sum(len(getattr(block, "citations", ())) for block in answer.blocks)
    assert held > REPLY_BYTES / 5 or parts > REPLY_PARTS
    assert held <= REPLY_BYTES + 11 * MIB
    assert parts <= REPLY_PARTS + 600


def test_a_long_text_is_joined_whole_at_its_end() -> None:
    pieces = [f"{at} " * 2000 for at in range(500)]
    events = [BlockStart(0, Text("")), *(TextDelta(0, piece) for piece in pieces)]
    assert finish(fold_all(start("m", 0.0), events), "stopped").text == "".join(pieces)
    closed = fold_all(start("m", 0.0), [*events, BlockStop(0)])
    assert closed.message.text == "".join(pieces)


def test_the_pieces_of_a_text_stay_few_and_are_copied_seldom() -> None:
    pieces, most, copied = (), 0, 0
    for at in range(10_000):
        before = pieces
        pieces = append_piece(pieces, f"{at % 10}")
        most = max(most, len(pieces))
        copied += sum(len(piece) for piece in pieces if not any(piece is one for one in before))
    assert "".join(pieces) == "0123456789" * 1000
    assert most <= 15
    assert copied <= 15 * 10_000
