"""A chat that is left in mid-answer goes on without the screen, and is shown as it stands when it is opened again."""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path

import pytest
from chatting import Chat, Clock, chatting, words
from PIL import Image

from tui.chat.tools import PermissionDecision
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Cut, Event, Text, Thinking, ToolUse
from tui.screens.chats import ChatList
from tui.store import Store
from tui.widgets.filter_list import FilterList

pytestmark = pytest.mark.anyio

FILE = Path("data") / "chats.db"


def failing(gate: Gate) -> Answer:
    """Refused before the first word, once the gate is open."""
    error = {"type": "invalid_request_error", "message": "There is too much of it."}
    return Answer(gate, Event({"type": "error", "error": error}, last=True))


def rows(chat: Chat) -> list[str]:
    """The rows of the list on top, as text."""
    view = chat.app.screen.query_one(FilterList)
    texts = (view.render_line(y).text.strip() for y in range(view.size.height))
    return [text for text in texts if text]


async def opened_list(chat: Chat, title: str) -> None:
    await chat.pilot.press("ctrl+s")
    await chat.until(lambda: isinstance(chat.app.screen, ChatList) and title in "".join(rows(chat)))


async def opened_chat(chat: Chat, title: str) -> None:
    """Opens a chat from the list, by its title."""
    await opened_list(chat, title)
    await chat.pilot.press(*title)
    await chat.until(lambda: f"You: {title}" in "".join(rows(chat)) and rows(chat)[0].startswith(f"› {title}"))
    await chat.pilot.press("enter")
    await chat.until(lambda: chat.screen.header.title == title)


async def left_in_mid_answer(chat: Chat, prompt: str, shown: str) -> str:
    """Sends a prompt, waits for the first words, and begins a new chat. The id of the one that was left."""
    await chat.send(prompt)
    await chat.until_shown(shown)
    left = chat.screen.session.id
    await chat.pilot.press("ctrl+n")
    assert chat.screen.session.id != left
    return left


async def answered(chat: Chat, chat_id: str) -> None:
    await chat.until(lambda: chat_id not in chat.screen.parts.background.answering)


async def test_the_answer_goes_on_and_is_there_when_the_chat_is_opened_again() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs out", gate, " past the kelp."))) as chat:
        left = await left_in_mid_answer(chat, "tides", "It runs out")
        assert "It runs out" not in chat.shown
        gate.open()
        await answered(chat, left)
        assert '"tides" is answered' in chat.hint
        await opened_chat(chat, "tides")
        await chat.until_shown("It runs out past the kelp.")
        assert chat.screen.session.transcript.messages[-1].state == "complete"


async def test_an_answer_that_nobody_has_seen_is_marked_until_its_chat_is_opened() -> None:
    gates = Gate(), Gate()
    async with chatting(*(Answer(Text("It runs", gate, " out.")) for gate in gates)) as chat:
        tides = await left_in_mid_answer(chat, "tides", "It runs")
        kelp = await left_in_mid_answer(chat, "kelp", "It runs")
        assert chat.screen.header.background == ""
        gates[0].open()
        await answered(chat, tides)
        assert chat.screen.header.background == "✓ another chat answered"
        gates[1].open()
        await answered(chat, kelp)
        assert chat.screen.header.background == "✓ 2 chats answered"
        await opened_list(chat, "tides")
        assert all("✓ answered" in row for row in rows(chat))
        await chat.pilot.press("escape")
        await opened_chat(chat, "kelp")
        assert chat.screen.header.background == "✓ another chat answered"
        await opened_list(chat, "tides")
        assert ["✓ answered" in row for row in rows(chat)] == ["tides" in row for row in rows(chat)]
        chat.screen.parts.library.delete(tides)
        assert chat.screen.header.background == ""


async def test_coming_back_shows_it_streaming_on() -> None:
    gate, last = Gate(), Gate()
    scenario = Answer(Thinking("Let me see."), Text("It runs out", gate, " past the kelp", last, " and the rock."))
    async with chatting(scenario) as chat:
        await left_in_mid_answer(chat, "tides", "It runs out")
        chat.clock.now_s += 5
        await opened_chat(chat, "tides")
        await chat.until_shown("It runs out▍")
        assert "▸ thinking" in chat.shown or "▸ thought" in chat.shown
        assert "5 s" in chat.shown
        assert chat.screen.session.running
        gate.open()
        await chat.until_shown("It runs out past the kelp▍")
        last.open()
        await chat.until_idle()
        await chat.until_shown("past the kelp and the rock.")
        assert chat.shown.count("It runs out") == 1
        assert not chat.screen.parts.background.answering


async def test_what_arrived_meanwhile_is_shown_on_coming_back() -> None:
    gate, last = Gate(), Gate()
    async with chatting(Answer(Text("It runs out", gate, " past the kelp", last, "."))) as chat:
        left = await left_in_mid_answer(chat, "tides", "It runs out")
        gate.open()
        away = chat.screen.parts.background.sessions[left]
        await chat.until(lambda: "kelp" in str(away.pending_events))
        await opened_chat(chat, "tides")
        await chat.until_shown("It runs out past the kelp▍")
        last.open()
        await chat.until_idle()


async def test_a_picture_that_waits_out_of_sight_is_made_for_the_model_of_its_chat() -> None:
    """A model that sees less is asked elsewhere meanwhile."""
    gate = Gate()
    out = io.BytesIO()
    Image.new("RGB", (2400, 600), "teal").save(out, "PNG")
    async with chatting(Answer(Text("It runs", gate, " out.")), words("hello"), words("a rock")) as chat:
        await chat.send("tides")
        await chat.until_shown("It runs")
        chat.prompt.put(f"What is [IMAGE:data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}]")
        await chat.pilot.press("enter")
        await chat.until(lambda: len(chat.queued) == 1)
        left = chat.screen.session.id
        await chat.pilot.press("ctrl+n")
        await chat.send("/model claude-haiku-4-5")
        await chat.send("hi")
        await chat.until_shown("hello")
        await chat.until_idle()
        gate.open()
        told = (await chat.request(3)).json
        await answered(chat, left)
        assert told["model"] != (await chat.request(2)).json["model"]
        picture = next(block for block in told["messages"][-1]["content"] if block["type"] == "image")
        with Image.open(io.BytesIO(base64.b64decode(picture["source"]["data"]))) as sent:
            assert sent.size == (2400, 600)


async def test_two_chats_stream_at_once_and_each_gets_its_own() -> None:
    one, two = Gate(), Gate()
    async with chatting(Answer(Text("one", one, " whole")), Answer(Text("two", two, " whole"))) as chat:
        first = await left_in_mid_answer(chat, "first", "one")
        await chat.send("second")
        await chat.until_shown("two")
        assert chat.screen.parts.background.answering == {first, chat.screen.session.id}
        one.open()
        await answered(chat, first)
        assert "one" not in chat.shown
        two.open()
        await chat.until_idle()
        await chat.until_shown("two whole")
        await opened_chat(chat, "first")
        await chat.until_shown("one whole")
        assert "two" not in chat.shown


async def test_a_question_of_a_chat_that_was_left_is_told_and_waits_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    gate = Gate()
    call = Answer(Text("Let me see", gate), ToolUse("run_command", input={"command": "echo kelp"}, id="toolu_run"))
    async with chatting(call, words("It said kelp."), tools="ask") as chat:
        left = await left_in_mid_answer(chat, "tides", "Let me see")
        gate.open()
        await chat.until(lambda: '"tides" needs permission' in chat.hint)
        await opened_chat(chat, "tides")
        await chat.until(lambda: chat.questions)
        assert chat.screen.parts.background.answering == {left}
        chat.screen.provider.answer_permission_request("toolu_run", PermissionDecision(allowed=True))
        await chat.until_shown("It said kelp.")


async def test_the_list_marks_chats_in_which_an_answer_arrives() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs out", gate, "."))) as chat:
        await left_in_mid_answer(chat, "tides", "It runs out")
        await opened_list(chat, "tides")
        assert "▍ answering" in rows(chat)[0]
        gate.open()
        await chat.until(lambda: "answering" not in rows(chat)[0])


async def test_the_open_chat_is_picked_in_mid_answer_and_nothing_stops() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs out", gate, "."))) as chat:
        await chat.send("tides")
        await chat.until_shown("It runs out")
        await opened_chat(chat, "tides")
        gate.open()
        await chat.until_idle()
        await chat.until_shown("It runs out.")


async def test_the_queue_goes_on_as_the_running_turn_was_asked() -> None:
    gate = Gate()
    async with chatting(Answer(Text("one", gate)), words("two"), words("three")) as chat:
        await chat.send("first")
        await chat.until_shown("one")
        await chat.send("and more")
        left = chat.screen.session.id
        await chat.pilot.press("ctrl+n")
        await chat.send("/model haiku")
        gate.open()
        await answered(chat, left)
        request = (await chat.request(2)).json
        assert request["messages"][-1]["content"][0]["text"] == "and more"
        assert "sonnet" in request["model"]
        await opened_chat(chat, "first")
        await chat.until_shown("two")
        assert chat.queued == []
        await chat.send("last")
        await chat.until_shown("three")


async def test_a_prompt_that_comes_to_nothing_is_unsent_text_of_its_own_chat() -> None:
    gate = Gate()
    async with chatting(words("one"), failing(gate)) as chat:
        await chat.send("tides")
        await chat.until_shown("one")
        await chat.until_idle()
        await chat.send("and when?")
        await chat.request(2)
        left = chat.screen.session.id
        await chat.pilot.press("ctrl+n", *"draft")
        gate.open()
        await answered(chat, left)
        assert chat.prompt.text == "draft"
        assert '"tides": ' in chat.hint
        await opened_chat(chat, "tides")
        assert chat.prompt.text == "and when?"
        await chat.until_shown("one")


async def test_half_an_answer_is_kept_when_it_breaks_off() -> None:
    gate = Gate()
    async with chatting(Answer(Text("It runs", gate, Cut()))) as chat:
        left = await left_in_mid_answer(chat, "tides", "It runs")
        gate.open()
        await answered(chat, left)
        await opened_chat(chat, "tides")
        await chat.until_shown("✗")
        assert "It runs" in chat.shown


async def test_quitting_keeps_what_arrived_in_all_of_them() -> None:
    async with chatting(Answer(Text("one", Gate())), Answer(Text("two", Gate()))) as chat:
        await left_in_mid_answer(chat, "first", "one")
        await chat.send("second")
        await chat.until_shown("two")
    with Store(Path.home() / FILE, now=Clock().wall) as store:
        texts = {one.title: store.branch(one.id).result()[-1].message.text for one in store.chats().result()}
    assert texts == {"first": "one", "second": "two"}


async def test_a_branch_that_comes_to_nothing_out_of_sight_leads_back_too() -> None:
    gate = Gate()
    async with chatting(words("one"), failing(gate)) as chat:
        await chat.send("first")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.press("g")
        await chat.request(2)
        left = chat.screen.session.id
        await chat.pilot.press("ctrl+n")
        gate.open()
        await answered(chat, left)
        await opened_chat(chat, "first")
        await chat.until_shown("one")


async def test_a_deleted_chat_stops_and_stays_deleted() -> None:
    async with chatting(Answer(Text("It runs out", Gate()))) as chat:
        left = await left_in_mid_answer(chat, "tides", "It runs out")
        chat.screen.parts.library.delete(left)
        await asyncio.to_thread(chat.server.wait_until_closed)
        assert not chat.screen.parts.background.answering
    with Store(Path.home() / FILE, now=Clock().wall) as store:
        assert store.chats().result() == ()
