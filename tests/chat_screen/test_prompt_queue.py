"""The order in which waiting prompts are sent, and what holds them."""

from __future__ import annotations

from tui.chat.transcript import Draft
from tui.chat_screen.prompt_queue import PromptQueue

ONE, TWO, BACK = Draft(text="one"), Draft(text="two"), Draft(text="back")


def filled() -> PromptQueue:
    outbox = PromptQueue()
    outbox.add(ONE)
    outbox.add(TWO)
    return outbox


def test_prompts_leave_in_the_order_they_came() -> None:
    outbox = filled()
    assert [outbox.next(), outbox.next(), outbox.next()] == [ONE, TWO, None]


def test_one_can_be_removed_from_the_middle() -> None:
    outbox = filled()
    outbox.add(BACK)
    assert outbox.remove(1) == TWO
    assert outbox.drafts == (ONE, BACK)


def test_removing_what_was_sent_meanwhile_does_nothing() -> None:
    assert filled().remove(2) is None
    assert filled().remove(-1) is None


def test_a_held_queue_waits_until_it_is_released_and_then_goes_on_by_itself() -> None:
    outbox = filled()
    outbox.hold()
    assert (outbox.held, outbox.next()) == (True, None)
    assert outbox.release() == ONE
    assert (outbox.held, outbox.next()) == (False, TWO)


def test_a_prompt_that_came_back_stands_first_and_holds_the_others() -> None:
    outbox = filled()
    outbox.put_first(BACK)
    assert outbox.drafts == (BACK, ONE, TWO)
    assert outbox.next() is None


def test_holding_an_empty_queue_does_not_hold_what_is_queued_later() -> None:
    outbox = PromptQueue()
    outbox.hold()
    outbox.add(ONE)
    assert outbox.next() == ONE


def test_emptying_a_held_queue_ends_the_hold() -> None:
    outbox = filled()
    outbox.hold()
    outbox.remove(0)
    outbox.remove(0)
    assert not outbox.held
    assert outbox.next() is None
    outbox.add(TWO)
    assert outbox.next() == TWO
