"""What is shown first: what was asked for, what a crash left open, or unsent text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.transcript import Draft
from tui.chat_screen.context import StartOptions
from tui.chat_screen.controllers.start_up import StartUp, StartUpPorts
from tui.store import Position

pytestmark = pytest.mark.anyio


class Start:
    def __init__(self, made: Bench, options: StartOptions, begun: bool = True) -> None:
        self.calls = calls = made.calls

        def answer(name: str, result: Any = None) -> Callable[..., Awaitable[Any]]:
            port = calls.port(name, result)

            async def call(*arguments: Any, **_: Any) -> Any:
                return port(*arguments)

            return call

        ports = StartUpPorts(
            open_store=answer("open store", made.store),
            prepare=answer("prepare"),
            open_chat=answer("open chat"),
            open_draft=answer("open draft", True),
            has_not_begun=answer("has not begun", not begun),
            use_tools=calls.port("use tools"),
            has_waiting=lambda: False,
            started=calls.port("started"),
        )
        self.unit = StartUp(made.context, ports, options)

    async def __call__(self, has_prompt: bool = False) -> list[str]:
        await self.unit.start(has_prompt)
        return self.calls.names


async def test_a_plain_start_shows_a_new_chat() -> None:
    async with bench(words("one")) as one:
        await one.say("first")
        assert await Start(one, StartOptions())() == ["open store", "prepare", "started"]


async def test_the_list_is_opened_above_a_new_chat() -> None:
    async with bench() as one:
        assert await Start(one, StartOptions(start="list"))() == ["open store", "prepare", "started"]


async def test_the_chat_used_last_is_opened() -> None:
    async with bench(words("one"), words("two")) as one:
        await one.say("first")
        one.clock.now_s += 60
        other = one.recorded()
        await one.say("second", session=other)
        start = Start(one, StartOptions(start="last"))
        assert await start() == ["open store", "open chat", "prepare", "started"]
        assert one.calls.of("open chat") == [other.id]


async def test_with_no_chats_the_last_one_is_a_new_one() -> None:
    async with bench() as one:
        assert await Start(one, StartOptions(start="last"))() == ["open store", "prepare", "started"]


async def test_a_chat_is_opened_by_the_beginning_of_its_id_with_what_was_named_at_the_start() -> None:
    async with bench(words("one")) as one:
        await one.say("first")
        options = StartOptions(resume=one.current.id[:8], system="Be brief.", tools="read")
        assert await Start(one, options)() == ["open store", "open chat", "prepare", "use tools", "started"]
        assert (one.calls.of("open chat"), one.calls.of("use tools")) == ([one.current.id], ["read"])
        assert one.current.transcript.current.system == "Be brief."


async def test_a_chat_that_does_not_exist_is_told_and_the_start_goes_on() -> None:
    async with bench() as one:
        assert await Start(one, StartOptions(resume="nosuchchat"))() == ["open store", "prepare", "started"]
        assert len(one.notices) == 1


@pytest.mark.parametrize("has_prompt", [False, True])
async def test_unsent_text_is_shown_unless_the_program_was_started_with_a_prompt(has_prompt: bool) -> None:
    async with bench() as one:
        one.store.save_position(Position(chat_id="unsent", draft=Draft(text="hello")))
        start = Start(one, StartOptions(), begun=False)
        await start(has_prompt)
        assert one.calls.of("open draft") == ([] if has_prompt else ["unsent"])


async def test_unsent_text_of_a_chat_that_has_begun_stays_there() -> None:
    async with bench() as one:
        one.store.save_position(Position(chat_id="begun", draft=Draft(text="hello")))
        await Start(one, StartOptions(), begun=True)()
        assert one.calls.of("open draft") == []
