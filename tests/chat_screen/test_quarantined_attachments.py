"""A picture that the API will not take is set aside wherever it stands, and the chat goes on without it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from chatting import Chat, chatting, words
from PIL import Image

from tui.chat.transcript import Image as Picture
from tui.chat.transcript import Message, Text, ToolResult, ToolUse
from tui.store import NewChat, Store
from tui.widgets.attachments import Attachments

pytestmark = pytest.mark.anyio
ASIDE = "image left out: the API rejected it"


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (56, 28), colour).save(out, "PNG")
    return out.getvalue()


def spelt(data: bytes) -> str:
    return base64.b64encode(data).decode()


def block(colour: str, name: str = "") -> Picture:
    return Picture("image/png", spelt(png(colour)), name, 56, 28)


async def attach(chat: Chat, *files: Path) -> None:
    row = chat.screen.query_one(Attachments)
    row.attach_files(files)
    await chat.until(lambda: len(row.blocks) == len(files) and not row.is_busy)


async def kinds(chat: Chat, number: int) -> list[list[str]]:
    """Of each message of that request, the kinds of its blocks."""
    body = (await chat.request(number)).json
    return [[one["type"] for one in message["content"]] for message in body["messages"]]


async def refused(chat: Chat) -> None:
    await chat.until(lambda: "rejected" in chat.hint, "nothing was set aside")


async def test_of_a_first_prompt_everything_else_is_kept_and_retry_sends_it(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(png("teal"))
    (tmp_path / "bad.png").write_bytes(png("red"))
    async with chatting(words("A fjord.")) as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await attach(chat, tmp_path / "good.png", tmp_path / "bad.png")
        await chat.send("Look")
        await refused(chat)
        assert f"bad.png  {ASIDE}" in chat.shown
        assert "good.png  56×28" in chat.shown
        assert "Look" in chat.shown
        shown = " ".join(chat.shown.split())
        assert "bad.png was rejected and will not be sent again. Send again to continue without it." in shown
        assert chat.prompt.text == ""
        await chat.send("/retry")
        await chat.until_shown("A fjord.")
        assert await kinds(chat, 2) == [["image", "text", "text"]]
        assert f"bad.png  {ASIDE}" in chat.shown
        assert "✗" not in chat.shown


async def test_the_key_on_the_conversation_tries_again(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(png("red"))
    async with chatting(words("Nothing to see.")) as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await attach(chat, tmp_path / "bad.png")
        await chat.pilot.press("enter")  # a picture alone
        await refused(chat)
        await chat.pilot.press("shift+tab")
        await chat.until(lambda: chat.screen.conversation.has_focus)
        await chat.pilot.press("r")
        await chat.until_shown("Nothing to see.")
        assert await kinds(chat, 2) == [["text"]]


async def test_one_of_the_history_goes_and_the_answers_stay(tmp_path: Path) -> None:
    (tmp_path / "later.png").write_bytes(png("red"))
    async with chatting(words("Teal."), words("Four.")) as chat:
        await attach(chat, tmp_path / "later.png")
        await chat.send("Colour?")
        await chat.until_idle()
        chat.server.service.rejected_images.add(spelt(png("red")))
        await chat.send("And two by two?")
        await refused(chat)
        assert "Teal." in chat.shown
        assert ASIDE in chat.shown
        await chat.send("/retry")
        await chat.until_shown("Four.")
        assert await kinds(chat, 3) == [["text", "text"], ["text"], ["text"]]
        before, after = (await chat.request(1)).json, (await chat.request(3)).json
        assert before["messages"][0]["content"][1]["text"] == after["messages"][0]["content"][1]["text"] == "Colour?"


async def test_one_of_a_marker_goes_and_the_words_around_it_stay() -> None:
    async with chatting(words("Green.")) as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        marks = [f"[IMAGE:data:image/png;base64,{spelt(png(colour))}]" for colour in ("green", "red")]
        await chat.send(f"This {marks[0]} or that {marks[1]} one?")
        await refused(chat)
        await chat.send("/retry")
        await chat.until_shown("Green.")
        content = (await chat.request(2)).json["messages"][0]["content"]
        assert [one["type"] for one in content] == ["text", "image", "text", "text", "text"]


async def test_what_was_set_aside_stays_so_after_a_restart(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(png("red"))
    async with chatting() as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await attach(chat, tmp_path / "bad.png")
        await chat.send("Look")
        await refused(chat)
    async with chatting(words("I would, if I could."), start="last") as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await chat.until_shown(ASIDE)
        await chat.until(lambda: chat.screen.parts.sessions.is_started)
        await chat.send("/retry")
        await chat.until_shown("I would, if I could.")
        assert await kinds(chat, 1) == [["text", "text"]]


async def test_one_that_a_tool_gave_is_set_aside_in_the_stored_chat() -> None:
    said = (
        Message(role="user", blocks=(Text("See the chart"),), at=1.0),
        Message(role="assistant", blocks=(ToolUse("toolu_1", "look"),), model="claude-sonnet-5-5", at=2.0),
        Message(role="user", blocks=(ToolResult("toolu_1", (Text("chart.png"), block("red"))),), at=3.0),
        Message(role="assistant", blocks=(Text("It falls."),), model="claude-sonnet-5-5", at=4.0),
    )
    file = Path.home() / "data" / "chats.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    with Store(file) as store:
        for number, message in enumerate(said):
            store.append(NewChat(id="c"), f"m{number}", f"m{number - 1}" if number else None, message)
    async with chatting(words("Then it rises."), resume="c") as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await chat.until_shown("It falls.")
        await chat.send("And then?")
        await refused(chat)
        assert "will not be sent again" in " ".join(chat.shown.split())
        await chat.send("/retry")
        await chat.until_shown("Then it rises.")
        result = (await chat.request(2)).json["messages"][2]["content"][0]
        assert [one["type"] for one in result["content"]] == ["text", "text"]
    with Store(file) as store:
        kept = store.transcript("c").result(20).messages[2].blocks[0]
    assert isinstance(kept, ToolResult)
    assert isinstance(kept.content[1], Picture)
    assert kept.content[1].quarantined
    assert kept.content[1].data == spelt(png("red"))


async def test_a_new_prompt_instead_of_a_retry_follows_the_one_that_stayed(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(png("red"))
    async with chatting(words("Fine.")) as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await attach(chat, tmp_path / "bad.png")
        await chat.send("Look")
        await refused(chat)
        await chat.send("Never mind")
        await chat.until_shown("Fine.")
        assert "Look" in chat.shown
        assert "Never mind" in chat.shown
        assert await kinds(chat, 2) == [["text", "text"], ["text"]]


async def test_an_edited_prompt_keeps_its_branch(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(png("red"))
    async with chatting(words("One."), words("Two.")) as chat:
        chat.server.service.rejected_images.add(spelt(png("red")))
        await chat.send("First")
        await chat.until_idle()
        await chat.pilot.press("shift+tab", "e")
        await chat.until(lambda: chat.prompt.text == "First")
        await attach(chat, tmp_path / "bad.png")
        await chat.pilot.press("enter")
        await refused(chat)
        await chat.until_shown("2/2")
        assert ASIDE in chat.shown
        assert "One." not in chat.shown
        await chat.send("/retry")
        await chat.until_shown("Two.")


async def test_the_demo_plays_it(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(png("teal"))
    async with chatting(demo=True) as chat:
        await attach(chat, tmp_path / "photo.png")
        await chat.send("bad picture")
        await refused(chat)
        await chat.send("/retry")
        await chat.until_shown("no image that I")
