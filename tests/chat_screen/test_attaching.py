"""Attaching pictures in the chat: by path, paste, clipboard and option; what is attached goes with the prompt."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from chatting import Chat, chatting, words
from PIL import Image
from textual.events import Paste
from transcripts import PNG

from tui.chat.transcript import Draft
from tui.chat.transcript import Image as ImageBlock
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Error, Text
from tui.widgets.attachments import Attachments
from tui.widgets.commands import FileList

pytestmark = pytest.mark.anyio
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return drawn(tmp_path / "the fjord.png")


def drawn(path: Path, size: tuple[int, int] = (280, 140), colour: str = "teal") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def chips(chat: Chat) -> str:
    return str(chat.screen.query_one(Attachments).render())


async def paste(chat: Chat, text: str) -> None:
    chat.prompt.post_message(Paste(text))
    await chat.pilot.pause()


async def attached(chat: Chat, count: int = 1) -> None:
    row = chat.screen.query_one(Attachments)
    await chat.until(lambda: len(row.blocks) == count and not row.is_busy)


def blocks(body: Any) -> list[str]:
    """The kinds of the last prompt's blocks."""
    content = body["messages"][-1]["content"]
    return ["text"] if isinstance(content, str) else [block["type"] for block in content]


async def test_a_pasted_path_becomes_a_chip_and_goes_before_the_prompt(picture: Path) -> None:
    async with chatting(words("A fjord.")) as chat:
        await paste(chat, str(picture).replace(" ", "\\ "))
        await attached(chat)
        assert chips(chat) == "▣ the fjord.png  280×140 · 50 tokens"
        assert chat.prompt.text == ""
        await chat.send("What is it?")
        await chat.until_idle()
        assert not chat.screen.query_one(Attachments).any
        assert "▣ the fjord.png" in chat.shown
        body = (await chat.request()).json
        assert blocks(body) == ["image", "text"]
        with Image.open(io.BytesIO(base64.b64decode(body["messages"][0]["content"][0]["source"]["data"]))) as sent:
            assert sent.size == (280, 140)


async def test_a_path_to_anything_else_is_text(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("kelp")
    async with chatting() as chat:
        await paste(chat, str(tmp_path / "notes.txt"))
        assert chat.prompt.text == str(tmp_path / "notes.txt")
        assert not chat.screen.query_one(Attachments).any


async def test_several_dropped_files_come_in_their_order(tmp_path: Path) -> None:
    one, two = drawn(tmp_path / "one.png", (2800, 2800)), drawn(tmp_path / "two.png")
    async with chatting() as chat:
        await paste(chat, f"file://{one}\nfile://{two}")
        await attached(chat, 2)
        assert [block.name for block in chat.screen.query_one(Attachments).blocks] == ["one.png", "two.png"]


async def test_backspace_at_the_start_takes_the_last_one_out(tmp_path: Path) -> None:
    one, two = drawn(tmp_path / "one.png"), drawn(tmp_path / "two.png")
    async with chatting() as chat:
        await paste(chat, f"'{one}' '{two}'")
        await attached(chat, 2)
        chat.prompt.put("ab")
        await chat.pilot.press("backspace")
        assert chat.prompt.text == "a"
        await chat.pilot.press("home", "backspace")
        assert [block.name for block in chat.screen.query_one(Attachments).blocks] == ["one.png"]
        assert chat.prompt.text == "a"


async def test_a_picture_alone_is_a_prompt(picture: Path) -> None:
    async with chatting(words("Teal.")) as chat:
        await paste(chat, str(picture))
        await attached(chat)
        await chat.pilot.press("enter")
        await chat.until_shown("Teal.")
        assert blocks((await chat.request()).json) == ["image"]


async def test_a_prompt_sent_while_a_picture_is_prepared_waits_for_it(picture: Path) -> None:
    async with chatting(words("Teal.")) as chat:
        chat.prompt.put("Which colour?")
        chat.screen.query_one(Attachments).attach_files([picture])
        await chat.pilot.press("enter")
        await chat.until_shown("Teal.")
        assert blocks((await chat.request()).json) == ["image", "text"]


async def test_what_was_left_out_of_an_animation_is_said(tmp_path: Path) -> None:
    name = "waves\x1b[31m.gif"
    frames = [Image.new("RGB", (56, 28), colour) for colour in ("teal", "red")]
    frames[0].save(tmp_path / name, "GIF", save_all=True, append_images=frames[1:])
    async with chatting() as chat:
        await paste(chat, str(tmp_path / name))
        await chat.until(lambda: "␛[31m.gif: only the first frame of the animation is sent" in chat.hint)
        await attached(chat)


async def test_a_hostile_name_in_a_refusal_reaches_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "x\x1b[31m.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    async with chatting() as chat:
        await paste(chat, str(tmp_path / "x\x1b[31m.png"))
        await chat.until(lambda: "x␛[31m.png is damaged" in chat.hint)


async def test_a_file_that_cannot_be_attached_is_named_and_everything_else_stays(picture: Path) -> None:
    broken = cut(picture)
    async with chatting(words("never")) as chat:
        chat.prompt.put("Compare")
        chat.screen.query_one(Attachments).attach_files([picture, broken])
        await chat.pilot.press("enter")
        await chat.until(lambda: "broken.png" in chat.hint)
        await chat.until(lambda: chips(chat).startswith("▣ the fjord.png"))
        assert chat.prompt.text == "Compare"
        assert chat.server.requests == []


async def test_advice_that_has_no_room_gives_way_to_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "renamed.png").write_text("kelp")
    said = "renamed.png is a text file, whatever its name says"
    for columns, advice in ((80, ""), (120, ". To attach it as text, rename it.")):
        async with chatting(size=(columns, 24)) as chat:
            await chat.send(f"/attach {tmp_path / 'renamed.png'}")
            await chat.until(lambda: said in chat.hint)
            assert chat.hint.strip() == said + advice


async def test_each_file_that_cannot_be_attached_is_named_or_else_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.png").write_text("kelp")
    monkeypatch.chdir(tmp_path)
    for columns, said in (
        (120, "notes.png is a text file, whatever its name says · gone.png does not exist"),
        (60, "2 files are not attached; gone.png does not exist"),
    ):
        async with chatting(size=(columns, 24)) as chat:
            chat.prompt.attachments.attach_files([Path("notes.png")])
            await chat.until(lambda: "notes.png is a text file" in chat.hint)
            chat.prompt.attachments.attach_files([Path("gone.png")])
            await chat.until(lambda: "gone.png" in chat.hint)
            assert chat.hint.strip() == said
            chat.screen.parts.display.show_hints()
            chat.prompt.attachments.attach_files([Path("gone.png")])
            await chat.until(lambda: chat.hint.strip() == "gone.png does not exist. It may have been moved.")


async def test_one_token_is_one_token(tmp_path: Path) -> None:
    async with chatting() as chat:
        chat.prompt.attachments.attach_files([drawn(tmp_path / "dot.png", (20, 20))])
        await attached(chat)
        assert chips(chat) == "▣ dot.png  20×20 · 1 token"


async def test_a_refused_prompt_comes_back_with_its_picture(picture: Path) -> None:
    async with chatting(Error(400)) as chat:
        await paste(chat, str(picture))
        await attached(chat)
        await chat.send("Look")
        await chat.until(lambda: "prompt is back" in chat.hint)
        assert chat.prompt.text == "Look"
        assert chips(chat).startswith("▣ the fjord.png")


async def test_a_queued_prompt_keeps_its_picture_and_the_draft_its_own(tmp_path: Path) -> None:
    gate = Gate()
    one, two = drawn(tmp_path / "one.png"), drawn(tmp_path / "two.png")
    async with chatting(Answer(Text("slow", gate)), words("next")) as chat:
        await chat.send("first")
        await paste(chat, str(one))
        await attached(chat)
        await chat.send("second")
        assert chat.queued == ["second"]
        await paste(chat, str(two))
        await attached(chat)
        await chat.pilot.press("up")  # the box has an attachment, but no words: the queue's prompt is wanted
        assert chat.prompt.text == "second"
        assert chips(chat).startswith("▣ one.png")
        await chat.pilot.press("enter")
        assert chips(chat).startswith("▣ two.png")
        gate.open()
        await chat.until_shown("next")
        assert blocks((await chat.request(2)).json) == ["image", "text"]


async def test_files_given_at_the_start_go_with_the_first_prompt(picture: Path) -> None:
    async with chatting(words("Teal."), prompt="Which colour?", attach=[picture]) as chat:
        await chat.until_shown("Teal.")
        assert blocks((await chat.request()).json) == ["image", "text"]


async def test_without_a_prompt_they_wait_for_one(picture: Path) -> None:
    async with chatting(attach=[picture, picture.with_name("gone.png")]) as chat:
        await chat.until(lambda: "gone.png does not exist" in chat.hint)
        await attached(chat)


async def test_the_command_takes_a_path(picture: Path) -> None:
    async with chatting() as chat:
        await chat.send(f"/attach {picture}")
        await attached(chat)


async def test_ctrl_v_attaches_the_picture_in_the_clipboard(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_picture(tmp_path / "bin", picture)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    async with chatting() as chat:
        await chat.pilot.press("ctrl+v")
        await attached(chat)
        assert chips(chat).startswith("▣ pasted image  280×140")


async def test_ctrl_v_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAYLAND_DISPLAY", "DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    async with chatting() as chat:
        await chat.pilot.press("ctrl+v")
        await chat.until(lambda: "The clipboard cannot be read here. Attach the file by its path instead." in chat.hint)


def cut(picture: Path) -> Path:
    """A file with only the beginning of this picture."""
    broken = picture.with_name("broken.png")
    broken.write_bytes(picture.read_bytes()[:60])
    return broken


def offer_picture(folder: Path, picture: Path) -> None:
    """A `wl-paste` that offers this picture."""
    folder.mkdir()
    program = folder / "wl-paste"
    program.write_text(f'#!/bin/sh\n[ "$1" = --list-types ] && echo image/png || cat "{picture}"\n')
    program.chmod(0o755)


async def test_a_path_after_an_at_sign_is_completed_and_attached(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(tmp_path / "photos" / "kelp.png")
    drawn(tmp_path / "photos" / ".secret.png")
    (tmp_path / "photos" / "notes.txt").write_text("kelp")
    monkeypatch.chdir(tmp_path)
    async with chatting() as chat:
        files = chat.screen.query_one(FileList)
        await chat.pilot.press(*"see @ph")
        await chat.until(lambda: files.is_open and files.chosen == "photos/")
        await chat.pilot.press("tab")
        await chat.until(lambda: files.is_open and files.chosen == "photos/kelp.png")
        assert str(files.render()).split() == ["›", "photos/kelp.png", "photos/notes.txt"]
        await chat.pilot.press("enter")
        await attached(chat)
        assert chat.prompt.text == "see "
        assert not files.is_open


@pytest.mark.parametrize("name", ["kelp.png", "notes.txt"])
async def test_a_name_that_is_typed_out_goes_with_the_prompt_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    drawn(tmp_path / "kelp.png")
    (tmp_path / "notes.txt").write_text("kelp")
    monkeypatch.chdir(tmp_path)
    async with chatting(words("Fine.")) as chat:
        files = chat.screen.query_one(FileList)
        await chat.pilot.press(*f"see (@{name}")
        await chat.until(lambda: files.is_open and files.chosen == name)
        await chat.pilot.press("enter")
        await chat.until_shown("Fine.")
        body = (await chat.request()).json
        assert blocks(body) == ["image" if name.endswith(".png") else "document", "text"]
        assert body["messages"][0]["content"][1]["text"] == f"see (@{name}"


async def test_an_at_sign_in_other_words_lists_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(tmp_path / "alice.png")
    monkeypatch.chdir(tmp_path)
    async with chatting(words("fine")) as chat:
        files = chat.screen.query_one(FileList)
        await chat.pilot.press(*"ask bob@alice @zoe")
        await chat.pilot.pause()
        assert not files.is_open
        await chat.pilot.press(*" @al")
        await chat.until(lambda: files.is_open)
        await chat.pilot.press("escape")
        assert not files.is_open
        await chat.pilot.press("enter")
        await chat.until_shown("fine")


@pytest.mark.parametrize("typed", ["see @my\\ ph", 'see @"my ph', "see @my"])
async def test_a_path_with_blanks_is_completed_however_it_is_written(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(tmp_path / "my photos" / "the kelp.png")
    monkeypatch.chdir(tmp_path)
    async with chatting() as chat:
        files = chat.screen.query_one(FileList)
        chat.prompt.insert(typed)
        await chat.until(lambda: files.is_open and files.chosen == "my photos/")
        await chat.pilot.press("tab")
        await chat.until(lambda: files.is_open and files.chosen == "my photos/the kelp.png")
        assert chat.prompt.text == ('see @"my photos/' if '"' in typed else "see @my\\ photos/")
        await chat.pilot.press("tab")
        await attached(chat)
        assert chat.prompt.text == "see "


async def test_a_path_that_was_typed_out_is_attached_when_the_prompt_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(tmp_path / "one.png")
    drawn(tmp_path / "two 2.png", colour="red")
    (tmp_path / "notes.txt").write_text("kelp")
    monkeypatch.chdir(tmp_path)
    said = 'Compare @one.png, @"two 2.png", @notes.txt and @gone.png for ann@example.org'
    async with chatting(words("Fine."), words("Again.")) as chat:
        await chat.send(said)
        await chat.until_shown("Fine.")
        body = (await chat.request()).json
        assert blocks(body) == ["image", "image", "document", "text"]
        assert body["messages"][0]["content"][3]["text"] == said
        assert chat.hint.strip() == "@gone.png is not a file here; it stays text"
        await chat.send(said)  # once more, the same
        await chat.until_shown("Again.")
        assert blocks((await chat.request(2)).json) == ["image", "image", "document", "text"]


async def test_an_at_sign_without_a_file_is_sent_as_it_is() -> None:
    async with chatting(words("Hello.")) as chat:
        await chat.send("tell @zoe and ann@example.org")
        await chat.until_shown("Hello.")
        assert blocks((await chat.request()).json) == ["text"]


async def test_a_pdf_is_a_chip_with_its_pages_and_goes_as_a_document(tmp_path: Path) -> None:
    (tmp_path / "the chart.pdf").write_bytes(PDF)
    async with chatting(words("A chart.")) as chat:
        await paste(chat, f"'{tmp_path / 'the chart.pdf'}'")
        await attached(chat)
        assert chips(chat) == "▣ the chart.pdf  1 page"
        await chat.send("What is it?")
        await chat.until_shown("A chart.")
        document, _ = (await chat.request()).json["messages"][0]["content"]
        assert document["source"]["media_type"] == "application/pdf"
        assert base64.b64decode(document["source"]["data"]) == PDF
        assert "▣ the chart.pdf  1 page" in chat.shown


def stripe() -> str:
    """A picture that is as long as few others, and weighs little."""
    out = io.BytesIO()
    Image.new("RGB", (2400, 28), "teal").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


async def test_the_chips_reckon_with_the_images_in_the_text() -> None:
    large = ImageBlock("image/png", "AAAA", "kelp.png", width=2576, height=1449)
    async with chatting() as chat:
        row = chat.prompt.attachments
        row.show_blocks([large] * 20)
        chat.prompt.insert(f"See [IMAGE:data:image/png;base64,{PNG}]")
        await chat.until(lambda: "2000×1125" in str(row.render()))
        await chat.pilot.press("backspace")  # its last bracket
        await chat.until(lambda: "2576×1449" in str(row.render()))


async def test_an_edited_prompts_pictures_are_not_counted_twice() -> None:
    wide = ImageBlock("image/png", stripe(), "wide.png", width=2400, height=28)
    async with chatting(words("Teal."), words("never")) as chat:
        chat.screen.submit(Draft(text="Look", attachments=(wide,) * 11))
        await chat.until_shown("Teal.")
        await chat.until_idle()
        chat.screen.conversation.focus()
        await chat.pilot.pause()
        chat.screen.conversation.show_message(0)
        await chat.pilot.press("e")
        row = chat.prompt.attachments
        await chat.until(lambda: len(row.blocks) == 11)
        assert "2400×28" in str(row.render())
