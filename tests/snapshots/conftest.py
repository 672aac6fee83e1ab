"""How every picture of the screen is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from chatting import Chat, opened
from textual.pilot import Pilot

from tui.demo.scenarios import Scenario


@pytest.fixture
def pictured(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Plays a story and compares the screen at its end."""

    def compare(
        *scenarios: Scenario,
        story: Callable[[Chat], Awaitable[None]] | None = None,
        size: tuple[int, int] = (80, 24),
        **options: Any,
    ) -> bool:
        with opened(*scenarios, **options) as around:

            async def play(pilot: Pilot[int]) -> None:
                chat = Chat(around.app, pilot, around.server, around.clock)
                await chat.until(lambda: chat.screen.parts.sessions.is_started)
                if story is not None:
                    await story(chat)
                await pilot.pause()

            return snap_compare(around.app, terminal_size=size, run_before=play)

    return compare
