"""From a turn's events to those who want them: one order, for the chat on view as for those in the background."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from bench import bench
from serving import serving, words

from tui.chat.events import AnswerEnded, Notice, PromptSent, RequestSent, TurnEnded
from tui.chat.transcript import Draft
from tui.chat_screen.dispatch import Dispatcher
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio


class Chat:
    """A session with these events."""

    def __init__(self, *events: Any, is_on_view: bool = True) -> None:
        self.is_on_view = is_on_view
        self.is_closed = False
        self.events = events

    def collect(self) -> tuple[Any, ...]:
        events, self.events = self.events, ()
        return events


async def test_each_event_goes_to_every_subscriber_in_one_order() -> None:
    seen: list[tuple[str, str]] = []
    dispatcher = Dispatcher([lambda _, event, name=name: seen.append((name, event.text)) for name in "ab"])  # type: ignore[misc,union-attr]
    chat: Any = Chat(Notice("one"), Notice("two"))
    dispatcher.collect(chat)
    assert seen == [("a", "one"), ("b", "one"), ("a", "two"), ("b", "two")]


async def test_a_chat_that_is_closed_meanwhile_is_told_to_nobody() -> None:
    seen: list[str] = []
    chat: Any = Chat(Notice("one"), Notice("two"))

    def close(session: Any, event: Any) -> None:
        seen.append(event.text)
        session.is_closed = True

    dispatcher = Dispatcher([close])
    dispatcher.collect(chat)
    assert seen == ["one"]
    chat.events = (Notice("three"),)
    dispatcher.collect(chat)
    assert (seen, chat.events) == (["one"], ())


@pytest.mark.parametrize("is_on_view", [True, False])
async def test_a_chat_in_the_background_is_collected_like_the_one_on_view(is_on_view: bool) -> None:
    async with bench(words("one")) as one:
        told: list[tuple[str, type]] = []
        one.subscribers += [lambda _, event, name=name: told.append((name, type(event))) for name in "ab"]  # type: ignore[misc]
        one.current.is_on_view = is_on_view
        await one.say("first")
        kinds = [kind for name, kind in told if name == "a"]
        assert [(name, kind) for kind in kinds for name in "ab"] == told
        assert [kinds[0], kinds[1], *kinds[-2:]] == [PromptSent, RequestSent, AnswerEnded, TurnEnded]


async def test_each_event_is_told_once_however_often_it_is_collected() -> None:
    gate = Gate()
    async with bench(Answer(Text("It runs", gate, " out."))) as one:
        told: list[Any] = []
        one.subscribers.append(lambda _, event: told.append(event))
        one.current.start(Draft(text="tides"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        one.dispatcher.collect(one.current)
        one.dispatcher.collect(one.current)
        gate.open()
        await one.ended()
        assert [type(event) for event in told].count(PromptSent) == 1
        assert [type(event) for event in told].count(TurnEnded) == 1


async def test_what_a_closed_chat_still_receives_is_recorded_and_told_to_nobody() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        told: list[Any] = []
        one.subscribers.append(lambda _, event: told.append(event))
        one.current.start(Draft(text="tides"))
        await one.until(lambda: "It runs" in str(one.current.pending_events))
        before = len(told)
        one.current.close()
        await one.until(lambda: not one.current.running)
        assert len(told) == before
        assert [message.message.text for message in await one.branch()] == ["tides", "It runs"]


def test_no_subscriber_posts_what_it_listens_to() -> None:
    """No part that has a `take` dispatches or collects events; all that post any do so from the engine."""
    from tui.chat_screen.screen import ChatScreen  # made, and never shown

    with serving() as services:
        screen = ChatScreen(services.provider, services.engine, services.library)
        subscribers = screen.parts.dispatcher._subscribers
    assert [subscriber.__name__ for subscriber in subscribers] == ["take"] * len(subscribers)
    files = {Path(subscriber.__func__.__code__.co_filename) for subscriber in subscribers}
    assert len(files) == len(subscribers)
    for file in files:
        called = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        assert not called & {"dispatch", "dispatcher", "collect"}, file
