"""The order in which waiting prompts are sent, and what holds them."""

from __future__ import annotations

from tui.chat.transcript import Draft
from tui.chat_screen.prompt_queue import PromptQueue

ONE, TWO, BACK = Draft(text="one"), Draft(text="two"), Draft(text="back")


def filled() -> PromptQueue:
    queue = PromptQueue()
    queue.add(ONE)
    queue.add(TWO)
    return queue


def test_prompts_leave_in_the_order_they_came() -> None:
    queue = filled()
    assert [queue.next(), queue.next(), queue.next()] == [ONE, TWO, None]


def test_one_can_be_removed_from_the_middle() -> None:
    queue = filled()
    queue.add(BACK)
    assert queue.remove(1) == TWO
    assert queue.drafts == (ONE, BACK)


def test_removing_what_was_sent_meanwhile_does_nothing() -> None:
    assert filled().remove(2) is None
    assert filled().remove(-1) is None


def test_a_held_queue_waits_until_it_is_released_and_then_goes_on_by_itself() -> None:
    queue = filled()
    queue.hold()
    assert (queue.held, queue.next()) == (True, None)
    assert queue.release() == ONE
    assert (queue.held, queue.next()) == (False, TWO)


def test_a_prompt_that_came_back_stands_first_and_holds_the_others() -> None:
    queue = filled()
    queue.put_first(BACK)
    assert queue.drafts == (BACK, ONE, TWO)
    assert queue.next() is None


def test_holding_an_empty_queue_does_not_hold_what_is_queued_later() -> None:
    queue = PromptQueue()
    queue.hold()
    queue.add(ONE)
    assert queue.next() == ONE


def test_emptying_a_held_queue_ends_the_hold() -> None:
    queue = filled()
    queue.hold()
    queue.remove(0)
    queue.remove(0)
    assert not queue.held
    assert queue.next() is None
    queue.add(TWO)
    assert queue.next() == TWO
