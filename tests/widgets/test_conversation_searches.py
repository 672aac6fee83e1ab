"""Searches of the server and what is cited of them: while they arrive, and when the chat is opened later."""

from __future__ import annotations

import json

import pytest
from conversation_app import ChatApp, answer, prompt

from tui.chat.events import BlockStart, BlockStop, CitationDelta, InputDelta, MessageStart, StreamEvent, TextDelta
from tui.chat.reducer import finish, fold_all, start
from tui.chat.transcript import Message, Opaque, Text
from tui.widgets.conversation import Conversation

pytestmark = pytest.mark.anyio

CALL = '{"type":"server_tool_use","id":"s%d","name":"web_search","input":{}}'
PAGES = [
    {
        "type": "web_search_result",
        "url": "https://tides.example/brest",
        "title": "Brest tides",
        "encrypted_content": "e",
    },
    {
        "type": "web_search_result",
        "url": "https://b.example",
        "title": "\x1b]0;evil\x07Harbour",
        "encrypted_content": "e",
    },
]
PROBLEM = {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}


def citation(number: int) -> str:
    page = PAGES[number]
    fields = {"url": page["url"], "title": page["title"], "encrypted_index": "x", "cited_text": "High"}
    return json.dumps({"type": "web_search_result_location", **fields})


def found(number: int, content: object) -> Opaque:
    fields = {"type": "web_search_tool_result", "tool_use_id": f"s{number}", "content": content}
    return Opaque("web_search_tool_result", json.dumps(fields))


def arrivals() -> list[StreamEvent]:
    """Two searches, one of which fails, and a paragraph that citations split."""
    return [
        MessageStart(model="sonnet"),
        BlockStart(0, Opaque("server_tool_use", CALL % 1)),
        InputDelta(0, '{"query": "tide '),
        InputDelta(0, 'Brest"}'),
        BlockStop(0),
        BlockStart(1, found(1, PAGES)),
        BlockStop(1),
        BlockStart(2, Opaque("server_tool_use", CALL % 2)),
        InputDelta(2, '{"query": "neap"}'),
        BlockStop(2),
        BlockStart(3, found(2, PROBLEM)),
        BlockStop(3),
        BlockStart(4, Text("")),
        TextDelta(4, "High water is "),
        TextDelta(4, "at **06:12**."),
        CitationDelta(4, citation(1)),
        BlockStop(4),
        BlockStart(5, Text("")),
        TextDelta(5, " (Low water"),
        CitationDelta(5, citation(0)),
        CitationDelta(5, citation(1)),
        TextDelta(5, " is later)."),
        BlockStop(5),
    ]


def message_of(events: list[StreamEvent]) -> Message:
    whole = finish(fold_all(start("sonnet", 0.0), events), "complete", None)
    return answer("", *whole.blocks)


@pytest.mark.parametrize("stops", [True, False])
@pytest.mark.parametrize("batch", [1, 100])
async def test_what_streamed_looks_like_what_is_opened_later(batch: int, stops: bool) -> None:
    events = [event for event in arrivals() if stops or not (isinstance(event, BlockStop) and event.index > 3)]
    question, reply = prompt("?"), message_of(events)
    app = ChatApp()
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.add(question)
        app.pane.begin("Sonnet 5.5")
        for at in range(0, len(events), batch):
            app.clock.now += 0.1
            app.pane.grow(message_of(events[: at + batch]), events[at : at + batch])
            app.pane.catch_up()
        app.pane.settle(reply)
        await pilot.pause()
        streamed = app.rows()
        app.pane.show([question, reply])
        await pilot.pause()
        assert app.rows() == streamed
        assert "High water is at 06:12. [1] (Low water is later). [1][2]" in app.screen_text()
        assert "  1 ␛]0;evil␇Harbour · b.example" in streamed
        assert "  2 Brest tides · tides.example" in streamed
        assert "▸ searched: tide Brest · 2 pages" in app.screen_text()
        assert "searched: neap · failed: the limit of searches" in app.screen_text()


def cited(text: str, *pages: int) -> list[StreamEvent]:
    """A response of one paragraph, which cites these pages."""
    marks = [CitationDelta(0, citation(page)) for page in pages]
    return [MessageStart(model="sonnet"), BlockStart(0, Text("")), TextDelta(0, text), *marks, BlockStop(0)]


async def test_the_numbers_of_an_answer_go_on_after_a_pause() -> None:
    responses = [cited("High at six.", 0), cited("Low at noon.", 1, 0)]
    app = ChatApp()
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.add(prompt("?"))
        for events in responses:
            app.pane.begin("Sonnet 5.5")
            app.pane.grow(message_of(events), events)
            app.pane.catch_up()
            app.pane.settle(message_of(events))
        await pilot.pause()
        streamed = app.rows()
        app.pane.show([prompt("?"), *map(message_of, responses)])
        await pilot.pause()
        assert app.rows() == streamed
        assert [row.strip() for row in streamed if "[" in row] == ["High at six. [1]", "Low at noon. [1][2]"]
        assert [row.strip() for row in streamed if ".example" in row] == [
            "1 Brest tides · tides.example",
            "2 ␛]0;evil␇Harbour · b.example",
        ]


async def test_a_number_leads_to_its_page() -> None:
    app = ChatApp(messages=[prompt("?"), message_of(arrivals())])
    async with app.run_test(size=(70, 30)) as pilot:
        await pilot.pause()
        row = next(at for at, text in enumerate(app.rows()) if "[1]" in text)
        await pilot.click(app.pane, offset=(app.rows()[row].index("[1]") + 1, row))
        await pilot.pause()
        assert [said.url for said in app.posted if isinstance(said, Conversation.LinkOpened)] == ["https://b.example"]


async def test_a_result_without_its_call_stands_alone() -> None:
    """After a pause the result may come with the next response."""
    app = ChatApp(messages=[prompt("?"), answer("", found(1, PAGES), Text("High."))])
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert "▸ web search · 2 pages" in app.screen_text()
