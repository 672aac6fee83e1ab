"""What a chat costs and what the cache holds of it, by the test's clock and timers."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.forecast import NO_DRAFT
from tui.chat.transcript import Draft
from tui.chat_screen.controllers.costs import CostController, CostPorts, Layout
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio

LONG = "the tide runs out past the kelp " * 600
"""Enough for the cache."""


class Costs:
    def __init__(self, made: Bench) -> None:
        self.bench = made
        self.draft = NO_DRAFT
        self.layout = Layout(width=120, rows=30, is_still=False, is_reading=False)
        self.warm: list[tuple[str, bool]] = []
        calls = self.bench.calls
        ports = CostPorts(
            note=self.bench.pane.note,
            draft=lambda: self.draft,
            show_warmth=lambda text, is_warm: self.warm.append((text, is_warm)),
            show_hints=calls.port("show hints"),
            refresh_hints=calls.port("refresh hints"),
            set_timer=self.bench.timers,
            layout=lambda: self.layout,
            open_map=lambda **standing: calls.port("open map")(standing),
        )
        self.controller = CostController(self.bench.context, ports)
        self.bench.subscribers.append(self.controller.take)

    def type(self, text: str) -> None:
        """Type, and pause for a moment."""
        self.draft = Draft(text=text)
        self.controller.typed()
        self.bench.timers.fire()

    @property
    def hints(self) -> list[str]:
        return [hint.text for hint in self.controller.hints()]


# Warm and cold


async def test_an_empty_chat_is_neither_warm_nor_cold() -> None:
    async with bench() as one:
        costs = Costs(one)
        costs.controller.show_warmth()
        assert (costs.warm, costs.controller.is_ticking) == ([("", False)], False)


async def test_a_warm_chat_counts_its_seconds_until_it_is_cold_and_then_nothing_runs() -> None:
    async with bench(words("Out.")) as one:
        costs = Costs(one)
        await one.say(LONG)
        costs.controller.show_warmth()
        (timer,) = one.timers.running
        assert (timer.wait_s, costs.warm[-1]) == (1.0, ("warm  5:00", True))
        one.clock.now_s += 1
        one.timers.fire()
        assert costs.warm[-1] == ("warm  4:59", True)
        one.clock.now_s += 400
        one.timers.fire()
        assert (costs.warm[-1][1], one.timers.running, costs.controller.is_ticking) == (False, [], False)
        assert costs.warm[-1][0].startswith("cold")


async def test_showing_it_again_starts_no_second_timer() -> None:
    async with bench(words("Out.")) as one:
        costs = Costs(one)
        await one.say(LONG)
        for _ in range(3):
            costs.controller.show_warmth()
        assert len(one.timers.running) == 1


async def test_with_reduced_motion_nothing_counts() -> None:
    async with bench(words("Out.")) as one:
        costs = Costs(one)
        costs.layout = costs.layout._replace(is_still=True)
        await one.say(LONG)
        costs.controller.show_warmth()
        (timer,) = one.timers.running
        assert (timer.wait_s, costs.warm[-1]) == (300.0, ("warm to 09:46", True))


async def test_another_model_finds_nothing_in_the_cache() -> None:
    async with bench(words("Out.")) as one:
        costs = Costs(one)
        await one.say(LONG)
        assert costs.controller.warmth().is_warm(one.clock.wall())
        one.provider.use("haiku")
        assert not costs.controller.warmth().is_warm(one.clock.wall())


# Before sending


async def test_the_next_request_is_estimated_once_nothing_was_typed_for_a_moment() -> None:
    async with bench() as one:
        costs = Costs(one)
        costs.draft = Draft(text="hello")
        costs.controller.typed()
        costs.controller.typed()
        assert (costs.hints, len(one.timers.running)) == ([], 1)
        one.timers.fire()
        assert costs.hints[0].startswith("<send> send ~")
        assert one.calls.names == ["refresh hints"]
        costs.controller.show_estimate()
        assert one.calls.names == ["refresh hints"]  # nothing has changed


async def test_an_empty_prompt_has_no_estimate_at_once() -> None:
    async with bench() as one:
        costs = Costs(one)
        costs.type("hello")
        costs.draft = NO_DRAFT
        costs.controller.typed()
        assert costs.hints == []


async def test_another_model_costs_something_else() -> None:
    async with bench() as one:
        costs = Costs(one)
        costs.controller.model_changed()
        assert one.calls == []  # nothing is written
        costs.type(LONG)
        before = costs.hints
        one.provider.use("haiku")
        costs.controller.model_changed()
        assert costs.hints != before


async def test_while_an_answer_runs_nothing_is_estimated() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        costs = Costs(one)
        one.current.start(Draft(text="tides"))
        costs.type("hello")
        assert costs.hints == []


async def test_while_reading_only_a_count_that_was_asked_for_is_shown() -> None:
    async with bench() as one:
        costs = Costs(one)
        costs.type("hello")
        costs.layout = costs.layout._replace(is_reading=True)
        assert costs.hints == []
        costs.controller.count()
        await one.work.done()
        (text,) = costs.hints
        assert "counted" in text


async def test_a_count_holds_for_what_was_counted_and_nothing_else() -> None:
    async with bench() as one:
        costs = Costs(one)
        costs.controller.count()
        assert (len(one.notices), one.server.requests) == (1, [])  # nothing is written
        costs.type("hello")
        costs.controller.count()
        await one.work.done()
        assert "counted" in costs.hints[0]
        costs.type("hello there")
        assert "counted" not in costs.hints[0]
        costs.type("hello")
        assert "counted" in costs.hints[0]
        one.provider.use("haiku")
        assert "counted" not in costs.hints[0]


async def test_without_credentials_nothing_is_counted() -> None:
    async with bench(key="") as one:
        costs = Costs(one)
        costs.type("hello")
        costs.controller.count()
        await one.work.done()
        assert (len(one.notices), one.server.requests) == (1, [])


# Misses, the map, other models


async def test_a_request_that_read_less_than_there_was_is_explained_once() -> None:
    async with bench(words("one"), words("two"), words("three")) as one:
        Costs(one)
        await one.say(LONG, "again")
        assert one.pane.notes == []
        one.clock.now_s += 3_600
        await one.say("and again")
        assert len(one.pane.notes) == 1


async def test_what_costs_nothing_takes_no_room_from_a_small_screen() -> None:
    async with bench(words("one"), words("two")) as one:
        costs = Costs(one)
        await one.say("short")
        assert len(one.pane.notes) == 1
        one.current = one.recorded()
        costs.layout = costs.layout._replace(rows=6)
        await one.say("short")
        assert len(one.pane.notes) == 1


async def test_in_the_background_nothing_is_explained() -> None:
    async with bench(words("one")) as one:
        Costs(one)
        one.current.is_on_view = False
        await one.say("short")
        assert one.pane.notes == []


async def test_the_cache_map_is_of_the_last_request_also_of_a_restored_chat() -> None:
    async with bench(words("one")) as one:
        costs = Costs(one)
        costs.controller.open_map()
        assert (len(one.notices), one.calls) == (1, [])
        await one.say(LONG)
        costs.controller.open_map()
        restored: Any = one.recorded()
        restored.turns.resume(one.current.transcript, "none")
        one.current = restored
        costs.controller.open_map()
        first, again = one.calls.of("open map")
        assert first["exchange"].answer == again["exchange"].answer
        assert first["exchange"].body == again["exchange"].body


async def test_other_models_have_a_price_once_there_is_something_to_resend() -> None:
    async with bench(words("one")) as one:
        costs = Costs(one)
        assert costs.controller.switches() == ()
        await one.say(LONG)
        assert len(costs.controller.switches()) == len(one.provider.models())
