"""Sending, stopping, trying again, going on after a cut, and the queue by hand."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.transcript import Draft
from tui.chat_screen.controllers.turns import TurnController, TurnPorts
from tui.chat_screen.pipeline import Submission
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio


class Turns:
    def __init__(self, made: Bench) -> None:
        self.submitted: list[Submission] = []
        self.last_sent = ""
        self.has_failed = False
        ports = TurnPorts(
            submit=self.submitted.append,
            prompt=made.prompt,
            last_sent=lambda: self.last_sent,
            show_queue=made.calls.port("show queue"),
            can_retry=lambda: self.has_failed,
        )
        self.controller = TurnController(made.context, ports)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(one.kind, one.draft.text if one.draft else "") for one in self.submitted]


async def running(made: Bench) -> None:
    made.current.start(Draft(text="tides"))
    await made.until(lambda: "It runs" in str(made.current.pending_events))


HALF = Answer(Text("It runs", Gate()))


async def test_a_prompt_is_for_the_chat_on_view_and_the_queue_for_its_own() -> None:
    async with bench() as one:
        turns, other = Turns(one), one.session()
        other.queue.add(Draft(text="queued"))
        turns.controller.submit(Draft(text="hello"))
        turns.controller.go_on(other)
        assert [(sent.session, sent.kind) for sent in turns.submitted] == [(one.current, "prompt"), (other, "next")]
        assert turns.kinds == [("prompt", "hello"), ("next", "queued")]


async def test_only_a_held_queue_is_released() -> None:
    async with bench(HALF) as one:
        turns, queue = Turns(one), one.current.queue
        assert not turns.controller.release()
        queue.add(Draft(text="queued"))
        assert not turns.controller.release()
        queue.hold()
        assert turns.controller.release()
        assert turns.kinds == [("release", "queued")]
        await running(one)
        assert not turns.controller.release()


async def test_stopping_says_whether_there_was_a_turn() -> None:
    async with bench(HALF) as one:
        turns = Turns(one)
        assert not turns.controller.stop()
        assert turns.controller.disabled_reason("stop")
        await running(one)
        assert not turns.controller.disabled_reason("stop")
        assert turns.controller.stop()
        await one.ended()
        assert one.texts() == ["tides", "It runs"]


async def test_trying_again_sends_what_came_back_from_wherever_it_is() -> None:
    async with bench() as one:
        turns = Turns(one)
        turns.controller.retry()
        assert (turns.submitted, one.prompt.sent) == ([], [])
        turns.last_sent = "sent last"
        turns.controller.retry()
        one.current.queue.put_first(Draft(text="in the queue"))
        turns.controller.retry()
        one.prompt.full_text = "in the prompt"
        one.current.queue.put_first(Draft(text="behind it"))
        turns.controller.retry()
        assert turns.kinds == [("prompt", "sent last"), ("prompt", "in the queue")]
        assert one.prompt.sent == ["in the prompt"]


async def test_while_an_answer_runs_nothing_is_tried_again_or_gone_on_with() -> None:
    async with bench(HALF) as one:
        turns = Turns(one)
        one.prompt.full_text = "typed"
        await running(one)
        turns.controller.retry()
        turns.controller.go_on_after_cut()
        assert (turns.submitted, one.prompt.sent, len(one.notices)) == ([], [], 2)


async def test_a_cut_answer_is_gone_on_with_by_a_prompt_and_a_whole_one_is_not() -> None:
    async with bench(HALF, words("All of it.")) as one:
        turns = Turns(one)
        turns.controller.go_on_after_cut()
        assert (turns.submitted, len(one.notices)) == ([], 1)
        await running(one)
        one.current.stop()
        await one.ended()
        assert not turns.controller.disabled_reason("continue")
        turns.controller.go_on_after_cut()
        ((kind, text),) = turns.kinds
        assert (kind, bool(text)) == ("prompt", True)
        await one.say("again")
        assert turns.controller.disabled_reason("continue")
        turns.controller.go_on_after_cut()
        assert (len(turns.submitted), len(one.notices)) == (1, 2)


async def test_a_prompt_without_an_answer_is_asked_for_its_answer() -> None:
    from msgspec.structs import replace

    async with bench(words("one")) as one:
        turns, session = Turns(one), one.current
        await one.say("first")
        session.transcript = replace(session.transcript, messages=session.transcript.messages[:1])
        turns.controller.go_on_after_cut()
        turns.controller.retry()
        assert turns.kinds == [("answer", ""), ("answer", "")]


@pytest.mark.parametrize(("index", "text"), [(0, "a"), (1, "b"), (-1, "c")])
async def test_a_queued_prompt_is_brought_back_to_be_edited(index: int, text: str) -> None:
    async with bench() as one:
        turns: Any = Turns(one)
        for name in "abc":
            one.current.queue.add(Draft(text=name))
        one.prompt.full_text = "typed"
        turns.controller.edit_queued(index)
        assert (one.prompt.full_text, one.prompt.stash) == (text, "typed")
        assert [draft.text for draft in one.current.queue.drafts] == [name for name in "abc" if name != text]
        turns.controller.edit_queued(7)
        turns.controller.remove_queued(0)
        assert len(one.current.queue.drafts) == 1
        assert one.calls.names == ["show queue", "show queue"]
